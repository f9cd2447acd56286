"""Figures as known at a position: one statement for any number of persons.

Of the rows of one source with one id the one recorded last up to the position counts. Most months
hold no correction at all: batches are asked first, and rows are looked through for later ones only
where a later batch of their source replaces something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from domain.figures import Aggregation, Figures, Series
from domain.periods import Period
from ledger.figure_returns import attributed, read_returns
from ledger.queries import Connection, Pool

FEW = 20_000
"""Rows of replacing batches up to which they are read as a whole, and not looked up one by one."""
_BATCHES: LiteralString = """
    SELECT batch, position, source, rows, coalesce(replaces, 1) > 0,
        period_start < %(stop)s AND period_end > %(start)s
    FROM ledger.metric_batch
    WHERE tenant_id = %(tenant)s AND position <= %(known)s ORDER BY position"""
_GONE: LiteralString = """
    WITH gone AS MATERIALIZED (
        SELECT n.source, n.row_id, l.position
        FROM unnest(%(later)s::text[], %(later_at)s::bigint[]) AS l (batch, position)
        JOIN ledger.metric_row AS n ON n.tenant_id = %(tenant)s AND n.batch = l.batch
    )"""
_ROWS: LiteralString = """
    SELECT r.person, r.metric, r.category, array_agg(r.day - %(start)s::date),
        string_agg(r.value::text, ' '), array_agg(b.number::int)"""
_ORDER: LiteralString = ", array_agg(r.row_no)"
_FROM: LiteralString = """
    FROM unnest(%(batches)s::text[], %(positions)s::bigint[], %(checked)s::boolean[])
        WITH ORDINALITY AS b (batch, position, checked, number)
    JOIN ledger.metric_row AS r ON r.batch = b.batch
    WHERE r.tenant_id = %(tenant)s AND r.day >= %(start)s AND r.day < %(stop)s"""
_OF_PERSONS: LiteralString = " AND r.person = ANY(%(persons)s::text[])"
_NOT_GONE: LiteralString = """
    AND NOT EXISTS (
        SELECT FROM gone AS g
        WHERE g.source = r.source AND g.row_id = r.row_id AND g.position > b.position
    )"""
# OFFSET 0 keeps this a look-up by index for each row: as a join it can cost a scan for each row
# while the statistics do not yet know of a large batch.
_NOT_LATER: LiteralString = """
    AND (NOT b.checked OR NOT EXISTS (
        SELECT FROM ledger.metric_row AS n
        WHERE n.tenant_id = r.tenant_id AND n.source = r.source AND n.row_id = r.row_id
            AND n.batch <> r.batch
            AND (
                SELECT nb.position FROM ledger.metric_batch AS nb
                WHERE nb.tenant_id = n.tenant_id AND nb.batch = n.batch
            ) BETWEEN b.position + 1 AND %(known)s
        OFFSET 0
    ))"""
_GROUP: LiteralString = " GROUP BY r.person, r.metric, r.category"


def read(
    pool: Pool,
    tenant: str,
    persons: Sequence[str] | None,
    period: Period,
    known: int,
    aggregations: Mapping[str, Aggregation],
) -> dict[str, Figures]:
    """What `FigureStore.read` answers."""
    asked = {"tenant": tenant, "start": period.start, "stop": period.stop, "known": known}
    last = "last" in aggregations.values()
    with pool.connection() as connection:
        batches = _batches(connection, asked)
        if persons is not None:
            asked["persons"] = list(persons)
        found = connection.execute(
            _statement(batches, persons is not None, last),
            {**asked, **batches.asked},
            prepare=False,
            binary=True,
        ).fetchall()
        returns = read_returns(connection, asked)
    figures = _Fold(period.start, aggregations, batches.names).figures(persons or (), found)
    return attributed(figures, returns, period, aggregations) if returns else figures


@dataclass(frozen=True, slots=True)
class _Batches:
    """The batches of a period that are known, and those after them that replace rows."""

    names: list[str]
    later: int
    """Rows of batches that replace something in batches of the period."""
    asked: dict[str, Any]


def _batches(connection: Connection, asked: Mapping[str, Any]) -> _Batches:
    found = connection.execute(_BATCHES, asked).fetchall()
    inside = [(batch, at, source) for batch, at, source, *_, within in found if within]
    begun: dict[str, int] = {}
    for _, at, source in reversed(inside):
        begun[source] = at
    later = [
        (batch, at, source, rows)
        for batch, at, source, rows, replacing, _ in found
        if replacing and at > begun.get(source, at)
    ]
    newest = {source: at for _, at, source, _ in later}
    return _Batches(
        [batch for batch, _, _ in inside],
        sum(rows for *_, rows in later),
        {
            "batches": [batch for batch, _, _ in inside],
            "positions": [at for _, at, _ in inside],
            "checked": [newest.get(source, 0) > at for _, at, source in inside],
            "later": [batch for batch, *_ in later],
            "later_at": [at for _, at, *_ in later],
        },
    )


def _statement(batches: _Batches, of_persons: bool, last: bool) -> LiteralString:
    few = 0 < batches.later <= FEW
    start: LiteralString = (_GONE if few else "") + _ROWS + (_ORDER if last else "") + _FROM
    return start + (_OF_PERSONS if of_persons else "") + _kept(batches.later, few) + _GROUP


def _kept(later: int, few: bool) -> LiteralString:
    if not later:
        return ""
    return _NOT_GONE if few else _NOT_LATER


class _Fold:
    """Rows of the database to figures; days that stand in many series are made once."""

    def __init__(
        self, start: date, aggregations: Mapping[str, Aggregation], batches: list[str]
    ) -> None:
        self._start = start
        self._how = dict(aggregations)
        self._batches = batches
        self._days: dict[tuple[int, ...], tuple[date, ...]] = {}
        self._named: dict[frozenset[int], tuple[str, ...]] = {}

    def figures(
        self, persons: Sequence[str], found: Sequence[tuple[Any, ...]]
    ) -> dict[str, Figures]:
        """The figures of each person."""
        series: dict[str, list[Series]] = {person: [] for person in persons}
        numbers: dict[str, set[int]] = {}
        for person, metric, category, days, values, batches, *rows in found:
            one = self._series(metric, category, days, values, [batches, *rows])
            series.setdefault(person, []).append(one)
            numbers.setdefault(person, set()).update(batches)
        return {
            person: Figures(tuple(sorted(made)), self._how, self._of(numbers.get(person, ())))
            for person, made in series.items()
        }

    def _of(self, numbers: set[int] | tuple[()]) -> tuple[str, ...]:
        key = frozenset(numbers)
        if key not in self._named:
            self._named[key] = tuple(sorted(self._batches[number - 1] for number in key))
        return self._named[key]

    def _series(
        self, metric: str, category: str, days: list[int], text: str, order: list[list[int]]
    ) -> Series:
        values = list(map(Decimal, text.split(" ")))
        if len(set(days)) < len(days):
            days, values = _by_day(self._how.get(metric, "sum"), days, values, order)
        elif days != (rising := sorted(days)):
            values = [value for _, value in sorted(zip(days, values, strict=True))]
            days = rising
        return Series(metric, category, self._dates(tuple(days)), tuple(values))

    def _dates(self, days: tuple[int, ...]) -> tuple[date, ...]:
        if days not in self._days:
            self._days[days] = tuple(self._start + timedelta(days=day) for day in days)
        return self._days[days]


def _by_day(
    how: Aggregation, days: list[int], values: list[Decimal], order: list[list[int]]
) -> tuple[list[int], list[Decimal]]:
    """Several rows of a day as one, by the metric's aggregation."""
    found: dict[int, list[Decimal]] = {}
    for day, *_, value in sorted(zip(days, *order, values, strict=True)):
        found.setdefault(day, []).append(value)
    return list(found), [_of_day(how, given) for given in found.values()]


def _of_day(how: Aggregation, values: list[Decimal]) -> Decimal:
    """Of rows in the order they were recorded."""
    match how:
        case "max":
            return max(values)
        case "average":
            return sum(values, Decimal(0)) / len(values)
        case "last":
            return values[-1]
        case _:
            return sum(values, Decimal(0))
