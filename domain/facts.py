"""The base of all facts, the act that caused them and the place they stand at."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Fields are plain data; unknown stored fields are read over, so
    that history written by an older or newer version stays readable."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, when, why, and on what occasion.

    Raises ValueError where `at` has no time zone: a naive time could be any of 24 instants.
    """

    actor: str
    at: datetime
    reason: str = ""
    correlation: str = ""
    causation: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of an act needs a time zone")

    @property
    def instant(self) -> datetime:
        """The time of the act in UTC."""
        return self.at.astimezone(UTC)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fact stands: position in the tenant's ledger, version in its stream, and who
    recorded it when. Tests fold facts at the place `Place()`."""

    position: int = 0
    version: int = 0
    actor: str = ""
    recorded_at: datetime | None = None
