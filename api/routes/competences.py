"""Competence models: what a track asks of a streamer, with weights, versioned and dated."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from api.bodies import StrictRoute
from api.examples import writes
from api.examples_people import EXAMPLES
from api.params import TrackId
from api.reads import View, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain.competence import CompetenceModel, DefineCompetenceModel
from workflows import careers

router = APIRouter(prefix="/v1/competence-models", tags=["People"], route_class=StrictRoute)


class ModelRequest(DefineCompetenceModel, Reasoned):
    """Define what a track asks for from a day on."""

    model_config = EXAMPLES["competence_model"]


def _show(state: CompetenceModel) -> dict[str, Any]:
    return {"model": state}


@router.post("", status_code=201, **writes("The model with all its versions"))
def define_competence_model(
    body: ModelRequest, write: Annotated[Write, writing("competence.define")]
) -> Response:
    """Define a track's model or its next version; weights sum to exactly 100 %."""
    command = command_of(DefineCompetenceModel, body)
    return write.acted(
        lambda ask: careers.define_model(write.desk, write.tenant, command, ask),
        _show,
        lambda position: careers.read_model(write.desk, write.tenant, body.track, position),
        reason=body.reason,
        location=f"/v1/competence-models/{body.track}",
    )


@router.get("/{track}")
def get_competence_model(
    track: TrackId, view: Annotated[View, reading("competence.read")]
) -> Response:
    """A track's model: every version, and the number of the one in force on a day."""
    state = careers.read_model(view.desk, view.tenant, track, view.known)
    begun = any(one.defined.effective <= view.effective for one in state.versions)
    in_force = state.on(view.effective).number if begun else None
    return seen(view, {"model": state, "in_force": in_force}, state.version)
