"""Reports about people: the funnel, who leaves beside what, what changed after a change."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.bodies import StrictRoute
from api.examples import writes
from api.examples_people import EXAMPLES
from api.own_teams import own_alone
from api.params import SchemeId
from api.reads import Text, View, reading, seen
from api.windows import window
from api.writes import Reasoned, Write, command_of, writing
from domain.onboarding import SetStepLimits
from domain.periods import Day
from workflows import careers, foretold, onboarding, team_report
from workflows.funnel import funnel
from workflows.leaving_report import By, leaving
from workflows.weight_changes import weight_changes

router = APIRouter(prefix="/v1/people", tags=["People"], route_class=StrictRoute)
Since = Annotated[Day | None, Query(description="First day; twelve months back by default.")]
Until = Annotated[Day | None, Query(description="First day after; the end of `effective`'s day.")]
MetricQuery = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="The traffic.")]


class StepLimitsRequest(SetStepLimits, Reasoned):
    """Hours by stage, from a day on."""

    model_config = EXAMPLES["step_limits"]


@router.get("/funnel")
def get_funnel(
    view: Annotated[View, reading("people.read")],
    since: Since = None,
    until: Until = None,
    team: Text = None,
) -> Response:
    """Rounds of hiring that began in a window: how far each came, where it ended, who waits."""
    first, last = window(view.effective, since, until)
    facts = careers.histories(view.desk, view.tenant, view.known)
    return seen(view, {"since": first, "until": last, "rows": funnel(facts, first, last, team)})


@router.get("/onboarding")
def get_onboarding(
    view: Annotated[View, reading("people.read")],
    since: Since = None,
    until: Until = None,
    team: Text = None,
    changed_on: Annotated[Day | None, Query(description="Compare steps around a day.")] = None,
) -> Response:
    """Hours in each step by team and month (median, p90), bottlenecks, template versions and ways of signing side by side."""
    first, last = window(view.effective, since, until)
    times: dict[str, Any] = {"since": first, "until": last, "known": view.known}
    found = onboarding.report(view.desk, view.tenant, team=team, changed_on=changed_on, **times)
    return seen(view, found)


@router.get("/waiting")
def get_waiting(view: Annotated[View, reading("people.read")]) -> Response:
    """Rounds that stand at a step now, with their age, the limit and whom it has come to."""
    waits = onboarding.waiting(view.desk, view.tenant, view.caller.now, view.known)
    found = own_alone(view.caller, waits)
    limits = onboarding.read_limits(view.desk, view.tenant, view.known)
    return seen(view, {"items": found, "limits": limits.on(view.caller.today)}, limits.version)


@router.put("/step-limits", **writes("The limits in force", 200))
def set_step_limits(
    body: StepLimitsRequest, write: Annotated[Write, writing("people.set_limits")]
) -> Response:
    """Set how many hours a round may stand at each step, from a day on."""
    command = command_of(SetStepLimits, body)

    def show(position: int) -> dict[str, Any]:
        limits = onboarding.read_limits(write.desk, write.tenant, position)
        return {"limits": limits.on(body.effective)}

    return write.once(
        lambda ask: onboarding.set_limits(write.desk, write.tenant, command, ask).receipts,
        show,
        reason=body.reason,
        status=200,
    )


@router.get("/foretold")
def get_foretold(
    view: Annotated[View, reading("people.read")],
    days: Annotated[int, Query(ge=30, le=1095)] = foretold.DAYS,
    band: Annotated[int, Query(ge=1, le=99)] = 70,
) -> Response:
    """How well match scores foretold staying and sales, by track, with counts and a warning where too few."""
    found = foretold.foretold(
        view.desk,
        view.tenant,
        day=view.effective,
        days=days,
        band=Decimal(band),
        known=view.known,
    )
    return seen(view, {"items": found, "days": days, "band": band})


@router.get("/leaving")
def get_leaving(
    view: Annotated[View, reading("people.read")],
    by: By = "team",
    since: Since = None,
    until: Until = None,
) -> Response:
    """Kaplan–Meier curves with intervals, leaving and reasons by team, engagement or scheme version."""
    first, last = window(view.effective, since, until)
    found = leaving(
        view.desk, view.tenant, by, day=view.effective, since=first, until=last, known=view.known
    )
    return seen(view, found)


@router.get("/teams")
def get_teams(
    view: Annotated[View, reading("people.read")],
    since: Since = None,
    until: Until = None,
    traffic: MetricQuery = team_report.TRAFFIC,
) -> Response:
    """Teams side by side: leaving beside targets, KPI weights and traffic growth; no cause is claimed."""
    first, last = window(view.effective, since, until)
    times: dict[str, Any] = {"day": view.effective, "since": first, "until": last}
    found = team_report.teams(view.desk, view.tenant, known=view.known, traffic=traffic, **times)
    return seen(view, found)


@router.get("/weight-changes/{scheme}")
def get_weight_changes(
    scheme: SchemeId,
    view: Annotated[View, reading("people.read")],
    months: Annotated[int, Query(ge=1, le=36)] = 6,
) -> Response:
    """Leaving before and after each change of a scheme's weights: people, an interval, no cause."""
    found = weight_changes(
        view.desk, view.tenant, scheme, day=view.effective, months=months, known=view.known
    )
    return seen(view, {"scheme": scheme, "changes": found})
