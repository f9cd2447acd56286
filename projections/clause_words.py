"""What changed in a clause, in words: "from 5 % to 6 % above 150,000"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.texts import number, per_cent, percent

Words = tuple[str, str]
"""Chinese and English."""
Clause = dict[str, Any]

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
KINDS: dict[str, Words] = {
    "base_pay": ("底薪", "base pay"),
    "guarantee": ("保底", "guarantee"),
    "revenue_share": ("分成", "revenue share"),
    "commission": ("提成", "commission"),
    "category_uplift": ("品类加成", "category uplift"),
    "metric_bonus": ("达标奖", "metric bonus"),
    "performance_pay": ("绩效", "performance pay"),
    "team_incentive": ("团队激励", "team incentive"),
    "hours": ("直播时长", "hours"),
    "sessions": ("场次", "sessions"),
    "flexible_schedule": ("弹性时间", "flexible schedule"),
    "training": ("培训", "training"),
    "exclusivity": ("排他", "exclusivity"),
    "non_compete": ("竞业限制", "non-compete"),
    "confidentiality": ("保密", "confidentiality"),
    "custom": ("自定义条款", "custom clause"),
}
_LABELS: dict[str, Words] = {
    "amount": ("金额", "amount"),
    "added_rate": ("加成比例", "added rate"),
    "base": ("计提口径", "base"),
    "boundary": ("边界", "boundary"),
    "cap": ("封顶", "cap"),
    "category": ("品类", "category"),
    "clawback_days": ("退货扣回天数", "clawback days"),
    "coefficients": ("系数表", "coefficients"),
    "compensation_share": ("补偿比例", "compensation"),
    "conditions": ("条件", "conditions"),
    "cost": ("费用", "cost"),
    "floor": ("下限", "floor"),
    "gates": ("门槛指标", "gates"),
    "hours_each": ("每场小时数", "hours each"),
    "kind": ("种类", "kind"),
    "least": ("最少场次", "least sessions"),
    "metric": ("指标", "metric"),
    "minimum_days": ("最少天数", "minimum days"),
    "minimum_hours": ("最少小时数", "minimum hours"),
    "mode": ("分档方式", "mode"),
    "months": ("月数", "months"),
    "most": ("最多场次", "most sessions"),
    "notice_hours": ("提前小时数", "notice hours"),
    "offset": ("抵扣方式", "offset"),
    "per": ("周期", "per"),
    "percentage": ("比例", "percentage"),
    "proration": ("折算方式", "proration"),
    "rate": ("比例", "rate"),
    "scheme": ("考核方案", "KPI scheme"),
    "scope": ("范围", "scope"),
    "service_months": ("服务期月数", "service months"),
    "share": ("比例", "share"),
    "stacking_order": ("叠加顺序", "stacking order"),
    "step": ("变动方式", "step"),
    "step_size": ("每档", "step size"),
    "text_en": ("英文文本", "English text"),
    "text_zh": ("中文文本", "Chinese text"),
    "threshold": ("门槛", "threshold"),
    "tiers": ("档位", "tiers"),
    "times_a_month": ("每月次数", "times a month"),
    "told": ("通知对象", "who is told"),
}
_RATES = {"added_rate", "compensation_share", "percentage", "rate", "share"}


def clause_name(key: str, clause: Clause | None) -> Words:
    """A clause as a sentence names it: its kind, and its key where that says more."""
    zh, en = KINDS.get((clause or {}).get("kind", ""), ("条款", "clause"))
    if key in en.replace(" ", "_").replace("-", "_"):
        return zh, en
    return f"{zh}（{key}）", f"{en} ({key})"


def clause_changes(before: Clause | None, after: Clause | None) -> Words:
    """What differs between two versions of a clause; the first or the last may be missing."""
    changes = list(_changes(before or {}, after or {}))
    if not changes:
        return "内容不变", "unchanged"
    return "；".join(zh for zh, _ in changes), "; ".join(en for _, en in changes)


def _changes(before: Clause, after: Clause) -> Iterator[Words]:
    told: set[str] = set()
    if (
        before.get("kind") == after.get("kind")
        and "tiers" in after
        and None not in (old := rates_by_start(before), new := rates_by_start(after))
    ):
        told = {"rate", "share", "tiers", "step"}
        if None in (before.get("boundary"), after.get("boundary")):
            told.add("boundary")  # the words for the band say it
        yield from _rate_changes(old or {}, new or {}, after.get("boundary"))
    for name in sorted({*before, *after} - told):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield _change(name, _value(name, was, before), _value(name, now, after))


def _change(name: str, was: Words | None, now: Words | None) -> Words:
    zh, en = _LABELS.get(name, (name, name.replace("_", " ")))
    if now is None:
        return f"取消{zh}{was[0] if was else ''}", f"{en} dropped"
    if was is None:
        return f"{zh}定为{now[0]}", f"{en} set to {now[1]}"
    return f"{zh}由{was[0]}变为{now[0]}", f"{en} from {was[1]} to {now[1]}"


def rates_by_start(clause: Clause) -> dict[Decimal, Decimal] | None:
    """Start of each band → the rate in it; None where the tiers do not say how they add."""
    base = Decimal(clause.get("rate") or clause.get("share") or 0)
    rates = {Decimal(0): base}
    for tier in clause.get("tiers") or ():
        added = Decimal(tier["rate"])
        if clause.get("step") == "percentage_point":
            rates[Decimal(tier["start"])] = base + added
        elif clause.get("step") == "relative":
            rates[Decimal(tier["start"])] = base * (1 + added)
        else:
            return None
    return rates


def _rate_changes(
    before: dict[Decimal, Decimal], after: dict[Decimal, Decimal], boundary: str | None
) -> Iterator[Words]:
    """Where the rate differs, from the lowest band up; a band that says nothing new is silent."""
    said: tuple[Decimal, Decimal] | None = None
    for start in sorted({*before, *after}):
        was, now = _rate_at(before, start), _rate_at(after, start)
        if was != now and (was, now) != said:
            zh, en = _band(start, boundary)
            yield (
                f"{zh}由{per_cent(was)}变为{per_cent(now)}",
                f"from {percent(was)} to {percent(now)}{en}",
            )
        said = (was, now)


def _rate_at(rates: dict[Decimal, Decimal], start: Decimal) -> Decimal:
    return rates[max(other for other in rates if other <= start)]


def _band(start: Decimal, boundary: str | None) -> Words:
    if not start:
        return "", ""
    if boundary == "from":
        return f"{number(start)}以上", f" from {number(start)} on"
    return f"超过{number(start)}部分", f" above {number(start)}"


def _value(name: str, value: Any, clause: Clause) -> Words | None:
    """A parameter's value in words; None where it says nothing."""
    if value is None or value in ([], ""):
        return None
    if isinstance(value, dict):
        parts = ", ".join(f"{k} {_english(k, v, clause)}" for k, v in value.items())
        return parts, parts
    if isinstance(value, list | tuple):
        parts = " / ".join(_english(name, entry, clause) for entry in value)
        return parts, parts
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return f"“{value}”", f"“{value}”"
    growth = name == "threshold" and clause.get("kind") == "team_incentive"
    if name in _RATES or growth:
        return per_cent(exact), percent(exact)
    return number(exact), number(exact)


def _english(name: str, value: Any, clause: Clause) -> str:
    words = _value(name, value, clause)
    return words[1] if words else "—"


def day_words(day: date) -> Words:
    """A day in words: 2025年9月1日, 1 September 2025."""
    return (
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.day} {MONTHS[day.month - 1]} {day.year}",
    )


def from_words(day: date, until: date | None = None) -> Words:
    """From a day on, or from a day until another (the first one on which it is over)."""
    zh, en = day_words(day)
    if until is None:
        return f"自{zh}起", f"from {en}"
    zh_end, en_end = day_words(until)
    return f"自{zh}起至{zh_end}（不含）", f"from {en} until {en_end}"
