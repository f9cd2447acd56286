"""One pass over the facts: bytes, places, order, versions, and the tree over them.

Nothing of the writer is used but the codec and the tree arithmetic. The columns of a row must say
what line 1 of its envelope says, byte for byte; positions and versions have no holes; recorded
times never fall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, LiteralString

import msgspec
import orjson

from ledger import queries
from ledger.codec import PlaceLine, place_line
from ledger.log_store import Kept, State
from ledger.merkle import HASH_BYTES
from ledger.queries import Pool
from ledger.tiles import WIDTH
from ledger.verify_report import Check, Progress
from ledger.verify_tree import TreeCheck

PAGE = 16 * WIDTH
"""Facts in a page: whole tiles, so that each is looked at once."""
_ROWS: LiteralString = """
    SELECT position, stream_id, version, name, timestamptz_send(recorded_at), envelope
    FROM ledger.fact
    WHERE tenant_id = %b AND position > %b AND position <= %b ORDER BY position"""
_OUTSIDE: LiteralString = """
    SELECT f.position, f.stream_id FROM ledger.fact AS f, ledger.head AS h
    WHERE h.tenant_id = %b AND f.tenant_id = h.tenant_id
        AND (f.position < 1 OR f.position > h.position)
    ORDER BY f.position LIMIT 100"""
_BEFORE: LiteralString = """
    SELECT DISTINCT ON (stream_id) stream_id, version FROM ledger.fact
    WHERE tenant_id = %b AND position <= %b ORDER BY stream_id, version DESC"""
_NO_LEAF = bytes(HASH_BYTES)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts microseconds from here; most rows share their time with the one before."""
Rows = Sequence[tuple[Any, ...]]


