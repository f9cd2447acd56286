"""Two runs of the ledger compared, as they were computed."""

from __future__ import annotations

from domain.run_diff import SlipChange, compare
from workflows.desk import Desk
from workflows.payrun import read_run
from workflows.payslips import payslips


def compare_runs(desk: Desk, tenant: str, before: str, after: str) -> list[SlipChange]:
    """What differs from one run to another, by contract and line. Raises NotFound."""
    first, second = read_run(desk, tenant, before), read_run(desk, tenant, after)
    return compare(payslips(desk, tenant, first), payslips(desk, tenant, second))
