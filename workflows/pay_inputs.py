"""One contract and month out of the books, as the payslip engine takes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain.contract_state import Contract
from domain.figures import Figures
from domain.lines import Line, PaidMonth
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.periods import Month
from workflows.pay_books import Books


def pay_input(
    books: Books,
    contract: Contract,
    month: Month,
    *,
    pay_date: date,
    history: tuple[PaidMonth, ...] = (),
    arrears: tuple[Line, ...] = (),
    carried_in: Decimal = ZERO,
    owed_in: Decimal = ZERO,
    draw_balance: Decimal = ZERO,
) -> PayInput:
    """Gather what the payslip of a contract and month is made from."""
    tax, insurance = books.profile(contract.person, month.first)
    team_wanted = any(term.data["kind"] == "team_incentive" for term in contract.terms)
    return PayInput(
        contract=contract.contract,
        person=contract.person,
        month=month,
        pay_date=pay_date,
        engagement=contract.period,
        character=contract.character_on(pay_date),
        terms=contract.terms,
        figures=books.figures(month).get(contract.person, Figures()),
        team_figures=books.team_figures(month, contract.team) if team_wanted else Figures(),
        team_figures_last=(
            books.team_figures(month.plus(-1), contract.team) if team_wanted else Figures()
        ),
        kpi=books.kpi(month, contract),
        attendance=books.attendance(contract.person, month),
        tax=tax,
        insurance=insurance,
        history=history,
        book=books.law,
        carried_in=carried_in,
        owed_in=owed_in,
        draw_balance=draw_balance,
        arrears=arrears,
    )
