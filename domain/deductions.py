"""Contributions and income tax of a payslip as lines, each with the law tables it was made with."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.insurance import (
    ContributionLine,
    DeclaredLine,
    contributions,
    declared,
    fund_starts,
)
from domain.law import LawCited
from domain.lines import Line
from domain.money import ZERO, fen
from domain.pay_input import Insurance, PayInput
from domain.periods import Month
from domain.refusals import Invalid
from domain.texts import percent, yuan

FUND = "fund"
NEVER = Month(2200, 12)


def laws_cited(laws: Iterable[LawCited]) -> list[dict[str, Any]]:
    """Law tables as a lineage names them."""
    return [
        {
            "table": law.table,
            "version": law.version,
            "source": law.source,
            **({"unread": list(law.unread)} if law.unread else {}),
        }
        for law in laws
    ]


def contribution_lines(pay: PayInput) -> tuple[Line, ...]:
    """The employee's insurance and fund of the earning month; the employer's side in the lineage.

    Raises NoRule where the city has no table for the month, and Invalid where contributions
    are set for pay that is no wage.
    """
    settings = pay.insurance
    if settings is None or pay.days is None or not _says_anything(settings):
        return ()
    if pay.character != "wages":
        raise Invalid(
            "只有工资薪金缴纳社会保险和公积金",
            f"Insurance and fund go with wages, not with {pay.character}",
            do="Take the insurance settings out, or set the tax character to wages.",
            field="insurance",
        )
    return tuple(_contribution_line(pay, line) for line in _made(pay, settings))


def _says_anything(settings: Insurance) -> bool:
    declared_ = (settings.declared_insurance, settings.declared_fund)
    return settings.city is not None or any(amount is not None for amount in declared_)


def _made(pay: PayInput, settings: Insurance) -> list[ContributionLine]:
    lines = _declared(pay, settings)
    if settings.city is None:
        return lines
    if settings.base is None:
        raise Invalid(
            "缺少社保缴费基数",
            "The base of social insurance is missing",
            do="Give last year's average monthly wage as insurance.base.",
            field="insurance.base",
        )
    taken = {_group(line) for line in lines}
    city_lines = _of_city(pay, settings, settings.city, settings.base)
    kept = [line for line in city_lines if _group(line) not in taken]
    return [*kept, *lines]


def _group(line: ContributionLine) -> str:
    return FUND if line.code == FUND else "insurance"


def _declared(pay: PayInput, settings: Insurance) -> list[ContributionLine]:
    given = [
        (
            "insurance",
            settings.declared_insurance,
            "社会保险（申报）",
            "social insurance, declared",
        ),
        (FUND, settings.declared_fund, "住房公积金（申报）", "housing fund, declared"),
    ]
    rows, employer = [], settings.declared_employer
    for code, amount, zh, en in given:
        if amount is not None:
            rows.append(DeclaredLine(code=code, employee=amount, employer=employer, zh=zh, en=en))
            employer = ZERO
    return list(declared(pay.month, rows, "declared by the payroll office").lines) if rows else []


def _of_city(
    pay: PayInput, settings: Insurance, city: str, base: Decimal
) -> tuple[ContributionLine, ...]:
    """The city's lines, with the fund from the month in which it starts."""
    start = NEVER
    if settings.fund_rate is not None:
        hired = pay.tax.employed_from or pay.engagement.start
        start = fund_starts(
            city, hired, pay.book, transferred=settings.transferred, month=pay.month
        )
    return contributions(
        city,
        pay.month,
        base,
        pay.book,
        fund_rate=settings.fund_rate or ZERO,
        fund_from=start,
        fund_average=settings.fund_base,
    ).lines


def _contribution_line(pay: PayInput, line: ContributionLine) -> Line:
    sum_ = yuan(line.employee)
    if line.base is not None and line.employee_rate is not None:
        sum_ = f"{yuan(line.base)} × {percent(line.employee_rate)} "
        same = line.employee == line.employee_unrounded
        sum_ += f"{'=' if same else '≈'} {yuan(line.employee)}"
    return Line(
        code=line.code
        if line.code == FUND
        else f"insurance_{line.code}".removesuffix("_insurance"),
        component="contribution",
        period=str(pay.month),
        base=line.base,
        rate=line.employee_rate,
        unrounded=ZERO - line.employee_unrounded,
        amount=ZERO - line.employee,
        zh=f"{line.zh}（个人）：{sum_}；单位 {yuan(line.employer)}",
        en=f"{line.en}, employee: {sum_}; employer {yuan(line.employer)}",
        lineage={
            "laws": laws_cited(line.laws),
            "employer": str(line.employer),
            "engine": pay.engine,
        },
    )


def employer_side(lines: tuple[Line, ...]) -> Decimal:
    """The employer's contributions in yuan, from the lineage of contribution lines."""
    return fen(sum((Decimal(line.lineage["employer"]) for line in lines), ZERO))
