"""Whom a run pays and how: the whole month, or a supplement of late truth and one-off payments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from domain.contract_state import Contract
from domain.one_off import OneOff
from domain.payrun import OffCycle, PayRun
from domain.periods import Month
from domain.refusals import WrongState
from workflows.late_truth import LateTruth, find_late_truth
from workflows.one_off_books import due_one_offs
from workflows.pay_books import Books, in_force


class Payee(NamedTuple):
    """A contract of a run; `supplement` where the run pays no earnings of its month."""

    contract: Contract
    supplement: bool


@dataclass
class RunScope:
    """The contracts of a month's runs, with what is late and what is due beside the clauses."""

    books: Books
    month: Month
    late: LateTruth
    one_offs: dict[str, tuple[OneOff, ...]]

    @classmethod
    def of(cls, books: Books, month: Month) -> RunScope:
        """Everything a run of the month may pay, as the books know it."""
        late = find_late_truth(books.desk, books, month)
        due: dict[str, list[OneOff]] = defaultdict(list)
        for one in books.remembered(
            ("one_offs", month),
            lambda: list(due_one_offs(books.desk, books.tenant, month, books.known)),
        ):
            due[one.contract].append(one)
        return cls(books, month, late, {name: tuple(found) for name, found in due.items()})

    def payees(self, run: PayRun) -> list[Payee]:
        """Who is paid by the run, by contract."""
        if run.off_cycle is None:
            return [self._own(one) for one in self._all() if self._is_paid(one)]
        chosen = set(run.scope)
        return [
            Payee(one, run.off_cycle != "leavers") for one in self._all() if one.contract in chosen
        ]

    def _all(self) -> list[Contract]:
        return sorted(self.books.contracts.values(), key=lambda one: one.contract)

    def _earns(self, contract: Contract) -> bool:
        """Whether the month's earnings are still to be paid."""
        return in_force(contract, self.month) and not self._paid(contract)

    def _paid(self, contract: Contract) -> bool:
        return self.late.runs.pays(contract.contract, self.month)

    def _is_paid(self, contract: Contract) -> bool:
        """In force and not paid yet, or owed (or owing) something beside the month."""
        return (
            self._earns(contract)
            or contract.contract in self.one_offs
            or (contract.activated_on is not None and self.late.differs(contract))
        )

    def _own(self, contract: Contract) -> Payee:
        return Payee(contract, self._paid(contract))

    def off_cycle(self, kind: OffCycle, named: Iterable[str], today: date) -> tuple[str, ...]:
        """The contracts of a run beside the month's own. Raises WrongState where there is none,
        or one that was named is not among them."""
        fits = {one.contract for one in self._all() if self._fits(one, kind, today)}
        wanted = set(named) or fits
        if not wanted or wanted - fits:
            missing = sorted(wanted - fits)
            raise WrongState(
                f"没有需要此类批次的合同: {', '.join(missing[:5]) or self.month}",
                f"Nothing for a run of {kind} in {self.month}: {', '.join(missing[:5]) or 'nobody'}",
                do=_WANTED[kind],
                contracts=missing[:20],
            )
        return tuple(sorted(wanted))

    def _fits(self, contract: Contract, kind: OffCycle, today: date) -> bool:
        if kind == "one_offs":
            return contract.contract in self.one_offs
        if kind == "corrections":
            return self.late.differs(contract)
        over = contract.end is not None and contract.end <= today
        return over and self._earns(contract)


_WANTED: dict[OffCycle, str] = {
    "leavers": "Contracts that ended in the month, are over today and have no posted payslip of it.",
    "corrections": "Contracts with something late for a month that is posted.",
    "one_offs": "Contracts with a one-off payment that is agreed, chosen for and not yet paid.",
}
