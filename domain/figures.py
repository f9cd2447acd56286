"""Figures as pay needs them: values by day, metric and category, with their batches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

import msgspec

from domain.money import ZERO
from domain.periods import Period

Aggregation = Literal["sum", "max", "average", "last"]
"""How a metric's days make a month: sales add up, peak viewers do not."""
Daily = dict[date, Decimal]


class DayFigure(msgspec.Struct, frozen=True, order=True):
    """The value of a metric on a day, of one category where the metric has categories."""

    day: date
    metric: str
    category: str
    value: Decimal


class Figures(msgspec.Struct, frozen=True, dict=True):
    """What was measured of one streamer (or one team), as known at a position."""

    rows: tuple[DayFigure, ...] = ()
    aggregations: dict[str, Aggregation] = {}
    batches: tuple[str, ...] = ()
    """Ids of the batches the values come from, for the lineage."""

    def values(self, metric: str, period: Period, category: str | None = None) -> list[Decimal]:
        """The values of a metric in a period, in the order of days."""
        return [
            row.value
            for row in self._by_metric.get(metric, ())
            if row.day in period and (category is None or row.category == category)
        ]

    @cached_property
    def _by_metric(self) -> dict[str, list[DayFigure]]:
        """The rows of each metric in the order of days."""
        found: dict[str, list[DayFigure]] = {}
        for row in sorted(self.rows):
            found.setdefault(row.metric, []).append(row)
        return found

    def total(self, metric: str, period: Period, category: str | None = None) -> Decimal:
        """The metric over a period by its aggregation; 0 where nothing was measured."""
        return self.total_over(metric, (period,), category)

    def total_over(
        self, metric: str, periods: Iterable[Period], category: str | None = None
    ) -> Decimal:
        """The metric over several periods that follow one another, by its aggregation."""
        total, count = self._over(metric, periods, category)
        return total / count if count > 1 else total

    def exact_over(self, metric: str, periods: Iterable[Period]) -> Fraction:
        """The same without rounding, where an average does not end."""
        total, count = self._over(metric, periods, None)
        return Fraction(total) / max(count, 1)

    def _over(
        self, metric: str, periods: Iterable[Period], category: str | None
    ) -> tuple[Decimal, int]:
        """The aggregated value, and by how many it is to be divided."""
        values = [v for period in periods for v in self.values(metric, period, category)]
        if not values:
            return ZERO, 1
        match self.aggregations.get(metric, "sum"):
            case "max":
                return max(values), 1
            case "last":
                return values[-1], 1
            case "average":
                return sum(values, ZERO), len(values)
            case _:
                return sum(values, ZERO), 1

    def has(self, metric: str, period: Period) -> bool:
        """Whether anything was measured."""
        return any(row.day in period for row in self._by_metric.get(metric, ()))

    def by_day(self, metric: str, period: Period, category: str | None = None) -> Daily:
        """The sum of a metric's values on each day on which it was measured."""
        days: Daily = {}
        for row in self._by_metric.get(metric, ()):
            if row.day in period and (category is None or row.category == category):
                days[row.day] = days.get(row.day, ZERO) + row.value
        return days


def figures_of(
    rows: Iterable[DayFigure],
    aggregations: dict[str, Aggregation] | None = None,
    batches: Iterable[str] = (),
) -> Figures:
    """Build figures from rows in any order."""
    return Figures(tuple(sorted(rows)), aggregations or {}, tuple(batches))
