"""Payslips as they stand in the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from domain.lines import Payslip
from domain.payrun import PayRun, PayslipComputed
from domain.refusals import NotFound
from workflows.desk import Desk, scan


def payslips(desk: Desk, tenant: str, run: PayRun) -> Iterator[Payslip]:
    """All payslips of a run in the order of the ledger."""
    for record in scan(desk, tenant, ["pay.payslip_computed.v1"], after=run.pinned):
        if isinstance(record.fact, PayslipComputed) and record.fact.run == run.run:
            yield record.fact.payslip


def find_payslip(
    desk: Desk, tenant: str, run_id: str, contract: str, known: int | None = None
) -> Payslip | None:
    """The payslip of a contract in a run as known at a position (now by default), or None."""
    records = desk.store.stream(tenant, f"payslip/{run_id}/{contract}", known=known, limit=1)
    fact = records[0].fact if records else None
    return fact.payslip if isinstance(fact, PayslipComputed) else None


def read_payslip(
    desk: Desk, tenant: str, run_id: str, contract: str, known: int | None = None
) -> Payslip:
    """The payslip of a contract in a run as known at a position. Raises NotFound."""
    found = find_payslip(desk, tenant, run_id, contract, known)
    if found is None:
        raise NotFound(
            f"批次 {run_id} 中没有合同 {contract} 的工资单",
            f"Run {run_id} has no payslip of contract {contract}",
            do="Look at the run's exceptions: they say who has none and why.",
        )
    return found
