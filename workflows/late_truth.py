"""Late truth: what became known after a month was posted, as lines in the next run.

A posted payslip is never changed. The earning month is rated again, tiers included, and the
difference to everything that was posted for it is a line that names the month and the cause. The
same goes for contributions, where a city's base or a profile is published after its first month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from domain.arrears import contribution_differences
from domain.contract_state import Contract
from domain.deductions import contribution_lines
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import Insurance
from domain.payslip import differences, earn
from domain.periods import Month, months_between
from domain.refusals import Refusal
from workflows.contracts import CONTRACT_NAMES
from workflows.definitions import schemes_at
from workflows.desk import Desk, scan
from workflows.law import PUBLISHED
from workflows.pay_books import ATTENDANCE_NAMES, Books, in_force
from workflows.pay_inputs import pay_input
from workflows.posted_runs import PostedRuns, posted_runs, run_states

PROFILE_SET = "person.tax_profile_set.v1"
Touched = dict[str, set[Month]]


@dataclass
class LateTruth:
    """The posted months of a tenant and which contracts have to be rated again for them."""

    books: Books
    runs: PostedRuns
    touched: Touched
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
        run, slip = self.runs.rated_in(contract.contract, month)
        draws = Decimal(str(slip.lineage["draw_balance_in"])) if slip else ZERO
        books = self._books_with_weights_at(run.pinned)
        pay = pay_input(books, contract, month, pay_date=month.last, draw_balance=draws)
        posted = self.posted.get(contract.contract, {}).get(str(month), [])
        yield from differences(str(month), tuple(posted), earn(pay))
        if contract.character_on(month.last) == "wages":
            yield from contribution_differences(str(month), posted, contribution_lines(pay))

    def _books_with_weights_at(self, pinned: int) -> Books:
        """Scores of closed periods keep the weights they were given: as known at their run."""
        if pinned not in self._schemes:
            desk, tenant = self.books.desk, self.books.tenant
            schemes = self.books.remembered(
                ("schemes", pinned), lambda: schemes_at(desk, tenant, pinned)
            )
            self._schemes[pinned] = self.books.with_schemes(schemes)
        return self._schemes[pinned]


def find_late_truth(desk: Desk, books: Books, month: Month) -> LateTruth:
    """What became known since the last runs looked, for months that are posted: those before
    `month`, and `month` itself for whom a posted run has paid it."""
    runs = _runs_for(desk, books)
    own = {Month.parse(name) for name in runs.own_months()}
    touched: Touched = defaultdict(set)
    last, behind = runs.looked_from()
    # Truth of the month itself is late only where a run has paid somebody for it already.
    paid = any(str(month) in months for months in runs.paid.values())
    upto = month if paid else month.plus(-1)
    if runs.runs:
        _touched_since(desk, books, last, upto, touched)
        for after in sorted(set(behind.values())):
            older: Touched = defaultdict(set)
            _touched_since(desk, books, after, upto, older)
            for contract in (one for one, at in behind.items() if at == after):
                touched[contract] |= older[contract]
        _never_paid(books, runs, month, touched)
    kept = {
        name: {
            one
            for one in months
            if (one < month and one in own) or (one <= month and runs.pays(name, one))
        }
        for name, months in touched.items()
        if name in books.contracts
    }
    kept = {name: months for name, months in kept.items() if months}
    posted = (
        desk.register.posted_lines(books.tenant, sorted(kept), known=books.known) if kept else {}
    )
    return LateTruth(books, runs, kept, posted)


def _runs_for(desk: Desk, books: Books) -> PostedRuns:
    """The posted runs, with the months they paid the contracts of the books."""
    tenant, known = books.tenant, books.known
    if books.roll is None:
        return posted_runs(desk, tenant, known)
    runs = books.remembered("runs", lambda: run_states(desk, tenant, known))
    contracts = books.contracts
    paid = desk.register.paid_months(tenant, contracts=contracts, known=known) if runs else {}
    return PostedRuns(desk, tenant, known, runs, paid)


def _touched_since(desk: Desk, books: Books, after: int, month: Month, touched: Touched) -> None:
    """Everything recorded after a position that has to do with the month or one before it."""
    _touched_by_clauses(desk, books, after, month, touched)
    _touched_by_figures(desk, books, after, month, touched)
    _touched_by_contributions(desk, books, after, month, touched)
    _touched_by_attendance(desk, books, after, month, touched)


def _touched_by_clauses(
    desk: Desk, books: Books, after: int, month: Month, touched: Touched
) -> None:
    """A fact of a contract that takes effect in the month or before touches all months from
    there."""
    news = books.remembered(("clauses", after), lambda: _clause_news(desk, books, after))
    for contract in books.contracts:
        if contract in news and news[contract] <= month.last:
            touched[contract].update(months_between(Month.of(news[contract]), month))


def _clause_news(desk: Desk, books: Books, after: int) -> dict[str, date]:
    """Contract → the first day on which something that became known takes effect."""
    found: dict[str, date] = {}
    for record in scan(desk, books.tenant, CONTRACT_NAMES, after=after, upto=books.known):
        if record.effective is not None:
            contract = record.stream.removeprefix("contract/")
            found[contract] = min(record.effective, found.get(contract, record.effective))
    return found


def _touched_by_figures(
    desk: Desk, books: Books, after: int, month: Month, touched: Touched
) -> None:
    """A late or corrected figure touches its person's month, and the team's incentive."""
    people, teams = books.remembered(
        ("figures", after, month), lambda: _figure_news(desk, books, after, month)
    )
    for contract in books.contracts.values():
        touched[contract.contract].update(people.get(contract.person, ()))
        if any(term.data["kind"] == "team_incentive" for term in contract.terms):
            touched[contract.contract].update(teams.get(contract.team, ()))


def _figure_news(desk: Desk, books: Books, after: int, month: Month) -> tuple[Touched, Touched]:
    """Person → months whose figures became known, and team → months that look at them."""
    people: Touched = defaultdict(set)
    before = month.plus(1).first
    for person, late_month in desk.figures.touched(books.tenant, after, books.known, before):
        people[person].add(late_month)
    teams: Touched = defaultdict(set)
    for contract in books.everybody():
        for one in people.get(contract.person, ()):
            teams[contract.team].update((one, one.plus(1)))
    return people, teams


def _touched_by_contributions(
    desk: Desk, books: Books, after: int, month: Month, touched: Touched
) -> None:
    """A city's table touches the months it rules for the city's people; a profile its person's."""
    cities, people = books.remembered(
        ("contributions", after, month), lambda: _contribution_news(desk, books, after, month)
    )
    for contract in books.contracts.values():
        days = [people.get(contract.person), *_of_cities(books, contract, month, cities)]
        for day in (one for one in days if one is not None):
            touched[contract.contract].update(months_between(Month.of(day), month))


