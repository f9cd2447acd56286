"""Figures of a month, looked up day by day."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.reference.case import Case, Row, contract_days

NOTHING = Fraction(0)


def values(
    rows: tuple[Row, ...], metric: str, days: list[date], category: str | None = None
) -> list[Fraction]:
    """The values of a metric on these days, in the order of days."""
    return [
        value
        for day, name, of, value in sorted(rows)
        if day in days and name == metric and (category is None or of == category)
    ]


def month_value(case: Case, metric: str, rows: tuple[Row, ...], found: list[Fraction]) -> Fraction:
    """Values made into one by what the metric's definition says; nothing measured is 0."""
    if not found:
        return NOTHING
    how = case.how.get(metric, "sum")
    if how == "max":
        return max(found)
    if how == "last":
        return found[-1]
    added = sum(found, NOTHING)
    return added / len(found) if how == "average" else added


def streamer(
    case: Case, metric: str, days: list[date] | None = None, category: str | None = None
) -> Fraction:
    """The streamer's figure over some days, or over all days of the contract in the month."""
    days = contract_days(case) if days is None else days
    return month_value(case, metric, case.rows, values(case.rows, metric, days, category))


def live_days(case: Case, hours_a_day: Fraction) -> int:
    """Days on which somebody was live for so many hours."""
    count = 0
    for day in contract_days(case):
        minutes = sum(values(case.rows, "live_minutes", [day]), NOTHING)
        if minutes > 0 and minutes >= hours_a_day * 60:
            count += 1
    return count
