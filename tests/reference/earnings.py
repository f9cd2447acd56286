"""Earnings of one month of one contract: clause by clause, each part rounded to the fen once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.reference.case import Case, Key, keys_of, month_days, parts
from tests.reference.clause_pay import bonus, rated, uplift
from tests.reference.measure import live_days
from tests.reference.performance_pay import performance, team_pays
from tests.reference.proration import prorated
from tests.reference.rounding import number, to_fen

Amounts = dict[tuple[Key, str], Fraction]
"""(clause, kind) to the sum of its rounded parts."""
NOTHING = Fraction(0)


@dataclass
class Earned:
    """What a month earned, and what of it was advanced or taken back."""

    amounts: Amounts = field(default_factory=dict)
    draws: Amounts = field(default_factory=dict)
    """Clause to the advance it paid (above 0) or took back (below 0)."""


def base_pay(case: Case, key: Key, kind: str) -> Fraction:
    """底薪 by part of the month."""
    pay = NOTHING
    for says, days in parts(case, key, kind):
        pay += to_fen(prorated(case, number(says["amount"]), says["proration"], days))
    return pay


BY_KIND: list[tuple[str, Callable[[Case, Key, str], Fraction]]] = [
    ("base_pay", base_pay),
    ("commission", rated),
    ("revenue_share", rated),
    ("category_uplift", uplift),
    ("metric_bonus", bonus),
    ("performance_pay", performance),
]


def earn(case: Case) -> Earned:
    """Every clause's earnings of the month; guarantees look at all before them, by key."""
    earned = Earned()
    for kind, rule in BY_KIND:
        for key in keys_of(case, kind):
            earned.amounts[key, kind] = rule(case, key, kind)
    for key in keys_of(case, "team_incentive"):
        earned.amounts[key, "team_incentive"] = team_incentive(case, key, earned.amounts)
    for key in keys_of(case, "guarantee"):
        guarantee(case, key, earned)
    return earned


def team_incentive(case: Case, key: Key, amounts: Amounts) -> Fraction:
    """A percentage of the member's performance pay, already rounded to the fen."""
    says = parts(case, key, "team_incentive")[-1][0]
    if not team_pays(case, says):
        return NOTHING
    rounded = sum((a for (_, kind), a in amounts.items() if kind == "performance_pay"), NOTHING)
    return to_fen(number(says["percentage"]) * rounded)


def conditions_met(case: Case, says: dict, days: list[date]) -> bool:
    """Days live, each for enough hours."""
    wanted = says.get("conditions") or {}
    hours = number(wanted.get("hours_a_day", 0))
    return live_days(case, days, hours) >= int(wanted.get("days", 0))


def guarantee(case: Case, key: Key, earned: Earned) -> None:
    """保底: add what the month's pay lacks, or take earlier advances back from what lies above.

    What lies above is measured from the whole guarantee of the month, its conditions met or not.
    """
    pieces = parts(case, key, "guarantee")
    first, last = pieces[0][1][0], pieces[-1][1][-1]
    days = [day for day in month_days(case.year, case.month) if first <= day <= last]
    due, agreed, stands = NOTHING, NOTHING, False
    for says, part in pieces:
        amount = prorated(case, number(says["amount"]), says["proration"], part)
        agreed += amount
        if conditions_met(case, says, days):
            due, stands = due + amount, True
    draw = pieces[-1][0]["offset"] == "recoverable_draw"
    pay = compared(pieces[-1][0]["offset"], earned.amounts)
    added = max(NOTHING, to_fen(due) - pay) if stands else NOTHING
    if draw and not added:
        taken_back = sum((a for a in earned.draws.values() if a < 0), NOTHING)
        added = -max(NOTHING, min(case.draws + taken_back, pay - to_fen(agreed)))
    earned.amounts[key, "guarantee"] = added
    if draw:
        earned.draws[key, "guarantee"] = added


def compared(offset: str, amounts: Amounts) -> Fraction:
    """The pay a guarantee is held against: all of it, or with `max` all but base pay."""
    left_out = "base_pay" if offset == "max" else ""
    return sum((a for (_, kind), a in amounts.items() if kind != left_out), NOTHING)
