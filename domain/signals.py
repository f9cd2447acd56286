"""Signals: rules over figures and contracts that a person can read, switch and answer.

A signal proposes something to a person. Nothing follows from it by itself: it is accepted or
dismissed by somebody, with a reason, and that is a fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, get_args

import msgspec
from pydantic import Field

from domain.commands import Command
from domain.facts import Act, Fact, Place
from domain.money import Number
from domain.periods import Day, Month
from domain.refusals import Invalid, WrongState
from domain.texts import number, per_cent, percent

RuleCode = Literal["interaction", "team_traffic", "hours_short", "looks_like_employment"]
Decision = Literal["accepted", "dismissed"]
CODES: tuple[RuleCode, ...] = get_args(RuleCode)
MOST_MONTHS = 24


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as shipped: what it looks at, what it proposes, and its numbers."""

    zh: str
    en: str
    proposes_zh: str
    proposes_en: str
    params: dict[str, Decimal]


RULES: dict[RuleCode, Rule] = {
    "interaction": Rule(
        zh="连续 {months} 个月数据中，平均在线上升不少于 {viewers_up}，礼物收入变化不超过 {gifts_flat}，且最后一个月回复粉丝少于 {answers} 次",
        en="Over {months} months average viewers rose by at least {viewers_up}, gift income moved by no more than {gifts_flat}, and fewer than {answers} fans were answered in the last one",
        proposes_zh="安排粉丝互动培训",
        proposes_en="Offer training in interaction with fans",
        params={
            "months": Decimal(3),
            "viewers_up": Decimal("0.1"),
            "gifts_flat": Decimal("0.05"),
            "answers": Decimal(60),
        },
    ),
    "team_traffic": Rule(
        zh="团队流量连续 {months} 个月下降",
        en="A team's traffic fell in each of {months} months",
        proposes_zh="与团队负责人检查排期和推流",
        proposes_en="Look at schedule and promotion with the team's lead",
        params={"months": Decimal(3)},
    ),
    "hours_short": Rule(
        zh="当月直播时长低于合同“直播时长”条款的 {share}",
        en="Hours live in the month were below {share} of what the hours clause asks",
        proposes_zh="与主播核对排期和原因",
        proposes_en="Talk with the streamer about schedule and causes",
        params={"share": Decimal(1)},
    ),
    "looks_like_employment": Rule(
        zh="经纪合约的条款具有劳动关系特征（固定时长、考勤等）",
        en="The clauses of an agency contract look like employment (fixed hours and the like)",
        proposes_zh="请法务复核合约性质，或改为劳动合同",
        proposes_en="Have the contract's nature reviewed, or turn it into employment",
        params={},
    ),
}
"""Code → rule. {names} in a sentence are its numbers, which a company may change."""


class SignalRuleSet(Fact, frozen=True, kw_only=True):
    """A rule is on or off from a day on, with these numbers."""

    rule: str
    effective: date
    enabled: bool
    params: dict[str, Decimal]


class SignalDecided(Fact, frozen=True, kw_only=True):
    """Somebody accepted or dismissed what a signal proposed; the reason stands in the act."""

    signal: str
    rule: str
    subject: str
    month: str
    effective: date
    decision: Decision
    zh: str
    en: str


class SetSignalRule(Command):
    """Switch a rule on or off from a day on; numbers that are left out keep theirs."""

    effective: Day
    enabled: bool
    params: Annotated[
        dict[str, Annotated[Number, Field(gt=0)]], Field(default_factory=dict, max_length=10)
    ]


class DecideSignal(Command):
    """Accept or dismiss what a signal proposes; say why in the reason."""

    decision: Decision


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of one rule, in the order they were recorded."""

    version: int = 0
    dated: tuple[SignalRuleSet, ...] = ()

    def on(self, rule: RuleCode, day: date) -> tuple[bool, dict[str, Decimal]]:
        """Whether the rule is on, and its numbers, on a day: set later wins; on as shipped."""
        enabled, params = True, dict(RULES[rule].params)
        begun = [one for one in self.dated if one.effective <= day]
        for one in sorted(begun, key=lambda entry: entry.effective):
            enabled = one.enabled
            params |= one.params
        return enabled, params


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of somebody (or a team) in a month, and what it proposes."""

    signal: str
    rule: RuleCode
    subject: str
    person: str | None
    team: str
    month: str
    zh: str
    en: str
    proposes_zh: str
    proposes_en: str
    decision: Decision | None = None
    decided_by: str | None = None


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a signal, at a version."""

    version: int = 0
    decision: Decision | None = None


def evolve_rule(state: RuleSettings, fact: Fact, place: Place) -> RuleSettings:
    """Fold one fact into a rule's settings."""
    if not isinstance(fact, SignalRuleSet):
        raise TypeError(f"a rule has no fact {type(fact).__name__}")
    return RuleSettings(version=place.version, dated=(*state.dated, fact))


def evolve(state: Decided, fact: Fact, place: Place) -> Decided:
    """Fold one fact into what was said of a signal."""
    if not isinstance(fact, SignalDecided):
        raise TypeError(f"a signal has no fact {type(fact).__name__}")
    return Decided(version=place.version, decision=fact.decision)


