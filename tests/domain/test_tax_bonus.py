"""The annual bonus by itself and merged with the wages, to the fen."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.law import load_law_book
from domain.periods import Month
from domain.refusals import Invalid, NoRule, WrongState
from domain.tax import (
    WagesPayment,
    WagesYear,
    bonus_tax,
    compare_bonus,
    withhold,
)

BOOK = load_law_book()
D = Decimal


def amounts(text: str) -> list[Decimal]:
    return [D(word.replace(",", "")) for word in text.split()]


@pytest.mark.parametrize(
    ("bonus", "tax"),
    [
        ("0", "0.00"),
        ("36000", "1080.00"),
        ("36001", "3390.10"),
        ("50000", "4790.00"),
        ("144000", "14190.00"),
        ("144000.01", "27390.00"),
        ("960000", "328840.00"),
    ],
)
def test_an_annual_bonus_by_itself_takes_the_rate_of_its_twelfth_part(bonus: str, tax: str) -> None:
    assert bonus_tax(D(bonus), Month(2026, 1), BOOK).tax == D(tax)


def test_an_annual_bonus_is_refused_from_2028() -> None:
    assert bonus_tax(D("36000"), Month(2027, 12), BOOK).tax == D("1080.00")
    with pytest.raises(NoRule, match="no rule covers 2028-01"):
        bonus_tax(D("36000"), Month(2028, 1), BOOK)


def test_wages_and_a_separate_bonus_are_two_parts_and_the_bonus_leaves_the_year_alone() -> None:
    payment = WagesPayment(
        income=D("10000"), months_employed=1, bonus=D("36000"), bonus_method="separate"
    )
    result = withhold("wages", Month(2026, 1), payment, None, BOOK)
    assert [part.tax for part in result.parts] == amounts("150.00 1,080.00")
    assert result.tax == D("1230.00")
    assert result.year_after == WagesYear(
        year=2026, income=D("10000"), months_employed=1, withheld=D("150.00"), bonus_used=True
    )
    assert [law.table for law in result.laws] == ["cn.wages.cumulative", "cn.bonus.annual"]


def test_a_merged_bonus_is_income_of_the_month_and_open_beyond_2027() -> None:
    payment = WagesPayment(
        income=D("10000"), months_employed=1, bonus=D("36000"), bonus_method="merged"
    )
    result = withhold("wages", Month(2028, 1), payment, None, BOOK)
    assert (result.taxable, result.tax) == (D("41000"), D("1580.00"))
    assert result.parts == ()


def test_a_bonus_is_taxed_separately_once_a_year() -> None:
    payment = WagesPayment(
        income=D("10000"), months_employed=2, bonus=D("36000"), bonus_method="separate"
    )
    used = WagesYear(year=2026, months_employed=1, bonus_used=True)
    with pytest.raises(WrongState, match="once a year"):
        withhold("wages", Month(2026, 2), payment, used, BOOK)
    with pytest.raises(WrongState):
        compare_bonus(D("36000"), used, [(Month(2026, 2), payment)], BOOK)


@pytest.mark.parametrize(
    ("wage", "bonus", "separate", "merged", "due", "lower"),
    [
        ("4000", "20000", "600.00", "570.00", "240.00", "merged"),
        ("20000", "36000", "20,160.00", "26,280.00", "26,280.00", "separate"),
        ("5000", "36000", "1,080.00", "1,080.00", "1,080.00", "equal"),
    ],
)
def test_both_ways_to_tax_a_bonus_are_shown_for_the_whole_year(
    wage: str, bonus: str, separate: str, merged: str, due: str, lower: str
) -> None:
    """
    The bonus comes in January 2026, the wage each month.

    wage    bonus   wages alone         bonus alone  together
    4,000   20,000  0                   600.00       8,000 x 3 % = 240.00; January took 570.00
    20,000  36,000  36,000 − 16,920     1,080.00     216,000 x 20 % − 16,920 = 26,280.00
    5,000   36,000  0                   1,080.00     36,000 x 3 % = 1,080.00
    """
    year = [
        (Month(2026, number), WagesPayment(income=D(wage), months_employed=number))
        for number in range(1, 13)
    ]
    both = compare_bonus(D(bonus), WagesYear(year=2026), year, BOOK)
    assert (both.separate, both.merged) == (amounts(separate)[0], amounts(merged)[0])
    assert (both.merged_due, both.lower) == (amounts(due)[0], lower)
    assert len(both.separate_results) == 13
    assert len(both.merged_results) == 12


def test_a_comparison_without_wages_is_refused() -> None:
    with pytest.raises(Invalid):
        compare_bonus(D("36000"), WagesYear(year=2026), [], BOOK)
