"""One-off payments as the ledger knows them: which are due, which a posted run has paid."""

from __future__ import annotations

from domain import one_off
from domain.one_off import OneOff
from domain.periods import Month
from workflows.desk import Desk, fold_all

ONE_OFF_NAMES = (
    "one_off.agreed.v1",
    "one_off.tax_chosen.v1",
    "one_off.withdrawn.v1",
)


def all_one_offs(desk: Desk, tenant: str, known: int | None = None) -> dict[str, OneOff]:
    """Every one-off payment, by id."""
    states = fold_all(desk, tenant, ONE_OFF_NAMES, OneOff(), one_off.evolve, known)
    return {state.one_off: state for state in states.values()}


def due_one_offs(desk: Desk, tenant: str, month: Month, known: int) -> list[OneOff]:
    """Those a run of the month may pay: agreed, chosen for, and in no posted payslip, by id."""
    found = [one for one in all_one_offs(desk, tenant, known).values() if one.due(month)]
    if not found:
        return []
    paid = desk.register.paid_one_offs(tenant, known=known)
    return sorted((one for one in found if one.one_off not in paid), key=lambda one: one.one_off)
