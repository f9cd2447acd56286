"""Shanghai's insurance and housing fund from July 2025 to June 2026, item by item."""

from __future__ import annotations

from fractions import Fraction

from tests.reference import law
from tests.reference.rounding import to_fen, to_yuan

NOTHING = Fraction(0)
YearMonth = tuple[int, int]
Sides = tuple[Fraction, Fraction]
"""Employee's and employer's amount."""


def held(average: Fraction, bounds: tuple[Fraction, Fraction]) -> Fraction:
    """Last year's average monthly wage between the city's floor and ceiling."""
    return min(max(average, bounds[0]), bounds[1])


def insurance(average: Fraction) -> dict[str, Sides]:
    """Each kind of insurance, each side rounded to the fen."""
    base = held(average, law.SHANGHAI_BASE)
    return {
        kind: (to_fen(base * employee), to_fen(base * employer))
        for kind, employer, employee in law.SHANGHAI_RATES
    }


def fund(average: Fraction, rate: Fraction) -> Sides:
    """Housing fund, each side rounded to whole yuan."""
    share = to_yuan(held(average, law.SHANGHAI_FUND_BASE) * rate)
    return share, share


def fund_is_due(month: YearMonth, hired: YearMonth, *, transferred: bool) -> bool:
    """New worker: from the second month; transferred worker: from the first payroll."""
    return month >= hired if transferred else month > hired


def contributions(
    month: YearMonth,
    average: Fraction,
    *,
    hired: YearMonth,
    fund_rate: Fraction | None,
    fund_average: Fraction | None = None,
    transferred: bool = False,
) -> Sides:
    """Everything taken from the employee, and everything the employer pays, for a month."""
    assert law.SHANGHAI_FROM <= month <= law.SHANGHAI_UNTIL, "rules-cn.md has rates for one year"
    sides = list(insurance(average).values())
    if fund_rate is not None and fund_is_due(month, hired, transferred=transferred):
        sides.append(fund(average if fund_average is None else fund_average, fund_rate))
    return sum((s[0] for s in sides), NOTHING), sum((s[1] for s in sides), NOTHING)
