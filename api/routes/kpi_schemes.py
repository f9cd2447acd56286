"""KPI schemes: metrics, targets and weights; a weight change is a dated fact with a reason."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.own_teams import refuse_team
from api.params import SchemeId
from api.reads import CursorQuery, LimitQuery, Text, View, caught_up, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import kpi
from domain.periods import Month
from domain.refusals import NoRule, NotFound
from workflows import setup
from workflows.desk import Desk, load

router = APIRouter(prefix="/v1/kpi-schemes", tags=["KPI schemes"], route_class=StrictRoute)


class SchemeRequest(kpi.DefineKpiScheme, Reasoned):
    """Define a scheme; weights sum to exactly 100 %."""

    model_config = EXAMPLES["kpi_scheme"]


class WeightsRequest(kpi.ChangeKpiWeights, Reasoned):
    """Other weights from a month on; `reason` is needed."""

    model_config = EXAMPLES["kpi_weights"]


def _read(desk: Desk, tenant: str, scheme: str, known: int | None) -> kpi.KpiScheme:
    state = load(desk, tenant, f"kpi/{scheme}", kpi.KpiScheme(), kpi.evolve, known)
    if not state.version:
        raise NotFound(
            f"没有考核方案 {scheme}", f"There is no KPI scheme {scheme}", do="List the schemes."
        )
    return state


def _in_month(state: kpi.KpiScheme, month: Month) -> Any:
    """The weights of a month, or nothing for a month before the scheme began."""
    try:
        terms = state.on(month)
    except NoRule:
        return None
    return {"month": str(month), "metrics": terms.metrics, "position": terms.position}


@router.post("", status_code=201, **writes("The scheme"))
def define_scheme(body: SchemeRequest, write: Annotated[Write, writing("kpi.define")]) -> Response:
    """Define a KPI scheme over metrics that are defined."""
    command = command_of(kpi.DefineKpiScheme, body)
    refuse_team(write.caller, command.team)
    return write.once(
        lambda ask: setup.define_kpi_scheme(write.desk, write.tenant, command, ask).receipts,
        lambda position: {"scheme": _read(write.desk, write.tenant, body.scheme, position)},
        reason=body.reason,
        location=f"/v1/kpi-schemes/{body.scheme}",
    )


@router.get("")
def list_schemes(
    view: Annotated[View, present("kpi.read")],
    q: Text = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """KPI schemes by id."""
    caught_up(view, "directory")
    found = view.readers.directory.entries(
        view.tenant, "kpi", search=q, teams=view.caller.teams, cursor=cursor, limit=limit
    )
    return seen(view, views.page(found))


@router.get("/{scheme}")
def get_scheme(scheme: SchemeId, view: Annotated[View, reading("kpi.read")]) -> Response:
    """A scheme with its dated weights, and those of the month of `effective`."""
    state = _read(view.desk, view.tenant, scheme, view.known)
    shown = {
        "scheme": state,
        "effective": view.effective,
        "in_month": _in_month(state, Month.of(view.effective)),
        "known": view.position,
    }
    return seen(view, shown, state.version)


@router.post("/{scheme}/weights", status_code=201, **writes("The scheme with the new weights"))
def change_weights(
    scheme: SchemeId, body: WeightsRequest, write: Annotated[Write, writing("kpi.change_weights")]
) -> Response:
    """Change the weights from the first day of a month on; closed months keep theirs."""
    command = command_of(kpi.ChangeKpiWeights, body)
    return write.once(
        lambda ask: (
            setup.change_kpi_weights(write.desk, write.tenant, scheme, command, ask).receipts
        ),
        lambda position: {"scheme": _read(write.desk, write.tenant, scheme, position)},
        reason=body.reason,
    )
