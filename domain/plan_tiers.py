"""Plan checks of tiers, coefficients and thresholds: what pays oddly, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from domain.clauses import Commission, PerformancePay, RevenueShare
from domain.commission import metric_of
from domain.findings import Clauses, Finding, Findings, PlanContext, refusing, warning
from domain.money import FEN, ZERO, fen
from domain.refusals import AmbiguousClause, Invalid, Refusal
from domain.texts import number, yuan
from domain.tiers import TierRule, rule_of

Tiered = Commission | RevenueShare


def unreadable_tiers(clauses: Clauses, context: PlanContext) -> Findings:
    """Tiers with a gap, an overlap, out of order, without an open end, or with many readings."""
    for key, clause in clauses.items():
        refusal = _refusal(clause, key) if isinstance(clause, Commission | RevenueShare) else None
        if refusal is not None:
            code = refusal.code
            if isinstance(refusal, Invalid):
                code = f"tiers_{refusal.details.get('problem', 'wrong')}"
            yield refusing(code, key, refusal.zh, refusal.en, do=refusal.do, **refusal.details)


def refusal_of(clause: object, key: str) -> Refusal | None:
    """The refusal of a clause whose tiers cannot be read in one way; None where they can."""
    return _refusal(clause, key) if isinstance(clause, Commission | RevenueShare) else None


def _refusal(clause: Tiered, key: str) -> Refusal | None:
    try:
        rule_of(clause, key)
    except (Invalid, AmbiguousClause) as refusal:
        return refusal
    return None


def _rules(clauses: Clauses) -> Iterator[tuple[str, Tiered, TierRule]]:
    """The clauses with tiers that can be read."""
    for key, clause in clauses.items():
        if isinstance(clause, Commission | RevenueShare) and _refusal(clause, key) is None:
            yield key, clause, rule_of(clause, key)


def _sides(rule: TierRule, bound: Decimal) -> tuple[Decimal, Decimal]:
    """The last figure below a threshold and the first one that passes it."""
    if rule.boundary == "above":
        return bound, bound + FEN
    return bound - FEN, bound


def cliffs(clauses: Clauses, context: PlanContext) -> Findings:
    """Thresholds at which a fen more of sales lifts pay by a yuan or more, or lowers it at all."""
    for key, _, rule in _rules(clauses):
        for band in rule.bands:
            low, high = _sides(rule, band.start)
            jump = fen(rule.pay(high)) - fen(rule.pay(low))
            if low < 0 or 0 <= jump < 1:
                continue
            zh, en = ("跳升", "jumps") if jump > 0 else ("骤降", "drops")
            yield warning(
                "cliff" if jump > 0 else "falling_pay",
                key,
                f"在 {yuan(high)} 处提成{zh} {yuan(abs(jump))}",
                f"At {yuan(high)} pay {en} by {yuan(abs(jump))}",
                at=yuan(high),
                jump=yuan(jump),
            )


def falling_rates(clauses: Clauses, context: PlanContext) -> Findings:
    """Bands in which pay falls as the figure rises: the base rate and the addition are below 0."""
    for key, _, rule in _rules(clauses):
        for band in rule.bands:
            if rule.rate + band.added < 0:
                yield warning(
                    "falling_pay",
                    key,
                    f"超过 {yuan(band.start)} 的部分比例为负：销售越多，收入越少",
                    f"Above {yuan(band.start)} the rate is below 0: pay falls as sales rise",
                    at=yuan(band.start),
                )


def unreachable_tiers(clauses: Clauses, context: PlanContext) -> Findings:
    """Tiers behind the cap, or above anything that was ever measured."""
    for key, clause, rule in _rules(clauses):
        cap = clause.cap if isinstance(clause, Commission) else None
        highest = context.highest.get(metric_of(clause))
        for band in rule.bands:
            if cap is not None and rule.pay(band.start) >= cap:
                yield warning(
                    "unreachable_tier",
                    key,
                    f"在 {yuan(band.start)} 时已达封顶 {yuan(cap)}，该档不会生效",
                    f"At {yuan(band.start)} the cap of {yuan(cap)} is reached: the tier never pays",
                )
            elif highest is not None and band.start > highest:
                yield warning(
                    "unreachable_tier",
                    key,
                    f"档位 {yuan(band.start)} 高于历史最高月数据 {yuan(highest)}",
                    f"The tier at {yuan(band.start)} lies above the highest month so far, "
                    f"{yuan(highest)}",
                )


def coefficients(clauses: Clauses, context: PlanContext) -> Findings:
    """Coefficient tables that contradict themselves, fall, leave scores out or cannot be reached."""
    for key, clause in clauses.items():
        if isinstance(clause, PerformancePay):
            yield from _table(key, clause)
            yield from _beyond_reach(key, clause, context)


def _table(key: str, clause: PerformancePay) -> Findings:
    rows = sorted(clause.coefficients, key=lambda row: row.from_score)
    if len({row.from_score for row in rows}) < len(rows):
        yield refusing(
            "coefficients_contradict",
            key,
            "系数表中同一得分出现两次",
            "The coefficient table has a score twice",
        )
    for low, high in pairwise(rows):
        if high.coefficient < low.coefficient:
            yield warning(
                "falling_pay",
                key,
                f"得分达到 {number(high.from_score)} 时系数反而下降",
                f"From a score of {number(high.from_score)} the coefficient falls",
            )
    if rows[0].from_score > 0:
        yield warning(
            "coefficients_start_above_zero",
            key,
            f"得分低于 {number(rows[0].from_score)} 时绩效为零",
            f"A score below {number(rows[0].from_score)} pays nothing",
        )


def _beyond_reach(key: str, clause: PerformancePay, context: PlanContext) -> Findings:
    scheme = context.kpi.get(clause.scheme)
    if scheme is None:
        return
    best = sum((metric.weight * metric.cap for metric in scheme.metrics), ZERO)
    for row in clause.coefficients:
        if row.from_score > best:
            yield warning(
                "unreachable_tier",
                key,
                f"最高得分为 {number(best)}，无法达到 {number(row.from_score)}",
                f"The best possible score is {number(best)}: {number(row.from_score)} cannot be "
                "reached",
            )


CHECKS = (unreadable_tiers, cliffs, falling_rates, unreachable_tiers, coefficients)
__all__ = ["CHECKS", "Finding", "refusal_of"]
