"""Metric bonus: an amount when a month's figure passes a threshold, once or per full step."""

from __future__ import annotations

from decimal import Decimal

from domain.clauses import Boundary, MetricBonus
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.sentence_words import figure_names
from domain.texts import number, yuan
from domain.versions import Group, Version, days_text, earned


def passes(value: Decimal, threshold: Decimal, boundary: Boundary) -> bool:
    """`above` 超过 is strictly above; `from` 以上/达到 includes the number."""
    return value > threshold if boundary == "above" else value >= threshold


def awards(clause: MetricBonus, value: Decimal) -> int:
    """How often a month's figure earns the amount.

    `once`: when it passes the threshold. `step`: for each full step beyond the threshold; with
    `above` a step has to be exceeded, with `from` it is enough to reach it.
    """
    if clause.step_size is None:
        return int(passes(value, clause.threshold, clause.boundary))
    steps, rest = divmod(max(value - clause.threshold, ZERO), clause.step_size)
    exceeded = clause.boundary == "from" or rest > 0
    return max(0, int(steps) - (0 if exceeded else 1))


def bonus_lines(pay: PayInput, group: Group) -> list[Line]:
    """Lines of a metric bonus, judged on the month's figure.

    Where the clause changes inside the month, an award belongs to the version under which it
    was first reached, if the month's total still reaches it; no award is paid twice.
    """
    lines, given = [], 0
    for index, version in enumerate(group):
        clause = version.clause
        assert isinstance(clause, MetricBonus)
        so_far = _figure(pay, clause, group[: index + 1])
        month = _figure(pay, clause, group)
        due = max(0, min(awards(clause, so_far), awards(clause, month)) - given)
        given += due
        lines.append(_line(pay, version, clause, month, due))
    return lines


def _figure(pay: PayInput, clause: MetricBonus, group: Group) -> Decimal:
    periods = [version.period for version in group]
    return pay.figures.total_over(clause.metric, periods, clause.category)


def _line(pay: PayInput, version: Version, clause: MetricBonus, month: Decimal, due: int) -> Line:
    amount = clause.amount * due
    metric = clause.metric + (f"/{clause.category}" if clause.category else "")
    zh_metric, en_metric = figure_names(clause.metric, clause.category)
    zh_word, en_word = ("超过", "above") if clause.boundary == "above" else ("达到", "from")
    bar = number(clause.threshold)
    paid = yuan(amount) if due < 2 else f"{due} × {yuan(clause.amount)} = {yuan(amount)}"
    step = clause.step_size
    zh_step = f"，每满 {number(step)}" if step else ""
    en_step = f", for each full {number(step)}" if step else ""
    return earned(
        pay,
        (version,),
        "metric_bonus",
        unrounded=amount,
        base=month,
        zh=f"达标奖（{zh_metric}）{days_text(pay, version, 'zh')}："
        f"本月 {number(month)}，标准 {zh_word} {bar}{zh_step}：{paid}",
        en=f"Metric bonus on {en_metric}{days_text(pay, version, 'en')}: "
        f"{number(month)} this month, paid {en_word} {bar}{en_step}: {paid}",
        lineage={"metrics": [metric], "awards": due},
    )
