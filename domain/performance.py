"""KPI scores, performance pay and the team incentive that hangs on it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from domain.bonus import passes
from domain.clauses import Coefficient, Gate, PerformancePay, TeamIncentive
from domain.figures import Figures
from domain.kpi_terms import KpiMetric, KpiTerms, check_weights
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.periods import Period
from domain.proration import Prorated, prorate
from domain.refusals import Invalid, NoRule
from domain.sentence_words import figure_names
from domain.texts import equals, number, percent, short, yuan
from domain.versions import Group, Version, days_text, earned


class ScorePart(msgspec.Struct, frozen=True):
    """One metric's part of a score."""

    metric: str
    weight: Decimal
    actual: Decimal
    target: Decimal
    cap: Decimal
    reached: Decimal
    """min(cap, actual ÷ target), unrounded."""

    @property
    def points(self) -> Decimal:
        """Weight × reached."""
        return self.weight * self.reached


class Score(msgspec.Struct, frozen=True):
    """The score of a month, 1 where every target is met."""

    scheme: str
    position: int
    exact: Fraction
    """Without rounding: a score of exactly 0.8 reaches 0.8, whatever its parts are."""
    value: Decimal
    """The same as a decimal of 28 digits."""
    parts: tuple[ScorePart, ...]

    @property
    def text(self) -> str:
        """The sum, as "40 % × 1.2 + 60 % × 0.9 = 1.02"."""
        terms = " + ".join(f"{percent(part.weight)} × {short(part.reached)}" for part in self.parts)
        return f"{terms} = {short(self.value)}"

    @property
    def cited(self) -> dict[str, Any]:
        """The score in a line's lineage, every part shown."""
        return {
            "scheme": self.scheme,
            "position": self.position,
            "score": str(self.value),
            "parts": [
                {
                    "metric": part.metric,
                    "weight": str(part.weight),
                    "actual": str(part.actual),
                    "target": str(part.target),
                    "cap": str(part.cap),
                    "reached": str(part.reached),
                }
                for part in self.parts
            ],
        }


def score(terms: KpiTerms, figures: Figures, periods: Iterable[Period]) -> Score:
    """Σ weight × min(cap, actual ÷ target) over the days of the periods.

    Raises Invalid unless the weights sum to exactly 100 %. Targets are those of a whole month.
    """
    check_weights(terms.metrics)
    days = tuple(periods)
    parts = []
    for metric in terms.metrics:
        actual = figures.total_over(metric.metric, days)
        reached = min(metric.cap, actual / metric.target)
        parts.append(
            ScorePart(metric.metric, metric.weight, actual, metric.target, metric.cap, reached)
        )
    exact = sum((_points(metric, figures, days) for metric in terms.metrics), Fraction(0))
    value = Decimal(exact.numerator) / Decimal(exact.denominator)
    return Score(terms.scheme, terms.position, exact, value, tuple(parts))


def _points(metric: KpiMetric, figures: Figures, days: tuple[Period, ...]) -> Fraction:
    reached = figures.exact_over(metric.metric, days) / Fraction(metric.target)
    return Fraction(metric.weight) * min(Fraction(metric.cap), reached)


def coefficient_of(table: tuple[Coefficient, ...], value: Decimal | Fraction) -> Decimal:
    """The coefficient of the highest row a score reaches; 0 below the lowest row."""
    reached = [row for row in table if row.from_score <= value]
    return max(reached, key=lambda row: row.from_score).coefficient if reached else ZERO


def performance_lines(pay: PayInput, group: Group) -> list[Line]:
    """Lines of performance pay: prorated amount × coefficient of the month's score, if the gates
    are passed. Raises NoRule where the scheme has no weights for the month."""
    return [_performance_line(pay, version, group) for version in group]


def _performance_line(pay: PayInput, version: Version, group: Group) -> Line:
    clause = version.clause
    assert isinstance(clause, PerformancePay)
    periods = tuple(other.period for other in group)
    scored = score(_weights(pay, clause), pay.figures, periods)
    shut = _shut_gate(pay, clause, periods)
    factor = ZERO if shut else coefficient_of(clause.coefficients, scored.exact)
    part, amount = _share(pay, version, clause, factor)
    zh_gate, en_gate = _gate_text(shut)
    text = f"{part.text} × {number(factor)} {equals(amount)}"
    return earned(
        pay,
        (version,),
        "performance_pay",
        unrounded=amount,
        base=clause.amount,
        rate=factor,
        zh=f"绩效{days_text(pay, version, 'zh')}：得分 {scored.text}，"
        f"系数 {number(factor)}{zh_gate}：{text}",
        en=f"Performance pay{days_text(pay, version, 'en')}: score {scored.text}, "
        f"coefficient {number(factor)}{en_gate}: {text}",
        lineage={"kpi": scored.cited, "proration": clause.proration},
    )


