"""Reports about people: the funnel, who leaves beside what, what changed after a change."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.bodies import StrictRoute
from api.params import SchemeId
from api.reads import Text, View, reading, seen
from api.windows import window
from domain.periods import Day
from workflows import careers, team_report
from workflows.funnel import funnel
from workflows.leaving_report import By, leaving
from workflows.weight_changes import weight_changes

router = APIRouter(prefix="/v1/people", tags=["People"], route_class=StrictRoute)
Since = Annotated[Day | None, Query(description="First day; twelve months back by default.")]
Until = Annotated[Day | None, Query(description="First day after; the end of `effective`'s day.")]
MetricQuery = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="The traffic.")]


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
