"""The tree recomputed: leaves against tiles, tiles against tiles, roots against checkpoints.

Roots come from the leaves that were read, never from what is stored; the stored tiles are only
held against them. Where the two differ, the tile above says which of them was altered; where it was
the fact, the sealed leaf is used further up, so that one altered fact is one finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString

from ledger import queries
from ledger.log_store import Kept, State
from ledger.merkle import HASH_BYTES, perfect_root
from ledger.queries import Connection
from ledger.tiles import FULL_BYTES, WIDTH, edges_root, split_hashes
from ledger.verify_report import Check

_TILES: LiteralString = """
    SELECT number, hashes FROM ledger.tile
    WHERE tenant_id = %b AND level = %b AND number BETWEEN %b AND %b"""
_BEYOND: LiteralString = """
    SELECT level, number FROM ledger.tile
    WHERE tenant_id = %b AND number >= %b >> (8 * (level + 1)) ORDER BY level, number LIMIT 100"""


class TreeCheck:
    """A tree that is recomputed from leaves given in order, and held against what is stored."""

    def __init__(
        self, connection: Connection, tenant: str, state: State, kept: Sequence[Kept], check: Check
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._state = state
        self._check = check
        self._stored = {level: self._tiles(level, 0, queries.LAST) for level in range(1, 8)}
        self._above = [bytearray() for _ in range(8)]
        """Level → the hashes recomputed so far; level 0 stays empty."""
        self._kept = sorted(kept, key=lambda one: one.size)
        self._next = 0
        self.size = 0

    def take(self, upto: int) -> None:
        """Go on to a size with the hashes as they are stored, in place of leaves that are not read."""
        first, last = self.size // WIDTH, min(upto, self._state.size) // WIDTH
        for number in range(first, last):
            self._checkpoints_of(number)
            self._push(1, self._stored_hash(1, number))
            self.size += WIDTH
        if upto > self.size:
            self._checkpoints_of(last)
            self.size = upto

    def _checkpoints_of(self, number: int) -> None:
        """Hold the checkpoints of sizes within a tile that is taken as stored."""
        sizes = [one.size for one in self._kept[self._next :][:1]]
        if sizes and sizes[0] < self.size + WIDTH:
            hashes = self._tiles(0, number, number).get(number)
            if hashes is None:
                hashes = self._state.edges[0] if self._state.edges else b""
            self._checkpoints(split_hashes(hashes))

    def add(self, leaves: Sequence[bytes]) -> None:
        """The next leaves: any number of full tiles, and a part of one at the very end."""
        first = self.size // WIDTH
        stored = self._tiles(0, first, first + len(leaves) // WIDTH)
        for start in range(0, len(leaves), WIDTH):
            part = list(leaves[start : start + WIDTH])
            number = first + start // WIDTH
            if len(part) < WIDTH:
                self._checkpoints(self._last(number, part))
            else:
                part = self._full(number, part, stored.get(number))
                self._checkpoints(part)
                self._push(1, perfect_root(part))
            self.size += len(part)

    def finish(self) -> None:
        """Hold the levels above against their tiles, and look for tiles that should not be."""
        self._checkpoints([])
        if self.size % WIDTH == 0:
            self._edge(0, b"")
        for level in range(1, 8):
            hashes = bytes(self._above[level])
            full = len(hashes) // FULL_BYTES
            for number in range(full):
                found = self._stored[level].get(number)
                wanted = hashes[number * FULL_BYTES : (number + 1) * FULL_BYTES]
                if found != wanted:
                    self._wrong_tile(level, number, found)
            self._edge(level, hashes[full * FULL_BYTES :])
        beyond = queries.rows(self._connection, _BEYOND, [self._tenant, self._state.size])
        for level, number in beyond:
            self._check.add(
                f"ledger.tile level {level} number {number}",
                f"a full tile beyond the {self._state.size} leaves of the tree",
            )
        for kept in self._kept[self._next :]:
            self._check.add(
                f"ledger.checkpoint {kept.size}",
                f"it covers {kept.size} leaves, the tree has {self._state.size}",
            )

    # Parts

    def _tiles(self, level: int, first: int, last: int) -> Mapping[int, bytes]:
        found = queries.rows(self._connection, _TILES, [self._tenant, level, first, last])
        return {number: bytes(hashes) for number, hashes in found}

    def _full(self, number: int, leaves: list[bytes], stored: bytes | None) -> list[bytes]:
        """The leaves of a full tile, or the sealed ones where facts under it were altered."""
        if stored == b"".join(leaves):
            return leaves
        above = self._stored_hash(1, number)
        if stored is None or len(stored) != FULL_BYTES or perfect_root(leaves) == above:
            self._wrong_tile(0, number, stored)
            return leaves
        sealed = split_hashes(stored)
        if perfect_root(sealed) != above:
            self._wrong_tile(0, number, stored)
        self._wrong_facts(number, leaves, sealed)
        return sealed if perfect_root(sealed) == above else leaves

    def _last(self, number: int, leaves: list[bytes]) -> list[bytes]:
        """The leaves under the partial tile, or the sealed ones where facts were altered."""
        stored = self._state.edges[0] if self._state.edges else b""
        if stored == b"".join(leaves):
            return leaves
        last = self._kept[-1] if self._kept else None
        sealed = split_hashes(stored)
        if (
            last is None
            or last.size != self._state.size
            or self._root(last.size, stored) != last.root
        ):
            self._edge(0, b"".join(leaves))
            return leaves
        self._wrong_facts(number, leaves, sealed)
        return sealed

    def _wrong_facts(self, number: int, leaves: list[bytes], sealed: list[bytes]) -> None:
        for place, (mine, theirs) in enumerate(zip(leaves, sealed, strict=False), start=1):
            if mine != theirs:
                self._check.add(
                    f"ledger.fact position {number * WIDTH + place}",
                    "the envelope does not hash to the leaf that was sealed",
                )

    def _wrong_tile(self, level: int, number: int, stored: bytes | None) -> None:
        what = "is missing" if stored is None else "is not what the facts under it hash to"
        self._check.add(f"ledger.tile level {level} number {number}", f"the tile {what}")

    def _push(self, level: int, hash_: bytes) -> None:
        row = self._above[level]
        row += hash_
        if level < 7 and len(row) % FULL_BYTES == 0:
            self._push(level + 1, perfect_root(split_hashes(bytes(row[-FULL_BYTES:]))))

    def _stored_hash(self, level: int, number: int) -> bytes:
        """The stored hash of one tile of the level below."""
        tile, place = divmod(number, WIDTH)
        if tile == self._state.size >> 8 * (level + 1):
            data = self._state.edges[level] if level < len(self._state.edges) else b""
        else:
            data = self._stored[level].get(tile, b"")
        return data[place * HASH_BYTES : (place + 1) * HASH_BYTES]

    def _edge(self, level: int, hashes: bytes) -> None:
        stored = self._state.edges[level] if level < len(self._state.edges) else b""
        if stored == hashes:
            return
        self._check.add(
            f"ledger.log_state edges[{level + 1}]",
            "the partial tile is not what the facts under it hash to",
        )

    def _checkpoints(self, part: Sequence[bytes]) -> None:
        """Hold the checkpoints of sizes up to the end of this part against the roots so far."""
        while self._next < len(self._kept):
            kept = self._kept[self._next]
            width = kept.size - self.size
            # A size at the end of a full tile belongs to the next tile's beginning.
            if width > len(part) or width == WIDTH:
                return
            self._compare(kept, b"".join(part[:width]))
            self._next += 1

    def _compare(self, kept: Kept, leaves: bytes) -> None:
        if self._root(kept.size, leaves) != kept.root:
            self._check.add(
                f"ledger.checkpoint {kept.size}",
                f"the first {kept.size} facts do not have the root that was signed",
            )

    def _root(self, size: int, leaves: bytes) -> bytes:
        """The root at a size, from the hashes so far and the leaves of its partial tile."""
        edges = [leaves]
        for level in range(1, 8):
            whole = (size >> 8 * level) * HASH_BYTES
            edges.append(bytes(self._above[level][whole - whole % FULL_BYTES : whole]))
        return edges_root(tuple(edges))
