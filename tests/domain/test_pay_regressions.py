"""What the reference calculator once found: each case stays right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.clauses import clause_of
from domain.payslip import differences, payslip
from domain.periods import Month
from domain.plan_check import check_plan
from tests.domain.paying import (
    amount_of,
    amounts,
    commission,
    earned,
    guarantee,
    live_days,
    measured,
    on,
    pay_input,
    performance,
    scheme,
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


@pytest.mark.parametrize(
    ("weights", "actuals", "targets", "coefficient"),
    [
        (("0.2", "0.3", "0.5"), (3, 4, 4), (6, 9, 3), "0.9"),
        (("0.15", "0.6", "0.25"), (13, 25, 1), (9, 30, 3), "0.8"),
        (("0.2", "0.3", "0.5"), (3, 120, 0), (3, 90, 30), "0.6"),
    ],
)
def test_a_score_of_exactly_the_mark_reaches_it_though_its_parts_are_thirds(
    weights, actuals, targets, coefficient
):
    """2/10 × 3/6 + 3/10 × 4/9 + 5/10 × 4/3 is 0.9, not 0.8999999999999999999999999998."""
    names = ("a", "b", "c")
    rows = zip(names, weights, map(str, targets), ("3", "3", "3"), strict=True)
    marks = [{"from_score": m, "coefficient": m} for m in ("0", "0.6", "0.8", "0.9")]
    clause = performance("1000", coefficients=marks)
    figures = measured(*(on(3, name, value) for name, value in zip(names, actuals, strict=True)))
    lines = earned(term("performance", clause), figures=figures, kpi=scheme(*rows))
    assert lines[0].rate == Decimal(coefficient)
    assert lines[0].lineage["kpi"]["score"] == coefficient


def test_an_average_that_does_not_end_is_scored_exactly():
    """Viewers of 33, 33 and 34 are 33 1/3 on average: a third of 100, and 0.1 of the score."""
    marks = [{"from_score": m, "coefficient": c} for m, c in (("0.1", "1"), ("0.11", "2"))]
    figures = measured(*(on(d, "peak", v) for d, v in ((1, 33), (2, 33), (3, 34))), peak="average")
    lines = earned(
        term("performance", performance("1000", coefficients=marks)),
        figures=figures,
        kpi=scheme(("peak", "0.3", "100", "2"), ("sales", "0.7", "100", "2")),
    )
    assert amounts(lines) == ["performance_pay 1000.00"]


@pytest.mark.parametrize(
    ("amount", "first", "factor", "paid"),
    [
        ("1314.85", 24, "3", "920.40"),
        ("8898.77", 26, "3", "4449.39"),
        ("1202.87", 26, "3", "601.44"),
    ],
)
def test_half_a_fen_of_performance_pay_is_rounded_up_though_days_are_thirtieths(
    amount, first, factor, paid
):
    """1,314.85 × 7 ÷ 30 × 3 is 920.395: the thirtieth is not cut off before it is multiplied."""
    clause = performance(amount, coefficients=[{"from_score": "0", "coefficient": factor}])
    lines = earned(
        term("performance", clause, start=date(2025, 6, first)),
        month=Month(2025, 6),
        kpi=scheme(("sales", "1", "100", "1")),
    )
    assert amounts(lines) == [f"performance_pay {paid}"]


THIRDS = [("33.335%", 1, 11), ("33.336%", 11, 21), ("33.329%", 21, None)]
"""Rate, first day, day after the last one: on 100 each they earn 33.34, 33.34 and 33.33."""


def three_rates(**limits):
    return [
        term(
            "commission",
            commission(rate, **limits),
            start=date(2025, 3, start),
            end=date(2025, 3, end) if end else None,
        )
        for rate, start, end in THIRDS
    ]


def test_a_month_paid_in_parts_stays_within_its_cap_to_the_fen():
    """33.335 + 33.336 + 33.329 is 100.000, but 33.34 + 33.34 + 33.33 would be a fen above it."""
    figures = measured(on(3, "sales", 100), on(13, "sales", 100), on(23, "sales", 100))
    lines = earned(*three_rates(cap="100"), figures=figures)
    assert [str(line.amount) for line in lines] == ["33.34", "33.34", "33.32"]


def test_a_month_paid_in_parts_reaches_its_floor_to_the_fen():
    """On 10 each, 3.3335 + 3.3336 + 3.3329 is 10.00, but 3.33 + 3.33 + 3.33 would be 9.99."""
    figures = measured(on(3, "sales", 10), on(13, "sales", 10), on(23, "sales", 10))
    lines = earned(*three_rates(floor="10"), figures=figures)
    assert [str(line.amount) for line in lines] == ["3.33", "3.33", "3.34"]


def test_an_advance_paid_back_and_then_found_never_due_is_given_back():
    """January is topped up by 1,000, February pays it back, then January proves to have earned
    it: the top-up falls away, and so does the paying back."""
    clauses = (term("commission", commission("100%")), term("guarantee", draw("10000")))
    january, february, march = Month(2025, 1), Month(2025, 2), Month(2025, 3)
    jan = on(3, "sales", 9000, month=january)
    late = on(5, "sales", 1000, month=january)
    feb = on(3, "sales", 12000, month=february)
    mar = on(3, "sales", 10000, month=march)

    def paid(month, *rows, **more):
        given = {"month": month, "character": "business_income", **more}
        return payslip(pay_input(*clauses, figures=measured(*rows), **given))

    first = paid(january, jan)
    second = paid(february, feb, draw_balance=first.draw_balance)
    assert [first.net, second.net, second.draw_balance] == [10000, 11000, 0]
    again = earned(*clauses, figures=measured(jan, late), month=january)
    arrears = differences(january, (*first.lines, *second.lines), again)
    assert amounts(arrears) == ["arrears 1000.00", "arrears -1000.00"]
    third = paid(march, mar, arrears=arrears, draw_balance=second.draw_balance)
    assert amount_of(third, "draw_returned") == 1000
    assert [third.net, third.draw_balance] == [11000, 0]
    assert first.net + second.net + third.net == 10000 + 12000 + 10000


def test_the_plan_check_finds_pay_that_falls_by_a_fen():
    """5 % on 1,000 is 50.00; from there 4.99 % on all of it is 49.90 and a fen of sales more."""
    clause = clause_of(commission("5%", ("1000", "-0.2%"), mode="whole", step="relative"))
    assert [found.code for found in check_plan({"commission": clause})] == ["falling_pay"]


def test_the_plan_check_is_silent_where_a_threshold_lifts_pay_by_less_than_a_yuan():
    clause = clause_of(commission("5%", ("1000", "0.2%"), mode="whole", step="relative"))
    assert [found.code for found in check_plan({"commission": clause})] == []
