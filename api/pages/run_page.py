"""One pay run: its steps with who may do the next, what is to be looked at, its register."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.run_acts import ACTS, do
from api.pages.visit import Form, Visit, form_of, seen
from api.params import RunId
from api.reads import CursorQuery, View
from domain import run_findings
from domain.payrun import REFUSED, PayRun
from domain.refusals import Refusal
from domain.roles import TABLE
from domain.run_findings import RunFinding
from domain.run_step_facts import ReviewPayRun
from workflows import payrun, run_steps

pages = router()
PAGE = 100
MOST_OPEN = 200
STEPS = (
    ("computed", "run.compute"),
    ("reviewed", "run.review"),
    ("approved", "run.approve"),
    ("posted", "run.post"),
    ("paid", "payout.instruct"),
    ("reconciled", "run.reconcile"),
    ("closed", "run.close"),
)


@pages.get("/pay/{run}")
def run(
    request: Request,
    visit: Annotated[Visit, seen("run.read")],
    run: RunId,
    cursor: CursorQuery = None,
) -> Response:
    """One run: its steps, exceptions and register."""
    return _page(request, visit, run, cursor)


@pages.post("/pay/{run}")
def act(request: Request, visit: Annotated[Visit, seen("run.read")], run: RunId) -> Response:
    """One step of a run."""
    form = form_of(request)
    what = form.get("do")
    try:
        visit.need_one_of(ACTS, what)
        do(visit, run, what, form)
    except Refusal as refusal:
        return _page(request, visit, run, refusal=refusal, typed=form)
    return to(f"/pay/{run}?done={what}")


def _page(
    request: Request,
    visit: Visit,
    run: str,
    cursor: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.current("pay_register", "payout_ledger")
    state = payrun.read_run(view.desk, view.tenant, run)
    register = view.desk.register.register(view.tenant, run, cursor=cursor or None, limit=PAGE)
    view.read_pay(f"payrun/{run}", {one.person_id for one in register.items})
    values: dict[str, Any] = {
        "run": state,
        "register": register,
        "totals": view.readers.payouts.totals(view.tenant, run),
        "steps": steps(view, state),
        "found": looked_at(visit, view, state),
        "refused": [one["contract"] for one in state.exceptions if one["code"].startswith(REFUSED)],
        "open_payouts": open_payouts(view, state),
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "run.html", refusal.status if refusal else 200, **values)


def steps(view: View, state: PayRun) -> list[dict[str, Any]]:
    """Each step: whether it is done, by whom and when, or who may do it."""
    records = view.desk.store.stream(view.tenant, f"payrun/{state.run}")
    by_step = {record.name.split(".")[1].removeprefix("run_"): record for record in records}
    names = [name for name, _ in STEPS]
    done = names.index(state.status) + 1 if state.status in names else 0
    if state.status == "rejected":
        done = sum(1 for name in names if name in by_step)
    return [
        {
            "name": name,
            "done": number < done,
            "next": number == done and state.status != "rejected",
            "record": by_step.get(name) if number < done else None,
            "roles": TABLE[act],
        }
        for number, (name, act) in enumerate(STEPS)
    ]


def looked_at(visit: Visit, view: View, state: PayRun) -> dict[str, Any] | None:
    """What is to be looked at before approval: findings by code, and their digest."""
    if state.status not in ("computed", "reviewed"):
        return None
    listed = run_steps.findings(
        view.desk, view.tenant, state.run, ReviewPayRun(), visit.caller.today
    )
    groups: dict[str, list[RunFinding]] = {}
    for finding in listed:
        groups.setdefault(finding.code, []).append(finding)
    return {
        "groups": groups,
        "count": len(listed),
        "acknowledge": sorted(run_findings.to_acknowledge(listed)),
        "digest": run_findings.digest_of(listed),
    }


def open_payouts(view: View, state: PayRun) -> list[Any]:
    """The payouts that are not settled, when the run is to be reconciled."""
    if state.status != "paid":
        return []
    found = run_steps.payouts_of(view.desk, view.tenant, state)
    return [one for one in found.values() if one.status != "settled"][:MOST_OPEN]
