"""Payslip lines: every number on a payslip with what it was made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from domain.money import ZERO, fen

Component = Literal["earnings", "arrears", "carry", "one_off", "contribution", "tax", "information"]
"""What a line does: `earnings`, `arrears` and `one_off` are income, `contribution` and `tax` are taken
from it, `carry` brings a balance in or takes it out, `information` is not part of the net."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `amount` is signed as it enters the net; net is the sum of rounded amounts."""

    code: str
    component: Component
    clause: str | None = None
    period: str
    """The earning month, `2025-03`: for arrears the month that is re-rated."""
    base: Decimal | None = None
    rate: Decimal | None = None
    unrounded: Decimal
    amount: Decimal
    zh: str
    en: str
    lineage: dict[str, Any] = {}


class PaidMonth(msgspec.Struct, frozen=True, kw_only=True):
    """What one payment was for tax, by month of payment; the next payslip's history.

    Amounts in yuan. A company that moves in during a year gives one for each month before.
    """

    month: str
    """Month of payment, `2025-03`."""
    income: Decimal
    exempt: Decimal = ZERO
    contributions: Decimal = ZERO
    special_additional: Decimal = ZERO
    other: Decimal = ZERO
    relief: Decimal = ZERO
    withheld: Decimal = ZERO
    character: str = "wages"
    months_employed: int | None = None
    """Months employed here in the year up to this payment; None counts them from the dates."""


class Payslip(msgspec.Struct, frozen=True, kw_only=True):
    """A month's pay of one contract: lines, sums and the facts about tax that were used."""

    contract: str
    person: str
    month: str
    pay_date: str
    character: str
    lines: tuple[Line, ...]
    gross: Decimal
    contributions: Decimal
    tax: Decimal
    net: Decimal
    employer_cost: Decimal
    carried_out: Decimal = ZERO
    """A negative balance of pay that goes to the next run (at most 0.00)."""
    owed_out: Decimal = ZERO
    """Contributions the pay did not cover, taken from the next run (at most 0.00)."""
    draw_balance: Decimal = ZERO
    """Recoverable draws not yet taken back, after this month."""
    taxed: PaidMonth | None = None
    """This payment as the next payslip's tax history needs it."""
    lineage: dict[str, Any] = {}


def total(lines: tuple[Line, ...], *components: Component) -> Decimal:
    """Sum of the rounded amounts of lines of these components, in yuan."""
    return fen(sum((line.amount for line in lines if line.component in components), ZERO))
