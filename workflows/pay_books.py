"""Everything a pay run computes from, as known at its pinned position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from domain import attendance
from domain import person as persons
from domain.attendance import AttendanceBook
from domain.contract import evolve as evolve_contract
from domain.contract_state import Contract
from domain.figures import Aggregation, DayFigure, Figures, figures_of
from domain.kpi import KpiScheme
from domain.kpi_terms import KpiTerms
from domain.law import LawBook
from domain.money import ZERO
from domain.pay_input import Attendance, Insurance, TaxProfile
from domain.pay_profile import pay_profile
from domain.periods import Month
from domain.refusals import NoRule
from ledger.stored_names import STORED_NAMES
from workflows.contracts import all_contracts
from workflows.definitions import aggregations_of, metrics_at, schemes_at
from workflows.desk import Desk, fold_all, folded, load
from workflows.law import law_book
from workflows.pay_roll import Entry, Roll

T = TypeVar("T")
AT_ONCE = 500
"""Persons whose figures are read at once for the sums of a team."""
PERSON_NAMES = (
    "person.registered.v1",
    "person.personal_data_changed.v1",
    "person.tax_profile_set.v1",
)
ATTENDANCE_NAMES = tuple(name for name in STORED_NAMES if name.startswith("attendance."))


@dataclass
class Books:
    """Contracts, persons, schemes, law and figures of a tenant as known at one position."""

    desk: Desk
    tenant: str
    known: int
    contracts: dict[str, Contract]
    persons: dict[str, persons.Person]
    schemes: dict[str, KpiScheme]
    aggregations: dict[str, Aggregation]
    law: LawBook
    only: tuple[str, ...] | None = None
    """The persons whose figures are read; None reads everybody's."""
    roll: Roll | None = None
    """Everybody's contracts, where `contracts` are only some of them."""
    _months: dict[Month, dict[str, Figures]] = field(default_factory=dict)
    _teams: dict[tuple[Month, str], Figures] = field(default_factory=dict)
    _made: dict[object, Any] = field(default_factory=dict)
    _by_team: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def figures(self, month: Month) -> dict[str, Figures]:
        """The month's figures of every person of the books, read once."""
        if month not in self._months:
            self._months[month] = self.desk.figures.read(
                self.tenant, self.only, month.period, self.known, self.aggregations
            )
        return self._months[month]

    def attendance(self, person: str, month: Month) -> Attendance:
        """The unpaid days of a person in a month, as entered."""
        books = self._made.get(ATTENDANCE_NAMES)
        if books is None:
            books = fold_all(
                self.desk,
                self.tenant,
                ATTENDANCE_NAMES,
                AttendanceBook(),
                attendance.evolve,
                self.known,
            )
            self._made[ATTENDANCE_NAMES] = books
        entered = books.get(f"attendance/{person}")
        if entered is None:
            return Attendance()
        found = attendance.month_of(entered, person, month, Figures(), sessions=False)
        return Attendance(found.unpaid)

    def team_figures(self, month: Month, team: str) -> Figures:
        """The sums of a team's members over a month: one value a day, metric and category."""
        key = (month, team)
        if key not in self._teams:
            members = sorted(self.members(month, team))
            self._teams[key] = _added(self._figures_of(month, members), self.aggregations)
        return self._teams[key]

    def _figures_of(self, month: Month, members: list[str]) -> Iterator[Figures]:
        """The figures of members, whether they are in the books or only on the roll."""
        if self.roll is None:
            everybody = self.figures(month)
            yield from (everybody[person] for person in members if person in everybody)
            return
        for start in range(0, len(members), AT_ONCE):
            some = members[start : start + AT_ONCE]
            read = self.desk.figures.read
            yield from read(self.tenant, some, month.period, self.known, self.aggregations).values()

    def members(self, month: Month, team: str) -> set[str]:
        """Who had a contract in the team on any day of the month."""
        return {contract.person for contract in self._of_team(team) if in_force(contract, month)}

    def _of_team(self, team: str) -> Iterable[Contract | Entry]:
        if self.roll is None:
            return (contract for contract in self.contracts.values() if contract.team == team)
        if not self._by_team:
            for entry in self.roll:
                self._by_team[entry.team].append(entry)
        return self._by_team[team]

    def remembered(self, what: object, make: Callable[[], T]) -> T:
        """What is made once for all books of some contracts that share a roll.

        `what` names everything that `make` looks at besides the roll: what one chunk remembers,
        the next is given.
        """
        if self.roll is None:
            return make()
        if what not in self._made:
            self._made[what] = make()
        made: T = self._made[what]
        return made

    def everybody(self) -> Iterable[Contract | Entry]:
        """All contracts of the tenant, at least as the roll has them."""
        return self.contracts.values() if self.roll is None else self.roll

    def kpi(self, month: Month, contract: Contract) -> dict[str, KpiTerms]:
        """The weights of the month for the schemes that the contract's clauses name."""
        named = {
            term.data["scheme"]
            for term in contract.terms
            if term.data["kind"] == "performance_pay" and term.period.overlap(month.period)
        }
        found: dict[str, KpiTerms] = {}
        for scheme in sorted(named & set(self.schemes)):
            try:
                found[scheme] = self.schemes[scheme].on(month)
            except NoRule:
                continue  # the engine refuses the clause and says so on the exception
        return found

    def moved_to(self, known: int, changed: Iterable[tuple[str, Month]] = ()) -> None:
        """Go on to a later position: figures of these persons and months are read again."""
        self.known = known
        persons: dict[Month, list[str]] = defaultdict(list)
        for person, month in changed:
            persons[month].append(person)
        for month in set(persons) & set(self._months):
            read = self.desk.figures.read
            fresh = read(self.tenant, persons[month], month.period, known, self.aggregations)
            self._months[month].update(fresh)
        self._teams.clear()

    def counted_as(self, aggregations: dict[str, Aggregation]) -> None:
        """Metrics count otherwise from here on: all figures are read again."""
        self.aggregations = aggregations
        self._months.clear()
        self._teams.clear()

    def with_schemes(self, schemes: dict[str, KpiScheme]) -> Books:
        """The same books with other KPI schemes; figures already read are shared."""
        return replace(self, schemes=schemes)

    def profile(self, person: str, day: date) -> tuple[TaxProfile, Insurance | None]:
        """The person's tax facts on a day; somebody who declared nothing has an empty one."""
        return pay_profile(self.persons.get(person, persons.Person()).profile_on(day))


