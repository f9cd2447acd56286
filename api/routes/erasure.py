"""Keeping and erasing personal data: holds, restriction, destruction of the key, retention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import PersonId
from api.reads import View, present, seen
from api.writes import Reasoned, Write, command_of, headers_of, json_answer, writing
from domain import erasure_facts as commands
from domain import retention
from domain.erasure import Standing
from workflows import erasure
from workflows.desk import Ask, Outcome

router = APIRouter(prefix="/v1", tags=["Personal data"], route_class=StrictRoute)
HoldPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$", examples=["H-2025-1"])]


class HoldRequest(commands.PlaceHold, Reasoned):
    """The hold and what it rests on; the reason says why."""

    model_config = EXAMPLES["hold"]


class RestrictionRequest(commands.RestrictPerson, Reasoned):
    """On which ground of 个人信息保护法 art. 47."""

    model_config = EXAMPLES["restriction"]


class KeepingRequest(Reasoned):
    """Only the reason."""

    model_config = EXAMPLES["act"]


class RetentionRequest(commands.SetRetention, Reasoned):
    """A class, its months, from when on and what says so."""

    model_config = EXAMPLES["retention"]


def _on(
    write: Write, person: str, body: Reasoned, do: Callable[[Ask], Outcome[Standing]]
) -> Response:
    def show(position: int) -> dict[str, Any]:
        found = erasure.standing(write.desk, write.tenant, person, position)
        return {"data": views.standing(found)}

    return write.once(lambda ask: do(ask).receipts, show, reason=body.reason)


@router.post("/persons/{person}/holds", status_code=201, **writes("How the data stands"))
def place_hold(
    person: PersonId, body: HoldRequest, write: Annotated[Write, writing("person.hold")]
) -> Response:
    """Place a legal hold: nothing of the person's data is erased while it stands."""
    command = command_of(commands.PlaceHold, body)
    return _on(
        write,
        person,
        body,
        lambda ask: erasure.place_hold(write.desk, write.tenant, person, command, ask),
    )


@router.post(
    "/persons/{person}/holds/{hold}/lifting", status_code=201, **writes("How the data stands")
)
def lift_hold(
    person: PersonId,
    hold: HoldPath,
    body: KeepingRequest,
    write: Annotated[Write, writing("person.hold")],
) -> Response:
    """Lift a legal hold."""
    return _on(
        write,
        person,
        body,
        lambda ask: erasure.lift_hold(write.desk, write.tenant, person, hold, ask),
    )


@router.post("/persons/{person}/restriction", status_code=201, **writes("How the data stands"))
def restrict_person(
    person: PersonId, body: RestrictionRequest, write: Annotated[Write, writing("person.restrict")]
) -> Response:
    """First of two steps to erase: the data is stored, and used for nothing but what a law needs."""
    command = command_of(commands.RestrictPerson, body)
    today = write.caller.today
    return _on(
        write,
        person,
        body,
        lambda ask: erasure.restrict(write.desk, write.tenant, person, command, ask, today),
    )


@router.post(
    "/persons/{person}/restriction/lifting", status_code=201, **writes("How the data stands")
)
def lift_restriction(
    person: PersonId, body: KeepingRequest, write: Annotated[Write, writing("person.restrict")]
) -> Response:
    """Use the data again: the restriction was a mistake."""
    return _on(
        write,
        person,
        body,
        lambda ask: erasure.lift_restriction(write.desk, write.tenant, person, ask),
    )


@router.post("/persons/{person}/erasure", status_code=201, **writes("How the data stands"))
def erase_person(
    person: PersonId, body: KeepingRequest, write: Annotated[Write, writing("person.erase")]
) -> Response:
    """Second step, by another person: the key is destroyed, and the data can never be read again."""
    ask = write.ask(body.reason)
    receipts, scrubbed = erasure.erase(write.desk, write.tenant, person, ask, write.caller.today)
    state = erasure.standing(write.desk, write.tenant, person)
    shown = {"receipts": receipts, "data": views.standing(state), "scrubbed": scrubbed}
    return json_answer(shown, 201, headers_of(receipts, receipts[-1].position))


@router.get("/persons/{person}/erasure")
def get_erasure(
    person: PersonId, view: Annotated[View, present("person.read_keeping")]
) -> Response:
    """How a person's data stands, and what still needs it: contracts, pay, retention terms."""
    state = erasure.standing(view.desk, view.tenant, person)
    needed = erasure.evidence(view.desk, view.tenant, state, view.effective)
    shown = {**msgspec.structs.asdict(needed), "keep_until": needed.keep_until}
    body = {"person": person, "data": views.standing(state), "needed": shown}
    return seen(view, body, state.version)


@router.get("/retention")
def list_retention(view: Annotated[View, present("retention.read")]) -> Response:
    """How long personal data of each class is kept, from when on, and what says so."""
    terms = [*retention.SHIPPED, *erasure.every_term(view.desk, view.tenant)]
    return seen(view, {"items": terms, "next": None})


@router.post("/retention", status_code=201, **writes("The terms of the class"))
def set_retention(
    body: RetentionRequest, write: Annotated[Write, writing("retention.set")]
) -> Response:
    """Set how long a class is kept, from a day on; never shorter than a law says."""
    command = command_of(commands.SetRetention, body)
    return write.once(
        lambda ask: erasure.set_retention(write.desk, write.tenant, command, ask).receipts,
        lambda _: {"items": erasure.every_term(write.desk, write.tenant)},
        reason=body.reason,
    )
