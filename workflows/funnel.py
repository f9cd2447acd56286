"""Where everybody stands, and how many came from each stage of hiring to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec

from domain import career, career_facts
from domain.career import Career
from domain.facts import Fact, Place
from workflows.careers import histories
from workflows.desk import Desk

STAGES = ("candidate", "interview", "offered", "contract_sent", "signed", "active")
_REACHED: dict[type[Fact], str] = {
    career_facts.CandidateEntered: "candidate",
    career_facts.InterviewHeld: "interview",
    career_facts.OfferMade: "offered",
    career_facts.ContractSentToPerson: "contract_sent",
    career_facts.ContractSignedByAll: "signed",
    career_facts.WorkStarted: "active",
}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where everybody stands."""

    counts: dict[str, int]
    people: list[Career]


class FunnelRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many rounds of hiring came to a stage, of those that began in a period."""

    stage: str
    rounds: int
    ended_here: int
    """Rounds that ended at this stage, by the candidate or the company."""
    waiting: int
    """Rounds that stand here now."""


def careers_of(facts_by_person: dict[str, list[Fact]]) -> dict[str, Career]:
    """Where each person stands, folded."""
    found = {}
    for person, facts in facts_by_person.items():
        state = Career()
        for version, fact in enumerate(facts, start=1):
            state = career.evolve(state, fact, Place(version=version))
        found[person] = state
    return found


def standing(
    desk: Desk,
    tenant: str,
    known: int | None = None,
    *,
    stage: str | None = None,
    team: str | None = None,
    teams: Sequence[str] | None = None,
) -> Standing:
    """Where everybody stands as known at a position; counts are of all, people of the filter.

    `teams` are the only ones that are looked at at all.
    """
    every = careers_of(histories(desk, tenant, known))
    if teams is not None:
        every = {person: state for person, state in every.items() if state.team in teams}
    chosen = [
        state
        for state in every.values()
        if stage in (None, state.stage) and team in (None, state.team)
    ]
    people = sorted(chosen, key=lambda state: state.person)
    return Standing(counts=dict(Counter(one.stage for one in every.values())), people=people)


def rounds_of(facts: list[Fact]) -> list[list[Fact]]:
    """A career cut into rounds of hiring, each from a candidate's entry to the next entry."""
    rounds: list[list[Fact]] = []
    for fact in facts:
        if isinstance(fact, career_facts.CandidateEntered):
            rounds.append([])
        if rounds:
            rounds[-1].append(fact)
    return rounds


def funnel(
    facts_by_person: dict[str, list[Fact]],
    since: date,
    until: date,
    team: str | None = None,
) -> list[FunnelRow]:
    """The rounds that began in `[since, until)`: how far each came, and where it ended."""
    reached: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for facts in facts_by_person.values():
        for steps in rounds_of(facts):
            entered = steps[0]
            assert isinstance(entered, career_facts.CandidateEntered)
            if not since <= entered.effective < until or team not in (None, entered.team):
                continue
            stages = [_REACHED[type(one)] for one in steps if type(one) in _REACHED]
            last = max(stages, key=STAGES.index)
            reached.update(STAGES[: STAGES.index(last) + 1])
            if any(isinstance(one, career_facts.CandidacyEnded) for one in steps):
                ended[last] += 1
            elif last != "active":
                waiting[last] += 1
    return [
        FunnelRow(stage=one, rounds=reached[one], ended_here=ended[one], waiting=waiting[one])
        for one in STAGES
    ]