def set_rule(rule: RuleCode, command: SetSignalRule) -> list[Fact]:
    """Set a rule from a day on. Raises Invalid for a number the rule does not have."""
    known = RULES[rule].params
    wrong = sorted(set(command.params) - set(known))
    months = command.params.get("months", Decimal(1))
    if wrong or months != int(months) or months > MOST_MONTHS:
        name = wrong[0][:30] if wrong else "months"
        raise Invalid(
            f"规则 {rule} 的参数 {name} 不正确",
            f"{name} is no good number of rule {rule}",
            do=f"Use {', '.join(known) or 'no numbers'}; months is a whole number up to 24.",
            field="params",
        )
    said = dict(sorted(command.params.items()))
    return [
        SignalRuleSet(rule=rule, effective=command.effective, enabled=command.enabled, params=said)
    ]


def decide(
    state: Decided, signal: Signal, command: DecideSignal, act: Act, day: date
) -> list[Fact]:
    """Accept or dismiss a signal. Raises WrongState where that was done, Invalid without a
    reason."""
    if state.decision is not None:
        raise WrongState(
            f"该提示已处理: {state.decision}",
            f"The signal is {state.decision} already",
            do="Look at the trail to see by whom and why.",
            current_version=state.version,
        )
    if not act.reason.strip():
        raise Invalid(
            "请写明采纳或驳回的理由",
            "Accepting or dismissing a signal needs a reason",
            do="Say in `reason` why.",
            field="reason",
        )
    return [
        SignalDecided(
            signal=signal.signal,
            rule=signal.rule,
            subject=signal.subject,
            month=signal.month,
            effective=day,
            decision=command.decision,
            zh=signal.zh,
            en=signal.en,
        )
    ]


def signal_id(rule: str, subject: str, month: Month) -> str:
    """The id of a signal: one rule says one thing of one subject in a month."""
    digest = hashlib.sha256(subject.encode()).hexdigest()[:12]
    return f"{rule}.{month}.{digest}"


def in_words(rule: RuleCode, params: dict[str, Decimal]) -> tuple[str, str]:
    """The rule's sentences with its numbers."""
    shares = {"viewers_up", "gifts_flat", "share"}
    zh = {k: per_cent(v) if k in shares else number(v) for k, v in params.items()}
    en = {k: percent(v) if k in shares else number(v) for k, v in params.items()}
    return RULES[rule].zh.format(**zh), RULES[rule].en.format(**en)


def made(
    rule: RuleCode,
    subject: str,
    month: Month,
    said: tuple[str, str],
    person: str | None,
    team: str,
) -> Signal:
    """A signal with what its rule proposes."""
    of = RULES[rule]
    return Signal(
        signal=signal_id(rule, subject, month),
        rule=rule,
        subject=subject,
        person=person,
        team=team,
        month=str(month),
        zh=said[0],
        en=said[1],
        proposes_zh=of.proposes_zh,
        proposes_en=of.proposes_en,
    )


Monthly = Sequence[Decimal | None]
"""A figure month by month, the last month last; None where nothing was measured."""


def interaction(
    viewers: Monthly, gifts: Monthly, answers: Monthly, params: dict[str, Decimal]
) -> tuple[str, str] | None:
    """What the figures say, where viewers rose, gifts stood still and few fans were answered."""
    first, last = viewers[0], viewers[-1]
    gift_first, gift_last, talked = gifts[0], gifts[-1], answers[-1]
    if first is None or last is None or gift_first is None or gift_last is None or talked is None:
        return None
    if first <= 0 or gift_first <= 0:
        return None
    up, moved = last / first - 1, gift_last / gift_first - 1
    if up < params["viewers_up"] or abs(moved) > params["gifts_flat"]:
        return None
    if talked >= params["answers"]:
        return None
    cut = Decimal("0.001")
    up, moved = up.quantize(cut), moved.quantize(cut)
    return (
        f"平均在线 {number(first)} → {number(last)}（{per_cent(up)}），礼物收入变化 {per_cent(moved)}，回复粉丝 {number(talked)} 次",
        f"Average viewers {number(first)} → {number(last)} ({percent(up)}), gift income moved by "
        f"{percent(moved)}, {number(talked)} answers to fans",
    )


def falling(traffic: Monthly) -> tuple[str, str] | None:
    """What the figures say, where each month lies below the one before."""
    known = [one for one in traffic if one is not None]
    if len(known) < len(traffic) or len(known) < 2:
        return None
    if any(later >= before for before, later in pairwise(known)):
        return None
    shown = " → ".join(number(one) for one in known)
    return f"团队流量 {shown}", f"The team's traffic: {shown}"


def too_short(minutes: Decimal, asked: Decimal, share: Decimal) -> tuple[str, str] | None:
    """What the figures say, where hours lie below a share of what the clause asks."""
    hours = (minutes / 60).quantize(Decimal("0.1"))
    if minutes >= asked * share * 60:
        return None
    return (
        f"直播 {number(hours)} 小时，条款要求 {number(asked)} 小时",
        f"{number(hours)} hours live; the clause asks for {number(asked)}",
    )
