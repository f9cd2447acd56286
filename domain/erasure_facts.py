"""Facts and commands of keeping and erasing personal data; they stand in the person's stream.

Erasing takes two acts of two people (个人信息保护法 art. 47): first the data is restricted, stored
and used for nothing but what a law needs; when no law needs it any more, the key is destroyed.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from domain.commands import Command, Id
from domain.facts import Fact
from domain.periods import Day

Ground = Literal["person_asked", "consent_withdrawn", "purpose_over", "unlawful"]
"""Why data is to be erased: art. 47 items 1 to 4 (items 3 and 1 are somebody's word)."""


class HoldPlaced(Fact, frozen=True, kw_only=True):
    """A dispute, inquiry or order needs the person's data: nothing of it is erased."""

    person: str
    hold: str
    document: str


class HoldLifted(Fact, frozen=True, kw_only=True):
    """A hold is over."""

    person: str
    hold: str


class PersonRestricted(Fact, frozen=True, kw_only=True):
    """First step: the data is stored, and used for nothing but what a law needs."""

    person: str
    ground: str
    keep_until: date
    """The first day on which no rule keeps it, as far as was known then."""
    kept_for: tuple[str, ...]
    """The retention classes that apply."""


class RestrictionLifted(Fact, frozen=True, kw_only=True):
    """The restriction was a mistake: the data is in use again."""

    person: str


class PersonErased(Fact, frozen=True, kw_only=True):
    """Second step: the person's key is destroyed; what it sealed can be read by nobody again."""

    person: str
    ground: str
    restricted_by: str
    key: str
    """The id of the key, as it stands beside what it sealed."""
    kept_for: tuple[str, ...]
    """The retention classes whose time was over."""


KEEPING = (HoldPlaced, HoldLifted, PersonRestricted, RestrictionLifted, PersonErased)
"""How a person's data stands: these facts, in the person's stream."""


class RetentionSet(Fact, frozen=True, kw_only=True):
    """From a day on, data of this class is kept for so many months."""

    retention: str
    months: int
    effective: date
    source: str


class PlaceHold(Command):
    """Keep a person's data whatever becomes of it; the reason says why."""

    hold: Id
    document: Annotated[str, Field(max_length=200)] = ""
    """What it rests on: the number of a case, an order, a letter."""


class RestrictPerson(Command):
    """Stop using a person's data; the first of two steps to erase it."""

    ground: Ground = "purpose_over"


class SetRetention(Command):
    """Keep data of a class for so many months from a day on."""

    retention: Literal["pay", "contract", "candidate"]
    months: Annotated[int, Field(ge=0, le=600)]
    effective: Day
    source: Annotated[str, Field(min_length=1, max_length=300)]
    """The law, the rule or the decision that says so."""
