"""Late truth: what became known after a month was posted, as lines in the next run.

A posted payslip is never changed. The earning month is rated again, tiers included, and the
difference to everything that was posted for it is a line that names the month and the cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from domain.contract_state import Contract
from domain.lines import Line
from domain.money import ZERO
from domain.payslip import differences, earn
from domain.periods import Month, months_between
from domain.refusals import Refusal
from projections.pay_register import PostedRun
from workflows.contracts import CONTRACT_NAMES
from workflows.definitions import schemes_at
from workflows.desk import Desk, scan
from workflows.pay_books import Books, in_force
from workflows.pay_inputs import pay_input
from workflows.payslips import find_payslip


@dataclass
class LateTruth:
    """The posted months of a tenant and which contracts have to be rated again for them."""

    books: Books
    runs: list[PostedRun]
    touched: dict[str, set[Month]]
    posted: dict[str, dict[str, list[Line]]]
    """Contract → earning month → lines posted for it so far."""
    _schemes: dict[int, Books] = field(default_factory=dict)
    _lines: dict[str, tuple[Line, ...]] = field(default_factory=dict)

    def lines(self, contract: Contract) -> tuple[Line, ...]:
        """The difference lines of one contract, the oldest month first."""
        if contract.contract not in self._lines:
            months = sorted(self.touched.get(contract.contract, ()))
            found = [line for month in months for line in self._month(contract, month)]
            self._lines[contract.contract] = tuple(found)
        return self._lines[contract.contract]

    def differs(self, contract: Contract) -> bool:
        """Whether something is owed for earlier months; what cannot be rated counts as such, so
        that the run says why."""
        try:
            return bool(self.lines(contract))
        except Refusal:
            return True

    def _month(self, contract: Contract, month: Month) -> Iterable[Line]:
        books = self._books_with_weights_of(month)
        draws = self._draw_balance_before(contract, month)
        rated = earn(pay_input(books, contract, month, pay_date=month.last, draw_balance=draws))
        posted = self.posted.get(contract.contract, {}).get(str(month), [])
        return differences(str(month), tuple(posted), rated)

    def _draw_balance_before(self, contract: Contract, month: Month) -> Decimal:
        """The recoverable draws that stood when the month was first rated."""
        run = self._run_of(month).run
        slip = find_payslip(self.books.desk, self.books.tenant, run, contract.contract)
        return Decimal(str(slip.lineage["draw_balance_in"])) if slip else ZERO

    def _run_of(self, month: Month) -> PostedRun:
        return next(run for run in self.runs if run.month == str(month))

    def _books_with_weights_of(self, month: Month) -> Books:
        """Scores of closed periods keep the weights they were given: as known at their run."""
        pinned = self._run_of(month).pinned
        if pinned not in self._schemes:
            schemes = schemes_at(self.books.desk, self.books.tenant, pinned)
            self._schemes[pinned] = self.books.with_schemes(schemes)
        return self._schemes[pinned]


def find_late_truth(desk: Desk, books: Books, month: Month) -> LateTruth:
    """What became known between the last posted run's position and the books'."""
    register = desk.register
    runs = [
        run
        for run in register.posted_runs(books.tenant, known=books.known)
        if run.month < str(month)
    ]
    touched: dict[str, set[Month]] = defaultdict(set)
    if runs:
        after = max(run.pinned for run in runs)
        _touched_by_clauses(desk, books, after, month, touched)
        _touched_by_figures(desk, books, after, month, touched)
        _never_paid(books, runs, register.paid_months(books.tenant, known=books.known), touched)
    closed = {Month.parse(run.month) for run in runs}
    kept = {key: months & closed for key, months in touched.items() if months & closed}
    posted = register.posted_lines(books.tenant, sorted(kept), known=books.known)
    return LateTruth(books, runs, kept, posted)


def _touched_by_clauses(
    desk: Desk, books: Books, after: int, month: Month, touched: dict[str, set[Month]]
) -> None:
    """A fact of a contract that takes effect before the month touches all months from there."""
    names = CONTRACT_NAMES
    for record in scan(desk, books.tenant, names, after=after, upto=books.known):
        if record.effective is not None and record.effective < month.first:
            contract = record.stream.removeprefix("contract/")
            start = Month.of(record.effective)
            touched[contract].update(months_between(start, month.plus(-1)))


def _touched_by_figures(
    desk: Desk, books: Books, after: int, month: Month, touched: dict[str, set[Month]]
) -> None:
    """A late or corrected figure touches its person's month, and the team's incentive."""
    late = desk.figures.touched(books.tenant, after, books.known, month.first)
    by_person: dict[str, set[Month]] = defaultdict(set)
    for person, late_month in late:
        by_person[person].add(late_month)
    teams: dict[str, set[Month]] = defaultdict(set)
    for contract in books.contracts.values():
        months = by_person.get(contract.person, set())
        touched[contract.contract].update(months)
        teams[contract.team].update(months, (one.plus(1) for one in months))
    for contract in books.contracts.values():
        if any(term.data["kind"] == "team_incentive" for term in contract.terms):
            touched[contract.contract].update(teams[contract.team])


def _never_paid(
    books: Books,
    runs: list[PostedRun],
    paid: dict[str, set[str]],
    touched: dict[str, set[Month]],
) -> None:
    """A contract in force in a posted month that has no payslip there is still owed it."""
    for contract in books.contracts.values():
        for run in runs:
            month = Month.parse(run.month)
            if in_force(contract, month) and run.month not in paid.get(contract.contract, set()):
                touched[contract.contract].add(month)
