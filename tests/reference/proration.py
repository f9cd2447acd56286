"""Amounts a month for a part of a month, by the clause's named policy."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.reference.case import Case, is_workday, month_days

PAY_DAYS = Fraction("21.75")
NOTHING = Fraction(0)


def prorated(case: Case, amount: Fraction, policy: str, days: list[date]) -> Fraction:
    """What an amount a month comes to for the clause's days of it; unpaid days taken off.

    Days are those of the policy: calendar days, or else Mondays to Fridays. Who lacks none of
    them has the whole amount, and who has none of them nothing.
    """
    counts = (lambda day: True) if policy == "calendar_days" else is_workday
    whole = Fraction(sum(1 for day in month_days(case.year, case.month) if counts(day)))
    paid = sum((1 - case.unpaid.get(day, NOTHING) for day in days if counts(day)), NOTHING)
    if paid == whole:
        return amount
    if paid == 0:
        return NOTHING
    if policy == "paid_days_21_75":
        return amount * paid / PAY_DAYS
    if policy == "deduct_21_75":
        return max(NOTHING, amount - amount * (whole - paid) / PAY_DAYS)
    return amount * paid / whole
