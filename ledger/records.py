"""What goes into the ledger, what comes back for it, and what is read from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from domain.facts import Act, Fact, Place
from domain.refusals import Invalid
from ledger.codec import ActLine, PlaceLine, act_line, canonical, checked_text, split
from ledger.names import Names, UnreadableFact

_place = msgspec.json.Decoder(PlaceLine).decode
_act = msgspec.json.Decoder(ActLine).decode


class Encoded(Fact, frozen=True):
    """A fact as `canonical` wrote it in another process: its class and its payload."""

    kind: type[Fact]
    payload: bytes
    effective: date | None = None


class NewFact(msgspec.Struct, frozen=True):
    """A fact to be appended as that version of its stream. Versions begin at 1."""

    stream: str
    version: int
    fact: Fact


class Receipt(msgspec.Struct, frozen=True):
    """What an append answers for each fact; it can be checked against a checkpoint later."""

    stream: str
    version: int
    position: int
    leaf_hash: str
    recorded_at: datetime


class Answer(msgspec.Struct, frozen=True):
    """What was answered the first time a key was used."""

    answer: bytes
    receipts: list[Receipt]


class Recorded(Place, frozen=True, kw_only=True):
    """A fact as it stands in the ledger. It is its own `Place`: `evolve(state, r.fact, r)`."""

    recorded_at: datetime
    stream: str
    name: str
    reason: str
    correlation: str
    causation: str
    effective: date | None
    fact: Fact


class Columns(msgspec.Struct, frozen=True):
    """New facts as the arrays the append function takes."""

    streams: list[str]
    versions: list[int]
    names: list[str]
    states: list[bytes]


def columns(facts: Sequence[NewFact], act: Act, names: Names) -> Columns:
    """Encode new facts. Raises Invalid for what cannot be recorded, UnknownFact for a class
    without a stored name."""
    lines: dict[date | None, bytes] = {}
    states = []
    for new in facts:
        if new.version < 1:
            raise Invalid(
                f"版本从 1 开始，不能是 {new.version}",
                f"versions begin at 1, not {new.version}",
                do="Give the first fact of a stream version 1.",
                stream=new.stream,
            )
        effective: date | None = getattr(new.fact, "effective", None)
        if effective not in lines:
            lines[effective] = act_line(act, effective) + b"\n"
        states.append(lines[effective] + _payload(new.fact))
    return Columns(
        [checked_text("stream", new.stream) for new in facts],
        [new.version for new in facts],
        [names.name_of(_kind(new.fact)) for new in facts],
        states,
    )


def _payload(fact: Fact) -> bytes:
    return fact.payload if isinstance(fact, Encoded) else canonical(fact)


def _kind(fact: Fact) -> type[Fact]:
    return fact.kind if isinstance(fact, Encoded) else type(fact)


def first_versions(new: Columns) -> dict[str, int] | None:
    """The first version of each stream; None where the versions of one do not go on by one."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for stream, version in zip(new.streams, new.versions, strict=True):
        if stream not in last:
            first[stream] = version
        elif version != last[stream] + 1:
            return None
        last[stream] = version
    return first


def recorded(envelope: bytes, names: Names) -> Recorded:
    """Read an envelope, and nothing but the envelope: what is read is what is hashed.

    Raises UnknownFact or UnreadableFact, both naming the position: the reader halts there.
    """
    try:
        first, second, payload = split(envelope)
        place, act = _place(first), _act(second)
    except ValueError as error:
        raise UnreadableFact(f"an envelope has no place and act: {envelope[:200]!r}") from error
    try:
        fact = names.decode(place.name, payload)
    except UnreadableFact as error:
        raise type(error)(
            f"{error} (tenant {place.tenant}, position {place.position}, stream {place.stream})"
        ) from error
    return Recorded(
        position=place.position,
        version=place.version,
        actor=act.actor,
        recorded_at=place.recorded_at,
        stream=place.stream,
        name=place.name,
        reason=act.reason,
        correlation=act.correlation,
        causation=act.causation,
        effective=act.effective,
        fact=fact,
    )


def receipt(row: Sequence[Any]) -> Receipt:
    """A receipt of a row (stream, version, position, leaf hash as bytes, recorded time)."""
    stream, version, position, leaf, moment = row
    return Receipt(stream, version, position, leaf.hex(), moment.astimezone(UTC))
