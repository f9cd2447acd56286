"""Returns: a negative row counts on the day of the order it names, not on the day it came back.

terms.md, Pay: a return re-rates the original earning period. The order is the row of the same
source, person and metric whose id the return names in `order_ref`; a return whose order is not
known stays on its own day. How many days lie between is kept for clauses with a clawback window.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from domain.figures import Aggregation, Figures, Series
from domain.money import ZERO
from domain.periods import Period
from ledger.queries import Connection

# OFFSET 0 keeps these look-ups by index, row by row.
_NOT_CORRECTED: LiteralString = """
        AND NOT EXISTS (
            SELECT FROM ledger.metric_row AS n
            JOIN ledger.metric_batch AS nb ON nb.tenant_id = n.tenant_id AND nb.batch = n.batch
            WHERE n.tenant_id = r.tenant_id AND n.source = r.source AND n.row_id = r.row_id
                AND nb.position > b.position AND nb.position <= %(known)s
            OFFSET 0
        )"""
_RETURNS: LiteralString = (
    """
    SELECT r.person, r.metric, r.category, r.day, o.day, r.value, r.batch, r.order_ref
    FROM ledger.metric_row AS r
    JOIN ledger.metric_batch AS b ON b.tenant_id = r.tenant_id AND b.batch = r.batch
    CROSS JOIN LATERAL (
        SELECT q.day, qb.position FROM ledger.metric_row AS q
        JOIN ledger.metric_batch AS qb ON qb.tenant_id = q.tenant_id AND qb.batch = q.batch
        WHERE q.tenant_id = r.tenant_id AND q.source = r.source AND q.row_id = r.order_ref
            AND q.person = r.person AND q.metric = r.metric AND qb.position <= %(known)s
        ORDER BY qb.position DESC LIMIT 1
    ) AS o
    WHERE r.tenant_id = %(tenant)s AND r.value < 0 AND r.order_ref <> ''
        AND r.day >= %(start)s AND b.position <= %(known)s
        AND (%(everyone)s OR r.person = ANY(%(persons)s::text[]))
        AND o.day < r.day AND o.day < %(stop)s"""
    + _NOT_CORRECTED
    + """
    ORDER BY r.person, r.metric, r.category, r.day, r.order_ref"""
)

_ALL_RETURNS: LiteralString = (
    """
    SELECT r.person, r.metric, r.category, r.day, coalesce(o.day, r.day), r.value, r.batch,
        r.order_ref
    FROM ledger.metric_row AS r
    JOIN ledger.metric_batch AS b ON b.tenant_id = r.tenant_id AND b.batch = r.batch
    LEFT JOIN LATERAL (
        SELECT q.day, qb.position FROM ledger.metric_row AS q
        JOIN ledger.metric_batch AS qb ON qb.tenant_id = q.tenant_id AND qb.batch = q.batch
        WHERE q.tenant_id = r.tenant_id AND q.source = r.source AND q.row_id = r.order_ref
            AND q.person = r.person AND q.metric = r.metric AND qb.position <= %(known)s
            AND q.day < r.day AND r.order_ref <> ''
        ORDER BY qb.position DESC LIMIT 1
    ) AS o ON true
    WHERE r.tenant_id = %(tenant)s AND r.person = ANY(%(persons)s::text[]) AND r.value < 0
        AND r.day >= %(start)s AND b.position <= %(known)s
        AND coalesce(o.day, r.day) >= %(start)s AND coalesce(o.day, r.day) < %(stop)s"""
    + _NOT_CORRECTED
    + """
    ORDER BY r.day, r.order_ref, r.row_id"""
)

TOUCHED_RETURNS: LiteralString = """
    UNION
    SELECT c.person, date_trunc('month', o.day)::date
    FROM changed AS c
    CROSS JOIN LATERAL (
        SELECT q.day FROM ledger.metric_row AS q
        WHERE q.tenant_id = %(tenant)s AND q.source = c.source AND q.row_id = c.order_ref
            AND q.person = c.person AND q.day < %(before)s
        OFFSET 0
    ) AS o
    WHERE c.value < 0 AND c.order_ref <> ''
    UNION
    SELECT q.person, date_trunc('month', q.day)::date
    FROM changed AS c
    CROSS JOIN LATERAL (
        SELECT r.person, r.day FROM ledger.metric_row AS r
        WHERE r.tenant_id = %(tenant)s AND r.source = c.source AND r.order_ref = c.row_id
            AND r.value < 0 AND r.order_ref <> '' AND r.day < %(before)s
        OFFSET 0
    ) AS q
    WHERE c.day < %(before)s"""
"""Ends the statement of what batches touched: the months of the orders that came back, and where
an order comes later than its return, the month the return stood in so far."""


class Return(msgspec.Struct, frozen=True):
    """A return whose order is known: the day it came back, and the day it counts on."""

    person: str
    metric: str
    category: str
    day: date
    earned: date
    value: Decimal
    batch: str
    order: str


def read_returns(connection: Connection, asked: Mapping[str, Any]) -> list[Return]:
    """Returns that came back from `start` on and whose order lies before `stop`, as known."""
    said = {"everyone": "persons" not in asked, "persons": None, **asked}
    return [Return(*row) for row in connection.execute(_RETURNS, said, binary=True).fetchall()]


def read_all_returns(connection: Connection, asked: Mapping[str, Any]) -> list[Return]:
    """Returns that count between `start` and `stop`, their order known or not."""
    return [Return(*row) for row in connection.execute(_ALL_RETURNS, asked).fetchall()]


def attributed(
    figures: dict[str, Figures],
    returns: Iterable[Return],
    period: Period,
    aggregations: Mapping[str, Aggregation],
) -> dict[str, Figures]:
    """Figures of a period in which every return counts on the day of its order."""
    by_person: dict[str, list[Return]] = defaultdict(list)
    for one in returns:
        by_person[one.person].append(one)
    for person, found in by_person.items():
        adding = [one for one in found if aggregations.get(one.metric, "sum") == "sum"]
        if adding:
            known = figures.get(person) or Figures((), dict(aggregations))
            figures[person] = _attributed(known, adding, period)
    return figures


def _attributed(figures: Figures, returns: Sequence[Return], period: Period) -> Figures:
    taken: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    given: dict[tuple[str, str, int], dict[date, Decimal]] = defaultdict(dict)
    batches = set(figures.batches)
    for one in returns:
        if one.day in period:
            days = taken[one.metric, one.category]
            days[one.day] = days.get(one.day, ZERO) + one.value
        if one.earned in period:
            lag = (one.day - one.earned).days
            days = given[one.metric, one.category, lag]
            days[one.earned] = days.get(one.earned, ZERO) + one.value
            batches.add(one.batch)
    series = [_less(one, taken.get((one.metric, one.category), {})) for one in figures.series]
    series = [one for one in series if one.days]
    for (metric, category, lag), days in given.items():
        ordered = sorted(days.items())
        own = tuple(day for day, _ in ordered), tuple(value for _, value in ordered)
        series.append(Series(metric, category, *own, lag))
    return Figures(tuple(sorted(series)), figures.aggregations, tuple(sorted(batches)))


def _less(series: Series, taken: Mapping[date, Decimal]) -> Series:
    """The series without what is counted on another day; a day that is left with nothing goes."""
    if not taken:
        return series
    kept = [
        (day, value - taken.get(day, ZERO))
        for day, value in zip(series.days, series.values, strict=True)
        if day not in taken or value != taken[day]
    ]
    days, values = tuple(day for day, _ in kept), tuple(value for _, value in kept)
    return msgspec.structs.replace(series, days=days, values=values)
