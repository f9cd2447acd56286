"""A contract as the fold of its facts. `evolve` never refuses: accepted history is readable."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from domain import contract_facts as facts
from domain.facts import Fact, Place
from domain.periods import Period
from domain.terms import Term, cut, paint

Status = Literal["none", "drafted", "sent", "signed", "active", "ended", "cancelled"]


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of a contract at a version."""

    status: Status = "none"
    version: int = 0
    contract: str = ""
    person: str = ""
    number: str = ""
    engagement: facts.Engagement = "full_time"
    team: str = ""
    track: str = ""
    start: date = date.min
    end: date | None = None
    template: str | None = None
    template_version: int | None = None
    characters: tuple[tuple[date, facts.Character], ...] = ()
    terms: tuple[Term, ...] = ()
    document_sha256: str = ""
    signed_by: tuple[facts.Party, ...] = ()
    activated_on: date | None = None
    fixed_terms: int = 0
    amended_by: tuple[str, ...] = ()
    """Actors who changed clauses: none of them may approve pay."""
    expiry_decision: str | None = None

    @property
    def period(self) -> Period:
        """The days on which the contract is in force (a scheduled end included)."""
        return Period(self.start, self.end)

    def status_on(self, day: date) -> Status:
        """The status on a day: a term that is over has ended, without a fact of its own.

        劳动合同法 art. 44(1). What ends on a later day is active until then.
        """
        if self.activated_on is None or self.end is None:
            return self.status
        return "ended" if day >= self.end else "active"

    def character_on(self, day: date) -> facts.Character:
        """The tax character on a day: the last one said that had begun."""
        begun = [entry for entry in self.characters if entry[0] <= day]
        return (begun or list(self.characters[:1]))[-1][1]


def evolve(state: Contract, fact: Fact, place: Place) -> Contract:
    """Fold one fact into the contract. An unknown class of fact is an error, never skipped."""
    changed = _evolve(state, fact, place)
    return msgspec.structs.replace(changed, version=place.version)


def _evolve(state: Contract, fact: Fact, place: Place) -> Contract:
    replace = msgspec.structs.replace
    match fact:
        case facts.ContractDrafted():
            return _drafted(fact, place)
        case facts.ContractSent():
            return replace(state, status="sent", document_sha256=fact.document_sha256)
        case facts.PartySigned():
            signed = (*state.signed_by, fact.party)
            done = len(signed) == len(facts.SIGNING_ORDER)
            return replace(state, signed_by=signed, status="signed" if done else state.status)
        case facts.ContractActivated():
            return replace(state, status="active", activated_on=fact.effective)
        case facts.ContractCancelled():
            return replace(state, status="cancelled")
        case facts.ClauseAdded() | facts.ClauseAmended():
            term = Term(
                fact.key,
                Period(fact.effective, fact.until),
                fact.clause,
                text_zh=fact.text_zh,
                text_en=fact.text_en,
                position=place.position,
                version=place.version,
            )
            return replace(state, terms=paint(state.terms, term), amended_by=_amended(state, place))
        case facts.ClauseEnded():
            gone = Period(fact.effective, fact.until)
            return replace(
                state,
                terms=cut(state.terms, fact.key, gone),
                amended_by=_amended(state, place),
            )
        case facts.ContractRenewed():
            return replace(state, end=fact.end, fixed_terms=fact.fixed_terms, expiry_decision=None)
        case facts.ContractEnded():
            return replace(state, status="ended", end=fact.effective)
        case facts.TaxCharacterSet():
            kept = [entry for entry in state.characters if entry[0] < fact.effective]
            return replace(state, characters=(*kept, (fact.effective, fact.character)))
        case facts.ExpiryDecided():
            return replace(state, expiry_decision=fact.decision)
    raise TypeError(f"a contract has no fact {type(fact).__name__}")


def _drafted(fact: facts.ContractDrafted, place: Place) -> Contract:
    terms = tuple(
        Term(
            entry.key,
            Period(entry.start or fact.effective, entry.end),
            entry.clause,
            text_zh=entry.text_zh,
            text_en=entry.text_en,
            position=place.position,
            version=place.version,
        )
        for entry in fact.clauses
    )
    return Contract(
        status="drafted",
        contract=fact.contract,
        person=fact.person,
        number=fact.number,
        engagement=fact.engagement,
        team=fact.team,
        track=fact.track,
        start=fact.effective,
        end=fact.end,
        template=fact.template,
        template_version=fact.template_version,
        characters=((fact.effective, fact.character),),
        terms=terms,
        fixed_terms=0 if fact.end is None else 1,
    )


def _amended(state: Contract, place: Place) -> tuple[str, ...]:
    return tuple(sorted({*state.amended_by, place.actor}))
