"""Pay runs: the list, and one run as steps with who may do the next."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import RunId
from api.reads import CursorQuery, View
from domain import payrun as commands
from domain.payrun import REFUSED, PayRun
from domain.periods import Month
from domain.refusals import Invalid, Refusal, StaleVersion
from domain.roles import TABLE
from workflows import payouts, payrun

pages = router()
PAGE = 100
RUNS = 50
STEPS = (
    ("computed", "run.compute"),
    ("approved", "run.approve"),
    ("posted", "run.post"),
    ("instructed", "payout.instruct"),
    ("answered", "payout.answer"),
)
_DONE = {"computing": 0, "computed": 1, "rejected": 1, "approved": 2, "posted": 3}


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


@pages.get("/pay/{run}")
def run(
    request: Request,
    visit: Annotated[Visit, seen("run.read")],
    run: RunId,
    cursor: CursorQuery = None,
) -> Response:
    """One run: its steps, exceptions and register."""
    return _run(request, visit, run, cursor)


def _run(
    request: Request,
    visit: Visit,
    run: str,
    cursor: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.current("pay_register", "payout_ledger", "audit_history")
    state = payrun.read_run(view.desk, view.tenant, run)
    register = view.desk.register.register(view.tenant, run, cursor=cursor or None, limit=PAGE)
    totals = view.readers.payouts.totals(view.tenant, run)
    exceptions = [dict(entry) for entry in state.exceptions]
    values: dict[str, Any] = {
        "run": state,
        "register": register,
        "totals": totals,
        "steps": steps(view, state, totals),
        "exceptions": exceptions,
        "refused": [one["contract"] for one in exceptions if one["code"].startswith(REFUSED)],
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "run.html", refusal.status if refusal else 200, **values)


def steps(view: View, state: PayRun, totals: dict[str, Any]) -> list[dict[str, Any]]:
    """Each step: whether it is done, by whom and when, or who may do it."""
    history = view.readers.audit.entries(view.tenant, stream=f"payrun/{state.run}", limit=50)
    by_kind = {entry.kind.rsplit("_", 1)[-1]: entry for entry in history.items}
    done = _DONE.get(state.status, 0)
    if done == 3 and totals:
        done = 4 if "instructed" in totals else 5
    found = []
    for number, (name, act) in enumerate(STEPS):
        is_next = number == done and state.status != "rejected"
        found.append(
            {
                "name": name,
                "done": number < done,
                "next": is_next,
                "entry": by_kind.get(name) if number < done else None,
                "roles": TABLE[act] if is_next else (),
            }
        )
    return found


@pages.post("/pay/{run}")
def act(request: Request, visit: Annotated[Visit, seen("run.read")], run: RunId) -> Response:
    """One step of a run: approved, rejected, posted, its payouts instructed."""
    form = form_of(request)
    what = form.get("do")
    try:
        _do(visit, run, what, form)
    except Refusal as refusal:
        return _run(request, visit, run, refusal=refusal, typed=form)
    return to(f"/pay/{run}?done={what}")


def _do(visit: Visit, run: str, what: str, form: Form) -> None:
    desk, tenant = visit.caller.desk, visit.tenant
    acts = {
        "approve": "run.approve",
        "reject": "run.reject",
        "post": "run.post",
        "instruct": "payout.instruct",
    }
    if what not in acts:
        raise Invalid("没有这个操作", "There is no such act", do="", field="do")
    visit.need(acts[what])
    ask = visit.write(form).ask(form.get("reason"))
    if what == "approve":
        sent = {"digest": form.get("digest"), "leave_out": tuple(form.all("leave_out"))}
        command = checked(lambda: commands.ApprovePayRun.model_validate(sent))
        payrun.approve(desk, tenant, run, command, ask)
    elif what == "reject":
        payrun.reject(desk, tenant, run, ask)
    elif what == "post":
        payrun.post(desk, tenant, run, ask)
    else:
        payouts.instruct_run(desk, tenant, run, visit.write(form).ask(form.get("reason")))
