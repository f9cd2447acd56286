"""Posted runs as later pay looks at them: which month each paid, for whom, and what it left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.lines import Payslip
from domain.payrun import REFUSED, PayRun
from domain.payrun import evolve as evolve_run
from domain.periods import Month
from workflows.desk import Desk, load
from workflows.payslips import find_payslip


@dataclass
class PostedRuns:
    """The posted runs of a tenant as known at a position, in the order they were posted."""

    desk: Desk
    tenant: str
    known: int
    runs: tuple[PayRun, ...]
    paid: dict[str, set[str]]
    """Contract → months of which a posted run paid it the earnings."""
    _rated: dict[tuple[str, str], tuple[PayRun, Payslip | None]] = field(default_factory=dict)

    @property
    def regular(self) -> tuple[PayRun, ...]:
        """The months' own runs."""
        return tuple(run for run in self.runs if run.off_cycle is None)

    def own_months(self) -> set[str]:
        """The months whose own run is posted."""
        return {run.month for run in self.regular}

    def pays(self, contract: str, month: Month) -> bool:
        """Whether a posted run paid the contract the month's earnings."""
        return str(month) in self.paid.get(contract, set())

    def rated_in(self, contract: str, month: Month) -> tuple[PayRun, Payslip | None]:
        """The run that first rated the month for the contract, and its payslip; the month's own
        run without a payslip where the contract was left out."""
        key = contract, str(month)
        if key not in self._rated:
            self._rated[key] = self._find(contract, month)
        return self._rated[key]

    def _find(self, contract: str, month: Month) -> tuple[PayRun, Payslip | None]:
        of_month = [run for run in self.runs if run.month == str(month)]
        for run in of_month:
            if run.off_cycle is not None and contract not in run.scope:
                continue
            slip = find_payslip(self.desk, self.tenant, run.run, contract)
            if slip is not None and not slip.lineage.get("supplement"):
                return run, slip
        return next((run for run in of_month if run.off_cycle is None), of_month[0]), None

    def looked_from(self) -> tuple[int, dict[str, int]]:
        """From which position on truth may not have been paid yet: for everybody the pin of the
        last own run, and an earlier one for each contract which that run had to leave out."""
        last, behind = 0, dict[str, int]()
        for run in self.regular:
            refused = {
                entry["contract"] for entry in run.exceptions if entry["code"].startswith(REFUSED)
            }
            behind = {contract: behind.get(contract, last) for contract in refused}
            last = run.pinned
        return last, behind


def posted_runs(desk: Desk, tenant: str, known: int) -> PostedRuns:
    """The posted runs as known at a position; the register has to be there already."""
    paid = desk.register.paid_months(tenant, known=known)
    return PostedRuns(desk, tenant, known, run_states(desk, tenant, known), paid)


def run_states(desk: Desk, tenant: str, known: int) -> tuple[PayRun, ...]:
    """The posted runs in the order they were posted, each as it stands now."""
    rows = desk.register.posted_runs(tenant, known=known)
    return tuple(load(desk, tenant, f"payrun/{row.run}", PayRun(), evolve_run) for row in rows)


def open_runs(desk: Desk, tenant: str) -> Iterator[str]:
    """Runs that are neither rejected nor posted, as the register knows them."""
    for status in ("computing", "computed", "reviewed", "approved"):
        yield from (row.run_id for row in desk.register.runs(tenant, status=status).items)