def _share(
    pay: PayInput, version: Version, clause: PerformancePay, factor: Decimal
) -> tuple[Prorated, Decimal]:
    """The prorated amount as the line shows it, and factor times it in yuan.

    The factor comes before the division: a thirtieth that was cut off, times three, is no tenth.
    """
    month, period, unpaid = pay.month, version.period, pay.attendance.unpaid
    shown = prorate(clause.amount, clause.proration, month, period, unpaid)
    paid = prorate(clause.amount * factor, clause.proration, month, period, unpaid)
    return shown, paid.amount


def _weights(pay: PayInput, clause: PerformancePay) -> KpiTerms:
    found = pay.kpi.get(clause.scheme)
    if found is None:
        raise NoRule(
            f"考核方案 {clause.scheme} 在 {pay.month} 没有权重",
            f"KPI scheme {clause.scheme} has no weights for {pay.month}",
            do="Define the scheme, or its weights, from the first day of the month.",
            scheme=clause.scheme,
        )
    return found


def _shut_gate(
    pay: PayInput, clause: PerformancePay, periods: tuple[Period, ...]
) -> tuple[Gate, Decimal] | None:
    for gate in clause.gates:
        actual = pay.figures.total_over(gate.metric, periods)
        if actual < gate.minimum:
            return gate, actual
    return None


def _gate_text(shut: tuple[Gate, Decimal] | None) -> tuple[str, str]:
    if shut is None:
        return "", ""
    gate, actual = shut
    have, need = number(actual), number(gate.minimum)
    zh, en = figure_names(gate.metric)
    return (
        f"（未过门槛：{zh} {have}，须达到 {need}）",
        f" (gate not passed: {en} {have}, at least {need})",
    )


def team_lines(pay: PayInput, group: Group, lines: list[Line]) -> list[Line]:
    """The team incentive: a percentage of the member's rounded performance pay.

    Raises Invalid where the clause changes inside the month: growth is measured on whole months.
    """
    if len(group) > 1:
        raise _inside_the_month(group[0].key)
    paid = [line for line in lines if line.code == "performance_pay"]
    own = sum((line.amount for line in paid), ZERO)
    return [_team_line(pay, group[0], own)]


def _team_line(pay: PayInput, version: Version, own: Decimal) -> Line:
    clause = version.clause
    assert isinstance(clause, TeamIncentive)
    _covers(pay, version)
    now = pay.team_figures.total(clause.metric, pay.month.period)
    last = pay.team_figures_last.total(clause.metric, pay.month.plus(-1).period)
    growth = (now - last) / last if last > 0 else None
    won = growth is not None and passes(growth, clause.threshold, clause.boundary)
    amount = own * clause.percentage if won else ZERO
    zh, en = _growth_text(clause, now, last, growth)
    zh_metric, en_metric = figure_names(clause.metric)
    text = f"{yuan(own)} × {percent(clause.percentage)} {equals(amount)}" if won else yuan(amount)
    return earned(
        pay,
        (version,),
        "team_incentive",
        unrounded=amount,
        base=own,
        rate=clause.percentage if won else ZERO,
        zh=f"团队激励（{zh_metric}）：{zh}：{text}",
        en=f"Team incentive on {en_metric}: {en}: {text}",
        lineage={
            "team": {"metric": clause.metric, "this_month": str(now), "last_month": str(last)},
            "batches": [*pay.team_figures.batches, *pay.team_figures_last.batches],
        },
    )


def _growth_text(
    clause: TeamIncentive, now: Decimal, last: Decimal, growth: Decimal | None
) -> tuple[str, str]:
    if growth is None:
        return "上月没有团队数据，无法计算增长", "no team figures last month, so no growth"
    zh, en = ("超过", "above") if clause.boundary == "above" else ("达到", "from")
    sum_ = f"({number(now)} − {number(last)}) ÷ {number(last)} = {short(growth * 100)} %"
    bar = percent(clause.threshold)
    return f"团队增长 {sum_}，标准 {zh} {bar}", f"growth {sum_}, paid {en} {bar}"


def _covers(pay: PayInput, version: Version) -> None:
    """A team incentive holds for every day of the month on which the contract is in force."""
    if version.period != pay.days:
        raise _inside_the_month(version.key)


def _inside_the_month(key: str) -> Invalid:
    return Invalid(
        f"团队激励条款 {key} 在月内变更：增长按整月计算",
        f"Team incentive {key} changes inside the month: growth is measured on whole months",
        do="Let the change start on the first day of a month.",
        field=f"{key}.effective",
    )
