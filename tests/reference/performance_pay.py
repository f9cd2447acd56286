"""绩效 and 团队激励: score, gates, coefficient; growth of the team on last month."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.reference.case import Case, Key, all_days, month_days, parts
from tests.reference.clause_pay import passes
from tests.reference.measure import month_value, streamer, values
from tests.reference.proration import prorated
from tests.reference.rounding import number, to_fen

NOTHING = Fraction(0)


def score(case: Case, scheme: str, days: list[date]) -> Fraction:
    """Σ weight × min(cap, actual ÷ target)."""
    total = NOTHING
    for metric, weight, target, cap in case.schemes[scheme]:
        total += weight * min(cap, streamer(case, metric, days) / target)
    return total


def coefficient(says: dict, points: Fraction) -> Fraction:
    """That of the highest score reached; below the first one nothing."""
    best, found = None, NOTHING
    for row in says["coefficients"]:
        mark = number(row["from_score"])
        if points >= mark and (best is None or mark > best):
            best, found = mark, number(row["coefficient"])
    return found


def performance(case: Case, key: Key, kind: str) -> Fraction:
    """Base amount × coefficient by part of the month; nothing behind a gate that is shut."""
    pieces, pay = parts(case, key, kind), NOTHING
    for says, days in pieces:
        if gates_open(case, says, all_days(pieces)):
            share = coefficient(says, score(case, says["scheme"], all_days(pieces)))
            base = prorated(case, number(says["amount"]), says["proration"], days)
            pay += to_fen(share * base)
    return pay


def gates_open(case: Case, says: dict, days: list[date]) -> bool:
    """Whether every gate's metric reaches its minimum."""
    gates = says.get("gates") or ()
    return all(streamer(case, g["metric"], days) >= number(g["minimum"]) for g in gates)


def growth(case: Case, metric: str) -> Fraction | None:
    """The team's growth on last month; None where there was nothing to grow from."""
    before = _team(case, metric, case.team_rows_last, _last_month(case))
    now = _team(case, metric, case.team_rows, month_days(case.year, case.month))
    return (now - before) / before if before > 0 else None


def team_pays(case: Case, says: dict) -> bool:
    """Whether the team grew enough."""
    grown = growth(case, says["metric"])
    return grown is not None and passes(says, grown, number(says["threshold"]))


def _team(case: Case, metric: str, rows: tuple, days: list[date]) -> Fraction:
    return month_value(case, metric, values(rows, metric, days))


def _last_month(case: Case) -> list[date]:
    if case.month == 1:
        return month_days(case.year - 1, 12)
    return month_days(case.year, case.month - 1)
