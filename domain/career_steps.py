"""The steps of a person's way: which may follow which, and the fact each becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import career_commands as commands
from domain import career_facts as facts
from domain.career import Career, day_in_china, moment_of
from domain.career_facts import Stage
from domain.facts import Act, Fact
from domain.leaving import checked_reasons
from domain.refusals import Invalid, WrongState

Sealed = dict[str, Any]
When = dict[str, Any]
IN_ROUND: tuple[Stage, ...] = ("candidate", "interview", "offered", "contract_sent", "signed")
AFTER: dict[str, tuple[Stage, ...]] = {
    "candidate": ("none", "left", "withdrawn"),
    "interview": ("candidate", "interview"),
    "offer": ("interview",),
    "contract_sent": ("offered", "contract_sent"),
    "signed": ("contract_sent",),
    "active": ("signed",),
    "rehired": ("left",),
    "moved": ("active",),
    "left": ("active",),
    "withdrawn": IN_ROUND,
}
"""Step → the stages it may follow. An offer needs an interview that was passed."""
WORDS: dict[str, tuple[str, str]] = {
    "none": ("未登记", "not yet a candidate"),
    "candidate": ("候选人", "candidate"),
    "interview": ("面试", "interview"),
    "offer": ("录用邀约", "offer"),
    "offered": ("已发邀约", "offered"),
    "contract_sent": ("合同已发", "contract sent"),
    "signed": ("已签约", "signed"),
    "active": ("在职", "active"),
    "rehired": ("返聘", "rehired"),
    "moved": ("调组", "moved"),
    "left": ("已离开", "left"),
    "withdrawn": ("流程终止", "withdrawn"),
}


def step(
    state: Career, person: str, command: Any, act: Act, sealed: Sealed | None = None
) -> list[Fact]:
    """Record one step of a registered person. `sealed` holds the command's note.

    Raises WrongState where the step cannot follow the present stage, Invalid where its time lies
    before the last step or too far ahead.
    """
    _refuse_order(state, command)
    at = moment_of(state, command, act)
    when = {"person": person, "at": at, "effective": day_in_china(at)}
    return [_FACTS[command.kind](state, command, when, sealed or {})]


def _refuse_order(state: Career, command: Any) -> None:
    allowed = AFTER[command.kind]
    if isinstance(command, commands.StartWork) and command.taken_over:
        allowed = ("none",)
    if state.stage not in allowed:
        raise _wrong_order(state, command.kind, allowed)
    if isinstance(command, commands.MakeOffer) and not state.passed:
        raise WrongState(
            "最近一次面试没有通过, 不能发邀约",
            "The last interview was not passed: no offer can follow",
            do="Record an interview that was passed first.",
            current_version=state.version,
        )


def _wrong_order(state: Career, kind: str, allowed: tuple[Stage, ...]) -> WrongState:
    (zh, en), (now_zh, now_en) = WORDS[kind], WORDS[state.stage]
    zh_after = "、".join(WORDS[one][0] for one in allowed)
    en_after = ", ".join(WORDS[one][1] for one in allowed)
    return WrongState(
        f"现在是“{now_zh}”, 不能记录“{zh}” (只能在“{zh_after}”之后)",
        f"The person is now: {now_en}; {en} may only follow: {en_after}",
        do="Record the steps in the order in which they happened.",
        stage=state.stage,
        may_follow=list(allowed),
        current_version=state.version,
    )


def _entered(
    state: Career, command: commands.EnterCandidate, when: When, sealed: Sealed
) -> facts.CandidateEntered:
    said: When = {"team": command.team, "track": command.track, "source": command.source}
    return facts.CandidateEntered(**when, **said)


def _interviewed(
    state: Career, command: commands.HoldInterview, when: When, sealed: Sealed
) -> facts.InterviewHeld:
    said: When = {"interview": command.interview, "outcome": command.outcome}
    return facts.InterviewHeld(**when, **said, sealed=sealed)


def _offered(
    state: Career, command: commands.MakeOffer, when: When, sealed: Sealed
) -> facts.OfferMade:
    team, track = command.team or state.team, _or(command.track, state.track)
    return facts.OfferMade(**when, team=team, track=track, engagement=command.engagement)


def _sent(
    state: Career, command: commands.SendContractToPerson, when: When, sealed: Sealed
) -> facts.ContractSentToPerson:
    said: When = {"template": command.template, "template_version": command.template_version}
    return facts.ContractSentToPerson(**when, contract=command.contract or "", **said)


def _signed(
    state: Career, command: commands.CompleteSigning, when: When, sealed: Sealed
) -> facts.ContractSignedByAll:
    contract = command.contract or state.contract
    return facts.ContractSignedByAll(**when, contract=contract, way=command.way)


def _started(
    state: Career, command: commands.StartWork, when: When, sealed: Sealed
) -> facts.WorkStarted:
    team, engagement = command.team or state.team, command.engagement or state.engagement
    if not team or not engagement:
        raise Invalid(
            "须写明团队和用工形式",
            "Somebody who is taken over needs a team and a kind of engagement",
            do="Say team and engagement.",
            field="engagement" if team else "team",
        )
    return facts.WorkStarted(
        **when,
        team=team,
        track=_or(command.track, state.track),
        engagement=engagement,
        scheme=command.scheme,
        contract=command.contract or state.contract,
        how="taken_over" if command.taken_over else "hired",
    )


def _rehired(
    state: Career, command: commands.Rehire, when: When, sealed: Sealed
) -> facts.WorkStarted:
    return facts.WorkStarted(
        **when,
        team=command.team,
        track=_or(command.track, state.track),
        engagement=command.engagement,
        scheme=command.scheme,
        contract=command.contract or "",
        how="rehired",
    )


def _moved(
    state: Career, command: commands.ChangeTeam, when: When, sealed: Sealed
) -> facts.TeamChanged:
    track, scheme = _or(command.track, state.track), _or(command.scheme, state.scheme)
    if (command.team, track, scheme) == (state.team, state.track, state.scheme):
        raise Invalid(
            "团队、赛道和考核方案都没有变化",
            "Neither team nor track nor scheme would change",
            do="Name another team, track or scheme.",
            field="team",
        )
    return facts.TeamChanged(**when, team=command.team, track=track, scheme=scheme)


def _left(state: Career, command: commands.Leave, when: When, sealed: Sealed) -> facts.PersonLeft:
    reasons = checked_reasons(command.reasons)
    return facts.PersonLeft(**when, wish=command.wish, reasons=reasons, sealed=sealed)


def _ended(
    state: Career, command: commands.EndCandidacy, when: When, sealed: Sealed
) -> facts.CandidacyEnded:
    return facts.CandidacyEnded(**when, by=command.by, reason=command.reason, sealed=sealed)


def _or(said: str | None, before: str) -> str:
    return before if said is None else said


_FACTS: dict[str, Callable[..., Fact]] = {
    "candidate": _entered,
    "interview": _interviewed,
    "offer": _offered,
    "contract_sent": _sent,
    "signed": _signed,
    "active": _started,
    "rehired": _rehired,
    "moved": _moved,
    "left": _left,
    "withdrawn": _ended,
}