class FactPass:
    """The facts from one position to another, each looked at once.

    Ranges are those of whole tiles; the hashes of facts outside of them are taken from the tiles.
    """

    def __init__(self, pool: Pool, tenant: str, state: State, kept: Sequence[Kept]) -> None:
        self._pool = pool
        self._tenant = tenant
        self._state = state
        self._kept = kept
        self.rows = Check(name="facts", unit="facts")
        self.tree = Check(name="tree", unit="leaves")
        self._versions: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._streams: dict[str, str] = {}
        self._quoted = _quoted(tenant)
        self._raw = b""
        self._at = datetime.min.replace(tzinfo=UTC)
        self._stamp = ""
        self._expected = 1

    def run(self, first: int, last: int, progress: Progress) -> None:
        """Look at positions `first` to `last`; the tree is recomputed from whole tiles on."""
        start = min((first - 1) // WIDTH * WIDTH, self._state.size // WIDTH * WIDTH)
        with self._pool.connection() as connection:
            # The tree has this connection, the pages another one: they are read ahead.
            tree = TreeCheck(connection, self._tenant, self._state, self._kept, self.tree)
            if start:
                self._versions = dict(queries.rows(connection, _BEFORE, [self._tenant, start]))
                tree.take(start)
            self._expected = start + 1
            for rows, end in self._pages(start, last):
                leaves = self._page(rows, end)
                tree.add(leaves[: max(0, self._state.size - tree.size)])
                progress("facts", end, last)
            self.tree.counted = tree.size - start
            tree.take(self._state.size)
            tree.finish()
            self._outside(connection)
        self.rows.counted = self._expected - 1 - start

    def _pages(self, start: int, last: int) -> Iterator[tuple[Rows, int]]:
        """Pages with the position each of them ends at, read one ahead."""
        ends = [*range(min(start + PAGE, last), last, PAGE), last] if last > start else []
        with self._pool.connection() as connection, ThreadPoolExecutor(1) as ahead:

            def read(after: int, upto: int) -> Rows:
                return queries.rows(connection, _ROWS, [self._tenant, after, upto])

            waiting = [ahead.submit(read, *span) for span in zip([start], ends[:1], strict=False)]
            for number, end in enumerate(ends):
                rows = waiting.pop().result()
                if end < last:
                    waiting.append(ahead.submit(read, end, ends[number + 1]))
                yield rows, end

    def _page(self, rows: Rows, end: int) -> list[bytes]:
        """The leaf hashes of a page; every row is held against its envelope on the way."""
        leaves: list[bytes] = []
        versions, streams, names, quoted = self._versions, self._streams, self._names, self._quoted
        for position, stream, version, name, raw, envelope in rows:
            if position != self._expected and not self._gap(position, leaves):
                continue
            self._expected = position + 1
            leaves.append(sha256(b"\x00" + envelope).digest())
            if raw != self._raw:
                self._time(position, raw)
            line = (
                f'{{"format":1,"name":{names.get(name) or self._name(name)},"position":{position},'
                f'"recorded_at":"{self._stamp}","stream":{streams.get(stream) or self._stream(stream)},'
                f'"tenant":{quoted},"version":{version}}}\n'
            )
            if not envelope.startswith(line.encode()):
                self._columns(position, stream, version, name, envelope)
            before = versions.get(stream)
            if version - 1 != before and (before is not None or version not in (0, 1)):
                self._version(position, stream, version, before)
            versions[stream] = version
        self._gap(end + 1, leaves)
        self._expected = end + 1
        return leaves

    # What is rare

    def _gap(self, position: int, leaves: list[bytes]) -> bool:
        """Note the positions that are missing before one; False for a position that came already."""
        if position < self._expected:
            self.rows.add(f"ledger.fact position {position}", "the position is used twice")
            return False
        for missing in range(self._expected, position):
            self.rows.add(f"ledger.fact position {missing}", "there is no fact at this position")
            leaves.append(_NO_LEAF)
        return True

    def _time(self, position: int, raw: bytes) -> None:
        """Take up the recorded time of a row that differs from the one before."""
        self._raw = raw
        at = _EPOCH + timedelta(microseconds=int.from_bytes(raw, "big", signed=True))
        if at < self._at:
            self.rows.add(
                f"ledger.fact position {position}", "it was recorded before the fact before it"
            )
        self._at = at
        self._stamp = f"{at.isoformat(timespec='microseconds')[:26]}Z"

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, _quoted(name))

    def _stream(self, stream: str) -> str:
        if len(self._streams) > 200_000:
            self._streams.clear()
        return self._streams.setdefault(stream, _quoted(stream))

    def _columns(
        self, position: int, stream: str, version: int, name: str, envelope: bytes
    ) -> None:
        """Say which column of a row is not what line 1 says."""
        place = f"ledger.fact position {position}"
        line, _, _ = envelope.partition(b"\n")
        try:
            said = msgspec.json.decode(line, type=PlaceLine)
        except msgspec.MsgspecError:
            self.rows.add(place, "line 1 of the envelope cannot be read")
            return
        columns = {
            "position": (position, said.position),
            "stream_id": (stream, said.stream),
            "version": (version, said.version),
            "name": (name, said.name),
            "recorded_at": (self._at, said.recorded_at),
            "tenant_id": (self._tenant, said.tenant),
        }
        wrong = [column for column, (stored, told) in columns.items() if stored != told]
        for column in wrong:
            self.rows.add(f"{place} column {column}", "the column is not what the envelope says")
        if not wrong and place_line(said) != line:
            self.rows.add(place, "line 1 of the envelope is not written as it is written")

    def _version(self, position: int, stream: str, version: int, before: int | None) -> None:
        after = "nothing" if before is None else f"version {before}"
        self.rows.add(
            f"ledger.fact position {position}", f"version {version} of {stream} follows {after}"
        )

    def _outside(self, connection: queries.Connection) -> None:
        for position, stream in queries.rows(connection, _OUTSIDE, [self._tenant]):
            self.rows.add(
                f"ledger.fact position {position}",
                f"a fact of {stream} stands outside of what the head counts",
            )


def _quoted(text: str) -> str:
    """A text as line 1 has it."""
    return orjson.dumps(text).decode()
