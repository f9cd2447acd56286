"""Figures as pay needs them: values by day, metric and category, with their batches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
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


class Series(msgspec.Struct, frozen=True, order=True):
    """The values of a metric of one category, in the order of their days."""

    metric: str
    category: str
    days: tuple[date, ...]
    values: tuple[Decimal, ...]
    lag: int = 0
    """Returns that came back so many days after the order on whose day they count."""

    def within(self, period: Period) -> slice:
        """Where the days of a period stand."""
        start = bisect_left(self.days, period.start)
        if period.end is None:
            return slice(start, None)
        return slice(start, bisect_left(self.days, period.end, start))


class Figures(msgspec.Struct, frozen=True, dict=True):
    """What was measured of one streamer (or one team), as known at a position."""

    series: tuple[Series, ...] = ()
    aggregations: dict[str, Aggregation] = {}
    batches: tuple[str, ...] = ()
    """Ids of the batches the values come from, for the lineage."""

    @cached_property
    def rows(self) -> tuple[DayFigure, ...]:
        """Every value by itself, by day, metric and category."""
        return tuple(
            sorted(
                DayFigure(day, series.metric, series.category, value)
                for series in self.series
                for day, value in zip(series.days, series.values, strict=True)
            )
        )

    def values(self, metric: str, period: Period, category: str | None = None) -> list[Decimal]:
        """The values of a metric in a period, in the order of days."""
        found = [
            (day, series.category, value)
            for series in self._of(metric, category)
            for day, value in _pairs(series, period)
        ]
        return [value for _, _, value in sorted(found)]

    def _of(self, metric: str, category: str | None, window: int | None = None) -> list[Series]:
        return [
            series
            for series in self.series
            if series.metric == metric
            and category in (None, series.category)
            and (window is None or series.lag <= window)
        ]

    def total(self, metric: str, period: Period, category: str | None = None) -> Decimal:
        """The metric over a period by its aggregation; 0 where nothing was measured."""
        return self.total_over(metric, (period,), category)

    def total_over(
        self,
        metric: str,
        periods: Iterable[Period],
        category: str | None = None,
        *,
        window: int | None = None,
    ) -> Decimal:
        """The metric over several periods that follow one another, by its aggregation; with a
        `window`, without returns that came back more than so many days after their order."""
        total, count = self._over(metric, periods, category, window)
        return total / count if count > 1 else total

    def exact_over(self, metric: str, periods: Iterable[Period]) -> Fraction:
        """The same without rounding, where an average does not end."""
        total, count = self._over(metric, periods, None)
        return Fraction(total) / max(count, 1)

    def _over(
        self,
        metric: str,
        periods: Iterable[Period],
        category: str | None,
        window: int | None = None,
    ) -> tuple[Decimal, int]:
        """The aggregated value, and by how many it is to be divided."""
        how = self.aggregations.get(metric, "sum")
        if how == "sum":
            chosen = self._of(metric, category, window)
            parts = (part for period in periods for part in _parts(chosen, period))
            return sum((sum(part, ZERO) for part in parts), ZERO), 1
        values = [v for period in periods for v in self.values(metric, period, category)]
        if not values:
            return ZERO, 1
        match how:
            case "max":
                return max(values), 1
            case "last":
                return values[-1], 1
            case _:
                return sum(values, ZERO), len(values)

    def has(self, metric: str, period: Period) -> bool:
        """Whether anything was measured."""
        return any(_parts(self._of(metric, None), period))

    def by_day(self, metric: str, period: Period, category: str | None = None) -> Daily:
        """The sum of a metric's values on each day on which it was measured."""
        days: Daily = {}
        for series in self._of(metric, category):
            for day, value in _pairs(series, period):
                days[day] = days.get(day, ZERO) + value
        return days


def _parts(chosen: Iterable[Series], period: Period) -> Iterator[tuple[Decimal, ...]]:
    return (series.values[series.within(period)] for series in chosen)


def _pairs(series: Series, period: Period) -> Iterator[tuple[date, Decimal]]:
    part = series.within(period)
    return zip(series.days[part], series.values[part], strict=True)


def figures_of(
    rows: Iterable[DayFigure],
    aggregations: dict[str, Aggregation] | None = None,
    batches: Iterable[str] = (),
) -> Figures:
    """Build figures from rows in any order."""
    found: dict[tuple[str, str], list[DayFigure]] = {}
    for row in sorted(rows):
        found.setdefault((row.metric, row.category), []).append(row)
    series = (
        Series(*key, tuple(row.day for row in given), tuple(row.value for row in given))
        for key, given in sorted(found.items())
    )
    return Figures(tuple(series), aggregations or {}, tuple(batches))
