"""Persons: registered under an id, with personal data that few may see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import PersonId
from api.reads import CursorQuery, LimitQuery, Text, View, caught_up, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain.person import ChangePersonalData, RegisterPerson, SetTaxProfile
from workflows import erasure, setup
from workflows.disclosure import LONGEST_PURPOSE, open_personal, refuse_reader

router = APIRouter(prefix="/v1/persons", tags=["Persons"], route_class=StrictRoute)
Personal = Annotated[
    bool,
    Query(description="With personal data: for roles that may see it, for auditors by a grant."),
]
Purpose = Annotated[
    str,
    Query(
        max_length=LONGEST_PURPOSE,
        pattern=r"^[^\x00]*$",
        description="What the personal data is read for; the log of reads keeps it.",
    ),
]


class RegisterPersonRequest(RegisterPerson, Reasoned):
    """Register a person."""

    model_config = EXAMPLES["person"]


class PersonalDataRequest(ChangePersonalData, Reasoned):
    """Replace the personal data."""

    model_config = EXAMPLES["personal_data"]


class TaxProfileRequest(SetTaxProfile, Reasoned):
    """What counts for tax and insurance from a month on."""

    model_config = EXAMPLES["tax_profile"]


def _show(write: Write, person: str) -> Any:
    """The person at a position, without personal data: an answer may be repeated to another."""

    def show(position: int) -> dict[str, Any]:
        state = setup.read_person(write.desk, write.tenant, person, position)
        return {"person": views.person(state)}

    return show


@router.post("", status_code=201, **writes("The person, without personal data"))
def register_person(
    body: RegisterPersonRequest, write: Annotated[Write, writing("person.register")]
) -> Response:
    """Register a person. Personal data is encrypted with a key of that person's own."""
    command = command_of(RegisterPerson, body)
    return write.once(
        lambda ask: setup.register_person(write.desk, write.tenant, command, ask).receipts,
        _show(write, body.person),
        reason=body.reason,
        location=f"/v1/persons/{body.person}",
    )


@router.get("")
def list_persons(
    view: Annotated[View, present("person.read")],
    personal: Personal = False,
    purpose: Purpose = "",
    q: Text = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Persons by id; `q` looks in ids alone: names are encrypted and cannot be searched."""
    reader = view.caller.reader(purpose)
    if personal:
        refuse_reader(reader)
    caught_up(view, "directory")
    entries = view.readers.directory.entries
    teams = view.caller.teams
    found = entries(view.tenant, "person", search=q, teams=teams, cursor=cursor, limit=limit)
    shown = views.page(found)
    if personal:
        ids = [item["id"] for item in shown["items"]]
        data = open_personal(view.desk, view.tenant, reader, ids, "persons")
        for item in shown["items"]:
            item["personal"] = data.get(item["id"])
    return seen(view, shown)


@router.get("/{person}")
def get_person(
    person: PersonId,
    view: Annotated[View, reading("person.read")],
    personal: Personal = False,
    purpose: Purpose = "",
) -> Response:
    """A person, with the tax profile in force on a day, as known at a position."""
    reader = view.caller.reader(purpose)
    if personal:
        refuse_reader(reader)
    state = setup.read_person(view.desk, view.tenant, person, view.known)
    shown = views.person(state, view.effective)
    if personal:
        about = f"person/{person}"
        found = open_personal(view.desk, view.tenant, reader, [person], about, view.known)
        shown["personal"] = found.get(person)
    shown["data"] = views.standing(erasure.standing(view.desk, view.tenant, person))
    return seen(view, {**shown, "known": view.position}, state.version)


@router.put("/{person}/personal-data", **writes("The person, without personal data", 200))
def change_personal_data(
    person: PersonId,
    body: PersonalDataRequest,
    write: Annotated[Write, writing("person.change")],
) -> Response:
    """Replace a person's data. The old data stays sealed in the ledger under the same key."""
    command = command_of(ChangePersonalData, body)
    return write.once(
        lambda ask: (
            setup.change_personal_data(write.desk, write.tenant, person, command, ask).receipts
        ),
        _show(write, person),
        reason=body.reason,
        status=200,
    )


@router.put("/{person}/tax-profile", **writes("The person, without personal data", 200))
def set_tax_profile(
    person: PersonId,
    body: TaxProfileRequest,
    write: Annotated[Write, writing("person.set_tax_profile")],
) -> Response:
    """Set what counts for tax and insurance from the first day of a month on."""
    command = command_of(SetTaxProfile, body)
    return write.once(
        lambda ask: setup.set_tax_profile(write.desk, write.tenant, person, command, ask).receipts,
        _show(write, person),
        reason=body.reason,
        status=200,
    )
