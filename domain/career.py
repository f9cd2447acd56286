"""A person's way through the company: where the person stands, and when a step happened."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import msgspec

from domain import career_commands as commands
from domain import career_facts as facts
from domain.career_facts import Stage
from domain.contract_facts import Engagement
from domain.facts import Act, Fact, Place
from domain.refusals import Invalid

CHINA = timezone(timedelta(hours=8))
"""Days of the business are days in China."""
AHEAD = timedelta(days=100)
"""So far ahead a start, a move or a leaving may be recorded; nothing else before it happens."""
SKEW = timedelta(minutes=5)
PLANNED = ("active", "rehired", "moved", "left")


class Career(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person stands, at a version."""

    person: str = ""
    version: int = 0
    stage: Stage = "none"
    since: datetime | None = None
    """When the stage began."""
    last: datetime | None = None
    """When the last step happened: nothing may be recorded before it."""
    round: int = 0
    team: str = ""
    track: str = ""
    engagement: Engagement | None = None
    scheme: str = ""
    contract: str = ""
    passed: bool = False
    """Whether the last interview of the round was passed."""


def evolve(state: Career, fact: Fact, place: Place) -> Career:
    """Fold one fact into the career."""
    replace = msgspec.structs.replace
    match fact:
        case facts.CandidateEntered():
            said = {"team": fact.team, "track": fact.track, "passed": False, "contract": ""}
            entered = replace(state, person=fact.person, round=state.round + 1, **said)
            changed = _at(entered, "candidate", fact.at)
        case facts.InterviewHeld():
            changed = _at(state, "interview", fact.at, passed=fact.outcome == "passed")
        case facts.OfferMade():
            said = {"team": fact.team, "track": fact.track, "engagement": fact.engagement}
            changed = _at(state, "offered", fact.at, **said)
        case facts.ContractSentToPerson():
            changed = _at(state, "contract_sent", fact.at, contract=fact.contract)
        case facts.ContractSignedByAll():
            changed = _at(state, "signed", fact.at)
        case facts.WorkStarted():
            names = ("person", "team", "track", "engagement", "scheme", "contract")
            said = {name: getattr(fact, name) for name in names}
            changed = _at(state, "active", fact.at, **said)
        case facts.TeamChanged():
            said = {"team": fact.team, "track": fact.track, "scheme": fact.scheme}
            changed = replace(state, last=fact.at, **said)
        case facts.PersonLeft():
            changed = _at(state, "left", fact.at)
        case facts.CandidacyEnded():
            changed = _at(state, "withdrawn", fact.at)
        case facts.CandidateAssessed():
            changed = replace(state, person=fact.person)
        case _:
            raise TypeError(f"a career has no fact {type(fact).__name__}")
    return replace(changed, version=place.version)


def _at(state: Career, stage: Stage, at: datetime, **said: Any) -> Career:
    return msgspec.structs.replace(state, stage=stage, since=at, last=at, **said)


def day_in_china(moment: datetime) -> date:
    """The day a moment lies in, in China."""
    return moment.astimezone(CHINA).date()


def moment_of(state: Career, command: commands.Step, act: Act) -> datetime:
    """When a step happened, in UTC: as said, or now. A day means its first moment in China, or
    the moment of the step before where that lies on the same day."""
    at = command.at or act.instant
    if command.on is not None:
        at = datetime.combine(command.on, time(), CHINA).astimezone(UTC)
        if state.last is not None and day_in_china(state.last) == command.on:
            at = max(at, state.last)
    kind = getattr(command, "kind", "assessed")
    ahead = AHEAD if kind in PLANNED else SKEW
    if kind not in PLANNED and command.on is not None and command.on == day_in_china(act.instant):
        at = min(at, act.instant)
    if at > act.instant + ahead:
        raise Invalid(
            f"时间 {at.isoformat()} 太远",
            f"{at.isoformat()} lies too far ahead for this step",
            do="Record a step when it has happened; a start, move or leaving up to 100 days ahead.",
            field="on" if command.on is not None else "at",
        )
    if state.last is not None and at < state.last and kind != "assessed":
        raise Invalid(
            f"时间早于上一步 ({day_in_china(state.last)})",
            f"It lies before the last step, which was at {state.last.isoformat()}",
            do="Give a time at or after the last step.",
            field="on" if command.on is not None else "at",
            last=state.last.isoformat(),
        )
    return at
