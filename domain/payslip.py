"""A month's payslip of one contract: earnings, arrears, balances, contributions, tax, net.

Net is the sum of the rounded lines. Two equal inputs give the same bytes.
"""

from __future__ import annotations

import msgspec

from domain.arrears import differences, draw_change
from domain.carry import carried_lines, out, owed_lines
from domain.deductions import contribution_lines, employer_side
from domain.earnings import earn
from domain.lines import Line, PaidMonth, Payslip, total
from domain.money import ZERO, fen
from domain.one_off_pay import taxed_together
from domain.pay_input import (
    ENGINE_VERSION,
    Attendance,
    Insurance,
    PayInput,
    TaxProfile,
    Unpaid,
)
from domain.refusals import Invalid

__all__ = [
    "ENGINE_VERSION",
    "Attendance",
    "Insurance",
    "PaidMonth",
    "PayInput",
    "TaxProfile",
    "Unpaid",
    "differences",
    "earn",
    "encoded",
    "payslip",
]


def payslip(pay: PayInput) -> Payslip:
    """The payslip of a month.

    Gross is earnings and arrears after balances of pay, and one-off payments. Raises what
    `earn`, contributions and tax raise, and Invalid for balances of the wrong sign.
    """
    _check_balances(pay)
    late = tuple(line for line in pay.arrears if line.component == "arrears")
    income = (*(() if pay.supplement else earn(pay)), *late)
    income = (*income, *carried_lines(pay, income))
    gross = total(income, "earnings", "arrears", "carry")
    taken = (
        *(() if pay.supplement else contribution_lines(pay)),
        *(line for line in pay.arrears if line.component == "contribution"),
    )
    contributions = ZERO - total(taken, "contribution")
    tax, taxed, beside = taxed_together(pay, gross, contributions)
    gross += total(beside, "one_off")
    taxes = total((*tax, *beside), "tax")
    owed = owed_lines(pay, gross - contributions + taxes)
    lines = (*income, *(one for one in beside if one.component == "one_off"), *taken, *tax)
    lines = (*lines, *(one for one in beside if one.component == "tax"), *owed)
    return Payslip(
        contract=pay.contract,
        person=pay.person,
        month=str(pay.month),
        pay_date=pay.pay_date.isoformat(),
        character=pay.character,
        lines=lines,
        gross=gross,
        contributions=fen(contributions),
        tax=fen(ZERO - taxes),
        net=total(lines, "earnings", "arrears", "carry", "one_off", "contribution", "tax"),
        employer_cost=employer_side(taken),
        carried_out=out(lines, "carry_out"),
        owed_out=out(lines, "owed_out"),
        draw_balance=fen(max(ZERO, pay.draw_balance + draw_change(income))),
        taxed=taxed,
        lineage=_lineage(pay),
    )


def encoded(slip: Payslip) -> bytes:
    """The payslip as canonical JSON: keys sorted, decimals as text."""
    return msgspec.json.encode(slip, order="sorted")


def _lineage(pay: PayInput) -> dict[str, object]:
    return {
        "engine": pay.engine,
        "engagement": pay.engagement.text(),
        "batches": list(pay.figures.batches),
        "carried_in": str(pay.carried_in),
        "owed_in": str(pay.owed_in),
        "draw_balance_in": str(pay.draw_balance),
        **({"supplement": True} if pay.supplement else {}),
    }


def _check_balances(pay: PayInput) -> None:
    wrong = {
        "carried_in": pay.carried_in > 0,
        "owed_in": pay.owed_in > 0,
        "draw_balance": pay.draw_balance < 0,
    }
    for field, is_wrong in wrong.items():
        if is_wrong:
            raise Invalid(
                f"结转余额 {field} 的正负号不正确",
                f"The balance {field} has the wrong sign",
                do="carried_in and owed_in are at most 0.00, draw_balance at least 0.00.",
                field=field,
            )


def lines_of(slip: Payslip, clause: str) -> tuple[Line, ...]:
    """The lines of one clause, to take it apart."""
    return tuple(line for line in slip.lines if line.clause == clause)
