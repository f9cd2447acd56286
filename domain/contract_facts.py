"""Facts of a contract: what was agreed, signed, amended and ended. Stored for ever."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

from domain.facts import Fact

Engagement = Literal["full_time", "part_time", "agency"]
Character = Literal[
    "wages", "labour_remuneration", "platform_labour_remuneration", "business_income"
]
Party = Literal["business_department", "company_seal", "streamer"]
SIGNING_ORDER: tuple[Party, ...] = ("business_department", "company_seal", "streamer")
Ending = Literal["expired", "terminated", "rescinded", "superseded"]


class ClauseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A clause as first agreed; its period is the contract's term where none is given."""

    key: str
    clause: dict[str, Any]
    text_zh: str
    text_en: str
    start: date | None = None
    end: date | None = None


class ContractDrafted(Fact, frozen=True, kw_only=True):
    """A draft with its parties, term and clauses. `effective` is the term's first day."""

    contract: str
    person: str
    number: str
    engagement: Engagement
    character: Character
    effective: date
    end: date | None
    team: str
    track: str
    template: str | None
    template_version: int | None
    clauses: tuple[ClauseEntry, ...]


class ContractSent(Fact, frozen=True, kw_only=True):
    """The text was sent to be signed; the hash is of exactly that text."""

    document_sha256: str


class PartySigned(Fact, frozen=True, kw_only=True):
    """One party accepted the document of this hash."""

    party: Party
    signatory: str
    document_sha256: str
    method: str
    evidence: str


class ContractActivated(Fact, frozen=True, kw_only=True):
    """From this day on the contract is in force and may be paid."""

    effective: date


class ContractCancelled(Fact, frozen=True, kw_only=True):
    """The draft was dropped before all had signed."""


class ClauseAdded(Fact, frozen=True, kw_only=True):
    """A clause that was not there on the day is in force from it (until the day given)."""

    amendment: str
    key: str
    clause: dict[str, Any]
    text_zh: str
    text_en: str
    effective: date
    until: date | None
    document: str | None


class ClauseAmended(Fact, frozen=True, kw_only=True):
    """A clause says something else from the day on (until the day given)."""

    amendment: str
    key: str
    clause: dict[str, Any]
    text_zh: str
    text_en: str
    effective: date
    until: date | None
    document: str | None


class ClauseEnded(Fact, frozen=True, kw_only=True):
    """A clause is not in force from the day on (until the day given)."""

    amendment: str
    key: str
    effective: date
    until: date | None
    document: str | None


class ContractRenewed(Fact, frozen=True, kw_only=True):
    """A new term follows the old one; the count of fixed terms is kept."""

    effective: date
    end: date | None
    fixed_terms: int


class ContractEnded(Fact, frozen=True, kw_only=True):
    """`effective` is the first day on which the contract is not in force any more."""

    effective: date
    ending: Ending
    note: str


class TaxCharacterSet(Fact, frozen=True, kw_only=True):
    """The tax character of what is paid under the contract, from a day on."""

    character: Character
    effective: date


class ExpiryDecided(Fact, frozen=True, kw_only=True):
    """What HR and the business lead decided before the end of the term."""

    decision: Literal["renew", "renegotiate", "let_end"]
    effective: date
