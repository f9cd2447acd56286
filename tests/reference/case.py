"""What the reference calculator is given: plain records, no type of the program's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

Row = tuple[date, str, str, Fraction]
"""Day, metric, category ("" for none), value."""
Kpi = tuple[str, Fraction, Fraction, Fraction]
"""Metric, weight, target, cap."""
Key = str


@dataclass(frozen=True)
class Version:
    """What a clause says from a day on, until the day before `end` (or for good)."""

    key: Key
    start: date
    end: date | None
    says: dict


@dataclass(frozen=True)
class Case:
    """One contract in one month: what was agreed, measured and attended."""

    year: int
    month: int
    start: date
    end: date | None
    """First day the contract no longer covers."""
    versions: tuple[Version, ...]
    rows: tuple[Row, ...] = ()
    team_rows: tuple[Row, ...] = ()
    team_rows_last: tuple[Row, ...] = ()
    how: dict[str, str] = field(default_factory=dict)
    """Metric to `sum`, `max`, `average` or `last`."""
    schemes: dict[str, tuple[Kpi, ...]] = field(default_factory=dict)
    unpaid: dict[date, Fraction] = field(default_factory=dict)
    draws: Fraction = Fraction(0)
    """Recoverable draws paid before and not yet taken back."""


def month_days(year: int, month: int) -> list[date]:
    """Every day of a calendar month, one after the other."""
    day, days = date(year, month, 1), []
    while day.month == month:
        days.append(day)
        day += timedelta(days=1)
    return days


def contract_days(case: Case) -> list[date]:
    """The days of the month on which the contract is in force."""
    return [
        day
        for day in month_days(case.year, case.month)
        if day >= case.start and (case.end is None or day < case.end)
    ]


def is_workday(day: date) -> bool:
    """Monday to Friday; public holidays are paid days and count."""
    return day.weekday() < 5


def in_force(case: Case, key: Key, day: date) -> dict | None:
    """What a clause says on a day; the version that was written down last wins."""
    said = None
    for version in case.versions:
        begun = version.key == key and version.start <= day
        if begun and (version.end is None or day < version.end):
            said = version.says
    return said


def parts(case: Case, key: Key, kind: str) -> list[tuple[dict, list[date]]]:
    """The month cut where the clause says something else: (what it says, its days) in order.

    A day without the clause cuts too: it may not be there, or be of another kind.
    """
    cut: list[tuple[dict, list[date]]] = []
    for day in contract_days(case):
        says = in_force(case, key, day)
        if says is None or says["kind"] != kind:
            continue
        follows = cut and cut[-1][1][-1] + timedelta(days=1) == day
        if follows and cut[-1][0] == says:
            cut[-1][1].append(day)
        else:
            cut.append((says, [day]))
    return cut


def all_days(pieces: list[tuple[dict, list[date]]]) -> list[date]:
    """The days of all parts of a month."""
    return [day for _, days in pieces for day in days]


def keys_of(case: Case, kind: str) -> list[Key]:
    """Clauses of a kind that are in force on a day of the month, by key."""
    found = set()
    for day in contract_days(case):
        for version in case.versions:
            says = in_force(case, version.key, day)
            if says is not None and says["kind"] == kind:
                found.add(version.key)
    return sorted(found)
