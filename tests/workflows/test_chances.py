"""Curves and intervals against numbers worked out by hand or printed in books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.tenure import Stay
from workflows.chances import curve, rank_correlation, rate_of, ratio_of, share_of

# Remission times of 21 patients on 6-MP (Freireich et al. 1963): the data of every textbook.
GONE = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def stay(days: int, left: bool) -> Stay:
    return Stay(group="g", person="p", start=date(2025, 1, 1), days=days, left=left)


def test_the_curve_of_a_textbook():
    found = curve("g", [*(stay(n, True) for n in GONE), *(stay(n, False) for n in CENSORED)])
    assert [(one.day, one.at_risk, one.left, f"{one.share:.4f}") for one in found.points] == [
        (6, 21, 3, "0.8571"),
        (7, 17, 1, "0.8067"),
        (10, 15, 1, "0.7529"),
        (13, 12, 1, "0.6902"),
        (16, 11, 1, "0.6275"),
        (22, 7, 1, "0.5378"),
        (23, 6, 1, "0.4482"),
    ]
    assert (found.median_days, found.few) == (23, False)
    first = found.points[0]
    assert (f"{first.low:.3f}", f"{first.high:.3f}") == ("0.620", "0.952")


def test_nobody_left_is_a_curve_without_points():
    found = curve("g", [stay(10, False)] * 12)
    assert (found.points, found.median_days, found.left, found.few) == ((), None, 0, True)


def test_everybody_left_falls_to_nothing_without_an_interval_there():
    found = curve("g", [stay(n, True) for n in range(1, 13)])
    assert (found.points[-1].share, found.median_days) == (0, 6)
    assert found.points[-1].low is None


def test_a_share_has_its_wilson_interval():
    found = share_of(12, 40)
    assert found is not None
    assert [f"{one:.4f}" for one in (found.value, found.low, found.high)] == [
        "0.3000",
        "0.1807",
        "0.4543",
    ]
    assert share_of(0, 0) is None


def test_a_rate_has_the_exact_interval_of_its_count():
    found = rate_of(10, 3000)
    assert found is not None
    assert [f"{one:.3f}" for one in (found.value, found.low, found.high)] == [
        "10.000",
        "4.795",
        "18.390",
    ]
    assert rate_of(3, 0) is None


def test_a_ratio_of_equal_rates_holds_one():
    found = ratio_of((8, 1000), (8, 1000))
    assert found is not None and found.value == 1
    assert found.low is not None and found.high is not None
    assert found.low < 1 < found.high
    assert abs(found.low * found.high - 1) < Decimal("0.0001")


@pytest.mark.parametrize(
    ("before", "after"), [((0, 10), (1, 10)), ((1, 0), (1, 10)), ((1, 9), (1, 0))]
)
def test_a_ratio_to_nothing_is_none(before: tuple[int, int], after: tuple[int, int]):
    assert ratio_of(before, after) is None


def test_a_rank_correlation_knows_order_and_ties():
    def pairs(*values: int) -> list[tuple[Decimal, Decimal]]:
        return [(Decimal(place), Decimal(value)) for place, value in enumerate(values)]

    assert rank_correlation(pairs(1, 4, 9, 16)) == 1
    assert rank_correlation(pairs(16, 9, 4, 1)) == -1
    assert rank_correlation(pairs(1, 1, 1)) is None
    assert rank_correlation(pairs(1, 2)) is None
    assert rank_correlation(pairs(1, 2, 2, 3)) == Decimal("0.948683")
