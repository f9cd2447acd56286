"""The steps of a run around approval and after posting, over the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain import payout, payrun, run_steps
from domain.payout import Payout
from domain.payrun import PayRun
from domain.run_findings import RunFinding
from domain.run_step_facts import ReconcilePayRun, ReviewPayRun
from ledger.stored_names import STORED_NAMES
from workflows.desk import Ask, Desk, Outcome, handle, scan
from workflows.payouts import COMPONENT
from workflows.payrun import CATCH_UP_SECONDS, REGISTER, read_run
from workflows.payslips import payslips
from workflows.run_review import findings_of

PAYOUT_NAMES = tuple(name for name in STORED_NAMES if name.startswith("payout."))


def findings(
    desk: Desk, tenant: str, run_id: str, command: ReviewPayRun, today: date
) -> list[RunFinding]:
    """The exceptions of a run as they are now, everything that has to be said about it."""
    return _listed(desk, tenant, run_id, command, today)[0]


def _listed(
    desk: Desk, tenant: str, run_id: str, command: ReviewPayRun, today: date
) -> tuple[list[RunFinding], int]:
    run = read_run(desk, tenant, run_id)
    known, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, run.pinned, REGISTER, timeout=CATCH_UP_SECONDS)
    return findings_of(desk, tenant, run, command.change, today, known), known


def review(
    desk: Desk, tenant: str, run_id: str, command: ReviewPayRun, ask: Ask, *, today: date
) -> Outcome[PayRun]:
    """Take note of a run's exceptions: every code that is not a note is named."""
    listed, known = _listed(desk, tenant, run_id, command, today)
    return handle(
        desk,
        tenant,
        f"payrun/{run_id}",
        PayRun(),
        payrun.evolve,
        lambda state: run_steps.review(state, command, listed, known),
        ask,
    )


def mark_paid(desk: Desk, tenant: str, run_id: str, ask: Ask) -> Outcome[PayRun]:
    """Say that every payable of a posted run is instructed."""
    run = read_run(desk, tenant, run_id)
    payables = payables_of(desk, tenant, run)
    payouts = payouts_of(desk, tenant, run)
    return handle(
        desk,
        tenant,
        f"payrun/{run_id}",
        PayRun(),
        payrun.evolve,
        lambda state: run_steps.paid(state, payables, payouts),
        ask,
    )


def reconcile(
    desk: Desk, tenant: str, run_id: str, command: ReconcilePayRun, ask: Ask
) -> Outcome[PayRun]:
    """Say that every payout of a paid run is settled or has its verdict."""
    payouts = payouts_of(desk, tenant, read_run(desk, tenant, run_id))
    return handle(
        desk,
        tenant,
        f"payrun/{run_id}",
        PayRun(),
        payrun.evolve,
        lambda state: run_steps.reconcile(state, command, payouts),
        ask,
    )


def close(desk: Desk, tenant: str, run_id: str, ask: Ask) -> Outcome[PayRun]:
    """End a reconciled run."""
    return handle(desk, tenant, f"payrun/{run_id}", PayRun(), payrun.evolve, run_steps.close, ask)


def payables_of(desk: Desk, tenant: str, run: PayRun) -> dict[str, Decimal]:
    """Payout id → net amount of every payslip of a run."""
    return {
        f"{run.run}.{slip.contract}.{COMPONENT}": slip.net for slip in payslips(desk, tenant, run)
    }


def payouts_of(desk: Desk, tenant: str, run: PayRun) -> dict[str, Payout]:
    """The payouts of a run by id, folded from the facts after its pinned position."""
    states: dict[str, Payout] = {}
    for record in scan(desk, tenant, PAYOUT_NAMES, after=run.pinned):
        name = record.stream.removeprefix("payout/")
        if record.stream.startswith(f"payout/{run.run}."):
            states[name] = payout.evolve(states.get(name, Payout()), record.fact, record)
    return states
