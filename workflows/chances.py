"""Survival curves and intervals, computed by scipy and given back as decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from domain.tenure import Stay

CONFIDENCE = 0.95
FEW_PEOPLE = 10
FEW_LEFT = 5
PLACES = Decimal("0.000001")


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A number with the interval that holds it in 95 of 100 such samples."""

    value: Decimal
    low: Decimal | None
    high: Decimal | None


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """The share still here after so many days; the interval is missing where none is defined."""

    day: int
    at_risk: int
    left: int
    share: Decimal
    low: Decimal | None
    high: Decimal | None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A Kaplan–Meier curve of a group. Stays that go on, or ended by a move, are censored."""

    group: str
    stays: int
    left: int
    median_days: int | None
    """Days after which half have left; None where the curve does not fall so far."""
    points: tuple[Point, ...]
    few: bool
    """Too few people or leavings to say anything: the curve is shown, and warned of."""


def curve(group: str, stays: Sequence[Stay]) -> Curve:
    """The curve of a group (scipy.stats.ecdf, intervals by the log-log method)."""
    left = [stay.days for stay in stays if stay.left]
    points = _points(left, [stay.days for stay in stays if not stay.left]) if left else ()
    median = next((one.day for one in points if one.share <= Decimal("0.5")), None)
    return Curve(
        group=group,
        stays=len(stays),
        left=len(left),
        median_days=median,
        points=points,
        few=len(stays) < FEW_PEOPLE or len(left) < FEW_LEFT,
    )


def _points(left: list[int], censored: list[int]) -> tuple[Point, ...]:
    import warnings

    from scipy import stats  # slow to import: only who looks at curves waits for it

    found = stats.ecdf(stats.CensoredData(uncensored=left, right=censored)).sf
    with warnings.catch_warnings():
        # Where everybody or nobody is left the interval is not defined: it is then left out.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = found.confidence_interval(CONFIDENCE, method="log-log")
    lows, highs = interval.low.probabilities, interval.high.probabilities
    points = []
    for place, day in enumerate(found.quantiles):
        gone = left.count(int(day))
        if not gone:
            continue
        at_risk = sum(days >= int(day) for days in (*left, *censored))
        share = decimal(found.probabilities[place])
        assert share is not None
        points.append(
            Point(
                day=int(day),
                at_risk=at_risk,
                left=gone,
                share=share,
                low=decimal(lows[place]),
                high=decimal(highs[place]),
            )
        )
    return tuple(points)


def share_of(count: int, total: int) -> Interval | None:
    """A share with its Wilson interval; None of nobody."""
    if not total:
        return None
    from scipy import stats

    found = stats.binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    value = (Decimal(count) / total).quantize(PLACES)
    return Interval(value=value, low=decimal(found.low), high=decimal(found.high))


def rate_of(count: int, days: int) -> Interval | None:
    """Leavings in 100 person-months of 30 days, with the exact interval of a Poisson count."""
    if not days:
        return None
    from scipy import stats

    tail = (1 - CONFIDENCE) / 2
    low = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0
    high = stats.chi2.ppf(1 - tail, 2 * count + 2) / 2
    months = Decimal(days) / 30
    by = [decimal(one) or Decimal(0) for one in (count, low, high)]
    value, lowest, highest = ((one * 100 / months).quantize(PLACES) for one in by)
    return Interval(value=value, low=lowest, high=highest)


def ratio_of(before: tuple[int, int], after: tuple[int, int]) -> Interval | None:
    """How many times the rate of before the rate of after is, of (count, days) each.

    The interval is exact, given the sum of both counts (Clopper–Pearson of the share of after).
    None where either was not watched, or nobody left before.
    """
    (count, days), (later, later_days) = before, after
    if not days or not later_days or not count:
        return None
    from scipy import stats

    found = stats.binomtest(later, count + later).proportion_ci(CONFIDENCE, method="exact")
    scale = Decimal(days) / later_days
    value = (Decimal(later) / count * scale).quantize(PLACES)
    return Interval(
        value=value, low=_odds(decimal(found.low), scale), high=_odds(decimal(found.high), scale)
    )


def _odds(share: Decimal | None, scale: Decimal) -> Decimal | None:
    if share is None or share >= 1:
        return None
    return (share / (1 - share) * scale).quantize(PLACES)


def rank_correlation(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Spearman's rank correlation; None for fewer than three pairs, or where one side is flat."""
    firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
    if len(pairs) < 3 or len(set(firsts)) == 1 or len(set(seconds)) == 1:
        return None
    from scipy import stats

    places = [[_below(one, side) for one in side] for side in (firsts, seconds)]
    return decimal(stats.spearmanr(*places).statistic)


def _below(value: Decimal, among: Sequence[Decimal]) -> int:
    """How many of the values lie below one: the order of decimals, without a float."""
    return sum(other < value for other in among)


def decimal(value: Any) -> Decimal | None:
    """A number of scipy as a decimal of six places; None where it is not a number."""
    text = f"{value:.6f}"
    return None if text in ("nan", "inf", "-inf") else Decimal(text)
