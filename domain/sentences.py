"""The sentences of a clause as they stand in a contract, made from its parameters.

What the parameters leave open the sentence leaves open too: it never says more than was agreed.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.clauses import (
    BasePay,
    CategoryUplift,
    Clause,
    Commission,
    Confidentiality,
    Custom,
    Exclusivity,
    FlexibleSchedule,
    Guarantee,
    Hours,
    MetricBonus,
    NonCompete,
    PerformancePay,
    RevenueShare,
    Sessions,
    TeamIncentive,
    Training,
)
from domain.money import ZERO
from domain.sentence_words import BOUNDARY, OFFSETS, PRORATION, Sentences, metric_names
from domain.texts import counted, number, per_cent, percent, yuan
from domain.tier_sentences import tiered


def sentence(clause: Clause) -> Sentences:
    """The clause in Chinese and English."""
    return _SENTENCES[clause.kind](clause)


def base_pay(clause: BasePay) -> Sentences:
    """底薪."""
    zh, en = PRORATION[clause.proration]
    amount = yuan(clause.amount)
    return f"底薪每月{amount}元，{zh}", f"Base pay of {amount} yuan a month; {en}"


def guarantee(clause: Guarantee) -> Sentences:
    """保底."""
    conditions = clause.conditions
    zh_if = en_if = ""
    if conditions.days:
        hours = conditions.hours_a_day
        zh_if = f"当月直播满{conditions.days}天"
        en_if = f" if live on {conditions.days} days of the month"
        if hours:
            zh_if += f"、每天满{number(hours)}小时"
            en_if += f" for {number(hours)} hours or more each"
        zh_if += "的，"
    zh, en = OFFSETS[clause.offset]
    zh_part, en_part = PRORATION[clause.proration]
    amount = yuan(clause.amount)
    return (
        f"{zh_if}保底每月{amount}元：{zh}；{zh_part}",
        f"A guarantee of {amount} yuan a month{en_if}: {en}; {en_part}",
    )


def revenue_share(clause: RevenueShare) -> Sentences:
    """分成."""
    zh_metric, en_metric = metric_names(clause.metric)
    return tiered(
        clause,
        (f"{zh_metric}", en_metric),
        (
            f"按{zh_metric}的{per_cent(clause.share)}分成",
            f"A share of {percent(clause.share)} of {en_metric}",
        ),
        "分成",
    )


def commission(clause: Commission) -> Sentences:
    """提成."""
    zh_metric, en_metric = metric_names(clause.metric)
    if clause.category:
        zh_metric, en_metric = f"{clause.category}品类{zh_metric}", f"{clause.category} {en_metric}"
    zh_base = "实付" if clause.base == "paid" else "已结算"
    en_base = "paid" if clause.base == "paid" else "settled"
    start = (
        f"按{zh_base}{zh_metric}的{per_cent(clause.rate)}计提提成",
        f"Commission of {percent(clause.rate)} on {en_base} {en_metric}",
    )
    zh, en = tiered(clause, (zh_metric, en_metric), start, "提成")
    for limit, zh_word, en_word in (
        (clause.cap, "封顶", "capped at"),
        (clause.floor, "保底", "at least"),
    ):
        if limit is not None:
            zh += f"；每月{zh_word}{yuan(limit)}元"
            en += f"; {en_word} {yuan(limit)} yuan a month"
    if clause.clawback_days:
        zh += f"；{clause.clawback_days}天内退货的，相应提成予以扣回"
        en += f"; taken back for returns within {clause.clawback_days} days"
    return zh, en


def category_uplift(clause: CategoryUplift) -> Sentences:
    """品类加成."""
    zh_metric, en_metric = metric_names(clause.metric)
    return (
        f"{clause.category}品类{zh_metric}另加{per_cent(clause.added_rate)}提成"
        f"（叠加顺序{clause.stacking_order}）",
        f"{percent(clause.added_rate)} more on {clause.category} {en_metric} "
        f"(stacking order {clause.stacking_order})",
    )


def metric_bonus(clause: MetricBonus) -> Sentences:
    """达标奖."""
    zh_metric, en_metric = metric_names(clause.metric)
    if clause.category:
        zh_metric, en_metric = f"{clause.category}品类{zh_metric}", f"{clause.category} {en_metric}"
    zh_word, en_word = BOUNDARY[clause.boundary]
    bar, amount = number(clause.threshold), yuan(clause.amount)
    if clause.step_size is None:
        return (
            f"当月{zh_metric}{zh_word}{bar}的，奖励{amount}元",
            f"A bonus of {amount} yuan for {en_metric} {en_word} {bar} in a month",
        )
    step = number(clause.step_size)
    zh_step = f"每超过一个{step}" if clause.boundary == "above" else f"每满{step}"
    en_step = "exceeded" if clause.boundary == "above" else "reached"
    return (
        f"当月{zh_metric}在{bar}之上{zh_step}，奖励{amount}元",
        f"A bonus of {amount} yuan for each step of {step} {en_step} beyond {bar} of {en_metric} "
        "in a month",
    )


def performance_pay(clause: PerformancePay) -> Sentences:
    """绩效."""
    zh_part, en_part = PRORATION[clause.proration]
    rows = sorted(clause.coefficients, key=lambda row: row.from_score)
    zh_rows = "、".join(f"得分{number(r.from_score)}起{number(r.coefficient)}" for r in rows)
    en_rows = ", ".join(f"{number(r.coefficient)} from {number(r.from_score)}" for r in rows)
    zh = (
        f"绩效基数每月{yuan(clause.amount)}元，按考核方案“{clause.scheme}”得分乘以系数（{zh_rows}）"
    )
    en = (
        f"Performance pay of {yuan(clause.amount)} yuan a month times the coefficient of the score "
        f'in KPI scheme "{clause.scheme}" ({en_rows})'
    )
    for gate in clause.gates:
        zh_metric, en_metric = metric_names(gate.metric)
        zh += f"；{zh_metric}未达到{number(gate.minimum)}的，绩效为零"
        en += f"; nil unless {en_metric} reach {number(gate.minimum)}"
    return f"{zh}；{zh_part}", f"{en}; {en_part}"


def team_incentive(clause: TeamIncentive) -> Sentences:
    """团队激励."""
    zh_metric, en_metric = metric_names(clause.metric)
    zh_word, en_word = BOUNDARY[clause.boundary]
    return (
        f"团队{zh_metric}较上月增长{zh_word}{per_cent(clause.threshold)}的，"
        f"另发本人当月绩效（计至分）的{per_cent(clause.percentage)}",
        f"{percent(clause.percentage)} of the member's performance pay (rounded to the fen) for "
        f"growth of the team's {en_metric} on last month {en_word} {percent(clause.threshold)}",
    )


def hours(clause: Hours) -> Sentences:
    """直播时长."""
    zh_per, en_per = ("每周", "a week") if clause.per == "week" else ("每月", "a month")
    zh, en = [], []
    if clause.minimum_hours is not None:
        zh.append(f"不少于{number(clause.minimum_hours)}小时")
        en.append(f"{number(clause.minimum_hours)} hours")
    if clause.minimum_days is not None:
        zh.append(f"不少于{clause.minimum_days}天")
        en.append(f"{clause.minimum_days} days")
    return f"{zh_per}直播{'、'.join(zh)}", f"Live at least {' and '.join(en)} {en_per}"


def sessions(clause: Sessions) -> Sentences:
    """场次."""
    zh_per, en_per = ("每周", "a week") if clause.per == "week" else ("每月", "a month")
    zh_kind = f"{clause.category}品类" if clause.category else ""
    en_kind = f"{clause.category} " if clause.category else ""
    zh_most = f"至{clause.most}" if clause.most else ""
    en_most = f" to {clause.most}" if clause.most else " or more"
    each = counted(clause.hours_each, "hour")
    session = "session" if clause.most == 1 else "sessions"
    return (
        f"{zh_per}{zh_kind}直播{clause.least}{zh_most}场{'' if clause.most else '以上'}，每场{number(clause.hours_each)}小时",
        f"{clause.least}{en_most} {en_kind}{session} {en_per} of {each} each",
    )


def flexible_schedule(clause: FlexibleSchedule) -> Sentences:
    """弹性时间."""
    told = clause.told
    zh_told = "业务部门" if told == "business department" else told
    return (
        f"直播时间可弹性安排，变更须提前{clause.notice_hours}小时通知{zh_told}",
        f"Hours are flexible; changes are told to the {told} {clause.notice_hours} hours before",
    )


def training(clause: Training) -> Sentences:
    """培训."""
    free = clause.cost == ZERO
    zh = f"每月培训{clause.times_a_month}次，" + ("免费" if free else f"费用{yuan(clause.cost)}元")
    en = f"Training {counted(Decimal(clause.times_a_month), 'time')} a month, " + (
        "free" if free else f"at a cost of {yuan(clause.cost)} yuan"
    )
    if clause.service_months:
        zh += f"，服务期{clause.service_months}个月"
        en += f", with a service period of {clause.service_months} months"
    return zh, en


def exclusivity(clause: Exclusivity) -> Sentences:
    """排他."""
    return f"合同期内排他：{clause.scope}", f"Exclusive during the term: {clause.scope}"


def non_compete(clause: NonCompete) -> Sentences:
    """竞业限制."""
    share = clause.compensation_share
    return (
        f"合同终止后{clause.months}个月内竞业限制（{clause.scope}），"
        f"每月补偿为前十二个月平均工资的{per_cent(share)}",
        f"No competition for {clause.months} months after the end ({clause.scope}), for "
        f"{percent(share)} of the average wage of the last twelve months a month",
    )


def text_only(clause: Confidentiality | Custom) -> Sentences:
    """保密 and free text: what was written, the Chinese where there is no English."""
    return clause.text_zh, clause.text_en or clause.text_zh


_SENTENCES: dict[str, Callable[[Any], Sentences]] = {
    "base_pay": base_pay,
    "guarantee": guarantee,
    "revenue_share": revenue_share,
    "commission": commission,
    "category_uplift": category_uplift,
    "metric_bonus": metric_bonus,
    "performance_pay": performance_pay,
    "team_incentive": team_incentive,
    "hours": hours,
    "sessions": sessions,
    "flexible_schedule": flexible_schedule,
    "training": training,
    "exclusivity": exclusivity,
    "non_compete": non_compete,
    "confidentiality": text_only,
    "custom": text_only,
}
