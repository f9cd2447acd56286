"""Social insurance and housing fund (五险一金) by city and month, and minimum wages.

Bounds, rates and rounding are city data. A month that no table of the city covers is refused;
the payroll office can then declare the amounts, or publish the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from domain.law import LawBook, LawCited, LawTable, as_number
from domain.money import ZERO, fen
from domain.periods import Month
from domain.refusals import Invalid
from domain.tax_types import refuse_negative

DECLARED = "declared"
Side = Literal["employee", "employer"]


class ContributionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of contribution of one month; amounts in yuan."""

    code: str
    """`pension`, `medical`, `unemployment`, `injury`, `fund`, or what the tables name."""
    zh: str
    en: str
    base: Decimal | None
    """The average wage, kept between floor and ceiling; None where declared."""
    employee_rate: Decimal | None
    employer_rate: Decimal | None
    employee: Decimal
    employer: Decimal
    employee_unrounded: Decimal
    employer_unrounded: Decimal
    laws: tuple[LawCited, ...]


class Contributions(msgspec.Struct, frozen=True, kw_only=True):
    """The contributions of one person for one month."""

    month: Month
    lines: tuple[ContributionLine, ...]

    @property
    def employee(self) -> Decimal:
        """The employee's part in yuan: the sum of the rounded lines."""
        return fen(sum((line.employee for line in self.lines), ZERO))

    @property
    def employer(self) -> Decimal:
        """The employer's part in yuan, on top of the wage: the sum of the rounded lines."""
        return fen(sum((line.employer for line in self.lines), ZERO))

    @property
    def laws(self) -> tuple[LawCited, ...]:
        """Every law table used, once."""
        return tuple(dict.fromkeys(law for line in self.lines for law in line.laws))


