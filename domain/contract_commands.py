"""Commands to a contract, as they come in from outside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.clauses import Clause, Key
from domain.commands import Command, Id, Name, Sha256
from domain.contract_facts import Character, Ending, Engagement, Party
from domain.periods import Day


class ClauseDraft(Command):
    """A clause of a draft; without days of its own it is in force for the whole term."""

    key: Key
    clause: Clause
    start: Day | None = None
    end: Day | None = None


class DraftContract(Command):
    """Draft a contract from clauses, or from a template and its variables."""

    contract: Id
    person: Id
    number: Name
    engagement: Engagement
    character: Character
    start: Day
    end: Day | None = None
    """The first day after the term; none for an open-ended contract."""
    team: Name
    track: Name = "general"
    template: Id | None = None
    template_version: Annotated[int, Field(ge=1)] | None = None
    clauses: Annotated[tuple[ClauseDraft, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _term_is_a_period(self) -> DraftContract:
        if self.end is not None and self.end <= self.start:
            raise ValueError("the contract must end after it starts (end is the first day after)")
        return self


class SendContract(Command):
    """Send the drafted text out to be signed."""


class SignContract(Command):
    """One party accepts the document of this hash; parties sign in order."""

    party: Party
    signatory: Id
    """The account or person id of who signs: names stand only in sealed personal data."""
    document_sha256: Sha256
    method: Name = "recorded acceptance"
    evidence: Annotated[str, Field(max_length=2000)] = ""


class ActivateContract(Command):
    """Put a signed contract in force."""


class CancelContract(Command):
    """Drop a contract that is not yet signed by all."""


class ClauseChange(Command):
    """Add a clause, change what one says, or end one."""

    op: Literal["add", "change", "end"]
    key: Key
    clause: Clause | None = None

    @model_validator(mode="after")
    def _clause_where_needed(self) -> ClauseChange:
        if (self.op == "end") == (self.clause is not None):
            raise ValueError("add and change need a clause, end takes none")
        return self


class AmendContract(Command):
    """Change clauses with effect on one date, past or future."""

    amendment: Id
    effective: Day
    until: Day | None = None
    """The first day on which the change is over and the old terms are back."""
    supersede_later: bool = False
    """Say true to let an open-ended change replace changes already agreed for later days."""
    changes: Annotated[tuple[ClauseChange, ...], Field(min_length=1, max_length=50)]
    document: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _each_clause_once(self) -> AmendContract:
        if self.until is not None and self.until <= self.effective:
            raise ValueError("until must lie after effective")
        keys = [change.key for change in self.changes]
        if len(keys) != len(set(keys)):
            raise ValueError("an amendment names each clause once")
        return self


class RenewContract(Command):
    """A new term from the day the old one ends, with changed clauses."""

    amendment: Id
    end: Day | None = None
    changes: Annotated[tuple[ClauseChange, ...], Field(max_length=50)] = ()
    document: Annotated[str, Field(max_length=200)] | None = None


class EndContract(Command):
    """End a contract; `effective` is the first day on which it is not in force."""

    effective: Day
    ending: Ending
    note: Annotated[str, Field(max_length=2000)] = ""


class SetTaxCharacter(Command):
    """Say how payments under the contract are taxed, from a day on."""

    character: Character
    effective: Day


class DecideExpiry(Command):
    """Decide what happens at the end of the term."""

    decision: Literal["renew", "renegotiate", "let_end"]


ContractCommand = (
    DraftContract
    | SendContract
    | SignContract
    | ActivateContract
    | CancelContract
    | AmendContract
    | RenewContract
    | EndContract
    | SetTaxCharacter
    | DecideExpiry
)
