"""Grants: who without a standing right may read whose personal data, until when and for what.

A grant is given by another person than the one it is for, ends by itself, and can be withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

import msgspec
from pydantic import Field

from domain.commands import Command, Id
from domain.facts import Act, Fact, Place
from domain.periods import Instant
from domain.refusals import Invalid, NotFound, SeparationOfDuties, WrongState

FieldName = Literal["name", "identity_number", "phone", "bank_account", "bank_name", "note"]
FIELDS: tuple[FieldName, ...] = get_args(FieldName)
LONGEST = timedelta(days=92)
"""A grant ends by then: whoever still needs it asks again."""


class GrantGiven(Fact, frozen=True, kw_only=True):
    """Somebody may read these fields of these persons until a moment."""

    grant: str
    grantee: str
    persons: tuple[str, ...]
    """Their ids; empty: of everybody."""
    fields: tuple[str, ...]
    until: datetime


class GrantWithdrawn(Fact, frozen=True, kw_only=True):
    """A grant is over."""

    grant: str
    grantee: str


class GiveGrant(Command):
    """Let somebody read personal data for a while."""

    grant: Id
    grantee: Id
    persons: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    everybody: bool = False
    """Of every person; otherwise the persons are named."""
    fields: Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=6)]
    until: Instant


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A grant and whether it was withdrawn."""

    grant: str
    grantee: str
    persons: tuple[str, ...]
    fields: tuple[str, ...]
    until: datetime
    given_by: str
    given_at: datetime | None
    withdrawn_by: str | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it gives any right at a moment."""
        return self.withdrawn_by is None and at < self.until

    def covers(self, person: str) -> bool:
        """Whether it is about a person."""
        return not self.persons or person in self.persons


class Grants(msgspec.Struct, frozen=True, kw_only=True):
    """The grants of one person, by id."""

    version: int = 0
    grants: Mapping[str, Grant] = {}

    def fields_of(self, person: str, at: datetime) -> frozenset[str]:
        """The fields of a person that may be read at a moment."""
        standing = (one for one in self.grants.values() if one.stands(at) and one.covers(person))
        return frozenset(field for one in standing for field in one.fields)

    def naming(self, at: datetime) -> tuple[str, ...]:
        """The ids of the grants that stand at a moment."""
        return tuple(name for name, one in self.grants.items() if one.stands(at))


def evolve(state: Grants, fact: Fact, place: Place) -> Grants:
    """Fold one fact of a grantee's stream."""
    match fact:
        case GrantGiven():
            made = Grant(
                grant=fact.grant,
                grantee=fact.grantee,
                persons=fact.persons,
                fields=fact.fields,
                until=fact.until,
                given_by=place.actor,
                given_at=place.recorded_at,
            )
        case GrantWithdrawn():
            old = state.grants[fact.grant]
            made = msgspec.structs.replace(old, withdrawn_by=place.actor or "?")
        case _:
            raise TypeError(f"a grant has no fact {type(fact).__name__}")
    return Grants(version=place.version, grants={**state.grants, fact.grant: made})


def give(state: Grants, command: GiveGrant, act: Act) -> list[Fact]:
    """Give a grant. Raises SeparationOfDuties to oneself, Invalid, WrongState for one given."""
    if act.actor == command.grantee:
        raise SeparationOfDuties(
            "不能给自己授权",
            "Nobody gives a grant to themselves",
            do="Ask another administrator to give it.",
        )
    _check(command, act)
    if command.grant in state.grants:
        raise WrongState(
            f"授权 {command.grant} 已存在",
            f"There is a grant {command.grant} already",
            do="Choose another id.",
        )
    given = GrantGiven(
        grant=command.grant,
        grantee=command.grantee,
        persons=command.persons,
        fields=command.fields,
        until=command.until,
    )
    return [given]


def _check(command: GiveGrant, act: Act) -> None:
    if not act.reason:
        raise Invalid(
            "请说明授权的目的",
            "A grant says what it is for",
            do="Give the reason.",
            field="reason",
        )
    if bool(command.persons) == command.everybody:
        raise Invalid(
            "请指明人员, 或指明全部",
            "Name the persons, or say everybody: one of the two",
            do="Name the persons whose data is needed.",
            field="persons",
        )
    if not act.at < command.until <= act.at + LONGEST:
        raise Invalid(
            f"授权须在 {LONGEST.days} 天内到期",
            f"A grant ends within {LONGEST.days} days from now",
            do="Choose an earlier end; it can be given again.",
            field="until",
        )


def withdraw(state: Grants, grant: str) -> list[Fact]:
    """End a grant; one that was withdrawn stays so. Raises NotFound."""
    found = state.grants.get(grant)
    if found is None:
        raise NotFound(
            f"没有授权 {grant}",
            f"There is no grant {grant}",
            do="List the grants to see their ids.",
        )
    if found.withdrawn_by is not None:
        return []
    return [GrantWithdrawn(grant=grant, grantee=found.grantee)]
