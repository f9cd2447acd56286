"""Annual bonus (全年一次性奖金), taxed by itself or with the wages: 财税〔2018〕164号, 公告2023年第30号."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from domain.brackets import bracket_for, read_brackets
from domain.law import LawBook
from domain.money import ZERO, fen
from domain.periods import Month
from domain.refusals import Invalid, WrongState
from domain.tax_types import (
    Step,
    TaxResult,
    WagesPayment,
    WagesYear,
    conclude,
    refuse_negative,
)
from domain.tax_wages import wages_tax

TABLE = "cn.bonus.annual"


class BonusComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Both ways to tax a bonus; the worker chooses."""

    separate: Decimal
    """Yuan withheld from the bonus by itself and from the wages that were compared."""
    merged: Decimal
    """Yuan withheld from the same wages with the bonus in the first of them."""
    separate_due: Decimal
    """The same less what is over-withheld at the end and comes back in the annual filing."""
    merged_due: Decimal
    lower: Literal["separate", "merged", "equal"]
    """The way with the lower tax due."""
    separate_results: tuple[TaxResult, ...]
    """The bonus first, then each payment of wages."""
    merged_results: tuple[TaxResult, ...]


def bonus_tax(bonus: Decimal, month: Month, book: LawBook) -> TaxResult:
    """Tax in yuan on an annual bonus by itself.

    Bonus ÷ 12 picks the rate of the monthly table, tax is the whole bonus x rate - quick
    deduction, so that one more fen can cost thousands. Raises NoRule where no table covers the
    month (from 2028-01), Invalid for a negative bonus. 财税〔2018〕164号, 公告2023年第30号.
    """
    refuse_negative(bonus=bonus)
    table = book.on(TABLE, month.first)
    months = table.whole("months")
    return conclude(
        "wages",
        "bonus_separate",
        month,
        taxable=bonus,
        bracket=bracket_for(read_brackets(table), bonus, scale=months),
        relief=ZERO,
        withheld=ZERO,
        steps=(
            Step("全年一次性奖金", "annual bonus", bonus),
            Step(f"除以 {months} 个月", f"divided by {months} months", fen(bonus / months)),
        ),
        laws=(table.cited,),
    )


def wages_with_bonus(
    before: WagesYear, payment: WagesPayment, month: Month, book: LawBook
) -> TaxResult:
    """Tax in yuan to withhold from wages and the bonus paid with them, as the worker chose.

    Merged, the bonus is income of the month. Separate, the result's `parts` are the wages and
    the bonus, its `tax` is the sum of their rounded taxes. Raises Invalid where there is a
    bonus and no choice, WrongState where one was taxed separately before in this year.
    """
    refuse_negative(bonus=payment.bonus)
    if payment.bonus == 0:
        return wages_tax(before, payment, month, book)
    if payment.bonus_method is None:
        raise Invalid(
            "全年一次性奖金须由员工选择单独计税或并入当年综合所得",
            "the worker has to choose how the annual bonus is taxed",
            do="show both ways (compare_bonus), then set bonus_method to separate or merged",
            field="bonus_method",
        )
    if payment.bonus_method == "merged":
        return wages_tax(before, _with_bonus(payment, payment.bonus), month, book)
    _refuse_second(before)
    wages = wages_tax(before, payment, month, book)
    bonus = bonus_tax(payment.bonus, month, book)
    after = wages.year_after
    return replace(
        wages,
        tax=wages.tax + bonus.tax,
        laws=(*wages.laws, *bonus.laws),
        parts=(wages, bonus),
        year_after=None if after is None else replace(after, bonus_used=True),
    )


def compare_bonus(
    bonus: Decimal,
    before: WagesYear,
    payments: Sequence[tuple[Month, WagesPayment]],
    book: LawBook,
) -> BonusComparison:
    """Both ways to tax a bonus paid with the first of the payments.

    `payments`: this month's, and those expected for the rest of the year where the whole year
    is to be compared: what merging costs may only show in later months. Amounts in yuan.
    Raises Invalid without payments, WrongState and NoRule where `separate` is not open.
    """
    if not payments:
        raise Invalid(
            "比较需要至少一个月的工资",
            "a comparison needs the wages of at least one month",
            do="give this month's payment of wages",
            field="payments",
        )
    _refuse_second(before)
    (first, payment), *rest = payments
    alone = bonus_tax(bonus, first, book)
    apart = (alone, *_through(before, [(first, payment), *rest], book))
    merged = _through(before, [(first, _with_bonus(payment, bonus)), *rest], book)
    due_apart, due_merged = _due(apart), _due(merged)
    lower: Literal["separate", "merged", "equal"] = "equal"
    if due_apart != due_merged:
        lower = "separate" if due_apart < due_merged else "merged"
    return BonusComparison(
        separate=_total(apart),
        merged=_total(merged),
        separate_due=due_apart,
        merged_due=due_merged,
        lower=lower,
        separate_results=apart,
        merged_results=merged,
    )


def _through(
    before: WagesYear, payments: Sequence[tuple[Month, WagesPayment]], book: LawBook
) -> tuple[TaxResult, ...]:
    results = []
    for month, payment in payments:
        result = wages_tax(before, payment, month, book)
        before = result.year_after or before
        results.append(result)
    return tuple(results)


def _with_bonus(payment: WagesPayment, bonus: Decimal) -> WagesPayment:
    return replace(payment, income=payment.income + bonus, bonus=ZERO, bonus_method=None)


def _total(results: tuple[TaxResult, ...]) -> Decimal:
    return sum((result.tax for result in results), ZERO)


def _due(results: tuple[TaxResult, ...]) -> Decimal:
    return _total(results) - results[-1].over_withheld


def _refuse_second(before: WagesYear) -> None:
    if before.bonus_used:
        raise WrongState(
            f"{before.year} 年已有一次全年一次性奖金单独计税,一年只能一次",
            f"a bonus was already taxed separately in {before.year}: once a year is the rule",
            do="merge this bonus with the wages",
            field="bonus_method",
        )