def _contribution_news(
    desk: Desk, books: Books, after: int, month: Month
) -> tuple[dict[str, date], dict[str, date]]:
    """City and person → the first day of a table or profile that became known."""
    cities: dict[str, date] = {}
    people: dict[str, date] = {}
    for record in scan(desk, books.tenant, [PUBLISHED, PROFILE_SET], after=after, upto=books.known):
        if record.effective is None or record.effective > month.last:
            continue
        if record.name == PROFILE_SET:
            found, who = people, record.stream.removeprefix("person/")
        else:
            found, who = cities, _city_of(record.stream)
        found[who] = min(record.effective, found.get(who, record.effective))
    return cities, people


def _touched_by_attendance(
    desk: Desk, books: Books, after: int, month: Month, touched: Touched
) -> None:
    """An entry touches its person's months from its first day on; a withdrawal, which names no
    day, all of them."""
    days = books.remembered(("attendance", after), lambda: _attendance_news(desk, books, after))
    for contract in books.contracts.values() if days else ():
        if contract.person in days:
            first = max(days[contract.person], contract.start)
            touched[contract.contract].update(months_between(Month.of(first), month))


def _attendance_news(desk: Desk, books: Books, after: int) -> dict[str, date]:
    """Person → the first day of what became known."""
    days: dict[str, date] = {}
    for record in scan(desk, books.tenant, ATTENDANCE_NAMES, after=after, upto=books.known):
        person = record.stream.removeprefix("attendance/")
        days[person] = min(record.effective or date.min, days.get(person, date.max))
    return days


def _city_of(stream: str) -> str:
    """The city of `law/cn.shanghai.insurance`; the table's first word where it has none."""
    parts = stream.removeprefix("law/").split(".")
    return parts[1] if len(parts) > 2 else ""


def _of_cities(
    books: Books, contract: Contract, month: Month, cities: dict[str, date]
) -> list[date]:
    """From when tables of the contract's cities rule, those that became known."""
    if not cities:
        return []
    starts = sorted(set(cities.values()))
    insured: list[Insurance | None] = [
        books.profile(contract.person, day)[1] for day in (*starts, month.first)
    ]
    named = {one.city for one in insured if one is not None and one.city is not None}
    return [day for city, day in cities.items() if city in named]


def _never_paid(books: Books, runs: PostedRuns, month: Month, touched: Touched) -> None:
    """A contract in force in a posted month that has no payslip there is still owed it."""
    months = [Month.parse(name) for name in runs.own_months()]
    for contract in books.contracts.values():
        for one in months:
            if one < month and in_force(contract, one) and not runs.pays(contract.contract, one):
                touched[contract.contract].add(one)
