"""Pay runs: computed, reviewed, approved by somebody else, posted, paid, reconciled, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import RunId
from api.reads import CursorQuery, LimitQuery, View, caught_up, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import payrun as commands
from domain import run_findings
from domain import run_step_facts as steps
from ledger.records import Receipt
from workflows import payouts, payrun, run_steps
from workflows.desk import Ask, Outcome
from workflows.restatement import restate
from workflows.run_compare import compare_runs

router = APIRouter(prefix="/v1/pay-runs", tags=["Pay runs"], route_class=StrictRoute)
MonthQuery = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$", examples=["2025-03"])]
StatusQuery = Literal[
    "computing",
    "computed",
    "reviewed",
    "approved",
    "rejected",
    "posted",
    "paid",
    "reconciled",
    "closed",
]
ChangeQuery = Annotated[str, Query(pattern=r"^\d{1,3}(\.\d{1,4})?%?$", examples=["0.30"])]


class RunRequest(commands.StartPayRun, Reasoned):
    """Compute the pay of a month that is over."""

    model_config = EXAMPLES["pay_run"]


class ApprovalRequest(commands.ApprovePayRun, Reasoned):
    """Approve the run with this digest."""

    model_config = EXAMPLES["approval"]


class ReviewRequest(steps.ReviewPayRun, Reasoned):
    """Take note of the exceptions: name the code of each that is not a note."""

    model_config = EXAMPLES["review"]


class ReconciliationRequest(steps.ReconcilePayRun, Reasoned):
    """What became of each payout that is not settled."""

    model_config = EXAMPLES["reconciliation"]


class ActRequest(Reasoned):
    """Nothing has to be said; a rejection needs a `reason`."""

    model_config = EXAMPLES["act"]


@router.post("", status_code=201, **writes("The computed run"))
def compute_run(body: RunRequest, write: Annotated[Write, writing("run.compute")]) -> Response:
    """Pin a position and compute every payslip of the month. What was cut off goes on."""
    return write.whole(lambda: _computed(write, body), reason=body.reason)


def _computed(write: Write, body: RunRequest) -> dict[str, Any]:
    """The run that this request started, computed to its end; a retry does not start another."""
    started = write.answered("/start")
    if started is not None:
        run_id = started.receipts[0].stream.removeprefix("payrun/")
        run = payrun.read_run(write.desk, write.tenant, run_id)
        if run.status != "computing":
            return {"receipts": started.receipts, "run": views.money(run)}
    outcome = payrun.compute(
        write.desk,
        write.tenant,
        command_of(commands.StartPayRun, body),
        write.ask(body.reason, "/start"),
        today=write.caller.today,
    )
    return {"receipts": outcome.receipts, "run": views.money(outcome.state)}


@router.get("")
def list_runs(
    view: Annotated[View, present("run.read")],
    month: MonthQuery = None,
    status: StatusQuery | None = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Runs, the latest first."""
    caught_up(view, "pay_register")
    found = view.desk.register.runs(
        view.tenant, month=month, status=status, cursor=cursor, limit=limit
    )
    return seen(view, views.page(found))


@router.get("/{run}")
def get_run(run: RunId, view: Annotated[View, reading("run.read")]) -> Response:
    """A run with its sums and exceptions, as known at a position."""
    state = payrun.read_run(view.desk, view.tenant, run, known=view.known)
    return seen(view, {"run": views.money(state), "known": view.position}, state.version)


