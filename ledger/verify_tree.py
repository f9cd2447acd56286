"""The tree recomputed: leaves against tiles, tiles against tiles, roots against checkpoints.

Roots come from the leaves that were read, never from what is stored; the stored tiles are only
held against them. Where the two differ, the tile above says which of them was altered.
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
            part = leaves[start : start + WIDTH]
            number = first + start // WIDTH
            self._checkpoints(part)
            if len(part) == WIDTH:
                self._full(number, b"".join(part), part, stored.get(number))
            else:
                self._edge(0, b"".join(part))
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

    def _full(
        self, number: int, hashes: bytes, leaves: Sequence[bytes], stored: bytes | None
    ) -> None:
        root = perfect_root(leaves)
        if stored != hashes:
            self._differs(number, hashes, root, stored)
        self._push(1, root)

    def _differs(self, number: int, hashes: bytes, root: bytes, stored: bytes | None) -> None:
        """A tile is not what its facts hash to: the hash above says which of them is right."""
        above = self._stored_hash(1, number)
        if stored is None or (root == above and len(stored) == FULL_BYTES):
            self._wrong_tile(0, number, stored)
            return
        if perfect_root(split_hashes(stored)) != above:
            self._wrong_tile(0, number, stored)
        for place in range(WIDTH):
            mine = hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            if mine != stored[place * HASH_BYTES : (place + 1) * HASH_BYTES]:
                position = number * WIDTH + place + 1
                self._check.add(
                    f"ledger.fact position {position}",
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
        if level == 0:
            self._wrong_leaves(hashes, stored)
        self._check.add(
            f"ledger.log_state edges[{level + 1}]",
            "the partial tile is not what the facts under it hash to",
        )

    def _wrong_leaves(self, hashes: bytes, stored: bytes) -> None:
        """Facts under the last partial tile that do not hash to it."""
        if len(stored) != len(hashes):
            return
        first = self._state.size // WIDTH * WIDTH
        for place, (mine, theirs) in enumerate(
            zip(split_hashes(hashes), split_hashes(stored), strict=True), start=1
        ):
            if mine != theirs:
                self._check.add(
                    f"ledger.fact position {first + place}",
                    "the envelope does not hash to the leaf that was sealed",
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
        edges = [leaves]
        for level in range(1, 8):
            whole = (kept.size >> 8 * level) * HASH_BYTES
            start = whole - whole % FULL_BYTES
            edges.append(bytes(self._above[level][start:whole]))
        if edges_root(tuple(edges)) != kept.root:
            self._check.add(
                f"ledger.checkpoint {kept.size}",
                f"the first {kept.size} facts do not have the root that was signed",
            )
