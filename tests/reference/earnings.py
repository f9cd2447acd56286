"""Earnings of one month of one contract: clause by clause, each line rounded to the fen once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.reference.case import Case, Key, keys_of, parts
from tests.reference.clause_pay import bonus, rated, uplift
from tests.reference.measure import live_days, streamer
from tests.reference.performance_pay import performance, team_pays
from tests.reference.proration import prorated
from tests.reference.rounding import number, to_fen

Earned = dict[tuple[str, str], Fraction]
"""(clause, kind) to the sum of its rounded lines."""
NOTHING = Fraction(0)


def base_pay(case: Case, key: Key) -> list[Fraction]:
    """底薪 by part of the month."""
    return [
        prorated(case, number(says["amount"]), says["proration"], days)
        for says, days in parts(case, key)
    ]


BY_KIND: list[tuple[str, Callable[[Case, Key], list[Fraction]]]] = [
    ("base_pay", base_pay),
    ("commission", rated),
    ("revenue_share", rated),
    ("category_uplift", uplift),
    ("metric_bonus", bonus),
    ("performance_pay", performance),
]


def earn(case: Case) -> Earned:
    """Every clause's earnings of the month."""
    earned: Earned = {}
    for kind, rule in BY_KIND:
        for key in keys_of(case, kind):
            earned[key, kind] = sum((to_fen(part) for part in rule(case, key)), NOTHING)
    for key in keys_of(case, "team_incentive"):
        earned[key, "team_incentive"] = team_incentive(case, key, earned)
    for key in keys_of(case, "guarantee"):
        earned[key, "guarantee"] = guarantee(case, key, earned)
    return earned


def team_incentive(case: Case, key: Key, earned: Earned) -> Fraction:
    """A percentage of the member's performance pay, already rounded to the fen."""
    says = parts(case, key)[-1][0]
    if not team_pays(case, says):
        return NOTHING
    rounded = sum((a for (_, kind), a in earned.items() if kind == "performance_pay"), NOTHING)
    return to_fen(number(says["percentage"]) * rounded)


def conditions_met(case: Case, says: dict) -> bool:
    """Days live, each for enough hours."""
    wanted = says.get("conditions") or {}
    days, hours = int(wanted.get("days", 0)), number(wanted.get("hours_a_day", 0))
    return days == 0 or max(live_days(case, hours), streamer(case, "live_days")) >= days


def guarantee(case: Case, key: Key, earned: Earned) -> Fraction:
    """保底: what is added to the month's pay, or (a draw) taken back from what lies above it."""
    pieces = parts(case, key)
    floor = NOTHING
    for says, days in pieces:
        if conditions_met(case, says):
            floor += prorated(case, number(says["amount"]), says["proration"], days)
    offset = pieces[-1][0]["offset"]
    fixed = ("base_pay", "guarantee") if offset == "max" else ("guarantee",)
    pay = sum((amount for (_, kind), amount in earned.items() if kind not in fixed), NOTHING)
    short = to_fen(floor) - pay
    if short >= 0:
        return short
    return -min(case.draws, -short) if offset == "recoverable_draw" else NOTHING
