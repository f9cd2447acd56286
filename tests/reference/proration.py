"""Amounts a month for a part of a month, by the clause's named policy."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.reference.case import Case, is_workday, month_days

PAY_DAYS = Fraction("21.75")


def prorated(case: Case, amount: Fraction, policy: str, days: list[date]) -> Fraction:
    """What an amount a month comes to for the clause's days of it; unpaid days taken off."""
    whole = month_days(case.year, case.month)
    if days == whole and not any(case.unpaid.get(day) for day in whole):
        return amount
    paid = sum((_paid(case, day) for day in days), Fraction(0))
    paid_workdays = sum((_paid(case, day) for day in days if is_workday(day)), Fraction(0))
    workdays = Fraction(sum(1 for day in whole if is_workday(day)))
    if policy == "calendar_days":
        return amount * paid / len(whole)
    if policy == "workdays_actual":
        return amount * paid_workdays / workdays
    if policy == "paid_days_21_75":
        return amount * paid_workdays / PAY_DAYS
    return max(Fraction(0), amount - amount * (workdays - paid_workdays) / PAY_DAYS)


def _paid(case: Case, day: date) -> Fraction:
    return 1 - case.unpaid.get(day, Fraction(0))