def open_books(desk: Desk, tenant: str, known: int) -> Books:
    """Read the books in one pass over each kind of fact."""
    people = fold_all(desk, tenant, PERSON_NAMES, persons.Person(), persons.evolve, known)
    return replace(
        shared_books(desk, tenant, known),
        contracts=all_contracts(desk, tenant, known),
        persons={state.person: state for state in people.values()},
    )


def shared_books(desk: Desk, tenant: str, known: int, roll: Roll | None = None) -> Books:
    """What is everybody's: schemes, metrics and law, with no contract opened yet."""
    return Books(
        desk=desk,
        tenant=tenant,
        known=known,
        contracts={},
        persons={},
        roll=roll,
        schemes=schemes_at(desk, tenant, known),
        aggregations=aggregations_of(metrics_at(desk, tenant, known)),
        law=law_book(desk, tenant, known),
    )


def books_of_contract(desk: Desk, tenant: str, known: int, contract: Contract) -> Books:
    """The books of one contract, for what needs nobody else's: no team and no other figures."""
    stream = f"person/{contract.person}"
    person = load(desk, tenant, stream, persons.Person(), persons.evolve, known)
    return Books(
        desk=desk,
        tenant=tenant,
        known=known,
        contracts={contract.contract: contract},
        persons={contract.person: person},
        schemes=schemes_at(desk, tenant, known),
        aggregations=aggregations_of(metrics_at(desk, tenant, known)),
        law=law_book(desk, tenant, known),
        only=(contract.person,),
    )


def books_of(shared: Books, entries: Roll) -> Books:
    """Books of some contracts of the roll, sharing what is everybody's."""
    desk, tenant, known = shared.desk, shared.tenant, shared.known
    people = [f"person/{entry.person}" for entry in entries]
    asked = [f"contract/{entry.contract}" for entry in entries]
    contracts = folded(desk, tenant, asked, Contract(), evolve_contract, known)
    folded_people = folded(desk, tenant, people, persons.Person(), persons.evolve, known)
    return replace(
        shared,
        contracts={state.contract: state for state in contracts.values()},
        persons={state.person: state for state in folded_people.values()},
        only=tuple(dict.fromkeys(entry.person for entry in entries)),
        _months={},
    )


def in_force(contract: Contract | Entry, month: Month) -> bool:
    """Whether the contract was active on any day of the month."""
    if isinstance(contract, Entry):
        return contract.in_force(month)
    if contract.activated_on is None:
        return False
    return contract.period.overlap(month.period) is not None


def _added(members: Iterable[Figures], aggregations: dict[str, Aggregation]) -> Figures:
    sums: dict[tuple[date, str, str], Decimal] = defaultdict(lambda: ZERO)
    batches: dict[str, None] = {}
    for figures in members:
        batches.update(dict.fromkeys(figures.batches))
        for row in figures.rows:
            sums[row.day, row.metric, row.category] += row.value
    rows = [DayFigure(*key, value) for key, value in sums.items()]
    return figures_of(rows, aggregations, sorted(batches))
