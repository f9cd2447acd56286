"""A person's way through the company: steps recorded and read, histories taken over."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api import views
from api.bodies import StrictRoute
from api.examples import writes
from api.examples_people import EXAMPLES
from api.params import PersonId
from api.reads import Text, View, reading, seen
from api.routes.persons import Personal, Purpose
from api.writes import Reasoned, Write, command_of, writing
from domain.career import Career
from domain.career_commands import AssessCandidate, CareerStep
from workflows import career_import, careers, funnel
from workflows.disclosure import open_notes, refuse_reader

router = APIRouter(prefix="/v1", tags=["People"], route_class=StrictRoute)
PATH = "/persons/{person}/career"


class CareerStepRequest(Reasoned):
    """One step, and when it happened: `at` a moment, `on` a day, or now."""

    model_config = EXAMPLES["career_step"]
    step: CareerStep


class AssessmentRequest(AssessCandidate, Reasoned):
    """Marks by the competences of the track's model."""

    model_config = EXAMPLES["assessment"]


class HistoriesRequest(Reasoned):
    """Histories of persons, each recorded whole or rejected with its reason."""

    model_config = EXAMPLES["histories"]
    histories: Annotated[
        list[dict[str, Any]], Field(min_length=1, max_length=career_import.MOST_HISTORIES)
    ]


def _show(state: Career) -> dict[str, Any]:
    return {"career": state}


@router.post(PATH, status_code=201, **writes("Where the person stands now"))
def record_step(
    person: PersonId, body: CareerStepRequest, write: Annotated[Write, writing("career.record")]
) -> Response:
    """Record a step: candidate, interview, offer, contract_sent, signed, active, moved, left, rehired, withdrawn."""
    return write.acted(
        lambda ask: careers.record(write.desk, write.tenant, person, body.step, ask),
        _show,
        lambda position: careers.read(write.desk, write.tenant, person, position),
        reason=body.reason,
        location=f"/v1/persons/{person}/career",
    )


@router.get(PATH)
def get_career(
    person: PersonId,
    view: Annotated[View, reading("career.read")],
    personal: Personal = False,
    purpose: Purpose = "",
) -> Response:
    """Where a person stands and every step, as known at a position; `personal` opens notes."""
    reader = view.caller.reader(purpose)
    if personal:
        refuse_reader(reader)
    state = careers.read(view.desk, view.tenant, person, view.known)
    found = careers.steps(view.desk, view.tenant, person, view.known)
    shown: dict[str, Any] = {"career": state, "steps": [views.fact(one) for one in found]}
    if personal:
        notes = open_notes(view.desk, view.tenant, reader, person, found)
        shown["notes"] = {str(version): note for version, note in notes.items()}
    return seen(view, {**shown, "known": view.position}, state.version)


@router.post("/persons/{person}/assessments", status_code=201, **writes("The match score"))
def assess_person(
    person: PersonId, body: AssessmentRequest, write: Annotated[Write, writing("career.assess")]
) -> Response:
    """Record marks of a person by the competence model of a track."""
    command = command_of(AssessCandidate, body)

    def show(position: int) -> dict[str, Any]:
        match = careers.match(write.desk, write.tenant, person, body.track, position)
        return {"match": match}

    return write.once(
        lambda ask: careers.assess(write.desk, write.tenant, person, command, ask).receipts,
        show,
        reason=body.reason,
    )


@router.get("/persons/{person}/match")
def get_match(
    person: PersonId, view: Annotated[View, reading("career.read")], track: Text = None
) -> Response:
    """How a person fits a track by the last assessment: the score, explained line by line."""
    return seen(view, careers.match(view.desk, view.tenant, person, track, view.known))


@router.get("/careers")
def list_careers(
    view: Annotated[View, reading("career.read")],
    stage: Text = None,
    team: Text = None,
) -> Response:
    """Where everybody stands, as known at a position, with how many stand at each stage."""
    found = funnel.standing(
        view.desk, view.tenant, view.known, stage=stage, team=team, teams=view.caller.teams
    )
    return seen(view, found)


@router.post("/careers/import", status_code=201, **writes("What was recorded and what was not"))
def import_careers(
    body: HistoriesRequest, write: Annotated[Write, writing("career.import")]
) -> Response:
    """Take over histories; each is recorded whole or rejected with its step and reason."""

    def do() -> dict[str, Any]:
        act = write.act(body.reason)
        done = career_import.import_histories(write.desk, write.tenant, body.histories, act)
        return {"imported": done}

    return write.whole(do, reason=body.reason)
