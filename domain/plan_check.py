"""The plan check: a plain list of functions that look at a contract's clauses.

Each gives findings, which refuse or warn; none of them raises, so that everything there is to
say is said at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from domain import plan_law, plan_tiers
from domain.clauses import (
    BasePay,
    CategoryUplift,
    Clause,
    Commission,
    Guarantee,
    Hours,
    MetricBonus,
    PerformancePay,
    RevenueShare,
    Sessions,
    TeamIncentive,
)
from domain.commission import metric_of
from domain.findings import Clauses, Finding, Findings, PlanContext, refusing, warning
from domain.minimums import MINUTES
from domain.plan_tiers import refusal_of
from domain.refusals import BadPlan

__all__ = ["Finding", "PlanContext", "check_plan", "refuse_bad_plan"]


def check_plan(clauses: Clauses, context: PlanContext | None = None) -> list[Finding]:
    """Everything the checks have to say about clauses in force together; refusals first."""
    context = context or PlanContext()
    found = [finding for check in CHECKS for finding in check(clauses, context)]
    return sorted(found, key=lambda finding: finding.severity != "refuse")


def refuse_bad_plan(clauses: Clauses, context: PlanContext | None = None) -> list[Finding]:
    """The warnings, where nothing refuses.

    Raises AmbiguousClause for a clause with several readings, else Invalid that names the first
    clause and holds all findings.
    """
    for key, clause in clauses.items():
        refusal = refusal_of(clause, key)
        if refusal is not None:
            raise refusal
    findings = check_plan(clauses, context)
    if findings and findings[0].severity == "refuse":
        raise _refused(findings)
    return findings


def _refused(findings: list[Finding]) -> BadPlan:
    first = findings[0]
    return BadPlan(
        f"条款检查未通过：{first.zh}",
        f"The plan check refuses clause {first.clause or '(contract)'}: {first.en}",
        do="Change the clause; every finding is listed.",
        field=first.clause or "clauses",
        finding=first.code,
        findings=[
            {"code": f.code, "severity": f.severity, "clause": f.clause, "zh": f.zh, "en": f.en}
            for f in findings
        ],
    )


def undefined_metrics(clauses: Clauses, context: PlanContext) -> Findings:
    """Clauses that look at a metric that nobody defined."""
    if context.metrics is None:
        return
    for key, clause in clauses.items():
        say = warning if isinstance(clause, Hours | Sessions) else refusing
        for metric in _metrics(clause):
            if metric not in context.metrics:
                yield say(
                    "metric_not_defined",
                    key,
                    f"指标 {metric} 没有定义",
                    f"Metric {metric} is not defined",
                    metric=metric,
                )


def _metrics(clause: Clause) -> Iterator[str]:
    match clause:
        case Commission() | RevenueShare():
            yield metric_of(clause)
        case CategoryUplift() | MetricBonus() | TeamIncentive():
            yield clause.metric
        case PerformancePay():
            yield from (gate.metric for gate in clause.gates)
        case Guarantee() if clause.conditions.days:
            yield MINUTES
        case Hours() | Sessions():
            yield MINUTES


def metrics_that_do_not_add_up(clauses: Clauses, context: PlanContext) -> Findings:
    """A rate on a metric whose days are not summed, such as peak viewers."""
    for key, clause in clauses.items():
        if not isinstance(clause, Commission | RevenueShare | CategoryUplift):
            continue
        metric = clause.metric if isinstance(clause, CategoryUplift) else metric_of(clause)
        if context.aggregations.get(metric, "sum") != "sum":
            yield refusing(
                "metric_does_not_add_up",
                key,
                f"指标 {metric} 不可按日累加，不能作为计提基数",
                f"The days of metric {metric} do not add up: no rate can be paid on it",
                metric=metric,
            )


def paid_twice(clauses: Clauses, context: PlanContext) -> Findings:
    """Two rules that pay for the same thing."""
    for (key, clause), (other_key, other) in combinations(sorted(clauses.items()), 2):
        same = _same_thing(clause, other)
        if same is not None:
            yield warning(
                "paid_twice",
                other_key,
                f"条款 {key} 与 {other_key} 对 {same} 重复计付",
                f"Clauses {key} and {other_key} both pay for {same}",
                with_clause=key,
            )


def _same_thing(left: Clause, right: Clause) -> str | None:
    """What two clauses both pay for, or None."""
    if isinstance(left, BasePay | Guarantee) and type(left) is type(right):
        return "base pay" if isinstance(left, BasePay) else "the guarantee"
    if isinstance(left, MetricBonus) and isinstance(right, MetricBonus):
        same = (left.metric, left.category, left.threshold) == (
            right.metric,
            right.category,
            right.threshold,
        )
        return left.metric if same else None
    if isinstance(left, CategoryUplift) and isinstance(right, CategoryUplift):
        same = (left.metric, left.category) == (right.metric, right.category)
        return f"{left.metric}/{left.category}" if same else None
    if isinstance(left, Commission | RevenueShare) and isinstance(right, Commission | RevenueShare):
        return _same_base(left, right)
    return None


def _same_base(left: Commission | RevenueShare, right: Commission | RevenueShare) -> str | None:
    """Rates overlap on one metric where the categories are equal or one takes them all."""
    if left.metric != right.metric:
        return None
    categories = {getattr(left, "category", None), getattr(right, "category", None)}
    if len(categories) > 1 and None not in categories:
        return None
    named = next((category for category in categories if category), None)
    return f"{left.metric}/{named}" if named else left.metric


def team_without_performance(clauses: Clauses, context: PlanContext) -> Findings:
    """A team incentive is a percentage of performance pay: without that it never pays."""
    if any(isinstance(clause, PerformancePay) for clause in clauses.values()):
        return
    for key, clause in clauses.items():
        if isinstance(clause, TeamIncentive):
            yield refusing(
                "team_incentive_without_performance_pay",
                key,
                "团队激励以绩效为基数，但合同没有绩效条款",
                "The team incentive is a percentage of performance pay, and there is none",
            )


def unknown_schemes(clauses: Clauses, context: PlanContext) -> Findings:
    """Performance pay by a KPI scheme that is not known."""
    if context.schemes is None:
        return
    for key, clause in clauses.items():
        if isinstance(clause, PerformancePay) and clause.scheme not in {
            *context.schemes,
            *context.kpi,
        }:
            yield refusing(
                "kpi_scheme_unknown",
                key,
                f"没有考核方案 {clause.scheme}",
                f"There is no KPI scheme {clause.scheme}",
                scheme=clause.scheme,
            )


def hours_without_days(clauses: Clauses, context: PlanContext) -> Findings:
    """A guarantee that asks for hours a day, but not on how many days."""
    for key, clause in clauses.items():
        if not isinstance(clause, Guarantee):
            continue
        if clause.conditions.hours_a_day and not clause.conditions.days:
            yield refusing(
                "hours_without_days",
                key,
                "保底条件写明每日时长，但没有写明天数",
                "The guarantee asks for hours a day without saying on how many days",
            )


def changes_inside_a_month(clauses: Clauses, context: PlanContext) -> Findings:
    """Changes that a month cannot be shared between: of a team incentive, whose growth is that
    of whole months, of a commission's cap or floor, of a guarantee's offset."""
    day = context.effective
    if day is None or day.day == 1 or (context.term and day == context.term.start):
        return
    for key in sorted(context.changed):
        parameters = _of_whole_months(context.before.get(key), clauses.get(key))
        if parameters:
            yield refusing(
                "starts_inside_a_month",
                key,
                f"{parameters} 按整月计算，请自每月一日起生效",
                f"A month cannot be shared between two versions of {parameters}: let the change "
                "start on the first day of one",
            )


def _of_whole_months(old: Clause | None, new: Clause | None) -> str:
    """What of a changed clause holds for whole months only; empty where nothing does."""
    if isinstance(old, TeamIncentive) or isinstance(new, TeamIncentive):
        return "" if old == new else "team_incentive"
    names = ("cap", "floor", "offset")
    if old is None or new is None or old.kind != new.kind:
        return ""
    changed = [name for name in names if getattr(old, name, None) != getattr(new, name, None)]
    return ", ".join(changed)


CHECKS: tuple[Callable[[Clauses, PlanContext], Findings], ...] = (
    *plan_tiers.CHECKS,
    undefined_metrics,
    metrics_that_do_not_add_up,
    paid_twice,
    team_without_performance,
    unknown_schemes,
    hours_without_days,
    changes_inside_a_month,
    *plan_law.CHECKS,
)
