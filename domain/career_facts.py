"""Facts of a person's way through the company, each with the moment it happened. Stored for ever.

`at` is when it happened, in UTC; `effective` is that day in China. When it became known is the
fact's place in the ledger: a history that is taken over keeps its own dates.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from domain.contract_facts import Engagement
from domain.facts import Fact
from domain.leaving import LeavingReason

Stage = Literal[
    "none", "candidate", "interview", "offered", "contract_sent", "signed", "active", "left",
    "withdrawn",
]  # fmt: skip


class CandidateEntered(Fact, frozen=True, kw_only=True):
    """Somebody is looked at for a team and a track; a new round where there was one before."""

    person: str
    at: datetime
    effective: date
    team: str
    track: str
    source: str


class InterviewHeld(Fact, frozen=True, kw_only=True):
    """An interview (or trial session) was held; notes are sealed with the person's key."""

    person: str
    at: datetime
    effective: date
    interview: str
    outcome: str
    sealed: dict[str, Any]


class OfferMade(Fact, frozen=True, kw_only=True):
    """The company offered work in a team under a kind of contract."""

    person: str
    at: datetime
    effective: date
    team: str
    track: str
    engagement: Engagement


class ContractSentToPerson(Fact, frozen=True, kw_only=True):
    """The contract went out; `template` and its version are kept for comparing versions."""

    person: str
    at: datetime
    effective: date
    contract: str
    template: str
    template_version: int


class ContractSignedByAll(Fact, frozen=True, kw_only=True):
    """Every party has signed; `way` names the signing process (paper, electronic, …)."""

    person: str
    at: datetime
    effective: date
    contract: str
    way: str


class WorkStarted(Fact, frozen=True, kw_only=True):
    """The person works for a team from `effective` on.

    `how`: `hired` at the end of a round, `rehired` after having left, `taken_over` for somebody
    who worked here before this record began (`effective` is then the real first day).
    """

    person: str
    at: datetime
    effective: date
    team: str
    track: str
    engagement: Engagement
    scheme: str
    contract: str
    how: str


class TeamChanged(Fact, frozen=True, kw_only=True):
    """The person works for another team, or under another KPI scheme, from `effective` on."""

    person: str
    at: datetime
    effective: date
    team: str
    track: str
    scheme: str


class PersonLeft(Fact, frozen=True, kw_only=True):
    """The person is not with the company any more from `effective` on."""

    person: str
    at: datetime
    effective: date
    wish: str
    reasons: tuple[LeavingReason, ...]
    sealed: dict[str, Any]


class CandidacyEnded(Fact, frozen=True, kw_only=True):
    """A round ended before work started: by the candidate or by the company."""

    person: str
    at: datetime
    effective: date
    by: str
    reason: str
    sealed: dict[str, Any]


class CandidateAssessed(Fact, frozen=True, kw_only=True):
    """Marks for the competences of a track's model, by the version that was in force."""

    person: str
    at: datetime
    effective: date
    track: str
    model_version: int
    marks: dict[str, Decimal]
    sealed: dict[str, Any]
