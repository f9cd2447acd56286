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


def employee(earned: Fraction, late: Fraction, minimum: Fraction) -> Settled:
    """Taking back: at most a fifth of the month's wage, and the rest at least the minimum wage.

    `late`: all differences of earlier months and the balance of the run before, together. A part
    of a fen is not taken.
    """
    if late >= 0:
        return contractor(earned, late)
    wage = max(NOTHING, earned)
    fifth = Fraction(int(wage * law.GUARD_SHARE * 100), 100)
    taken = max(NOTHING, min(-late, fifth, wage - minimum))
    return Settled(wage - taken, late + taken + min(NOTHING, earned))


def contractor(earned: Fraction, late: Fraction) -> Settled:
    """A contractor's balance below zero is carried whole."""
    balance = earned + late
    return Settled(max(NOTHING, balance), min(NOTHING, balance))
