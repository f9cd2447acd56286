"""The bytes of the record: canonical JSON, the three lines of an envelope, the leaf hash.

Canonical JSON here: keys sorted, no spaces, UTF-8, decimals as plain text ("0.05", never an
exponent), times in UTC with microseconds and `Z`, days as ISO text, and no floats at all.
"""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import orjson

from domain.facts import Act
from domain.money import plain
from domain.refusals import Invalid

FORMAT = 1
LONGEST_ID = 200
"""Characters of a tenant, stream, key or person: two of them must fit one index row."""
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_KEPT = (Decimal, datetime, date)
_LONGEST_DECIMAL = 60
_NUL = b"\\u0000"


class PlaceLine(msgspec.Struct, frozen=True):
    """Line 1 of an envelope: where the fact stands. Written by `ledger.append` in SQL."""

    format: int
    name: str
    position: int
    recorded_at: datetime
    stream: str
    tenant: str
    version: int


class ActLine(msgspec.Struct, frozen=True):
    """Line 2 of an envelope: who did it, on what occasion, why, and from when it applies."""

    actor: str
    causation: str
    correlation: str
    effective: date | None
    reason: str


class Lines(NamedTuple):
    """The three lines of an envelope, without their line ends."""

    place: bytes
    act: bytes
    payload: bytes


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain data or a msgspec struct.

    Raises Invalid for floats (NaN among them), naive times, NUL characters, lone surrogates and
    whatever JSON cannot say.
    """
    try:
        tree = msgspec.to_builtins(value, builtin_types=_KEPT, str_keys=True, order="deterministic")
        _refuse_floats(tree)
        data = orjson.dumps(tree, default=_exact, option=_OPTIONS)
    except (TypeError, ValueError, RecursionError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, Invalid):
            raise cause from None
        raise Invalid(
            f"无法记录的内容：{cause}",
            f"this cannot be recorded: {cause}",
            do="Send plain text, whole numbers, decimals as text, days and times with a zone.",
        ) from error
    if _NUL in data:
        _refuse_nul(tree)
    return data


def timestamp(moment: datetime) -> str:
    """A time as the record writes it, `2026-01-01T00:00:00.000000Z`. Refuses a naive one."""
    if moment.tzinfo is None:
        raise naive_time(moment)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def naive_time(moment: datetime) -> Invalid:
    """The refusal of a time without a zone: it could be any of two dozen instants."""
    return Invalid(
        f"时间 {moment.isoformat()} 没有时区",
        f"{moment.isoformat()} has no time zone",
        do="Write it with its zone: 2025-09-01T12:00:00+08:00",
    )


def checked_text(what: str, text: str) -> str:
    """A name, id or key that an index of PostgreSQL can hold; Invalid for any other."""
    with contextlib.suppress(UnicodeEncodeError):
        if 0 < len(text) <= LONGEST_ID and b"\0" not in text.encode():
            return text
    raise Invalid(
        f"{what} 不能为空、超过 {LONGEST_ID} 字，或含有 NUL 或不成对的代理字符",
        f"the {what} must have 1 to {LONGEST_ID} characters, without NUL or half a surrogate "
        f"pair: {text[:60]!r}",
        do="Send well-formed text of that length.",
        field=what,
    )


def act_line(act: Act, effective: date | None) -> bytes:
    """Line 2 of an envelope."""
    return canonical(
        {
            "actor": act.actor,
            "causation": act.causation,
            "correlation": act.correlation,
            "effective": effective,
            "reason": act.reason,
        }
    )


def place_line(place: PlaceLine) -> bytes:
    """Line 1 as the append function writes it: what verification compares with."""
    return canonical(place)


def split(envelope: bytes) -> Lines:
    """The three lines of an envelope. Raises ValueError where there are fewer."""
    place, act, payload = envelope.split(b"\n", 2)
    return Lines(place, act, payload)


def leaf_hash(envelope: bytes) -> bytes:
    """The RFC 6962 leaf hash of a whole envelope."""
    return hashlib.sha256(b"\x00" + envelope).digest()


def _exact(value: Any) -> str:
    """What orjson does not write by itself."""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _decimal(value)
    raise TypeError(f"{type(value).__name__} has no form in the record")


def _decimal(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _LONGEST_DECIMAL:
        raise Invalid(
            f"{value} 不是可记录的数",
            f"{value} is not a number that can be recorded",
            do="Send a finite decimal of ordinary size.",
        )
    return plain(value) if value else "0"


def _refuse_floats(tree: Any) -> None:
    """Walk plain data; a float has already lost the value that was meant."""
    kind = type(tree)
    if kind is dict:
        for value in tree.values():
            if type(value) is not str:
                _refuse_floats(value)
    elif kind is list or kind is tuple:
        for value in tree:
            if type(value) is not str:
                _refuse_floats(value)
    elif kind is float:
        raise Invalid(
            f"浮点数 {tree} 不精确，不能记录",
            f"the float {tree} is not exact and is not recorded",
            do='Use a decimal, written as text: "0.05".',
        )


def _refuse_nul(tree: Any) -> None:
    """Refuse a NUL character: no text column or JSONB of PostgreSQL can hold it."""
    if isinstance(tree, dict):
        _refuse_nul([*tree, *tree.values()])
    elif isinstance(tree, list | tuple):
        for value in tree:
            _refuse_nul(value)
    elif isinstance(tree, str) and "\0" in tree:
        raise Invalid(
            "文本含有 NUL 字符",
            f"a text holds a NUL character: {tree[:60]!r}",
            do="Remove the NUL character.",
        )
