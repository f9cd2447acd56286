"""One-off payments as lines of a payslip, and how each of them is taxed.

Awards, non-compete pay and a bonus that is merged are income of the month. A bonus taxed by itself
and economic compensation have a tax line of their own; the sentence of a bonus shows both ways.
"""

from __future__ import annotations

from decimal import Decimal

from domain.lines import Line, PaidMonth
from domain.money import ZERO
from domain.one_off import TITLES, OneOff
from domain.pay_input import PayInput
from domain.periods import Month
from domain.refusals import Invalid
from domain.severance import severance_tax
from domain.tax_bonus import bonus_tax
from domain.tax_types import TaxResult
from domain.texts import yuan
from domain.withholding import own_tax_line, tax_line


def taxed_together(
    pay: PayInput, income: Decimal, paid_in: Decimal
) -> tuple[tuple[Line, ...], PaidMonth, tuple[Line, ...]]:
    """The line of the month's tax, the payment as history, and the one-off payments with the tax
    lines of those that are taxed by themselves. `income`: earnings in yuan, without one-offs.

    Raises Invalid for a bonus whose choice is of another year, NoRule where no table covers the
    day, and what the tax raises.
    """
    apart = [one for one in pay.one_offs if _apart(one)]
    together = [one for one in pay.one_offs if not _apart(one)]
    for one in pay.one_offs:
        _check_year(pay, one)
    with_them = income + sum((one.amount for one in together), ZERO)
    tax, taxed = tax_line(pay, with_them, paid_in)
    lines = [_line(pay, one, _both_ways(pay, one, income, paid_in)) for one in pay.one_offs]
    lines += [own_tax_line(pay, _own_tax(pay, one), one.kind) for one in apart]
    return (tax,), taxed, tuple(lines)


def _apart(one: OneOff) -> bool:
    return one.kind == "severance" or (one.kind == "annual_bonus" and one.way == "separate")


def _check_year(pay: PayInput, one: OneOff) -> None:
    if one.kind == "annual_bonus" and one.year != pay.pay_date.year:
        raise Invalid(
            f"奖金 {one.one_off} 的计税选择是 {one.year} 年的，而付款在 {pay.pay_date.year} 年",
            f"The choice for bonus {one.one_off} is for {one.year}, it would be paid in "
            f"{pay.pay_date.year}",
            do="Let the worker choose for the year of payment.",
            field="one_offs",
        )


def _own_tax(pay: PayInput, one: OneOff) -> TaxResult:
    month = Month.of(pay.pay_date)
    if one.kind == "annual_bonus":
        return bonus_tax(one.amount, month, pay.book)
    city = pay.insurance.city if pay.insurance else None
    if city is None:
        raise Invalid(
            f"计算经济补偿 {one.one_off} 的个税需要参保城市",
            f"The tax on economic compensation {one.one_off} needs the person's city",
            do="Set insurance.city in the person's profile.",
            field="insurance.city",
        )
    return severance_tax(one.amount, month, city, pay.book)


def _both_ways(pay: PayInput, one: OneOff, income: Decimal, paid_in: Decimal) -> dict[str, str]:
    """An annual bonus by itself, and merged with this payment's wages, in yuan of tax."""
    if one.kind != "annual_bonus":
        return {}
    alone = bonus_tax(one.amount, Month.of(pay.pay_date), pay.book).tax
    without, _ = tax_line(pay, income, paid_in)
    merged, _ = tax_line(pay, income + one.amount, paid_in)
    return {"separate": str(alone), "merged": str(without.amount - merged.amount)}


def _line(pay: PayInput, one: OneOff, ways: dict[str, str]) -> Line:
    zh, en = TITLES[one.kind]
    if ways:
        chosen = ("单独计税", "by itself") if one.way == "separate" else ("并入", "merged")
        apart, merged = (yuan(Decimal(ways[name])) for name in ("separate", "merged"))
        zh += f"（单独计税 {apart}，并入本次工资 {merged}；员工选择：{chosen[0]}）"
        en += f" (tax {apart} by itself, {merged} merged with this payment; chosen: {chosen[1]})"
    return Line(
        code=one.kind,
        component="one_off",
        period=str(pay.month),
        unrounded=one.amount,
        amount=one.amount,
        zh=f"{zh}：{yuan(one.amount)}",
        en=f"{en}: {yuan(one.amount)}",
        lineage={
            "one_off": one.one_off,
            "position": one.position,
            "engine": pay.engine,
            **({"working": one.working} if one.working else {}),
            **({"tax_ways": ways} if ways else {}),
        },
    )
