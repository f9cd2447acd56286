"""Economic compensation (经济补偿): how much, and its own tax.

劳动合同法 art. 47: a month's wage for each year of service, half a month for less than half a year;
a wage above three times the city's average counts as three times it, for at most twelve years.
财税〔2018〕164号 art. 5: up to three times the city's yearly average is free of tax, the rest is taxed
by itself on the yearly table.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from domain.brackets import bracket_for, read_brackets
from domain.law import LawBook, LawCited
from domain.money import ZERO, fen
from domain.periods import Month, Period, add_months
from domain.tax_types import Step, TaxResult, conclude, refuse_negative

TABLE = "cn.severance"
YEARLY = "cn.wages.cumulative"


class Compensation(msgspec.Struct, frozen=True, kw_only=True):
    """What the law gives at the end, in yuan, and how it was come to."""

    amount: Decimal
    months: Decimal
    """Months' wages: 1 a year, half for less than half a year."""
    wage: Decimal
    """The monthly wage counted, after the cap."""
    capped: bool
    laws: tuple[LawCited, ...]


def compensation(average: Decimal, service: Period, city: str, book: LawBook) -> Compensation:
    """Economic compensation at the end of a closed period of service.

    `average`: the monthly wage of the last twelve months in yuan. Raises NoRule where no table
    of the city's average wage covers the last day, Invalid for a negative average.
    """
    refuse_negative(average=average)
    last = service.stop
    rule = book.on(TABLE, last)
    city_wage = book.on(f"cn.{city}.average_wage", last)
    months = _months(service.start, last)
    most = city_wage.number("month") * rule.whole("wage_cap_times")
    capped = average > most
    if capped:
        months = min(months, rule.number("years_cap"))
    wage = min(average, most)
    return Compensation(
        amount=fen(wage * months),
        months=months,
        wage=wage,
        capped=capped,
        laws=(rule.cited, city_wage.cited),
    )


def _months(start: date, stop: date) -> Decimal:
    """1 for each full year and for half a year or more, a half for less than half a year."""
    years = 0
    while add_months(start, 12 * (years + 1)) <= stop:
        years += 1
    begun = add_months(start, 12 * years)
    if begun >= stop:
        return Decimal(years)
    return years + (Decimal(1) if add_months(begun, 6) <= stop else Decimal("0.5"))


def severance_tax(amount: Decimal, month: Month, city: str, book: LawBook) -> TaxResult:
    """Tax in yuan on economic compensation paid in a month, by itself.

    Raises NoRule where no table of the city's average wage covers the month.
    """
    refuse_negative(amount=amount)
    rule = book.on(TABLE, month.first)
    city_wage = book.on(f"cn.{city}.average_wage", month.first)
    free = city_wage.number("month") * 12 * rule.whole("free_times")
    taxable = max(ZERO, amount - free)
    yearly = book.on(YEARLY, month.first)
    return conclude(
        "wages",
        "severance_separate",
        month,
        taxable=taxable,
        bracket=bracket_for(read_brackets(yearly), taxable),
        relief=ZERO,
        withheld=ZERO,
        steps=(
            Step("经济补偿", "economic compensation", amount),
            Step("免税额（当地上年平均工资3倍）", "free: 3 times the city's yearly average", free),
        ),
        laws=(rule.cited, city_wage.cited, yearly.cited),
    )
