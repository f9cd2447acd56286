"""Facts made for the tests of the ledger: their names are theirs alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.facts import Act, Fact, Place
from domain.refusals import WrongState
from ledger.names import Names
from ledger.records import NewFact


class Opened(Fact, frozen=True, kw_only=True):
    """A little account is there."""

    owner: str


class Changed(Fact, frozen=True, kw_only=True):
    """An amount from a day on, with anything else beside it."""

    amount: Decimal
    effective: date
    at: datetime | None = None
    more: dict[str, Any] = msgspec.field(default_factory=dict)


class Closed(Fact, frozen=True, kw_only=True):
    """The account is closed."""


NAMES = Names(
    {"account.opened.v1": Opened, "account.changed.v1": Changed, "account.closed.v1": Closed}
)
AT = datetime(2025, 9, 1, 4, 0, tzinfo=UTC)
ACT = Act(actor="ann", at=AT, reason="agreed 同意 👍", correlation="req-1", causation="cmd-1")


def opened(stream: str, version: int = 1) -> NewFact:
    return NewFact(stream, version, Opened(owner="王小明"))


def changed(stream: str, version: int, amount: str = "1", more: Any = None) -> NewFact:
    fact = Changed(amount=Decimal(amount), effective=date(2025, 9, 1), more=more or {})
    return NewFact(stream, version, fact)


# A little account as the domain would write it: state, evolve, decide.

State = tuple[str, Decimal, int]
EMPTY: State = ("none", Decimal(0), 0)


def evolve(state: State, fact: Fact, place: Place) -> State:
    """Fold one fact."""
    status, amount, _ = state
    match fact:
        case Opened():
            return ("open", amount, place.version)
        case Changed():
            return (status, amount + fact.amount, place.version)
        case Closed():
            return ("closed", amount, place.version)
    raise TypeError(fact)


def decide(state: State, command: str, act: Act) -> Sequence[Fact]:
    """`open`, `close`, `nothing`, or an amount to add."""
    status = state[0]
    if command == "nothing":
        return []
    if command == "open":
        if status != "none":
            raise WrongState("已开", "open already", do="Choose another.")
        return [Opened(owner=act.actor)]
    if status != "open":
        raise WrongState("未开", "not open", do="Open it first.")
    if command == "close":
        return [Closed()]
    return [Changed(amount=Decimal(command), effective=act.at.date())]
