"""Onboarding as a timed process: how long each step of a round of hiring took, who waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

import msgspec
from pydantic import Field

from domain import career_facts as facts
from domain.career import Career
from domain.career_steps import IN_ROUND
from domain.commands import Command
from domain.facts import Fact, Place
from domain.periods import Day
from domain.refusals import Invalid

STEPS = ("interview", "offer", "contract_sent", "signed", "active")
"""What is waited for, in order. The time of a step runs from the step before it."""
_KINDS: dict[type[Fact], str] = {
    facts.CandidateEntered: "candidate",
    facts.InterviewHeld: "interview",
    facts.OfferMade: "offer",
    facts.ContractSentToPerson: "contract_sent",
    facts.ContractSignedByAll: "signed",
    facts.WorkStarted: "active",
}
DEFAULT_LIMITS: dict[str, int] = {
    "candidate": 72,
    "interview": 72,
    "offered": 72,
    "contract_sent": 48,
    "signed": 168,
}
"""Hours a round may stand at a stage, until a company sets its own."""
ESCALATED = 2
"""So many times its limit, a wait goes to the business lead."""
FEW = 5


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one round, done: how many hours it took."""

    person: str
    team: str
    step: str
    done: datetime
    hours: Decimal
    template: str = ""
    way: str = ""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Times of a step: how many, the median and the ninth decile, in hours."""

    count: int
    median: Decimal
    p90: Decimal

    @property
    def few(self) -> bool:
        """Too few to tell."""
        return self.count < FEW


class StepLimitsSet(Fact, frozen=True, kw_only=True):
    """How many hours a round may stand at each stage, from a day on."""

    effective: date
    limits: dict[str, int]


class SetStepLimits(Command):
    """Set how many hours a round may stand at each stage; stages left out keep theirs."""

    effective: Day
    limits: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=24 * 366)]], Field(min_length=1, max_length=9)
    ]


class StepLimits(msgspec.Struct, frozen=True, kw_only=True):
    """All limits that were ever set, in the order they were recorded."""

    version: int = 0
    dated: tuple[StepLimitsSet, ...] = ()

    def on(self, day: date) -> dict[str, int]:
        """The hours of each stage on a day: set later wins, the shipped ones lie below."""
        begun = [one for one in self.dated if one.effective <= day]
        found = dict(DEFAULT_LIMITS)
        for one in sorted(begun, key=lambda entry: entry.effective):
            found |= one.limits
        return found


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A round that stands at a stage: since when, its limit, and whom it has come to."""

    person: str
    team: str
    track: str
    stage: str
    since: datetime
    hours: Decimal
    limit: int
    level: str
    """`in_time`, `late` (past the limit: HR) or `escalated` (twice the limit: business lead)."""


def evolve(state: StepLimits, fact: Fact, place: Place) -> StepLimits:
    """Fold one fact into the limits."""
    if not isinstance(fact, StepLimitsSet):
        raise TypeError(f"step limits have no fact {type(fact).__name__}")
    return StepLimits(version=place.version, dated=(*state.dated, fact))


def set_limits(command: SetStepLimits) -> list[Fact]:
    """Set limits from a day on. Raises Invalid for a stage nobody waits at."""
    wrong = sorted(set(command.limits) - set(DEFAULT_LIMITS))
    if wrong:
        raise Invalid(
            f"{wrong[0][:30]} 不是等待中的步骤",
            f"Nobody waits at {wrong[0][:30]}",
            do=f"Use {', '.join(DEFAULT_LIMITS)}.",
            field="limits",
        )
    return [StepLimitsSet(effective=command.effective, limits=dict(command.limits))]


def timed(person: str, rounds: Iterable[Sequence[Fact]]) -> list[Timed]:
    """The steps of rounds of hiring with their hours; a step done twice counts once, its times
    added together."""
    found: list[Timed] = []
    for steps in rounds:
        found += _timed(person, steps)
    return found


def _timed(person: str, steps: Sequence[Fact]) -> list[Timed]:
    done: dict[str, Timed] = {}
    team, template, way, before = "", "", "", None
    for fact in steps:
        kind = _KINDS.get(type(fact))
        if kind is None or getattr(fact, "how", "hired") != "hired":
            continue
        at: datetime = fact.at  # type: ignore[attr-defined]
        team = getattr(fact, "team", team)
        if isinstance(fact, facts.ContractSentToPerson):
            template = f"{fact.template} v{fact.template_version}" if fact.template else ""
        way = getattr(fact, "way", way)
        if before is not None:
            spent = hours_of(at - before)
            spent += done[kind].hours if kind in done else 0
            done[kind] = Timed(
                person=person,
                team=team,
                step=kind,
                done=at,
                hours=spent,
                template=template,
                way=way,
            )
        before = at
    return list(done.values())


def hours_of(span: timedelta) -> Decimal:
    """A span in hours, to a hundredth."""
    minutes = Decimal(span // timedelta(seconds=36))
    return minutes / 100


def spread(hours: Sequence[Decimal]) -> Spread:
    """Median (of two middle ones their mean) and nearest-rank ninth decile of some times."""
    ordered = sorted(hours)
    count = len(ordered)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return Spread(count=count, median=middle, p90=ordered[-(-9 * count // 10) - 1])


def waiting(careers: Iterable[Career], limits: StepLimits, now: datetime) -> list[Waiting]:
    """Rounds that stand at a stage, the one that is furthest past its limit first."""
    found = [
        _waits(state, limits, now)
        for state in careers
        if state.stage in IN_ROUND and state.since is not None and state.since <= now
    ]
    return sorted(found, key=lambda one: (-one.hours / one.limit, one.person))


def _waits(state: Career, limits: StepLimits, now: datetime) -> Waiting:
    assert state.since is not None
    limit = limits.on(now.date())[state.stage]
    hours = hours_of(now - state.since)
    late = "late" if hours > limit else "in_time"
    return Waiting(
        person=state.person,
        team=state.team,
        track=state.track,
        stage=state.stage,
        since=state.since,
        hours=hours,
        limit=limit,
        level="escalated" if hours > ESCALATED * limit else late,
    )
