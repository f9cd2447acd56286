"""The rows of the log: state, tiles, keys, checkpoints and cosignatures of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from ledger import queries
from ledger.keys import origin_of
from ledger.merkle import BadProof, consistency_ranges, inclusion_ranges
from ledger.notes import Checkpoint, VerifierKey
from ledger.queries import Connection
from ledger.tiles import WIDTH, Edges, Tile, range_hash, root_at

_STATE: LiteralString = """
    SELECT origin, size, edges, checkpoints FROM ledger.log_state WHERE tenant_id = %b"""
_FACTS: LiteralString = """
    SELECT position, envelope FROM ledger.fact
    WHERE tenant_id = %b AND position > %b ORDER BY position LIMIT %b"""
_START: LiteralString = """
    INSERT INTO ledger.log_state (tenant_id, origin) VALUES (%b, %b) ON CONFLICT DO NOTHING"""
_GROW: LiteralString = """
    UPDATE ledger.log_state SET size = %b, edges = %b::bytea[], checkpoints = checkpoints + 1
    WHERE tenant_id = %b"""
_TILE: LiteralString = """
    SELECT hashes FROM ledger.tile WHERE tenant_id = %b AND level = %b AND number = %b"""
_ADD_TILES: LiteralString = """
    INSERT INTO ledger.tile (tenant_id, level, number, hashes)
    SELECT %b, a.level, a.number, a.hashes
    FROM unnest(%b::smallint[], %b::bigint[], %b::bytea[]) AS a (level, number, hashes)"""
_KEYS: LiteralString = """
    SELECT number, vkey, from_size, statement FROM ledger.log_key
    WHERE tenant_id = %b ORDER BY number"""
_ADD_KEY: LiteralString = """
    INSERT INTO ledger.log_key (tenant_id, number, vkey, from_size, statement)
    VALUES (%b, %b, %b, %b, %b)"""
_CHECKPOINT: LiteralString = """
    SELECT size, root, key_number, note FROM ledger.checkpoint
    WHERE tenant_id = %b AND size <= %b ORDER BY size DESC LIMIT 1"""
_COVERING: LiteralString = """
    SELECT size, root, key_number, note FROM ledger.checkpoint
    WHERE tenant_id = %b AND size >= %b ORDER BY size LIMIT 1"""
_ADD_CHECKPOINT: LiteralString = """
    INSERT INTO ledger.checkpoint (tenant_id, size, root, key_number, note)
    VALUES (%b, %b, %b, %b, %b)"""
_COSIGNATURES: LiteralString = """
    SELECT line FROM ledger.cosignature WHERE tenant_id = %b AND size = %b ORDER BY witness"""
_ADD_COSIGNATURE: LiteralString = """
    INSERT INTO ledger.cosignature (tenant_id, size, witness, line)
    VALUES (%b, %b, %b, %b) ON CONFLICT DO NOTHING"""


class State(msgspec.Struct, frozen=True):
    """How far a log is built: its size and the tiles that are not full yet."""

    origin: str
    size: int = 0
    edges: Edges = ()
    checkpoints: int = 0


class LogKey(msgspec.Struct, frozen=True):
    """A public key of a log, from which size on it signs, and the statement that says so."""

    number: int
    vkey: str
    from_size: int
    statement: str

    @property
    def key(self) -> VerifierKey:
        """The key itself. Raises BadNote."""
        return VerifierKey.parse(self.vkey)


class Kept(msgspec.Struct, frozen=True):
    """A checkpoint as it is kept."""

    size: int
    root: bytes
    key_number: int
    note: str


class LogStore:
    """The log of one tenant, through a connection; it can be a `TileSource`."""

    def __init__(self, connection: Connection, tenant: str, *, lock: bool = False) -> None:
        """`lock` keeps other sealers of the tenant out until the transaction ends."""
        self._connection = connection
        self.tenant = tenant
        query = _STATE + " FOR UPDATE" if lock else _STATE
        found = queries.rows(connection, query, [tenant])
        self.started = bool(found)
        self.state = State(origin_of(tenant))
        if found:
            origin, size, edges, count = found[0]
            self.state = State(origin, size, tuple(edges), count)
        self._tiles: dict[tuple[int, int], bytes] = {}

    @classmethod
    def locked(cls, connection: Connection, tenant: str) -> LogStore:
        """The log, started where it is new, and locked for the rest of the transaction."""
        log = cls(connection, tenant, lock=True)
        if log.started:
            return log
        connection.execute(_START, [tenant, origin_of(tenant)])
        return cls(connection, tenant, lock=True)

    # The tree

    def hashes(self, level: int, number: int) -> bytes:
        """The hashes of a tile, full or not; empty where there is none."""
        if number == self.state.size >> 8 * (level + 1):
            return self.state.edges[level] if level < len(self.state.edges) else b""
        if (level, number) not in self._tiles:
            found = queries.one(self._connection, _TILE, [self.tenant, level, number])
            self._tiles[level, number] = bytes(found or b"")
        return self._tiles[level, number]

    def root(self, size: int) -> bytes:
        """The root of the tree when it had `size` leaves. Raises BadProof for a later size."""
        if size > self.state.size:
            raise BadProof(f"the log has {self.state.size} leaves, not {size}")
        return root_at(self, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is in the tree of `size`. Raises BadProof."""
        self._has(size)
        return [range_hash(self, lo, hi) for lo, hi in inclusion_ranges(index, size)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` begins with that of `old`. Raises BadProof."""
        self._has(new)
        if old == 0:
            return []
        return [range_hash(self, lo, hi) for lo, hi in consistency_ranges(old, new)]

    def _has(self, size: int) -> None:
        if size > self.state.size:
            raise BadProof(f"the log has {self.state.size} leaves, not {size}")

    def unsealed(self, limit: int) -> list[tuple[int, bytes]]:
        """The next facts that are not in the tree yet: position and envelope."""
        found = queries.rows(self._connection, _FACTS, [self.tenant, self.state.size, limit])
        return [(position, envelope) for position, envelope in found]

    def grow(self, size: int, edges: Edges, full: Sequence[Tile]) -> None:
        """Write the tiles that became full and the new edges, and look at them again."""
        if full:
            columns = [list(column) for column in zip(*full, strict=True)]
            self._connection.execute(_ADD_TILES, [self.tenant, *columns], binary=True)
        self._connection.execute(_GROW, [size, list(edges), self.tenant], binary=True)
        row = queries.rows(self._connection, _STATE, [self.tenant])[0]
        self.state = State(row[0], row[1], tuple(row[2]), row[3])
        self._tiles.clear()

    # Keys, checkpoints, cosignatures

    def log_keys(self) -> list[LogKey]:
        """The keys of the log in their order."""
        return [LogKey(*row) for row in queries.rows(self._connection, _KEYS, [self.tenant])]

    def add_key(self, key: LogKey) -> None:
        """Keep a key and its statement."""
        row: list[Any] = [self.tenant, key.number, key.vkey, key.from_size, key.statement]
        self._connection.execute(_ADD_KEY, row)

    def checkpoint(self, upto: int | None = None) -> Kept | None:
        """The last checkpoint, or the last of at most so many leaves."""
        params = [self.tenant, queries.LAST if upto is None else upto]
        found = queries.rows(self._connection, _CHECKPOINT, params)
        return Kept(*found[0]) if found else None

    def covering(self, size: int) -> Kept | None:
        """The first checkpoint with at least so many leaves."""
        found = queries.rows(self._connection, _COVERING, [self.tenant, size])
        return Kept(*found[0]) if found else None

    def add_checkpoint(self, checkpoint: Checkpoint, key_number: int, note: str) -> None:
        """Keep a signed checkpoint."""
        row = [self.tenant, checkpoint.size, checkpoint.root, key_number, note]
        self._connection.execute(_ADD_CHECKPOINT, row)

    def cosignatures(self, size: int) -> list[str]:
        """The signature lines of the witnesses under a checkpoint."""
        return [
            row[0] for row in queries.rows(self._connection, _COSIGNATURES, [self.tenant, size])
        ]

    def add_cosignature(self, size: int, witness: str, line: str) -> None:
        """Keep a witness's line; its first one for a size stays."""
        self._connection.execute(_ADD_COSIGNATURE, [self.tenant, size, witness, line])

    def noted(self, kept: Kept) -> str:
        """A checkpoint as it is served: the log's signatures, then the witnesses'."""
        return kept.note + "".join(self.cosignatures(kept.size))


def partial_width(size: int, level: int, number: int) -> int:
    """How many hashes the tile of a tree of that size has; 0 where there is none."""
    first = number * WIDTH
    return max(0, min(WIDTH, (size >> 8 * level) - first))
