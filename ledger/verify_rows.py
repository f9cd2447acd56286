"""The rows of `ledger.fact` against their envelopes: places, columns, versions, times.

A page is looked at quickly first: every row has to be exactly what is expected at its position,
byte for byte in line 1. Where one row of a page is not, the page is read again with its positions
and each row is looked at by itself, until it is known what is wrong with which column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, LiteralString

import msgspec
import orjson

from ledger import queries
from ledger.codec import PlaceLine, place_line
from ledger.merkle import HASH_BYTES
from ledger.queries import Connection
from ledger.verify_report import Check

QUICK: LiteralString = """
    SELECT stream_id, version, name, timestamptz_send(recorded_at), envelope FROM ledger.fact
    WHERE tenant_id = %b AND position > %b AND position <= %b ORDER BY position"""
_SLOW: LiteralString = """
    SELECT position, stream_id, version, name, recorded_at, envelope FROM ledger.fact
    WHERE tenant_id = %b AND position > %b AND position <= %b ORDER BY position"""
_NO_LEAF = bytes(HASH_BYTES)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts microseconds from here; most rows share their time with the one before."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
Rows = Sequence[tuple[Any, ...]]


class RowCheck:
    """Rows in the order of their positions, each against what it has to be."""

    def __init__(self, tenant: str, check: Check, versions: Mapping[str, int]) -> None:
        """`versions` are the last ones of the streams before the first row."""
        self._tenant = tenant
        self._check = check
        self._tail = f',"tenant":{_quoted(tenant)},"version":'
        self._names: dict[str, str] = {}
        self._streams: dict[str, list[Any]] = {
            stream: [self._of_stream(stream), version] for stream, version in versions.items()
        }
        """Stream → what line 1 says from its stream on, and the last version."""
        self._raw = b""
        self._at = _LONG_AGO
        self._stamp = ""

    def leaves(self, connection: Connection, rows: Rows, after: int, end: int) -> list[bytes]:
        """The leaf hashes of the positions after one up to another; a missing one is zeros."""
        before = self._raw, self._at, self._stamp
        if len(rows) != end - after or not self._quick(rows, after + 1):
            self._raw, self._at, self._stamp = before
            return self._slow(
                queries.rows(connection, _SLOW, [self._tenant, after, end]), after, end
            )
        return [sha256(b"\x00" + row[4]).digest() for row in rows]

    # Quickly

    def _quick(self, rows: Rows, first: int) -> bool:
        """Whether all rows are as they have to be; where not, nothing is remembered of them."""
        streams, names = self._streams, self._names
        done = 0
        for position, (stream, version, name, raw, envelope) in enumerate(rows, first):
            if raw != self._raw and not self._later(raw):
                break
            entry = streams.get(stream) or self._new(stream, version)
            line = (
                f'{names.get(name) or self._name(name)}{position},"recorded_at":"{self._stamp}"'
                f"{entry[0]}{version}}}\n"
            )
            if entry[1] + 1 != version or not envelope.startswith(line.encode()):
                break
            entry[1] = version
            done += 1
        else:
            return True
        for stream, version, *_ in reversed(rows[:done]):
            streams[stream][1] = version - 1
        return False

    def _later(self, raw: bytes) -> bool:
        """Take up another recorded time; False for an earlier one than before."""
        at = _EPOCH + timedelta(microseconds=int.from_bytes(raw, "big", signed=True))
        if at < self._at:
            return False
        self._raw, self._at = raw, at
        self._stamp = f"{at.isoformat(timespec='microseconds')[:26]}Z"
        return True

    def _new(self, stream: str, version: int) -> list[Any]:
        """A stream begins: with version 1, or 0 where the library made it."""
        entry = [self._of_stream(stream), -1 if version == 0 else 0]
        self._streams[stream] = entry
        return entry

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f'{{"format":1,"name":{_quoted(name)},"position":')

    def _of_stream(self, stream: str) -> str:
        return f',"stream":{_quoted(stream)}{self._tail}'

    # One by one

    def _slow(self, rows: Rows, after: int, end: int) -> list[bytes]:
        leaves: list[bytes] = []
        for position, stream, version, name, at, envelope in rows:
            expected = after + len(leaves) + 1
            if position < expected:
                self._add(position, "the position is used twice")
                continue
            self._missing(leaves, expected, position)
            leaves.append(sha256(b"\x00" + envelope).digest())
            if at < self._at:
                self._add(position, "it was recorded before the fact before it")
            self._at, self._raw = at, b""
            place = PlaceLine(1, name, position, at, stream, self._tenant, version)
            self._columns(place, envelope)
            self._version(position, stream, version)
        self._missing(leaves, after + len(leaves) + 1, end + 1)
        return leaves

    def _missing(self, leaves: list[bytes], first: int, stop: int) -> None:
        for position in range(first, stop):
            self._add(position, "there is no fact at this position")
            leaves.append(_NO_LEAF)

    def _columns(self, row: PlaceLine, envelope: bytes) -> None:
        """Say which column of a row is not what line 1 says."""
        line, _, _ = envelope.partition(b"\n")
        try:
            said = msgspec.json.decode(line, type=PlaceLine)
        except msgspec.MsgspecError:
            self._add(row.position, "line 1 of the envelope cannot be read")
            return
        wrong = [
            column
            for column, field in _COLUMNS.items()
            if getattr(row, field) != getattr(said, field)
        ]
        for column in wrong:
            self._add(row.position, "the column is not what the envelope says", f" column {column}")
        if not wrong and place_line(said) != line:
            self._add(row.position, "line 1 of the envelope is not written as it is written")

    def _version(self, position: int, stream: str, version: int) -> None:
        entry = self._streams.get(stream) or self._new(stream, version)
        if entry[1] + 1 != version:
            after = f"version {entry[1]}" if entry[1] > 0 else "nothing"
            self._add(position, f"version {version} of {stream} follows {after}")
        entry[1] = version

    def _add(self, position: int, what: str, more: str = "") -> None:
        self._check.add(f"ledger.fact position {position}{more}", what)


_COLUMNS = {
    "position": "position",
    "stream_id": "stream",
    "version": "version",
    "name": "name",
    "recorded_at": "recorded_at",
    "tenant_id": "tenant",
}


def _quoted(text: str) -> str:
    """A text as line 1 has it."""
    return orjson.dumps(text).decode()
