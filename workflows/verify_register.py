"""What earlier pay says to later pay, folded from the facts alone: the pay register of verification."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from domain.lines import Line, PaidMonth, Payslip
from domain.payrun import PayRun
from projections.pay_register import Balances, PayRegister, PostedRun
from workflows.desk import Desk
from workflows.payslips import find_payslip


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a payslip: all but its lines, which are read again where they are needed."""

    position: int
    contract: str
    person: str
    month: str
    pay_date: str
    net: object
    balances: Balances
    taxed: PaidMonth | None
    supplement: bool = False
    """It pays no earnings of its month."""
    one_offs: tuple[str, ...] = ()

    @classmethod
    def of(cls, position: int, slip: Payslip) -> Slip:
        """The payslip that stands at a position."""
        return cls(
            position=position,
            contract=slip.contract,
            person=slip.person,
            month=slip.month,
            pay_date=slip.pay_date,
            net=slip.net,
            balances=Balances(slip.carried_out, slip.owed_out, slip.draw_balance),
            taxed=slip.taxed,
            supplement=bool(slip.lineage.get("supplement")),
            one_offs=tuple(
                line.lineage["one_off"] for line in slip.lines if line.component == "one_off"
            ),
        )


class FoldedRegister(PayRegister):
    """Answers what a computation asks of the pay register, without any table of a read model."""

    def __init__(self, desk: Desk, tenant: str) -> None:
        super().__init__(desk.store._pool)
        self._desk = desk
        self._tenant = tenant
        self._slips: dict[str, dict[str, Slip]] = defaultdict(dict)
        self._posted: list[PostedRun] = []

    def add(self, run: str, slip: Slip) -> None:
        """A payslip was computed."""
        self._slips[run][slip.contract] = slip

    def post(self, run: PayRun, position: int) -> None:
        """A run was posted: its payslips count from here on."""
        self._posted.append(PostedRun(run.run, run.month, run.pinned, run.pay_date, position))

    def posted_slip(self, run: str, contract: str) -> Slip | None:
        """The payslip of a contract in a posted run, or None."""
        if all(posted.run != run for posted in self._posted):
            return None
        return self._slips[run].get(contract)

    def posted_runs(self, tenant: str, *, known: int | None = None) -> list[PostedRun]:
        """Posted runs in the order they were posted."""
        return [run for run in self._posted if known is None or run.posted <= known]

    def posted_lines(
        self, tenant: str, contracts: Iterable[str], *, known: int | None = None
    ) -> dict[str, dict[str, list[Line]]]:
        """All posted lines of contracts: contract → earning period → lines as posted."""
        found: dict[str, dict[str, list[Line]]] = {}
        for contract in contracts:
            for run in self.posted_runs(tenant, known=known):
                slip = find_payslip(self._desk, self._tenant, run.run, contract)
                for line in slip.lines if slip else ():
                    found.setdefault(contract, {}).setdefault(line.period, []).append(line)
        return found

    def paid_months(
        self, tenant: str, *, contracts: Iterable[str] | None = None, known: int | None = None
    ) -> dict[str, set[str]]:
        """Contract → months whose earnings a posted payslip paid; of all, whoever is asked for."""
        found: dict[str, set[str]] = {}
        for slip in self._known(known):
            if not slip.supplement:
                found.setdefault(slip.contract, set()).add(slip.month)
        return found

    def paid_one_offs(self, tenant: str, *, known: int | None = None) -> set[str]:
        """Ids of the one-off payments that stand on a posted payslip."""
        return {name for slip in self._known(known) for name in slip.one_offs}

    def tax_history(
        self,
        tenant: str,
        year: int,
        *,
        persons: Iterable[str] | None = None,
        known: int | None = None,
    ) -> dict[str, list[PaidMonth]]:
        """What posted payslips paid in a calendar year were for tax: person → in order paid."""
        wanted = None if persons is None else set(persons)
        slips = [
            slip
            for slip in self._known(known)
            if slip.taxed is not None
            and int(slip.pay_date[:4]) == year
            and (wanted is None or slip.person in wanted)
        ]
        found: dict[str, list[PaidMonth]] = {}
        for slip in sorted(slips, key=lambda one: (one.pay_date, one.position)):
            assert slip.taxed is not None
            found.setdefault(slip.person, []).append(slip.taxed)
        return found

    def balances(
        self, tenant: str, *, contracts: Iterable[str] | None = None, known: int | None = None
    ) -> dict[str, Balances]:
        """What each contract's last posted payslip hands on; of all, whoever is asked for."""
        runs = sorted(
            self.posted_runs(tenant, known=known), key=lambda run: (run.month, run.posted)
        )
        return {
            slip.contract: slip.balances for run in runs for slip in self._slips[run.run].values()
        }

    def _known(self, known: int | None) -> Iterable[Slip]:
        for run in self.posted_runs(self._tenant, known=known):
            yield from self._slips[run.run].values()
