"""Amounts a month for a part of it, by the policy that the clause names.

Pay days a month are 21.75 (人社部发〔2025〕2号, as 劳社部发〔2008〕3号 before it); here the number
is part of the policy's name and so of what was agreed. Workdays are Mondays to Fridays: public
holidays are paid days.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from domain.clauses import Proration
from domain.money import ZERO
from domain.pay_input import Unpaid
from domain.periods import Month, Period, workdays
from domain.texts import number, yuan

PAY_DAYS = Decimal("21.75")


class Prorated(msgspec.Struct, frozen=True):
    """A part of a monthly amount in yuan, unrounded, and the sum as a payslip shows it."""

    amount: Decimal
    text: str
    full: bool


def prorate(
    amount: Decimal, policy: Proration, month: Month, part: Period, unpaid: tuple[Unpaid, ...]
) -> Prorated:
    """Yuan of a monthly amount for the days of `part`, which lies inside the month.

    A part that lacks no day of the policy's own kind (workday or calendar day) gets the whole
    amount, in a month of 20 workdays as in one of 23. Unpaid days inside the part are not paid.
    """
    calendar = policy == "calendar_days"
    whole = Decimal(month.period.length() if calendar else workdays(month.period))
    days = Decimal(part.length() if calendar else workdays(part))
    paid = max(ZERO, days - _unpaid(unpaid, part, calendar))
    if paid == whole:
        return Prorated(amount, yuan(amount), True)
    missing = whole - paid
    match policy:
        case "paid_days_21_75":
            return Prorated(
                amount * paid / PAY_DAYS, f"{yuan(amount)} ÷ 21.75 × {number(paid)}", False
            )
        case "deduct_21_75":
            left = max(ZERO, amount - amount * missing / PAY_DAYS) if paid else ZERO
            return Prorated(
                left, f"{yuan(amount)} − {yuan(amount)} ÷ 21.75 × {number(missing)}", False
            )
        case _:
            text = f"{yuan(amount)} × {number(paid)} ÷ {number(whole)}"
            return Prorated(amount * paid / whole, text, False)


def _unpaid(unpaid: tuple[Unpaid, ...], part: Period, calendar: bool) -> Decimal:
    return sum(
        (day.share for day in unpaid if day.day in part and (calendar or day.day.weekday() < 5)),
        ZERO,
    )
