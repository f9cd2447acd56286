"""Payslips of a run a chunk at a time: only the contracts of the chunk are opened.

What a chunk gives depends on the run's pinned position and on nothing else: not on other chunks,
not on the process that makes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

import msgspec

from domain.lines import PaidMonth, Payslip
from domain.payrun import PayRun
from domain.payslip import payslip
from domain.periods import Month
from domain.refusals import Refusal
from ledger.codec import canonical
from projections.pay_register import Balances
from projections.quiet import quiet
from workflows.pay_books import Books, books_of
from workflows.pay_inputs import pay_input
from workflows.pay_roll import Entry
from workflows.run_scope import Payee, RunScope


class Made(msgspec.Struct, frozen=True, tag=True):
    """A payslip as it is recorded, and what the run adds up."""

    contract: str
    slip: bytes
    """Canonical JSON."""
    gross: Decimal
    contributions: Decimal
    tax: Decimal
    net: Decimal
    carried: Decimal
    """A negative balance that goes to the next run, at most 0.00."""

    @classmethod
    def of(cls, slip: Payslip) -> Self:
        """What a run keeps of a payslip."""
        return cls(
            slip.contract,
            canonical(slip),
            slip.gross,
            slip.contributions,
            slip.tax,
            slip.net,
            slip.carried_out + slip.owed_out,
        )

    def payload(self, run: str) -> bytes:
        """The payload of the fact that records the payslip (`PayslipComputed`)."""
        return b'{"payslip":' + self.slip + b',"run":' + canonical(run) + b"}"


class Refused(msgspec.Struct, frozen=True, tag=True):
    """A contract that has no payslip, and why."""

    contract: str
    code: str
    zh: str
    en: str


Result = Made | Refused


@dataclass
class Computation:
    """Payslips out of books, in order: what earlier ones say to later ones is remembered."""

    books: Books
    run: PayRun
    scope: RunScope
    history: dict[str, list[PaidMonth]]
    balances: dict[str, Balances]

    def payslip(self, payee: Payee) -> Payslip:
        """The payslip of a contract. Raises what `domain.payslip.payslip` raises.

        A person's second contract in the month is taxed after the first.
        """
        contract = payee.contract
        balance = self.balances.get(contract.contract, Balances())
        pay = pay_input(
            self.books,
            contract,
            Month.parse(self.run.month),
            pay_date=self.run.pay_date,
            history=tuple(self.history[contract.person]),
            arrears=self.scope.late.lines(contract),
            carried_in=balance.carried_out,
            owed_in=balance.owed_out,
            draw_balance=balance.draw_balance,
        )
        due = self.scope.one_offs.get(contract.contract, ())
        made = payslip(msgspec.structs.replace(pay, supplement=payee.supplement, one_offs=due))
        if made.taxed is not None:
            self.history[made.person].append(made.taxed)
        return made

    def result(self, payee: Payee) -> Result:
        """The payslip as it is recorded, or why there is none."""
        try:
            return Made.of(self.payslip(payee))
        except Refusal as refusal:
            return Refused(payee.contract.contract, refusal.code, refusal.zh, refusal.en)


@dataclass
class Payer:
    """Computes chunks of a run. Every process that works on the run has one."""

    shared: Books
    """What is everybody's, with the whole roll and no contract opened."""
    run: PayRun
    _entries: dict[str, Entry] = field(default_factory=dict)
    _of_person: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        scope = set(self.run.scope)
        after = Month.parse(self.run.month).period.stop
        for entry in self.shared.roll or ():
            if entry.contract in scope if scope else entry.start < after:
                self._entries[entry.contract] = entry
                self._of_person[entry.person].append(entry)

    def candidates(self) -> list[str]:
        """The contracts that may have a payslip in the run, in the order they are recorded."""
        return list(self._entries)

    def chunk(self, contracts: Sequence[str]) -> list[Result]:
        """The payslips of some candidates in order; who is owed nothing is left out."""
        given = set(contracts)
        with quiet:
            computation = self._computation(books_of(self.shared, self._to_open(contracts)))
            results = [
                (payee.contract.contract, computation.result(payee))
                for payee in computation.scope.payees(self.run)
            ]
        return [result for contract, result in results if contract in given]

    def _computation(self, books: Books) -> Computation:
        register, tenant, known = books.desk.register, books.tenant, self.run.pinned
        year = self.run.pay_date.year
        history = register.tax_history(tenant, year, persons=books.only, known=known)
        balances = register.balances(tenant, contracts=books.contracts, known=known)
        scope = RunScope.of(books, Month.parse(self.run.month))
        return Computation(books, self.run, scope, defaultdict(list, history), balances)

    def _to_open(self, contracts: Iterable[str]) -> list[Entry]:
        """The contracts, and those of the same persons that are taxed before them."""
        wanted: dict[str, Entry] = {}
        for contract in contracts:
            for other in self._of_person[self._entries[contract].person]:
                if other.contract <= contract:
                    wanted[other.contract] = other
        return list(wanted.values())
