"""Commission, revenue share and category uplift: rates on figures that add up.

Figures belong to the day they were earned. Where a clause changes inside the month, the month's
figures are walked in order: a version earns on its own days what the walk adds while it is in
force. With mode `whole` the month's total decides the rate of every version. Thresholds, caps
and floors are amounts a calendar month; no clause prorates them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from domain.clauses import CategoryUplift, Commission, RevenueShare
from domain.lines import Line
from domain.money import ZERO, fen
from domain.pay_input import PayInput
from domain.refusals import Invalid
from domain.sentence_words import figure_names
from domain.texts import equals, percent, yuan
from domain.tiers import Slice, rule_of, slices_pay
from domain.versions import Group, Version, days_text, earned

_TITLES = {
    "commission": ("提成", "Commission"),
    "revenue_share": ("分成", "Revenue share"),
    "category_uplift": ("品类加成", "Category uplift"),
}
Limit = tuple[Decimal | None, Decimal | None]


def metric_of(clause: Commission | RevenueShare) -> str:
    """The metric code: settled figures carry the plain code, paid ones `<metric>_paid`."""
    if isinstance(clause, Commission) and clause.base == "paid":
        return f"{clause.metric}_paid"
    return clause.metric


def tiered_lines(pay: PayInput, group: Group) -> list[Line]:
    """Lines of a commission or revenue share, one for each version in the month.

    Raises AmbiguousClause or Invalid where a clause cannot be read in one way, and Invalid
    where cap or floor change inside the month or the metric's days do not add up.
    """
    walks = [_walk(pay, group, version) for version in group]
    amounts = [slices_pay(slices) for slices in walks]
    limited, zh, en = _limit(amounts, _limits(group))
    return [
        _tiered_line(pay, version, slices, amount, (zh, en))
        for version, slices, amount in zip(group, walks, limited, strict=True)
    ]


def _walk(pay: PayInput, group: Group, version: Version) -> tuple[Slice, ...]:
    clause = version.clause
    assert isinstance(clause, Commission | RevenueShare)
    metric = metric_of(clause)
    category = clause.category if isinstance(clause, Commission) else None
    window = (clause.clawback_days or None) if isinstance(clause, Commission) else None
    _adds_up(pay, metric, version)

    def figure(chosen: Callable[[Version], bool]) -> Decimal:
        periods = [other.period for other in group if chosen(other)]
        return pay.figures.total_over(metric, periods, category, window=window)

    start = version.period.start
    low = figure(lambda other: other.period.start < start)
    high = figure(lambda other: other.period.start <= start)
    return rule_of(clause, version.key).slices(low, high, figure(lambda _: True))


def _adds_up(pay: PayInput, metric: str, version: Version) -> None:
    if pay.figures.aggregations.get(metric, "sum") != "sum":
        raise Invalid(
            f"指标 {metric} 不可按日累加，不能作为条款 {version.key} 的计提基数",
            f"The days of metric {metric} do not add up: clause {version.key} cannot pay on it",
            do="Use a metric whose aggregation is sum.",
            field=f"{version.key}.metric",
        )


def _limits(group: Group) -> Limit:
    """The cap and floor of the month. Raises Invalid where they change inside it."""
    limits = {
        (getattr(version.clause, "cap", None), getattr(version.clause, "floor", None))
        for version in group
    }
    if len(limits) > 1:
        raise Invalid(
            f"条款 {group[0].key} 的封顶或保底在月内变更，合同没有写明如何计算",
            f"The cap or floor of clause {group[0].key} changes inside the month; the contract "
            "does not say how a month is shared between them",
            do="Let the new cap or floor start on the first day of a month.",
            field=f"{group[0].key}.cap",
        )
    return limits.pop()


def _limit(amounts: list[Decimal], limits: Limit) -> tuple[list[Decimal], str, str]:
    """Amounts in yuan within the cap and floor of the month, and the words for it.

    What is paid is held to them: the sum of the rounded lines, not that of the unrounded ones.
    """
    cap, floor = limits
    paid = [fen(amount) for amount in amounts]
    total = sum(paid, ZERO)
    if cap is not None and total > cap:
        reached, kept = ZERO, []
        for amount in paid:
            kept.append(min(reached + amount, cap) - min(reached, cap))
            reached += amount
        return kept, f"，封顶 {yuan(cap)}", f", capped at {yuan(cap)}"
    if floor is not None and total < floor:
        lifted = [*paid[:-1], paid[-1] + floor - total]
        return lifted, f"，保底 {yuan(floor)}", f", lifted to the floor of {yuan(floor)}"
    return amounts, "", ""


def _tiered_line(
    pay: PayInput,
    version: Version,
    slices: tuple[Slice, ...],
    amount: Decimal,
    limit: tuple[str, str],
) -> Line:
    clause = version.clause
    assert isinstance(clause, Commission | RevenueShare)
    zh, en = _TITLES[clause.kind]
    category = clause.category if isinstance(clause, Commission) else None
    metric = metric_of(clause) + (f"/{category}" if category else "")
    zh_metric, en_metric = figure_names(metric_of(clause), category)
    before = slices_pay(slices)
    end = f" {equals(before)}" if before == amount else f" = {yuan(before)}"
    text = sum_text(slices) + end
    after = "" if before == amount else f" → {yuan(amount)}"
    return earned(
        pay,
        (version,),
        clause.kind,
        unrounded=amount,
        base=slices[0].base,
        rate=slices[0].rate if len(slices) == 1 else None,
        zh=f"{zh}（{zh_metric}）{days_text(pay, version, 'zh')}：{text}{limit[0]}{after}",
        en=f"{en} on {en_metric}{days_text(pay, version, 'en')}: {text}{limit[1]}{after}",
        lineage={
            "metrics": [metric],
            "slices": [[str(part.base), str(part.rate)] for part in slices],
        },
    )


def sum_text(slices: tuple[Slice, ...]) -> str:
    """Slices as "120,000.00 × 5 % + 20,000.00 × 1 %"."""
    return " + ".join(f"{yuan(part.base)} × {percent(part.rate)}" for part in slices)


def uplift_order(group: Group) -> tuple[int, str]:
    """Lower stacking orders come first; uplifts of one category add up."""
    clause = group[0].clause
    assert isinstance(clause, CategoryUplift)
    return clause.stacking_order, group[0].key


def uplift_lines(pay: PayInput, group: Group) -> list[Line]:
    """Lines of a category uplift: the added rate on the category's figures of each version."""
    return [_uplift_line(pay, version) for version in group]


def _uplift_line(pay: PayInput, version: Version) -> Line:
    clause = version.clause
    assert isinstance(clause, CategoryUplift)
    _adds_up(pay, clause.metric, version)
    base = pay.figures.total(clause.metric, version.period, clause.category)
    amount = base * clause.added_rate
    text = f"{yuan(base)} × {percent(clause.added_rate)} {equals(amount)}"
    metric = f"{clause.metric}/{clause.category}"
    zh_metric, en_metric = figure_names(clause.metric, clause.category)
    return earned(
        pay,
        (version,),
        clause.kind,
        unrounded=amount,
        base=base,
        rate=clause.added_rate,
        zh=f"品类加成（{zh_metric}）{days_text(pay, version, 'zh')}：{text}",
        en=f"Category uplift on {en_metric}{days_text(pay, version, 'en')}: {text}",
        lineage={"metrics": [metric]},
    )