class DeclaredLine(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts in yuan as the payroll office declares them."""

    code: str
    employee: Decimal
    employer: Decimal
    zh: str = ""
    en: str = ""


class MinimumWage(msgspec.Struct, frozen=True, kw_only=True):
    """A city's minimum wage in yuan."""

    month: Decimal
    hour: Decimal | None
    """For 非全日制; None where it was not read."""
    law: LawCited


def contributions(
    city: str,
    month: Month,
    average: Decimal,
    book: LawBook,
    *,
    fund_rate: Decimal,
    fund_from: Month,
    fund_average: Decimal | None = None,
) -> Contributions:
    """Contributions of employee and employer for a month, from the city's tables.

    `city` as in the codes of the tables (`shanghai`); `average`: the declared average monthly
    wage of last year in yuan; `fund_rate`: the housing fund's share of each side, as a
    fraction; `fund_from`: first month with housing fund (see `fund_starts`); `fund_average`:
    the fund's average where it is another. The tables are those of the month contributed for.
    Raises NoRule where the city has no table for the month, Invalid for a fund rate outside the
    city's range or a negative average.
    """
    of_fund = average if fund_average is None else fund_average
    refuse_negative(average=average, fund_average=of_fund)
    lines = _insurance(city, month, average, book)
    if month >= fund_from:
        lines = (*lines, _fund(city, month, of_fund, book, fund_rate))
    return Contributions(month=month, lines=lines)


def _insurance(
    city: str, month: Month, average: Decimal, book: LawBook
) -> tuple[ContributionLine, ...]:
    bounds = book.on(f"cn.{city}.insurance", month.first)
    rates = book.on(f"cn.{city}.insurance_rates", month.first)
    base = _clamped(average, bounds)
    return tuple(
        _line(
            (str(row.get("kind")), str(row.get("zh")), str(row.get("en"))),
            base,
            (_rate(rates, row, "employee"), _rate(rates, row, "employer")),
            bounds,
            (bounds.cited, rates.cited),
        )
        for row in rates.rows("kinds")
    )


def _fund(
    city: str, month: Month, average: Decimal, book: LawBook, rate: Decimal
) -> ContributionLine:
    table = book.on(f"cn.{city}.fund", month.first)
    lowest, highest = table.number("lowest_rate"), table.number("highest_rate")
    if not lowest <= rate <= highest:
        raise Invalid(
            f"公积金比例 {rate} 不在 {lowest} 至 {highest} 之间",
            f"the housing fund rate {rate} is not between {lowest} and {highest}",
            do=f"use a rate that {table.table} version {table.version} allows",
            field="fund_rate",
        )
    names = ("fund", "住房公积金", "housing fund")
    return _line(names, _clamped(average, table), (rate, rate), table, (table.cited,))


def _line(
    names: tuple[str, str, str],
    base: Decimal,
    rates: tuple[Decimal, Decimal],
    rounding: LawTable,
    laws: tuple[LawCited, ...],
) -> ContributionLine:
    employee, employer = base * rates[0], base * rates[1]
    return ContributionLine(
        code=names[0],
        zh=names[1],
        en=names[2],
        base=base,
        employee_rate=rates[0],
        employer_rate=rates[1],
        employee=_rounded(employee, rounding),
        employer=_rounded(employer, rounding),
        employee_unrounded=employee,
        employer_unrounded=employer,
        laws=laws,
    )


def _clamped(average: Decimal, table: LawTable) -> Decimal:
    return min(max(average, table.number("floor")), table.number("ceiling"))


def _rate(table: LawTable, row: dict[str, Any], side: Side) -> Decimal:
    return as_number(table, side, row.get(side))


def _rounded(amount: Decimal, table: LawTable) -> Decimal:
    """To the fen, or half up to the whole yuan: a hundredth of the amount to the fen, x 100."""
    if table.choice("rounding", "fen", "yuan") == "yuan":
        return fen(fen(amount / 100) * 100)
    return fen(amount)


def fund_starts(
    city: str, hired: date, book: LawBook, *, transferred: bool, month: Month | None = None
) -> Month:
    """First month with housing fund: a new worker's second, a transferred worker's first.

    `hired`: first day of work; `month`: the month contributed for, whose table is read, so that
    who was hired before the first table is not refused (None: the month of hiring). Raises
    NoRule where the city has no fund table for that month.
    """
    first = Month.of(hired)
    table = book.on(f"cn.{city}.fund", (month or first).first)
    key = "transferred_starts_after_months" if transferred else "new_worker_starts_after_months"
    return first.plus(table.whole(key))


def declared(month: Month, lines: Iterable[DeclaredLine], source: str) -> Contributions:
    """Contributions with the amounts the payroll office declares, where no table is used.

    Amounts in yuan, at most two decimals; `source` says who declared them and from what, and
    stands in the lineage as table `declared`. Raises Invalid for an empty source, an amount
    with parts of a fen, a negative amount, or a code that comes twice.
    """
    if not source.strip():
        raise _wrong("source", "须写明申报依据", "say what the declared amounts are taken from")
    law = LawCited(DECLARED, 1, source)
    made = tuple(_declared(line, law) for line in lines)
    if len({line.code for line in made}) != len(made):
        raise _wrong("code", "同一险种只能申报一次", "declare each kind once")
    return Contributions(month=month, lines=made)


def _declared(line: DeclaredLine, law: LawCited) -> ContributionLine:
    for amount in (line.employee, line.employer):
        if amount != fen(amount):
            raise _wrong(line.code, f"金额 {amount} 须精确到分", f"write {amount} in whole fen")
    refuse_negative(
        **{f"{line.code}.employee": line.employee, f"{line.code}.employer": line.employer}
    )
    return ContributionLine(
        code=line.code,
        zh=line.zh or line.code,
        en=line.en or line.code,
        base=None,
        employee_rate=None,
        employer_rate=None,
        employee=fen(line.employee),
        employer=fen(line.employer),
        employee_unrounded=line.employee,
        employer_unrounded=line.employer,
        laws=(law,),
    )


def _wrong(field: str, zh: str, en: str) -> Invalid:
    return Invalid(f"{field}:{zh}", f"{field}: {en}", do=en, field=field)


def difference(
    before: Contributions, after: Contributions
) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """What a notice that arrives late changes for a month that was already run.

    (code, employee, employer) of every kind that differs, in yuan: what `after` has beyond
    `before`, negative where it is given back. It is posted in the open month.
    Raises Invalid where the two are of different months.
    """
    if before.month != after.month:
        raise _wrong(
            "month", "须为同一月份", f"compare one month, not {before.month} and {after.month}"
        )
    old = {line.code: line for line in before.lines}
    new = {line.code: line for line in after.lines}
    changes = [
        (
            code,
            fen(_side(new, code, "employee") - _side(old, code, "employee")),
            fen(_side(new, code, "employer") - _side(old, code, "employer")),
        )
        for code in dict.fromkeys((*old, *new))
    ]
    return tuple(change for change in changes if change[1] or change[2])


def _side(lines: dict[str, ContributionLine], code: str, side: Side) -> Decimal:
    line = lines.get(code)
    if line is None:
        return ZERO
    return line.employee if side == "employee" else line.employer


def minimum_wage(city: str, day: date, book: LawBook) -> MinimumWage:
    """A city's minimum wage on a day, in yuan a month and an hour.

    Raises NoRule where no table of the city covers the day.
    """
    table = book.on(f"cn.{city}.minimum_wage", day)
    hour = None if table.data.get("hour") is None else table.number("hour")
    return MinimumWage(month=table.number("month"), hour=hour, law=table.cited)
