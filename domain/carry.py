"""Balances that go from one run to the next: negative pay, and what pay did not cover.

A clawback from an employee is held to 20 % of the month's wage and leaves at least the minimum
wage (工资支付暂行规定 art. 16); the rest is carried. A contractor's negative balance is carried.
An advance that turns out never to have been one, after it was taken back, is given back.
"""

from __future__ import annotations

from decimal import Decimal

from domain.arrears import draw_change
from domain.guards import DEDUCTION, deduction_guard
from domain.insurance import minimum_wage
from domain.lines import Line, total
from domain.money import ZERO, fen
from domain.pay_input import PayInput
from domain.texts import yuan


def carried_lines(pay: PayInput, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Lines that bring the balance of the run before in, give back advances that were taken back
    too much, and take out what may not or cannot be taken this month, so that the month's pay is
    not negative.

    Raises NoRule where no table of the deduction guard covers the pay date.
    """
    made: list[Line] = []
    if pay.carried_in:
        zh, en = "上期结转负数余额", "Negative balance of the run before"
        made.append(carry(pay, "carry_in", pay.carried_in, zh, en))
    returned = overtaken(pay, lines)
    if returned:
        zh, en = "多抵回的保底预支退还", "Advance taken back too much, given back"
        made.append(carry(pay, "draw_returned", returned, zh, en))
    wage = total(lines, "earnings")
    clawback = total(lines, "arrears") + pay.carried_in + returned
    held = max(ZERO, -clawback - _allowed(pay, wage, -clawback))
    if held:
        zh = "超出当月可扣限额（工资的 20%，且不低于最低工资）的部分结转下期"
        en = "Beyond what may be taken from this month's wage; carried to the next run"
        made.append(carry(pay, "carry_out", held, zh, en))
    short = -(wage + clawback + held)
    if short > 0:
        zh, en = "负数余额结转下期", "Negative balance carried to the next run"
        made.append(carry(pay, "carry_out", short, zh, en))
    return tuple(made)


def overtaken(pay: PayInput, lines: tuple[Line, ...]) -> Decimal:
    """Yuan taken back beyond all advances, as known now: a draw of an earlier month that late
    truth made smaller after a later month had paid it back."""
    return max(ZERO, -(pay.draw_balance + draw_change(lines)))


def _allowed(pay: PayInput, wage: Decimal, wanted: Decimal) -> Decimal:
    """How much of a wanted clawback may be taken, in yuan."""
    if wanted <= 0 or pay.character != "wages":
        return wanted
    rule = pay.book.on(DEDUCTION, pay.pay_date)
    return deduction_guard(max(ZERO, wage), _minimum(pay), wanted, rule)


def _minimum(pay: PayInput) -> Decimal:
    """The city's minimum wage; 0 where the city, or its table, is not known."""
    city = pay.insurance.city if pay.insurance else None
    if city is None or not pay.book.covers(f"cn.{city}.minimum_wage", pay.pay_date):
        return ZERO
    return minimum_wage(city, pay.pay_date, pay.book).month


def owed_lines(pay: PayInput, net: Decimal) -> tuple[Line, ...]:
    """Lines for contributions that pay did not cover: taken in from before, out to the next.

    `net`: yuan after contributions and tax, before these lines.
    """
    made: list[Line] = []
    if pay.owed_in:
        zh, en = "上期未扣足的个人缴费", "Contributions not covered by the run before"
        made.append(carry(pay, "owed_in", pay.owed_in, zh, en))
    left = net + pay.owed_in
    if left < 0:
        zh, en = "未扣足的个人缴费结转下期", "Contributions not covered; taken from the next run"
        made.append(carry(pay, "owed_out", -left, zh, en))
    return tuple(made)


def carry(pay: PayInput, code: str, amount: Decimal, zh: str, en: str) -> Line:
    """A line that brings a balance in (negative) or takes it out (positive), in yuan."""
    return Line(
        code=code,
        component="carry",
        period=str(pay.month),
        unrounded=amount,
        amount=fen(amount),
        zh=f"{zh}：{yuan(amount)}",
        en=f"{en}: {yuan(amount)}",
        lineage={"engine": pay.engine},
    )


def out(lines: tuple[Line, ...], code: str) -> Decimal:
    """What lines of this code took out, as the balance the next run brings in (at most 0.00)."""
    return fen(ZERO - sum((line.amount for line in lines if line.code == code), ZERO))
