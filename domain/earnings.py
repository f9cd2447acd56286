"""Earnings of a month: clause terms and figures become lines, in one fixed order."""

from __future__ import annotations

from collections.abc import Callable

from domain.bonus import bonus_lines
from domain.clauses import BasePay
from domain.commission import tiered_lines, uplift_lines, uplift_order
from domain.guarantee import guarantee_lines
from domain.lines import Line
from domain.minimums import hours_lines, session_lines
from domain.pay_input import PayInput
from domain.performance import performance_lines, team_lines
from domain.proration import prorate
from domain.texts import equals
from domain.versions import Group, Version, days_text, earned, groups_of


def earn(pay: PayInput) -> tuple[Line, ...]:
    """The month's earnings, without arrears, tax or contributions.

    Used for the month's own payslip and to re-rate an earlier month. Order: fixed pay, pay on
    figures, bonuses, performance, team, guarantee (which looks at all before it), information.
    Raises AmbiguousClause, Invalid or NoRule where a clause does not say what is to be paid.
    """
    groups = groups_of(pay)
    lines: list[Line] = []
    for kind, pays in _BY_GROUP:
        for group in _of_kind(groups, kind):
            lines.extend(pays(pay, group))
    for group in _of_kind(groups, "team_incentive"):
        lines.extend(team_lines(pay, group, lines))
    for group in _of_kind(groups, "guarantee"):
        lines.extend(guarantee_lines(pay, group, lines))
    for kind, informs in _INFORMING:
        for group in _of_kind(groups, kind):
            lines.extend(informs(pay, group))
    return tuple(lines)


def _of_kind(groups: tuple[Group, ...], kind: str) -> list[Group]:
    chosen = [group for group in groups if group[0].clause.kind == kind]
    return sorted(chosen, key=uplift_order) if kind == "category_uplift" else chosen


def base_pay_lines(pay: PayInput, group: Group) -> list[Line]:
    """Lines of base pay: each version's amount for its days, by its policy."""
    return [_base_pay_line(pay, version) for version in group]


def _base_pay_line(pay: PayInput, version: Version) -> Line:
    clause = version.clause
    assert isinstance(clause, BasePay)
    part = prorate(
        clause.amount, clause.proration, pay.month, version.period, pay.attendance.unpaid
    )
    text = part.text if part.full else f"{part.text} {equals(part.amount)}"
    return earned(
        pay,
        (version,),
        "base_pay",
        unrounded=part.amount,
        base=clause.amount,
        zh=f"底薪{days_text(pay, version, 'zh')}：{text}",
        en=f"Base pay{days_text(pay, version, 'en')}: {text}",
        lineage={"proration": clause.proration, "batches": []},
    )


_Pays = Callable[[PayInput, Group], list[Line]]
_BY_GROUP: tuple[tuple[str, _Pays], ...] = (
    ("base_pay", base_pay_lines),
    ("revenue_share", tiered_lines),
    ("commission", tiered_lines),
    ("category_uplift", uplift_lines),
    ("metric_bonus", bonus_lines),
    ("performance_pay", performance_lines),
)
_INFORMING: tuple[tuple[str, _Pays], ...] = (
    ("hours", hours_lines),
    ("sessions", session_lines),
)
