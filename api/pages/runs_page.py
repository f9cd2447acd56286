"""Pay runs: the list, and a form that computes the next month."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.reads import CursorQuery
from domain import payrun as commands
from domain.periods import Month
from domain.refusals import Refusal, StaleVersion
from workflows import payrun

pages = router()
RUNS = 50


@pages.get("/pay")
def runs(
    request: Request, visit: Annotated[Visit, seen("run.read")], cursor: CursorQuery = None
) -> Response:
    """Runs, the latest first, and a form to compute the next month."""
    return _list(request, visit, cursor)


def _list(
    request: Request,
    visit: Visit,
    cursor: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.current("pay_register")
    found = view.desk.register.runs(view.tenant, cursor=cursor or None, limit=RUNS)
    months = [Month.parse(run.month) for run in found.items if run.status != "rejected"]
    following = max(months).plus(1) if months else Month.of(view.effective).plus(-1)
    return page(
        request,
        "runs.html",
        refusal.status if refusal else 200,
        found=found,
        following=following,
        typed=typed or Form({}),
        problem=None if refusal is None else problem_of(refusal),
    )


@pages.post("/pay")
def compute(request: Request, visit: Annotated[Visit, seen("run.compute")]) -> Response:
    """Compute a month that is over."""
    form = form_of(request)
    try:
        command = checked(lambda: commands.StartPayRun.model_validate(_start(form)))
        ask = visit.write(form).ask(form.get("reason"))
        made = payrun.compute(
            visit.caller.desk, visit.tenant, command, ask, today=visit.caller.today
        )
    except StaleVersion:  # the same form was sent twice and is being computed already
        return to("/pay")
    except Refusal as refusal:
        return _list(request, visit, refusal=refusal, typed=form)
    return to(f"/pay/{made.state.run}?done=compute")


def _start(form: Form) -> dict[str, str]:
    return {name: value for name in ("month", "pay_date") if (value := form.get(name))}
