"""The steps of the demo's pay runs that look at exceptions and end a run."""

from __future__ import annotations

from datetime import date

from domain.payrun import PayRun
from domain.run_findings import to_acknowledge
from domain.run_step_facts import ReconcilePayRun, ReviewPayRun
from workflows import payrun, run_steps
from workflows.desk import Ask, Desk


def review(desk: Desk, tenant: str, run: PayRun, ask: Ask, today: date) -> PayRun:
    """Finance looks at every exception and takes note of each kind."""
    command = ReviewPayRun(digest=run.digest)
    listed = run_steps.findings(desk, tenant, run.run, command, today)
    noted = command.model_copy(update={"acknowledge": tuple(sorted(to_acknowledge(listed)))})
    return run_steps.review(desk, tenant, run.run, noted, ask, today=today).state


def settle_up(desk: Desk, tenant: str, run_id: str, reconciled: Ask, closed: Ask) -> None:
    """What the bank returned and nobody has paid again has its verdict; the run is closed."""
    run = payrun.read_run(desk, tenant, run_id)
    back = {
        name: "returned"
        for name, payout in run_steps.payouts_of(desk, tenant, run).items()
        if payout.status == "returned"
    }
    command = ReconcilePayRun.model_validate({"verdicts": back})
    run_steps.reconcile(desk, tenant, run_id, command, reconciled)
    run_steps.close(desk, tenant, run_id, closed)
