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


def month_value(case: Case, metric: str, found: list[Fraction]) -> Fraction:
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
    return month_value(case, metric, values(case.rows, metric, days, category))


def live_days(case: Case, days: list[date], hours_a_day: Fraction) -> Fraction:
    """Days on which somebody was live for so many hours.

    Where the days were measured as a number, the minutes are those of the average day.
    """
    counted = values(case.rows, "live_days", days)
    minutes = [sum(values(case.rows, "live_minutes", [day]), NOTHING) for day in days]
    if counted:
        number = month_value(case, "live_days", counted)
        return number if sum(minutes, NOTHING) >= hours_a_day * 60 * number else NOTHING
    return Fraction(sum(1 for m in minutes if m > 0 and m >= hours_a_day * 60))
