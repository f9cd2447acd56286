"""Facts of careers and competence models in words. What a person wrote freely is not repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import attendance, competence, onboarding, signals
from domain import career_facts as facts
from domain.facts import Fact
from domain.leaving import REASONS
from domain.texts import number, per_cent, percent
from projections.audit_words import ENGAGEMENTS, Told

_HOW = {
    "hired": ("入职", "Started work"),
    "rehired": ("返聘", "Rehired"),
    "taken_over": ("登记在职", "Taken over as working here"),
}
_OUTCOMES = {"passed": ("通过", "passed"), "failed": ("未通过", "failed"), "open": ("待定", "open")}
_WISHES = {
    "person": ("本人提出", "at the person's wish"),
    "company": ("公司提出", "at the company's wish"),
    "both": ("协商一致", "by agreement"),
}


def _entered(fact: facts.CandidateEntered) -> tuple[str, str]:
    return (
        f"成为候选人：{fact.team} / {fact.track or '—'}（来源 {fact.source or '—'}）",
        f"Candidate for {fact.team} / {fact.track or '—'} (source: {fact.source or '—'})",
    )


def _interviewed(fact: facts.InterviewHeld) -> tuple[str, str]:
    zh, en = _OUTCOMES.get(fact.outcome, (fact.outcome, fact.outcome))
    return f"面试 {fact.interview}：{zh}", f"Interview {fact.interview}: {en}"


def _offered(fact: facts.OfferMade) -> tuple[str, str]:
    zh, en = ENGAGEMENTS[fact.engagement]
    return f"发出录用邀约：{fact.team}，{zh}", f"Offered work in {fact.team}, {en}"


def _sent(fact: facts.ContractSentToPerson) -> tuple[str, str]:
    of = f"{fact.template} v{fact.template_version}" if fact.template else fact.contract or "—"
    return f"发出合同（{of}）", f"Sent the contract ({of})"


def _signed(fact: facts.ContractSignedByAll) -> tuple[str, str]:
    return f"各方签署完成（{fact.way or '—'}）", f"Signed by all parties ({fact.way or '—'})"


def _started(fact: facts.WorkStarted) -> tuple[str, str]:
    zh, en = _HOW.get(fact.how, (fact.how, fact.how))
    kind_zh, kind_en = ENGAGEMENTS[fact.engagement]
    return f"{zh}：{fact.team}，{kind_zh}", f"{en} in {fact.team}, {kind_en}"


def _moved(fact: facts.TeamChanged) -> tuple[str, str]:
    scheme = fact.scheme or "—"
    return (
        f"调至 {fact.team} / {fact.track or '—'}，考核方案 {scheme}",
        f"Moved to {fact.team} / {fact.track or '—'}, KPI scheme {scheme}",
    )


def _left(fact: facts.PersonLeft) -> tuple[str, str]:
    zh, en = _WISHES.get(fact.wish, (fact.wish, fact.wish))
    zh_why = "、".join(f"{REASONS[one.reason][1]} {per_cent(one.weight)}" for one in fact.reasons)
    en_why = ", ".join(f"{REASONS[one.reason][2]} {percent(one.weight)}" for one in fact.reasons)
    return f"离开（{zh}）：{zh_why}", f"Left {en}: {en_why}"


def _ended(fact: facts.CandidacyEnded) -> tuple[str, str]:
    by = {"candidate": ("候选人", "the candidate"), "company": ("公司", "the company")}
    zh, en = by.get(fact.by, (fact.by, fact.by))
    return f"招聘流程终止（{zh}）", f"The round was ended by {en}"


def _assessed(fact: facts.CandidateAssessed) -> tuple[str, str]:
    return (
        f"按 {fact.track} 胜任力模型第{fact.model_version}版评估 {len(fact.marks)} 项",
        f"Assessed {len(fact.marks)} competences by version {fact.model_version} of {fact.track}",
    )


def _model(fact: competence.CompetenceModelDefined) -> tuple[str, str]:
    zh = "、".join(f"{one.title_zh} {per_cent(one.weight)}" for one in fact.tags)
    en = ", ".join(f"{one.title_en} {percent(one.weight)}" for one in fact.tags)
    return f"赛道 {fact.track} 胜任力模型：{zh}", f"Competence model of track {fact.track}: {en}"


def _limits(fact: onboarding.StepLimitsSet) -> tuple[str, str]:
    said = ", ".join(f"{stage} {hours} h" for stage, hours in fact.limits.items())
    return f"设定等待时限：{said}", f"Set the hours a step may wait: {said}"


def _rule(fact: signals.SignalRuleSet) -> tuple[str, str]:
    zh, en = ("启用", "on") if fact.enabled else ("停用", "off")
    said = ", ".join(f"{name} {number(value)}" for name, value in fact.params.items()) or "—"
    return f"提示规则 {fact.rule}：{zh}（{said}）", f"Signal rule {fact.rule} is {en} ({said})"


def _answered(fact: signals.SignalDecided) -> tuple[str, str]:
    zh = "采纳" if fact.decision == "accepted" else "驳回"
    what = f"{fact.rule} {fact.subject} {fact.month}"
    return f"{zh}提示：{what}（{fact.zh}）", f"Signal {fact.decision}: {what} ({fact.en})"


def _leave(fact: attendance.LeaveRecorded) -> tuple[str, str]:
    days = number(fact.share * (fact.end - fact.effective).days)
    return (
        f"请假 {fact.leave}：{fact.effective} 起 {days} 天（{fact.entry}）",
        f"Leave ({fact.leave}) from {fact.effective}, {days} days ({fact.entry})",
    )


def _overtime(fact: attendance.OvertimeRecorded) -> tuple[str, str]:
    hours = number(fact.hours)
    return (
        f"加班 {fact.effective} {hours} 小时（{fact.overtime}，{fact.entry}）",
        f"{hours} hours over on {fact.effective} ({fact.overtime}, {fact.entry})",
    )


def _withdrawn(fact: attendance.AttendanceWithdrawn) -> tuple[str, str]:
    return f"撤销考勤记录 {fact.entry}", f"Took back the entry {fact.entry}"


WORDS: dict[type[Fact], Callable[[Any], tuple[str, str]]] = {
    facts.CandidateEntered: _entered,
    facts.InterviewHeld: _interviewed,
    facts.OfferMade: _offered,
    facts.ContractSentToPerson: _sent,
    facts.ContractSignedByAll: _signed,
    facts.WorkStarted: _started,
    facts.TeamChanged: _moved,
    facts.PersonLeft: _left,
    facts.CandidacyEnded: _ended,
    facts.CandidateAssessed: _assessed,
    competence.CompetenceModelDefined: _model,
    onboarding.StepLimitsSet: _limits,
    attendance.LeaveRecorded: _leave,
    attendance.OvertimeRecorded: _overtime,
    attendance.AttendanceWithdrawn: _withdrawn,
    signals.SignalRuleSet: _rule,
    signals.SignalDecided: _answered,
}
"""Class → its sentence in Chinese and English."""


def tell_people(fact: Fact) -> Told | None:
    """The fact in words; None where another teller knows it."""
    words = WORDS.get(type(fact))
    if words is None:
        return None
    zh, en = words(fact)
    contract, person = getattr(fact, "contract", None), getattr(fact, "person", None)
    return Told(zh, en, contract=contract or None, person=person)
