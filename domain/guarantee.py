"""Guarantees: a floor under the month's earnings, with the three ways of setting off.

`max`: the guarantee or the variable pay (everything but base pay), whichever is more; base pay
comes on top. `top_up`: all earnings of the month are topped up to the guarantee.
`recoverable_draw`: the same difference, but as an advance that later months' excess pays back.
The comparison is with the rounded lines, so that the month comes to the guarantee exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from domain.clauses import Guarantee, GuaranteeCondition
from domain.lines import Line
from domain.minimums import live
from domain.money import ZERO, fen
from domain.pay_input import PayInput
from domain.periods import Period
from domain.proration import prorate
from domain.refusals import Invalid
from domain.texts import number, short, yuan
from domain.versions import Group, Version, earned, informed

DRAW, RECOVERY = "guarantee_draw", "draw_recovery"


def guarantee_lines(pay: PayInput, group: Group, lines: list[Line]) -> list[Line]:
    """The line of a guarantee after all other earnings; an information line where its
    conditions were not met. Raises Invalid where the offset changes inside the month."""
    offset = _offset(group)
    standing = [version for version in group if _met(pay, group, version)]
    if not standing:
        return [_not_met(pay, group), *_recovery(pay, group, offset, lines)]
    amount = _amount(pay, standing)
    earned_so_far = _compared(offset, lines)
    if earned_so_far >= amount:
        return _recovery(pay, group, offset, lines)
    return [_top_up(pay, standing, offset, amount, earned_so_far)]


def _clause(version: Version) -> Guarantee:
    assert isinstance(version.clause, Guarantee)
    return version.clause


def _offset(group: Group) -> str:
    offsets = {_clause(version).offset for version in group}
    if len(offsets) > 1:
        raise Invalid(
            f"保底条款 {group[0].key} 的抵扣方式在月内变更",
            f"The offset of guarantee {group[0].key} changes inside the month",
            do="Let the new offset start on the first day of a month.",
            field=f"{group[0].key}.offset",
        )
    return offsets.pop()


def _compared(offset: str, lines: list[Line]) -> Decimal:
    """The earnings a guarantee is compared with, in yuan."""
    return sum(
        (
            line.amount
            for line in lines
            if line.component == "earnings" and not (offset == "max" and line.code == "base_pay")
        ),
        ZERO,
    )


def _amount(pay: PayInput, versions: Iterable[Version]) -> Decimal:
    """The month's guarantee in yuan: each version's amount for its days, rounded once."""
    return fen(sum((_prorated(pay, version) for version in versions), ZERO))


def _prorated(pay: PayInput, version: Version) -> Decimal:
    clause = _clause(version)
    part = prorate(
        clause.amount, clause.proration, pay.month, version.period, pay.attendance.unpaid
    )
    return part.amount


def _met(pay: PayInput, group: Group, version: Version) -> bool:
    """Whether the month's live days reach what the version asks of a whole month."""
    conditions = _clause(version).conditions
    return _live_days(pay, group, conditions) >= conditions.days


def _live_days(pay: PayInput, group: Group, conditions: GuaranteeCondition) -> Decimal:
    whole = Period(group[0].period.start, group[-1].period.end)
    return live(pay.figures, whole, conditions.hours_a_day).days


def _not_met(pay: PayInput, group: Group) -> Line:
    conditions = _clause(group[-1]).conditions
    days = number(_live_days(pay, group, conditions))
    hours = number(conditions.hours_a_day)
    return informed(
        pay,
        group,
        zh=f"保底条件未达到：满 {hours} 小时的直播日 {days} 天，约定 {conditions.days} 天",
        en=f"Guarantee not due: {days} days live of {hours} hours or more; "
        f"{conditions.days} were agreed",
    )


_OFFSET_TEXT = {
    "max": ("保底与浮动收入取高", "the guarantee is more than the variable pay"),
    "top_up": ("保底补差", "topped up to the guarantee"),
    "recoverable_draw": ("保底预支（以后月份超出部分抵回）", "advance against later months"),
}


def _top_up(
    pay: PayInput, standing: list[Version], offset: str, amount: Decimal, so_far: Decimal
) -> Line:
    zh, en = _OFFSET_TEXT[offset]
    text = f"{yuan(amount)} − {yuan(so_far)} = {yuan(amount - so_far)}"
    return earned(
        pay,
        standing,
        DRAW if offset == "recoverable_draw" else "guarantee",
        unrounded=amount - so_far,
        base=amount,
        zh=f"保底：{zh}：{text}",
        en=f"Guarantee, {en}: {text}",
        lineage={"conditions": [_conditions(version) for version in standing]},
    )


def _conditions(version: Version) -> str:
    conditions = _clause(version).conditions
    return f"{conditions.days} days x {short(conditions.hours_a_day)} h"


def _recovery(pay: PayInput, group: Group, offset: str, lines: list[Line]) -> list[Line]:
    """Take back earlier draws from what the month earned above the guarantee.

    That is the guarantee of all the clause's days, whether its conditions were met or not. What
    another guarantee took back this month is not taken back again.
    """
    excess = _compared(offset, lines) - _amount(pay, group)
    taken = sum((line.amount for line in lines if line.code == RECOVERY), ZERO)
    balance = pay.draw_balance + taken
    back = min(balance, excess)
    if offset != "recoverable_draw" or back <= 0:
        return []
    left = balance - back
    return [
        earned(
            pay,
            group,
            RECOVERY,
            unrounded=-back,
            base=balance,
            zh=f"抵回保底预支：余额 {yuan(balance)}，本月超出 {yuan(excess)}，"
            f"抵回 {yuan(back)}，尚余 {yuan(left)}",
            en=f"Advance taken back: balance {yuan(balance)}, {yuan(excess)} above the "
            f"guarantee this month, {yuan(back)} taken back, {yuan(left)} left",
        )
    ]