@router.get("/{run}/payslips")
def get_register(
    run: RunId,
    view: Annotated[View, present("payslip.read")],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """The register of a run: the sums of each payslip by contract."""
    payrun.read_run(view.desk, view.tenant, run)
    caught_up(view, "pay_register")
    found = view.desk.register.register(view.tenant, run, cursor=cursor, limit=limit)
    view.read_pay(f"payrun/{run}", {one.person_id for one in found.items})
    return seen(view, views.page(found))


def _on_run(
    write: Write, run: str, body: Reasoned, do: Callable[[Ask], Outcome[commands.PayRun]]
) -> Response:
    def receipts(ask: Ask) -> list[Receipt]:
        return do(ask).receipts

    def show(position: int) -> dict[str, Any]:
        state = payrun.read_run(write.desk, write.tenant, run, known=position)
        return {"run": views.money(state)}

    return write.once(receipts, show, reason=body.reason)


@router.get("/{run}/exceptions")
def get_exceptions(
    run: RunId, view: Annotated[View, present("run.read")], change: ChangeQuery = "0.30"
) -> Response:
    """What is to be looked at before approval, each with the figures behind it."""
    command = steps.ReviewPayRun.model_validate({"change": change})
    found = run_steps.findings(view.desk, view.tenant, run, command, view.caller.today)
    view.read_pay(f"payrun/{run}")
    return seen(
        view,
        {
            "items": found,
            "counts": run_findings.counted(found),
            "acknowledge": sorted(run_findings.to_acknowledge(found)),
            "findings_digest": run_findings.digest_of(found),
        },
    )


@router.get("/{run}/comparison")
def get_comparison(
    run: RunId,
    view: Annotated[View, present("payslip.read")],
    before: Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")],
) -> Response:
    """What differs from the run `before` to this one, by contract and line."""
    found = compare_runs(view.desk, view.tenant, before, run)
    view.read_pay(f"payrun/{run}")
    return seen(view, {"items": views.money(found)})


@router.get("/{run}/restatement")
def get_restatement(run: RunId, view: Annotated[View, reading("payslip.read")]) -> Response:
    """What a posted month paid against what is known now (or at `known`), by person and cause."""
    found = restate(view.desk, view.tenant, run, view.known)
    view.read_pay(f"payrun/{run}", {one.person for one in found.items})
    return seen(view, {"restatement": views.money(found)})


@router.post("/{run}/review", status_code=201, **writes("The reviewed run"))
def review_run(
    run: RunId, body: ReviewRequest, write: Annotated[Write, writing("run.review")]
) -> Response:
    """Take note of the exceptions of a computed run; approval comes after it."""
    command = command_of(steps.ReviewPayRun, body)
    today = write.caller.today
    return _on_run(
        write,
        run,
        body,
        lambda ask: run_steps.review(write.desk, write.tenant, run, command, ask, today=today),
    )


@router.post("/{run}/approval", status_code=201, **writes("The approved run"))
def approve_run(
    run: RunId, body: ApprovalRequest, write: Annotated[Write, writing("run.approve")]
) -> Response:
    """Approve the run; never by who computed it or amended its contracts."""
    command = command_of(commands.ApprovePayRun, body)
    return _on_run(
        write, run, body, lambda ask: payrun.approve(write.desk, write.tenant, run, command, ask)
    )


@router.post("/{run}/rejection", status_code=201, **writes("The rejected run"))
def reject_run(
    run: RunId, body: ActRequest, write: Annotated[Write, writing("run.reject")]
) -> Response:
    """Refuse the run, with a reason; the month can be computed again."""
    return _on_run(write, run, body, lambda ask: payrun.reject(write.desk, write.tenant, run, ask))


@router.post("/{run}/posting", status_code=201, **writes("The posted run"))
def post_run(
    run: RunId, body: ActRequest, write: Annotated[Write, writing("run.post")]
) -> Response:
    """Make the approved payslips final and their net amounts payable."""
    return _on_run(write, run, body, lambda ask: payrun.post(write.desk, write.tenant, run, ask))


@router.post("/{run}/payouts", status_code=201, **writes("How many payables were instructed"))
def instruct_run(
    run: RunId, body: ActRequest, write: Annotated[Write, writing("payout.instruct")]
) -> Response:
    """Instruct every payable of a posted run that has no instruction yet."""

    def do() -> dict[str, Any]:
        made = payouts.instruct_run(write.desk, write.tenant, run, write.ask(body.reason))
        return {
            "receipts": made.receipts,
            "instructed": made.instructed,
            "already": made.already,
            "nothing_to_pay": made.nothing_to_pay,
        }

    return write.whole(do, reason=body.reason)


@router.post("/{run}/payment", status_code=201, **writes("The paid run"))
def mark_paid(
    run: RunId, body: ActRequest, write: Annotated[Write, writing("payout.instruct")]
) -> Response:
    """Say that every payable of a posted run is instructed."""
    return _on_run(
        write, run, body, lambda ask: run_steps.mark_paid(write.desk, write.tenant, run, ask)
    )


@router.post("/{run}/reconciliation", status_code=201, **writes("The reconciled run"))
def reconcile_run(
    run: RunId, body: ReconciliationRequest, write: Annotated[Write, writing("run.reconcile")]
) -> Response:
    """Say that every payout is settled, or what became of it."""
    command = command_of(steps.ReconcilePayRun, body)
    return _on_run(
        write,
        run,
        body,
        lambda ask: run_steps.reconcile(write.desk, write.tenant, run, command, ask),
    )


@router.post("/{run}/closing", status_code=201, **writes("The closed run"))
def close_run(
    run: RunId, body: ActRequest, write: Annotated[Write, writing("run.close")]
) -> Response:
    """End a reconciled run."""
    return _on_run(
        write, run, body, lambda ask: run_steps.close(write.desk, write.tenant, run, ask)
    )
