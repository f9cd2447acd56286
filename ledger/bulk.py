"""Many facts of one request: the head is advanced, then the rows go in by COPY.

Line 1 of the envelopes is written here, in the bytes in which `ledger.append` writes it: a
property test holds both to `codec.place_line`. All of it is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Any, LiteralString

import orjson

from ledger import arrays
from ledger.codec import FORMAT, checked_text, leaf_hash, timestamp
from ledger.idempotency import Idempotency
from ledger.queries import Connection, Row
from ledger.records import Columns

LEAST = 200
"""Facts of a request from which on COPY is faster than arrays."""
_BLOCK = 1 << 17
_ADVANCE: LiteralString = """
    SELECT before, moment FROM ledger.advance(
        %b, %b::integer, %b::text[], %b::integer[], %b, %b::bytea, %b::bytea)"""
_COPY: LiteralString = """
    COPY ledger.fact (tenant_id, position, stream_id, version, name, recorded_at, envelope)
    FROM STDIN (FORMAT binary)"""
_COPY_HEAD, _COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_FIELDS, _LENGTH = Struct(">h").pack, Struct(">i").pack
_INT4, _INT8 = Struct(">ii").pack, Struct(">iq").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def append(
    connection: Connection,
    tenant: str,
    new: Columns,
    first: dict[str, int],
    idempotency: Idempotency | None,
) -> list[Row]:
    """Record the facts of one request: rows (ordinal, position, leaf hash, recorded time).

    `first` is that of `records.first_versions`. Errors of the database come as they are.
    """
    asked: list[Any] = [None, None, None]
    if idempotency is not None:
        key = checked_text("key", idempotency.key)
        asked = [key, idempotency.fingerprint, idempotency.answer]
    streams = [arrays.texts(list(first)), arrays.integers(list(first.values()))]
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        params = [tenant, len(new.streams), *streams, *asked]
        row = cursor.execute(_ADVANCE, params).fetchone()
        assert row is not None
        rows: list[Row] = []
        with cursor.copy(_COPY) as copy:
            for block in blocks(tenant, new, row[0], row[1].astimezone(UTC), rows):
                copy.write(block)
    return rows


def blocks(
    tenant: str, new: Columns, before: int, moment: datetime, rows: list[Row]
) -> Iterator[bytes]:
    """COPY's binary form of the facts, in blocks; `rows` gets the row of each fact."""
    since = (moment - _EPOCH) // _MICROSECOND
    head = _FIELDS(7) + _text(tenant)
    tail = _INT8(8, since)
    place = _places(tenant, moment)
    parts, size = [_COPY_HEAD], 0
    given = zip(new.streams, new.versions, new.names, new.states, strict=True)
    for ordinal, (stream, version, name, state) in enumerate(given, start=1):
        position = before + ordinal
        start, middle, end = place(name, stream)
        envelope = b"%b%d%b%d%b%b" % (start, position, middle, version, end, state)
        parts += (
            head, _INT8(8, position), _text(stream), _INT4(4, version), _text(name), tail,
            _LENGTH(len(envelope)), envelope,
        )  # fmt: skip
        rows.append((ordinal, position, leaf_hash(envelope), moment))
        size += len(envelope)
        if size > _BLOCK:
            yield b"".join(parts)
            parts, size = [], 0
    parts.append(_COPY_END)
    yield b"".join(parts)


@lru_cache(maxsize=4096)
def _text(text: str) -> bytes:
    data = text.encode()
    return _LENGTH(len(data)) + data


def _places(tenant: str, moment: datetime) -> Any:
    """What stands in line 1 before the position, between it and the version, and after."""
    said = orjson.dumps

    @lru_cache(maxsize=4096)
    def parts(name: str, stream: str) -> tuple[bytes, bytes, bytes]:
        start = b'{"format":%d,"name":%b,"position":' % (FORMAT, said(name))
        middle = b',"recorded_at":"%b","stream":%b,"tenant":%b,"version":' % (
            timestamp(moment).encode(), said(stream), said(tenant),
        )  # fmt: skip
        return start, middle, b"}\n"

    return parts
