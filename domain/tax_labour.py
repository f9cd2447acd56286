"""Labour remuneration (劳务报酬): an ordinary payer, a platform enterprise, a student intern."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from domain.brackets import bracket_for, read_brackets
from domain.law import LawBook, LawTable
from domain.money import ZERO
from domain.periods import Month, months_between
from domain.refusals import Invalid
from domain.tax_types import (
    Character,
    LabourMonth,
    LabourPayment,
    PlatformPayment,
    Step,
    TaxResult,
    conclude,
    refuse_negative,
)
from domain.tax_wages import TABLE as WAGES

ORDINARY = "cn.labour.ordinary"
PLATFORM = "cn.labour.platform"
STUDENT = "cn.labour.student"


def labour_tax(payment: LabourPayment, month: Month, book: LawBook) -> TaxResult:
    """Tax in yuan to withhold from one time of labour remuneration by an ordinary payer.

    One continuing project's payments of a month are one time: tax on all of them, less what
    was withheld on the earlier ones. Raises NoRule where no table covers the month, Invalid for
    negative amounts. 公告2018年第61号 art. 8.
    """
    refuse_negative(
        income=payment.income,
        earlier_income=payment.earlier_income,
        earlier_withheld=payment.earlier_withheld,
        exempt=payment.exempt,
        other=payment.other,
        relief=payment.relief,
    )
    table = book.on(ORDINARY, month.first)
    income = payment.income + payment.earlier_income - payment.exempt
    cost = _cost(income, table)
    taxable = max(ZERO, income - cost - payment.other)
    return conclude(
        "labour_remuneration",
        "per_time",
        month,
        taxable=taxable,
        bracket=bracket_for(read_brackets(table), taxable),
        relief=payment.relief,
        withheld=payment.earlier_withheld,
        steps=(
            Step("本次收入", "income of this time", income),
            Step("减除费用", "deduction for cost", cost),
            Step("其他扣除", "other deductions", payment.other),
        ),
        laws=(table.cited,),
    )


def _cost(income: Decimal, table: LawTable) -> Decimal:
    if income <= table.number("fixed_cost_up_to"):
        return min(max(ZERO, income), table.number("fixed_cost"))
    return income * table.number("cost_share")


def platform_tax(
    payment: PlatformPayment, history: Iterable[LabourMonth], month: Month, book: LawBook
) -> TaxResult:
    """Tax in yuan to withhold from a payment by a platform enterprise, cumulatively.

    `history`: its earlier payments to the person under this regime; other years are left out.
    Deducted are 20 % cost and 5,000 for each month of continuous income this year. After a
    break the months are counted anew; whether income and tax withheld are too, is the table's
    `after_break`. Raises NoRule where no table covers a month (before 2025-10), Invalid for a
    history that lies ahead. 公告2025年第16号.
    """
    table = book.on(PLATFORM, month.first)
    earlier = _this_year(history, month)
    for one in earlier:
        book.on(PLATFORM, one.month.first)
    run = continuous_months(
        {one.month for one in earlier if one.income > 0},
        month,
        table.whole("empty_months_that_break"),
    )
    choice = table.choice("after_break", "count_months_anew", "count_all_anew")
    if choice == "count_all_anew":
        earlier = tuple(one for one in earlier if one.month >= run[0])
    return _cumulative(
        "platform_labour_remuneration", payment, earlier, month, len(run), table, book
    )


def student_tax(
    payment: LabourPayment, history: Iterable[LabourMonth], month: Month, book: LawBook
) -> TaxResult:
    """Tax in yuan to withhold from a full-time student's internship, cumulatively.

    The months run from the first payment of the year to this one. Raises as `platform_tax`.
    公告2020年第13号.
    """
    table = book.on(STUDENT, month.first)
    earlier = _this_year(history, month)
    first = min((one.month for one in earlier), default=month)
    months = sum(1 for _ in months_between(first, month))
    return _cumulative("labour_remuneration", payment, earlier, month, months, table, book)


def continuous_months(paid: Collection[Month], now: Month, breaks_after: int) -> tuple[Month, ...]:
    """The months with income of the unbroken run that `now` belongs to, `now` included.

    `breaks_after` empty months in a row end a run; fewer do not, and are not counted.
    """
    run = [now]
    for month in sorted({one for one in paid if one < now}, reverse=True):
        empty = (run[-1].year - month.year) * 12 + run[-1].number - month.number - 1
        if empty >= breaks_after:
            break
        run.append(month)
    return tuple(reversed(run))


def _this_year(history: Iterable[LabourMonth], month: Month) -> tuple[LabourMonth, ...]:
    earlier = tuple(one for one in history if one.month.year == month.year)
    ahead = next((one.month for one in earlier if one.month > month), None)
    if ahead is not None:
        raise Invalid(
            f"历史中的 {ahead} 晚于付款月份 {month}",
            f"the history holds {ahead}, later than the month of payment {month}",
            do="give only payments made before this one",
            field="history",
        )
    return earlier


def _cumulative(
    character: Character,
    payment: LabourPayment | PlatformPayment,
    earlier: tuple[LabourMonth, ...],
    month: Month,
    months: int,
    table: LawTable,
    book: LawBook,
) -> TaxResult:
    refuse_negative(
        income=payment.income, exempt=payment.exempt, other=payment.other, relief=payment.relief
    )
    wages = book.on(WAGES, month.first)
    income = payment.income + _sum(one.income for one in earlier)
    exempt = payment.exempt + _sum(one.exempt for one in earlier)
    other = payment.other + _sum(one.other for one in earlier)
    cost = income * table.number("cost_share")
    deduction = table.number("monthly_deduction") * months
    taxable = max(ZERO, income - cost - exempt - deduction - other)
    return conclude(
        character,
        "cumulative",
        month,
        taxable=taxable,
        bracket=bracket_for(read_brackets(wages), taxable),
        relief=payment.relief + _sum(one.relief for one in earlier),
        withheld=_sum(one.withheld for one in earlier),
        steps=(
            Step("累计收入", "cumulative income", income),
            Step("累计费用", "cumulative cost", cost),
            Step("累计免税收入", "cumulative exempt income", exempt),
            Step(f"累计减除费用({months} 个月)", f"basic deduction ({months} months)", deduction),
            Step("累计其他扣除", "cumulative other deductions", other),
        ),
        laws=(table.cited, wages.cited),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
