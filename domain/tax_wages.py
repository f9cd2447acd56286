"""Wages: cumulative withholding (累计预扣法), 个人所得税法 (2018), 公告2018年第61号 art. 6."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from domain.brackets import bracket_for, read_brackets
from domain.law import LawBook, LawCited, LawTable, as_number
from domain.money import ZERO, fen
from domain.periods import Month
from domain.refusals import Invalid
from domain.tax_types import (
    Step,
    TaxResult,
    WagesPayment,
    WagesYear,
    conclude,
    refuse_negative,
)

TABLE = "cn.wages.cumulative"
FIRST_JOB = "cn.wages.first_job"
SIXTY_THOUSAND = "cn.wages.sixty_thousand"
SPECIAL_ADDITIONAL = "cn.special_additional"


def months_employed(start: date, payment: Month, last_day: date | None = None) -> int:
    """Months employed here in the year of payment, up to the month of payment.

    The months of the first and of the last day count whole; who is paid after leaving keeps
    the count of the month of leaving, and has 0 in a later year. 公告2018年第61号 art. 6.
    """
    first = max(Month.of(start), Month(payment.year, 1))
    last = payment if last_day is None else min(payment, Month.of(last_day))
    return max(0, (last.year - first.year) * 12 + last.number - first.number + 1)


def wages_tax(before: WagesYear, payment: WagesPayment, month: Month, book: LawBook) -> TaxResult:
    """Tax in yuan to withhold from a payment of wages made in `month`, without its bonus.

    cumulative taxable x rate - quick deduction - relief - tax withheld; below 0, none. A bonus
    on the payment is not looked at here: `domain.tax.withhold` deals with it.
    Raises NoRule where no table covers the month; Invalid for a state of another tax year,
    negative amounts, or months that cannot be. 公告2018年第61号 art. 6.
    """
    _check(before, payment, month)
    table = book.on(TABLE, month.first)
    deduction, laws, deduction_step = _basic_deduction(payment, month, table, book)
    after = _add(before, payment)
    deducted = after.contributions + after.special_additional + after.other
    taxable = max(ZERO, after.income - after.exempt - deduction - deducted)
    result = conclude(
        "wages",
        "cumulative",
        month,
        taxable=taxable,
        bracket=bracket_for(read_brackets(table), taxable),
        relief=after.relief,
        withheld=before.withheld,
        steps=_income_steps(after, deduction_step),
        laws=laws,
    )
    return replace(result, year_after=replace(after, withheld=before.withheld + result.tax))


def _income_steps(after: WagesYear, deduction: Step) -> tuple[Step, ...]:
    return (
        Step("累计收入", "cumulative income", after.income),
        Step("累计免税收入", "cumulative exempt income", after.exempt),
        deduction,
        Step("累计专项扣除", "cumulative insurance and fund", after.contributions),
        Step(
            "累计专项附加扣除",
            "cumulative special additional deductions",
            after.special_additional,
        ),
        Step("累计其他扣除", "cumulative other deductions", after.other),
    )


def _add(before: WagesYear, payment: WagesPayment) -> WagesYear:
    return replace(
        before,
        income=before.income + payment.income,
        exempt=before.exempt + payment.exempt,
        months_employed=payment.months_employed,
        contributions=before.contributions + payment.contributions,
        special_additional=before.special_additional + payment.special_additional,
        other=before.other + payment.other,
        relief=before.relief + payment.relief,
    )


def _basic_deduction(
    payment: WagesPayment, month: Month, table: LawTable, book: LawBook
) -> tuple[Decimal, tuple[LawCited, ...], Step]:
    if payment.sixty_thousand:
        rule = book.on(SIXTY_THOUSAND, month.first)
        amount = rule.number("deduction")
        step = Step("全年减除费用", "whole year's basic deduction", amount)
        return amount, (table.cited, rule.cited), step
    laws: tuple[LawCited, ...] = (table.cited,)
    months = payment.months_employed
    if payment.first_job:
        laws = (table.cited, book.on(FIRST_JOB, month.first).cited)
        months = month.number
    amount = table.number("monthly_deduction") * months
    step = Step(
        f"累计减除费用({months} 个月)", f"cumulative basic deduction ({months} months)", amount
    )
    return amount, laws, step


def _check(before: WagesYear, payment: WagesPayment, month: Month) -> None:
    refuse_negative(
        income=payment.income,
        exempt=payment.exempt,
        special_additional=payment.special_additional,
        other=payment.other,
        relief=payment.relief,
    )
    if before.year != month.year:
        raise Invalid(
            f"累计数属于 {before.year} 年,付款月份是 {month}",
            f"the cumulative state is of {before.year}, the payment of {month}",
            do="start a new state for the year of payment: a tax year never runs on",
            field="year",
        )
    if not before.months_employed <= payment.months_employed <= month.number:
        raise Invalid(
            f"任职月数 {payment.months_employed} 与 {month} 及此前的 {before.months_employed} 不符",
            f"{payment.months_employed} months employed do not fit {month} "
            f"after {before.months_employed}",
            do="count the months employed here this year, the month of payment included",
            field="months_employed",
        )
    if payment.first_job and payment.sixty_thousand:
        raise Invalid(
            "首次取得工资与上年全年同一单位任职不能同时成立",
            "first wages of the year and twelve months here last year exclude each other",
            do="keep the flag that is true",
            field="first_job",
        )


def may_deduct_sixty_thousand(
    months_withheld_here: int, wages_last_year: Decimal, month: Month, book: LawBook
) -> bool:
    """Whether the 60,000 rule may be used in the year of `month`.

    `months_withheld_here`: months of last year in which this employer withheld for the person;
    `wages_last_year` in yuan. Raises NoRule before 2021. 公告2020年第19号.
    """
    rule = book.on(SIXTY_THOUSAND, month.first)
    return months_withheld_here == 12 and wages_last_year <= rule.number("last_year_wages_up_to")


def special_additional(
    claims: Mapping[str, Decimal], month: Month, book: LawBook
) -> tuple[Decimal, LawCited]:
    """Special additional deductions of one month in yuan, as the worker declares them.

    `claims` maps a kind of the table to how many are claimed: two children `2`, a child shared
    by both parents `0.5`. Raises NoRule before 2023, Invalid for a kind the table does not have
    or a claim below 0. 国发〔2023〕13号.
    """
    table = book.on(SPECIAL_ADDITIONAL, month.first)
    rows = table.rows("items")
    each = {str(row.get("kind")): as_number(table, "each", row.get("each")) for row in rows}
    total = ZERO
    for kind, count in claims.items():
        if kind not in each:
            raise Invalid(
                f"没有名为 {kind} 的专项附加扣除",
                f"there is no special additional deduction named {kind}",
                do=f"use one of {', '.join(each)}",
                field=kind,
            )
        refuse_negative(**{kind: count})
        total += each[kind] * count
    return fen(total), table.cited
