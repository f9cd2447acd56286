"""Plan checks against statutory limits, read from the law tables of the day."""

from __future__ import annotations

from domain.clauses import (
    BasePay,
    Confidentiality,
    Custom,
    Guarantee,
    Hours,
    NonCompete,
    Sessions,
    Training,
)
from domain.findings import Clauses, Findings, PlanContext, refusing, warning
from domain.guards import NON_COMPETE
from domain.insurance import minimum_wage
from domain.law import LawTable
from domain.periods import add_months
from domain.texts import per_cent, percent, yuan

PART_TIME = "cn.part_time"


def _rule(context: PlanContext, table: str) -> LawTable | None:
    day = context.day
    if day is None or not context.book.covers(table, day):
        return None
    return context.book.on(table, day)


def below_minimum_wage(clauses: Clauses, context: PlanContext) -> Findings:
    """A full-time guarantee, or base pay without one, under the city's minimum wage."""
    day, city = context.day, context.city
    if context.engagement != "full_time" or day is None or city is None:
        return
    if not context.book.covers(f"cn.{city}.minimum_wage", day):
        return
    least = minimum_wage(city, day, context.book).month
    guaranteed = any(isinstance(clause, Guarantee) for clause in clauses.values())
    for key, clause in clauses.items():
        if isinstance(clause, Guarantee) and clause.amount < least:
            yield refusing(
                "guarantee_below_minimum_wage",
                key,
                f"保底 {yuan(clause.amount)} 低于最低工资 {yuan(least)}",
                f"The guarantee of {yuan(clause.amount)} is below the minimum wage of {yuan(least)}",
            )
        if isinstance(clause, BasePay) and not guaranteed and clause.amount < least:
            yield warning(
                "base_pay_below_minimum_wage",
                key,
                f"底薪 {yuan(clause.amount)} 低于最低工资 {yuan(least)}，且没有保底",
                f"Base pay of {yuan(clause.amount)} is below the minimum wage of {yuan(least)} and "
                "there is no guarantee",
            )


def non_compete(clauses: Clauses, context: PlanContext) -> Findings:
    """A non-compete that is too long, or whose compensation is below the rule or the guidance."""
    rule = _rule(context, NON_COMPETE)
    if rule is None:
        return
    limit, default = rule.whole("months_up_to"), rule.number("default_share")
    for key, clause in clauses.items():
        if not isinstance(clause, NonCompete):
            continue
        if clause.months > limit:
            yield refusing(
                "non_compete_too_long",
                key,
                f"竞业限制 {clause.months} 个月，超过 {limit} 个月",
                f"A non-compete of {clause.months} months is longer than {limit}",
            )
        share = clause.compensation_share
        if share < default:
            yield warning(
                "non_compete_underpaid",
                key,
                f"竞业限制补偿 {per_cent(share)}，低于前十二个月平均工资的 {per_cent(default)}",
                f"Compensation of {percent(share)} is below {percent(default)} of the average wage",
            )
        elif clause.months > rule.whole("guidance_beyond_months") and share < rule.number(
            "guidance_share"
        ):
            guide = rule.number("guidance_share")
            yield warning(
                "non_compete_below_guidance",
                key,
                f"竞业限制超过一年，指引建议补偿不低于 {per_cent(guide)}（人社厅发〔2025〕40号）",
                f"Beyond one year the guidance asks for {percent(guide)} (人社厅发〔2025〕40号)",
            )


def training_penalties(clauses: Clauses, context: PlanContext) -> Findings:
    """A service period without training that the company paid, and training the worker pays."""
    for key, clause in clauses.items():
        if not isinstance(clause, Training):
            continue
        if clause.service_months and not clause.cost:
            yield warning(
                "training_without_cost",
                key,
                "没有培训费用，不得约定服务期违约金",
                "Training without cost carries no service period: no penalty can be asked for",
            )
        if clause.service_months and context.engagement == "agency":
            yield warning(
                "training_service_period",
                key,
                "经纪合约约定培训服务期，可能被认定为劳动关系",
                "A training service period in an agency contract looks like employment",
            )


_PENALTY_WORDS = ("违约金", "罚款", "penalty")


def penalties(clauses: Clauses, context: PlanContext) -> Findings:
    """Penalties in free text: an employee owes them for training and non-compete alone."""
    if context.engagement == "agency":
        return
    for key, clause in clauses.items():
        if not isinstance(clause, Custom | Confidentiality):
            continue
        text = f"{clause.text_zh} {clause.text_en}".lower()
        if any(word in text for word in _PENALTY_WORDS):
            yield warning(
                "penalty_clause",
                key,
                "除培训服务期和竞业限制外，不得约定由劳动者承担违约金",
                "Penalties are lawful only for a training service period and a non-compete",
            )


def agency_like_employment(clauses: Clauses, context: PlanContext) -> Findings:
    """An agency contract that fixes hours or sessions (指导性案例239号)."""
    if context.engagement != "agency":
        return
    for key, clause in clauses.items():
        if isinstance(clause, Hours | Sessions):
            yield warning(
                "looks_like_employment",
                key,
                "经纪合约约定固定直播时长或场次，可能被认定为劳动关系（指导性案例239号）",
                "An agency contract that fixes hours looks like employment (指导性案例239号)",
            )


def part_time_hours(clauses: Clauses, context: PlanContext) -> Findings:
    """非全日制 work beyond the hours a day or a week."""
    rule = _rule(context, PART_TIME)
    if rule is None or context.engagement != "part_time" or context.character != "wages":
        return
    day, week = rule.number("hours_a_day_up_to"), rule.number("hours_a_week_up_to")
    for key, clause in clauses.items():
        if not isinstance(clause, Sessions):
            continue
        weekly = clause.hours_each * clause.least if clause.per == "week" else 0
        if clause.hours_each > day or weekly > week:
            yield warning(
                "part_time_hours",
                key,
                f"非全日制用工每日不超过 {day} 小时、每周不超过 {week} 小时",
                f"Part-time work is at most {day} hours a day and {week} hours a week",
            )


_PROBATION_WORDS = ("试用期", "probation")


def probation(clauses: Clauses, context: PlanContext) -> Findings:
    """A probation that is longer than the term allows, or a contract that says nothing of one."""
    if context.engagement != "full_time" or context.term is None:
        return
    if context.day != context.term.start:
        return
    months = context.probation_months
    if months is None:
        texts = (c.text_zh + c.text_en.lower() for c in clauses.values() if isinstance(c, Custom))
        if not any(word in text for text in texts for word in _PROBATION_WORDS):
            yield warning(
                "probation_not_covered",
                "",
                "合同没有约定试用期：视为没有试用期",
                "The contract says nothing of a probation: there is none",
            )
    elif months > (most := _probation_limit(context)):
        yield refusing(
            "probation_too_long",
            "",
            f"试用期 {months} 个月，合同期限下最长 {most} 个月",
            f"A probation of {months} months is longer than the {most} this term allows",
        )


def _probation_limit(context: PlanContext) -> int:
    """Months of probation at most: 劳动合同法 art. 19, by the length of the term."""
    assert context.term is not None
    start, end = context.term.start, context.term.end
    steps = ((36, 6), (12, 2), (3, 1))
    return next((most for term, most in steps if end is None or add_months(start, term) <= end), 0)


CHECKS = (
    below_minimum_wage,
    non_compete,
    training_penalties,
    penalties,
    agency_like_employment,
    part_time_hours,
    probation,
)
