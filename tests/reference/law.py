"""The numbers of rules-cn.md, copied by hand. Upper bounds are inclusive; None has no bound."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

Bracket = tuple[Fraction | None, Fraction]
"""Upper bound and rate of one slice."""


def _slices(*rows: tuple[int | None, int]) -> list[Bracket]:
    return [(None if up is None else Fraction(up), Fraction(rate, 100)) for up, rate in rows]


YEAR = _slices(
    (36000, 3), (144000, 10), (300000, 20), (420000, 25), (660000, 30), (960000, 35), (None, 45)
)
"""Wages, a year, in slices: the quick deductions follow from them and are not used here."""
YEAR_QUICK = [0, 2520, 16920, 31920, 52920, 85920, 181920]
MONTH = _slices(
    (3000, 3), (12000, 10), (25000, 20), (35000, 25), (55000, 30), (80000, 35), (None, 45)
)
"""The monthly table that picks the rate of an annual bonus."""
MONTH_QUICK = [0, 210, 1410, 2660, 4410, 7160, 15160]
LABOUR = _slices((20000, 20), (50000, 30), (None, 40))
LABOUR_QUICK = [0, 2000, 7000]
DEDUCTION = Fraction(5000)
SIXTY_THOUSAND = Fraction(60000)
CLAIMS = {
    "child": 2000,
    "infant": 2000,
    "elderly": 3000,
    "housing_loan": 1000,
    "rent_1500": 1500,
    "rent_1100": 1100,
    "rent_800": 800,
    "education": 400,
}
PLATFORM_FROM = (2025, 10)
SHANGHAI_FROM, SHANGHAI_UNTIL = (2025, 7), (2026, 6)
SHANGHAI_BASE = (Fraction(7460), Fraction(37302))
SHANGHAI_FUND_BASE = (Fraction(2690), Fraction(37302))
SHANGHAI_RATES = [
    ("pension", Fraction("0.16"), Fraction("0.08")),
    ("medical", Fraction("0.09"), Fraction("0.02")),
    ("unemployment", Fraction("0.005"), Fraction("0.005")),
    ("injury", Fraction("0.002"), Fraction(0)),
]
"""Kind, employer's rate, employee's rate."""
MINIMUM_WAGE = [
    ("shanghai", date(2025, 7, 1), Fraction(2740)),
    ("beijing", date(2025, 9, 1), Fraction(2540)),
]
GUARD_SHARE = Fraction(1, 5)


def minimum_wage(city: str | None, day: date) -> Fraction | None:
    """The monthly minimum wage of a city on a day; None where rules-cn.md has none."""
    for name, valid_from, amount in MINIMUM_WAGE:
        if name == city and day >= valid_from:
            return amount
    return None
