"""What the reference calculator once found: each case stays right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.domain.paying import (
    amount_of,
    amounts,
    commission,
    earned,
    guarantee,
    live_days,
    measured,
    on,
    term,
)

MARCH_16 = date(2025, 3, 16)


def draw(amount: str, days: int = 0) -> dict:
    conditions = {"days": days, "hours_a_day": "6"}
    return guarantee(amount, "recoverable_draw", conditions=conditions)


def test_two_guarantees_take_one_balance_of_advances_back_once():
    """Advances of 1,000 are open; the month earns 9,000 over two guarantees of 1,000."""
    lines = earned(
        term("commission", commission("100%")),
        term("one", draw("1000")),
        term("two", draw("1000")),
        figures=measured(on(3, "sales", 9000)),
        draw_balance=Decimal(1000),
    )
    assert amounts(lines) == ["commission 9000.00", "draw_recovery -1000.00"]


def test_the_second_guarantee_takes_back_what_the_first_had_to_leave():
    """1,000 are open; 700 lie above the first guarantee, and then 400 above the second."""
    lines = earned(
        term("commission", commission("100%")),
        term("one", draw("4300")),
        term("two", draw("3900")),
        figures=measured(on(3, "sales", 5000)),
        draw_balance=Decimal(1000),
    )
    assert amounts(lines)[1:] == ["draw_recovery -700.00", "draw_recovery -300.00"]


def test_advances_come_back_from_above_the_whole_guarantee_though_a_part_of_it_is_not_due():
    """10,000 for 2 live days, from the 16th for 20: the month earns 8,000 on 2 live days.

    The first half stands with 4,838.71 and tops nothing up; nothing lies above 10,000.
    """
    lines = earned(
        term("commission", commission("100%")),
        term("guarantee", draw("10000", days=2), end=MARCH_16),
        term("guarantee", draw("10000", days=20), start=MARCH_16),
        figures=measured(on(3, "sales", 8000), *live_days(2, "6")),
        draw_balance=Decimal(5000),
    )
    assert amount_of(lines, "draw_recovery") == 0
