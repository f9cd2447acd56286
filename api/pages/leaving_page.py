"""Who leaves: curves, teams side by side, before and after a change of weights."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, get_args

from fastapi import Request, Response

from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, day_of, seen
from api.reads import Text, View
from api.windows import window
from domain.refusals import Invalid
from workflows import foretold
from workflows.chances import Curve
from workflows.definitions import schemes_at
from workflows.leaving_report import By, leaving
from workflows.team_report import teams
from workflows.weight_changes import weight_changes

pages = router()
WIDTH, HEIGHT, LEFT, TOP = 640, 260, 44, 10
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One curve as the picture shows it: a colour, and the corners of its steps in pixels."""

    name: str
    colour: int
    corners: str


@pages.get("/people/leaving")
def who_leaves(
    request: Request,
    visit: Annotated[Visit, seen("people.read")],
    by: Text = None,
    since: Text = None,
    until: Text = None,
    effective: Text = None,
    known: Text = None,
) -> Response:
    """Curves by group; for teams what stands beside them, for schemes what a change changed."""
    view = visit.view(effective, known)
    group = _by(by)
    first, last = window(view.effective, day_of(since, "since"), day_of(until, "until"))
    times: dict[str, Any] = {"day": view.effective, "since": first, "until": last}
    times["known"] = view.known
    found = leaving(view.desk, view.tenant, group, **times)
    longest = max((one.curve.points[-1].day for one in found.groups if one.curve.points), default=0)
    return page(
        request,
        "leaving.html",
        r=found,
        view=view,
        kinds=get_args(By),
        lines=_lines([one.curve for one in found.groups], longest),
        frame={"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP},
        longest=longest,
        compared=teams(view.desk, view.tenant, **times) if group == "team" else None,
        changes=_changes(view) if group == "scheme" else {},
    )


def _by(text: str | None) -> By:
    for kind in get_args(By):
        if (text or "team") == kind:
            return kind
    raise Invalid("请选择分组方式", "Choose a grouping", do="Use team, engagement or scheme.")


def _lines(curves: list[Curve], longest: int) -> list[Line]:
    return [
        Line(curve.group, place % COLOURS, _corners(curve, longest))
        for place, curve in enumerate(curves)
        if curve.points
    ]


def _corners(curve: Curve, longest: int) -> str:
    """The steps of a curve: from everybody on day 0 to its last leaving."""
    share = Decimal(1)
    found = [_at(0, share, longest)]
    for point in curve.points:
        found += [_at(point.day, share, longest), _at(point.day, point.share, longest)]
        share = point.share
    found.append(_at(longest, share, longest))
    return " ".join(found)


def _at(day: int, share: Decimal, longest: int) -> str:
    x = LEFT + Decimal(day) / max(longest, 1) * (WIDTH - LEFT)
    y = TOP + (1 - share) * (HEIGHT - TOP)
    return f"{x:.1f},{y:.1f}"


def _changes(view: View) -> dict[str, Any]:
    found = {
        name: weight_changes(view.desk, view.tenant, name, day=view.effective, known=view.known)
        for name in sorted(schemes_at(view.desk, view.tenant, view.known))
    }
    return {name: changes for name, changes in found.items() if changes}


@pages.get("/people/scores")
def scores(
    request: Request,
    visit: Annotated[Visit, seen("people.read")],
    effective: Text = None,
    known: Text = None,
) -> Response:
    """How well match scores foretold staying and sales, by track."""
    view = visit.view(effective, known)
    found = foretold.foretold(view.desk, view.tenant, day=view.effective, known=view.known)
    return page(
        request, "scores.html", found=found, view=view, days=foretold.DAYS, band=foretold.BAND
    )
