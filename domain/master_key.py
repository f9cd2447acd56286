"""The master key was turned: which one wraps from now on, which do not any more."""

from __future__ import annotations

import msgspec

from domain.facts import Fact, Place


class MasterKeyTurned(Fact, frozen=True, kw_only=True):
    """Every person's key is wrapped by this master key. Keys are named by their ids."""

    master: str
    turned: tuple[str, ...]
    persons: int


class Masters(msgspec.Struct, frozen=True, kw_only=True):
    """The last turn."""

    version: int = 0
    master: str = ""


def evolve(state: Masters, fact: Fact, place: Place) -> Masters:
    """Fold one turn."""
    if not isinstance(fact, MasterKeyTurned):
        raise TypeError(f"a master key has no fact {type(fact).__name__}")
    return Masters(version=place.version, master=fact.master)
