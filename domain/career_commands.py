"""Commands of a person's way through the company: one step each, with when it happened."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.commands import Command, Id, Name
from domain.contract_facts import Engagement
from domain.leaving import ReasonDraft
from domain.money import Number
from domain.periods import Day, Instant

Word = Annotated[str, Field(max_length=60)]
Note = Annotated[str, Field(max_length=4000, description="Free text; sealed as personal data.")]
TagCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Step(Command):
    """When a step happened: a moment with its zone, or a day; now where neither is said."""

    at: Instant | None = None
    on: Day | None = None

    @model_validator(mode="after")
    def _one_time(self) -> Step:
        if self.at is not None and self.on is not None:
            raise ValueError("say when by `at` (a moment) or by `on` (a day), not by both")
        return self


class EnterCandidate(Step):
    """Somebody is looked at for a team and a track."""

    kind: Literal["candidate"]
    team: Name
    track: Word = ""
    source: Word = ""


class HoldInterview(Step):
    """An interview was held."""

    kind: Literal["interview"]
    interview: Word = ""
    outcome: Literal["passed", "failed", "open"] = "passed"
    note: Note | None = None


class MakeOffer(Step):
    """Work was offered; team and track are those of the round where none are named."""

    kind: Literal["offer"]
    engagement: Engagement
    team: Name | None = None
    track: Word | None = None


class SendContractToPerson(Step):
    """The contract went out; a contract of this record says its template by itself."""

    kind: Literal["contract_sent"]
    contract: Id | None = None
    template: Word = ""
    template_version: Annotated[int, Field(ge=0, le=100_000)] = 0


class CompleteSigning(Step):
    """All parties have signed."""

    kind: Literal["signed"]
    contract: Id | None = None
    way: Word = ""


class StartWork(Step):
    """Work starts; what is not said is as it was offered."""

    kind: Literal["active"]
    team: Name | None = None
    track: Word | None = None
    engagement: Engagement | None = None
    scheme: Word = ""
    contract: Id | None = None
    taken_over: bool = False
    """The person worked here before this record began: there is no round to look back at."""


class Rehire(Step):
    """Somebody who left works here again, without a new round."""

    kind: Literal["rehired"]
    team: Name
    engagement: Engagement
    track: Word | None = None
    scheme: Word = ""
    contract: Id | None = None


class ChangeTeam(Step):
    """Another team, track or KPI scheme."""

    kind: Literal["moved"]
    team: Name
    track: Word | None = None
    scheme: Word | None = None


class Leave(Step):
    """The person leaves: whose wish it was, why (weights sum to 100 %), and free text."""

    kind: Literal["left"]
    wish: Literal["person", "company", "both"] = "person"
    reasons: Annotated[tuple[ReasonDraft, ...], Field(min_length=1, max_length=10)]
    note: Note | None = None


class EndCandidacy(Step):
    """A round ends before work starts."""

    kind: Literal["withdrawn"]
    by: Literal["candidate", "company"]
    reason: Word = ""
    note: Note | None = None


CareerStep = Annotated[
    EnterCandidate
    | HoldInterview
    | MakeOffer
    | SendContractToPerson
    | CompleteSigning
    | StartWork
    | Rehire
    | ChangeTeam
    | Leave
    | EndCandidacy,
    Field(discriminator="kind"),
]


class AssessCandidate(Step):
    """Marks by the competences of the track's model; what was not looked at is left out."""

    kind: Literal["assessed"] = "assessed"
    track: Id
    marks: Annotated[
        dict[TagCode, Annotated[Number, Field(ge=0)]], Field(min_length=1, max_length=30)
    ]
    note: Note | None = None


AnyStep = Annotated[CareerStep | AssessCandidate, Field(discriminator="kind")]
