"""People: where everybody stands, the funnel of hiring, and who waits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from api.own_teams import own_alone
from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, day_of, seen
from api.reads import Text
from api.windows import window
from domain.career_facts import Stage
from workflows import careers, onboarding
from workflows.funnel import careers_of, funnel

pages = router()
STAGES: tuple[Stage, ...] = (
    "candidate",
    "interview",
    "offered",
    "contract_sent",
    "signed",
    "active",
    "left",
    "withdrawn",
)
MOST = 50
WAITING = 20


@pages.get("/people")
def people(
    request: Request,
    visit: Annotated[Visit, seen("people.read")],
    stage: Text = None,
    team: Text = None,
    number: Annotated[int, Query(ge=1, le=10_000, alias="page")] = 1,
    effective: Text = None,
    known: Text = None,
) -> Response:
    """Everybody by stage, the rounds of the last twelve months, and those who wait."""
    view = visit.view(effective, known)
    facts = careers.histories(view.desk, view.tenant, view.known)
    every = careers_of(facts)
    if (own := visit.caller.teams) is not None:
        every = {person: one for person, one in every.items() if one.team in own}
        facts = {person: facts[person] for person in every}
    chosen = [
        one
        for _, one in sorted(every.items())
        if (stage or one.stage) == one.stage and (team or one.team) == one.team
    ]
    since, until = window(view.effective, None, None)
    values: dict[str, Any] = {
        "view": view,
        "counts": {one: sum(c.stage == one for c in every.values()) for one in STAGES},
        "teams": sorted({one.team for one in every.values()}),
        "people": chosen[(number - 1) * MOST : number * MOST],
        "found": len(chosen),
        "number": number,
        "more": number + 1 if len(chosen) > number * MOST else None,
        "rows": funnel(facts, since, until),
        "since": since,
        "until": until,
        "waiting": own_alone(
            visit.caller,
            onboarding.waiting(view.desk, view.tenant, visit.caller.now, view.known),
        )[:WAITING],
        "asked": {"stage": stage or "", "team": team or ""},
    }
    return page(request, "people.html", **values)


@pages.get("/people/onboarding")
def onboarded(
    request: Request,
    visit: Annotated[Visit, seen("people.read")],
    since: Text = None,
    until: Text = None,
    changed_on: Text = None,
    known: Text = None,
) -> Response:
    """Hours in each step, bottlenecks, and what a change changed."""
    view = visit.view(None, known)
    first, last = window(view.effective, day_of(since, "since"), day_of(until, "until"))
    changed = day_of(changed_on, "changed_on")
    found = onboarding.report(
        view.desk, view.tenant, since=first, until=last, known=view.known, changed_on=changed
    )
    waits = own_alone(
        visit.caller, onboarding.waiting(view.desk, view.tenant, visit.caller.now, view.known)
    )
    return page(request, "onboarding.html", r=found, waiting=waits, view=view, changed=changed)
