"""What may be taken from a wage, and what a non-compete costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.guards import deduction_guard, non_compete_pay
from domain.insurance import minimum_wage
from domain.law import load_law_book
from domain.refusals import Invalid

BOOK = load_law_book()
DAY = date(2026, 3, 1)
GUARD = BOOK.on("cn.deduction_guard", DAY)
NON_COMPETE = BOOK.on("cn.non_compete", DAY)
MINIMUM = minimum_wage("shanghai", DAY, BOOK).month
D = Decimal
MONEY = st.decimals(min_value=0, max_value=200_000, places=2)


@pytest.mark.parametrize(
    ("wage", "wanted", "allowed"),
    [
        ("10000", "500", "500.00"),
        ("10000", "2000", "2000.00"),
        ("10000", "2000.01", "2000.00"),
        ("3000", "600", "260.00"),
        ("2740", "1", "0.00"),
        ("2000", "1", "0.00"),
        ("10000.04", "9999", "2000.00"),
        ("0", "0", "0.00"),
    ],
)
def test_a_deduction_takes_a_fifth_at_most_and_leaves_the_minimum_wage(
    wage: str, wanted: str, allowed: str
) -> None:
    assert deduction_guard(D(wage), MINIMUM, D(wanted), GUARD) == D(allowed)


@given(MONEY, MONEY)
def test_no_deduction_goes_beyond_either_limit_by_a_fen(wage: Decimal, wanted: Decimal) -> None:
    allowed = deduction_guard(wage, MINIMUM, wanted, GUARD)
    assert 0 <= allowed <= min(wanted, wage * D("0.20"))
    assert allowed == 0 or wage - allowed >= MINIMUM


def test_a_negative_deduction_is_refused() -> None:
    with pytest.raises(Invalid):
        deduction_guard(D("10000"), MINIMUM, D("-1"), GUARD)


@pytest.mark.parametrize("share", [None, D("0.30")])
def test_a_non_compete_is_rounded_each_month_and_then_added_up(share: Decimal | None) -> None:
    """17,434.48 x 30 % = 5,230.344, so 5,230.34 a month; x 24 = 125,528.16."""
    pay = non_compete_pay(D("17434.48"), 24, share, minimum_wage=MINIMUM, rule=NON_COMPETE)
    assert (pay.monthly, pay.total) == (D("5230.34"), D("125528.16"))
    assert pay.unrounded == D("5230.344")
    assert not pay.raised_to_minimum
    assert pay.below_guidance


@pytest.mark.parametrize(
    ("months", "share", "below"), [(12, "0.30", False), (13, "0.30", True), (24, "0.50", False)]
)
def test_the_guidance_of_one_half_is_for_more_than_a_year(
    months: int, share: str, below: bool
) -> None:
    pay = non_compete_pay(D("20000"), months, D(share), minimum_wage=MINIMUM, rule=NON_COMPETE)
    assert pay.below_guidance is below


def test_a_non_compete_pays_the_minimum_wage_at_least() -> None:
    pay = non_compete_pay(D("6000"), 6, None, minimum_wage=MINIMUM, rule=NON_COMPETE)
    assert (pay.monthly, pay.total, pay.raised_to_minimum) == (D("2740.00"), D("16440.00"), True)


@pytest.mark.parametrize(("months", "share"), [(0, "0.3"), (25, "0.3"), (12, "0"), (12, "1.01")])
def test_a_non_compete_outside_the_law_is_refused(months: int, share: str) -> None:
    with pytest.raises(Invalid):
        non_compete_pay(D("20000"), months, D(share), minimum_wage=MINIMUM, rule=NON_COMPETE)


def test_the_limits_are_data() -> None:
    rule = replace(GUARD, data={"share": "0.10"})
    assert deduction_guard(D("10000"), MINIMUM, D("5000"), rule) == D("1000.00")
