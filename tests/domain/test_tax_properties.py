"""What holds for every income, not only for the worked cases."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from domain.brackets import read_brackets, slice_form
from domain.law import load_law_book
from domain.money import ZERO, fen
from domain.periods import Month
from domain.tax import (
    LabourMonth,
    LabourPayment,
    PlatformPayment,
    WagesPayment,
    WagesYear,
    bonus_tax,
    labour_tax,
    platform_tax,
    wages_tax,
)

BOOK = load_law_book()
MONTH = Month(2026, 12)
FEN = Decimal("0.01")
MONEY = st.decimals(min_value=0, max_value=2_000_000, places=2)
MONTHLY = st.decimals(min_value=0, max_value=200_000, places=2)


def december(income: Decimal, months: int = 12) -> WagesPayment:
    return WagesPayment(income=income, months_employed=months)


@given(MONEY, MONEY)
def test_more_wages_never_bear_less_tax_nor_leave_less(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    less = wages_tax(WagesYear(year=2026), december(low), MONTH, BOOK).tax
    more = wages_tax(WagesYear(year=2026), december(high), MONTH, BOOK).tax
    assert less <= more
    assert low - less <= high - more + FEN


@given(MONEY)
def test_the_tax_of_wages_is_the_sum_of_the_slices(income: Decimal) -> None:
    result = wages_tax(WagesYear(year=2026), december(income), MONTH, BOOK)
    brackets = read_brackets(BOOK.on("cn.wages.cumulative", MONTH.first))
    assert result.tax == fen(slice_form(brackets, max(ZERO, income - 60_000)))


@given(st.lists(MONTHLY, min_size=12, max_size=12))
def test_what_is_withheld_in_a_year_is_the_highest_tax_that_was_due_in_any_month(
    incomes: list[Decimal],
) -> None:
    """Where nothing would be refunded, that is the tax of the whole year paid at once."""
    state = WagesYear(year=2026)
    brackets = read_brackets(BOOK.on("cn.wages.cumulative", MONTH.first))
    due = []
    for number, so_far in enumerate(accumulate(incomes), start=1):
        payment = december(incomes[number - 1], number)
        result = wages_tax(state, payment, Month(2026, number), BOOK)
        assert result.year_after is not None
        state = result.year_after
        due.append(fen(slice_form(brackets, max(ZERO, so_far - 5_000 * number))))
    assert state.withheld == max(due)
    if due[-1] == max(due):
        at_once = wages_tax(WagesYear(year=2026), december(sum(incomes, ZERO)), MONTH, BOOK)
        assert state.withheld == at_once.tax


@given(MONEY, st.lists(MONTHLY, max_size=5))
def test_how_a_months_wages_are_split_does_not_change_their_tax(
    rest: Decimal, parts: list[Decimal]
) -> None:
    state = WagesYear(year=2026)
    for part in (*parts, rest):
        after = wages_tax(state, december(part), MONTH, BOOK).year_after
        assert after is not None
        state = after
    at_once = wages_tax(WagesYear(year=2026), december(sum(parts, rest)), MONTH, BOOK)
    assert state.withheld == at_once.tax


@given(MONEY, MONEY)
def test_more_labour_remuneration_never_bears_less_tax(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    less = labour_tax(LabourPayment(income=low), MONTH, BOOK).tax
    assert less <= labour_tax(LabourPayment(income=high), MONTH, BOOK).tax


@given(MONEY, MONEY)
def test_how_one_time_of_labour_is_split_does_not_change_its_tax(
    one: Decimal, other: Decimal
) -> None:
    first = labour_tax(LabourPayment(income=one), MONTH, BOOK).tax
    rest = LabourPayment(income=other, earlier_income=one, earlier_withheld=first)
    at_once = labour_tax(LabourPayment(income=one + other), MONTH, BOOK).tax
    assert first + labour_tax(rest, MONTH, BOOK).tax == at_once


@given(st.lists(st.decimals(min_value="0.01", max_value=6250, places=2), max_size=11))
def test_a_platform_withholds_nothing_from_anyone_under_6250_every_month(
    incomes: list[Decimal],
) -> None:
    history = tuple(
        LabourMonth(month=Month(2026, number), income=income)
        for number, income in enumerate(incomes, start=1)
    )
    now = Month(2026, len(incomes) + 1)
    result = platform_tax(PlatformPayment(income=Decimal(6250)), history, now, BOOK)
    assert result.tax == 0


@given(MONEY)
def test_tax_is_a_whole_number_of_fen_and_never_more_than_the_income(income: Decimal) -> None:
    for result in (
        wages_tax(WagesYear(year=2026), december(income), MONTH, BOOK),
        labour_tax(LabourPayment(income=income), MONTH, BOOK),
        platform_tax(PlatformPayment(income=income), (), MONTH, BOOK),
        bonus_tax(income, MONTH, BOOK),
    ):
        assert result.tax == fen(result.tax)
        assert 0 <= result.tax <= income
        assert result.steps[-1].amount == result.tax
