"""Balances below zero: the guard of employees, the carried balance of everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tests.reference import law

NOTHING = Fraction(0)


@dataclass(frozen=True)
class Settled:
    """What is income of this payment, and what is left to be taken back later (at most 0)."""

    income: Fraction
    carried_out: Fraction


def employee(
    earned: Fraction, arrears: list[Fraction], carried_in: Fraction, minimum: Fraction | None
) -> Settled:
    """Taking back: at most a fifth of the month's wage, and the rest at least the minimum wage."""
    wage = max(NOTHING, earned) + sum((a for a in arrears if a > 0), NOTHING)
    owed = min(NOTHING, earned) + sum((a for a in arrears if a < 0), NOTHING) + carried_in
    most = min(wage * law.GUARD_SHARE, wage - (minimum or NOTHING))
    taken = min(-owed, max(NOTHING, most))
    return Settled(wage - taken, owed + taken)


def contractor(earned: Fraction, arrears: list[Fraction], carried_in: Fraction) -> Settled:
    """A contractor's balance below zero is carried whole."""
    balance = earned + sum(arrears, NOTHING) + carried_in
    return Settled(max(NOTHING, balance), min(NOTHING, balance))
