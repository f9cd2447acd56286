"""A streamer's statement: the payslip's lines, how far the next tier is, what each return cost.

terms.md, "What a streamer sees". Nothing is paid from here: it explains what is on the payslip.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from domain.clauses import Commission, MetricBonus, RevenueShare
from domain.commission import metric_of
from domain.figures import Figures
from domain.lines import Payslip
from domain.money import ZERO, fen
from domain.periods import Month
from domain.terms import Term
from domain.texts import number, yuan
from domain.tiers import Tiered, rule_of, slices_pay


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something the statement explains beside the lines."""

    clause: str
    zh: str
    en: str
    figures: dict[str, str] = {}


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A negative figure of the month."""

    order: str
    metric: str
    category: str
    day: str
    value: Decimal
    """Below zero."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A payslip with what a streamer asks about it."""

    run: str
    payslip: Payslip
    next_tiers: tuple[Note, ...] = ()
    returns: tuple[Note, ...] = ()


def clauses_of(terms: Iterable[Term], month: Month) -> dict[str, Commission | RevenueShare]:
    """The tiered clauses in force on the month's last day that they were in force at all."""
    found: dict[str, Commission | RevenueShare] = {}
    for term in sorted(terms, key=lambda one: one.period.start):
        if term.period.overlap(month.period) and isinstance(term.clause, Commission | RevenueShare):
            found[term.key] = term.clause
    return found


def next_tiers(terms: tuple[Term, ...], figures: Figures, month: Month) -> tuple[Note, ...]:
    """For each clause with tiers or a threshold, how much was missing to the next one."""
    tiered = clauses_of(terms, month)
    notes = [_next_tier(key, clause, figures, month) for key, clause in sorted(tiered.items())]
    bonuses = [_bonus(term, figures, month) for term in terms if term.period.overlap(month.period)]
    return tuple(note for note in (*notes, *bonuses) if note is not None)


def _reached(total: Decimal, start: Decimal, boundary: str | None) -> bool:
    """超过 is strictly above; 以上 and 达到 include the number (terms.md)."""
    return total > start if boundary == "above" else total >= start


def _next_tier(key: str, clause: Tiered, figures: Figures, month: Month) -> Note | None:
    bands = rule_of(clause, key).bands
    total = _total(clause, figures, month)
    above = [band.start for band in bands if not _reached(total, band.start, clause.boundary)]
    if not above:
        return None
    missing = min(above) - total
    return Note(
        clause=key,
        zh=f"{key}：本月 {yuan(total)}，距下一档 {yuan(min(above))} 还差 {yuan(missing)}",
        en=f"{key}: {yuan(total)} this month; {yuan(missing)} short of the next tier at "
        f"{yuan(min(above))}",
        figures={"total": str(total), "next": str(min(above)), "missing": str(missing)},
    )


def _bonus(term: Term, figures: Figures, month: Month) -> Note | None:
    clause = term.clause
    if not isinstance(clause, MetricBonus):
        return None
    total = figures.total(clause.metric, month.period)
    if _reached(total, clause.threshold, clause.boundary):
        return None
    missing = clause.threshold - total
    return Note(
        clause=term.key,
        zh=f"{term.key}：本月 {number(total)}，距 {number(clause.threshold)} 还差 {number(missing)}",
        en=f"{term.key}: {number(total)} this month; {number(missing)} short of "
        f"{number(clause.threshold)}",
        figures={"total": str(total), "next": str(clause.threshold), "missing": str(missing)},
    )


def _total(clause: Tiered, figures: Figures, month: Month) -> Decimal:
    category = clause.category if isinstance(clause, Commission) else None
    return figures.total(metric_of(clause), month.period, category)


def costs_of(
    returned: Iterable[Returned], terms: tuple[Term, ...], figures: Figures, month: Month
) -> tuple[Note, ...]:
    """What each return of the month cost: the pay with it, less the pay without it alone.

    Clause by clause as in force at the month's end; caps, floors and guarantees aside.
    """
    tiered = clauses_of(terms, month)
    notes = (
        _cost(one, key, clause, figures, month)
        for one in returned
        for key, clause in sorted(tiered.items())
    )
    return tuple(note for note in notes if note is not None)


def _cost(one: Returned, key: str, clause: Tiered, figures: Figures, month: Month) -> Note | None:
    category = clause.category if isinstance(clause, Commission) else None
    if one.metric != metric_of(clause) or category not in (None, one.category):
        return None
    rule, total = rule_of(clause, key), _total(clause, figures, month)
    without = total - one.value

    def pay(value: Decimal) -> Decimal:
        return slices_pay(rule.slices(ZERO, max(ZERO, value), max(ZERO, value)))

    cost = fen(pay(without)) - fen(pay(total))
    return Note(
        clause=key,
        zh=f"{one.day} 退货 {one.order or '–'} {yuan(one.value)}：{key} 减少 {yuan(cost)}",
        en=f"Return {one.order or '–'} of {yuan(one.value)} on {one.day}: {yuan(cost)} less by "
        f"{key}",
        figures={"value": str(one.value), "cost": str(cost), "order": one.order},
    )
