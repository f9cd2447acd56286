"""The sealer: builds each tenant's tree from the stored rows and signs checkpoints over it.

One seal is one transaction under the lock of the tenant's log: new leaves are hashed, tiles and
edges written, read again, the root recomputed from them and signed. Killed anywhere, it goes on
where the database stands. Before it signs, it holds what it finds against what it signed last,
which it remembers in a file outside the database: a restored backup or an altered tile makes it
stop and say so, and nothing more is signed.
"""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString, NamedTuple

import msgspec
import psycopg
import structlog

from ledger import keys, queries
from ledger.codec import PlaceLine, leaf_hash
from ledger.keys import KeyRing, KeyTrouble
from ledger.log_store import LogKey, LogStore
from ledger.notes import BadNote, Checkpoint, Signer, open_checkpoint, parse_note, signed_note
from ledger.queries import Pool
from ledger.tiles import edges_root, grown

MOST = 16_384
"""Facts in one seal: a backlog is sealed in steps, each with its checkpoint."""
AT_ONCE = 4
"""Tenants sealed at the same time: each waits for the disk, and the waits are shared."""
POLL_SECONDS = 0.2
_BEHIND: LiteralString = """
    SELECT h.tenant_id FROM ledger.head AS h
    LEFT JOIN ledger.log_state AS s ON s.tenant_id = h.tenant_id
    WHERE h.position > coalesce(s.size, 0) ORDER BY h.tenant_id"""
_log = structlog.get_logger(__name__)
_place = msgspec.json.Decoder(PlaceLine).decode


class SealRefused(Exception):
    """What is stored contradicts what was sealed before: nothing is signed until a person looks."""


class Step(NamedTuple):
    """One checkpoint that was signed, and how many facts were new in it."""

    checkpoint: Checkpoint
    facts: int


class Sealer:
    """Seals the facts of all tenants of one database. Several sealers take turns."""

    def __init__(self, pool: Pool, ring: KeyRing, *, poll: float = POLL_SECONDS) -> None:
        self._pool = pool
        self._ring = ring
        self._memory = ring.folder / "signed"
        self._memory.mkdir(mode=0o700, exist_ok=True)
        self._poll = poll
        self._wake = threading.Event()
        self.refused: dict[str, str] = {}
        """Tenant → why its log is not sealed any more."""

    # Sealing

    def seal(self, tenant: str) -> Checkpoint | None:
        """Seal what is recorded; the last checkpoint, or None where nothing is recorded.

        Raises SealRefused, KeyTrouble and database errors; nothing half done is left.
        """
        self._seal(tenant)
        with self._pool.connection() as connection:
            kept = LogStore(connection, tenant).checkpoint()
        return None if kept is None else Checkpoint.parse(parse_note(kept.note).text)

    def seal_all(self) -> int:
        """Seal every tenant that has something new, several at a time; how many checkpoints were
        signed. One that is written to without a pause keeps no other waiting."""
        with self._pool.connection() as connection:
            behind = [row[0] for row in queries.rows(connection, _BEHIND, [])]
        if len(behind) < 2:
            return sum(map(self._try, behind))
        with ThreadPoolExecutor(min(AT_ONCE, len(behind))) as threads:
            return sum(threads.map(self._try, behind))

    def _try(self, tenant: str) -> int:
        try:
            signed = self._seal(tenant)
        except (SealRefused, KeyTrouble, BadNote) as error:
            self._refuse(tenant, str(error))
            return 0
        self.refused.pop(tenant, None)
        return signed

    def _seal(self, tenant: str) -> int:
        """Seal what was recorded before now; how many checkpoints were signed."""
        signed = 0
        while step := self._step(tenant):
            signed += 1
            if step.facts < MOST:
                break  # what came since is for the next round
        return signed

    def _step(self, tenant: str) -> Step | None:
        with self._pool.connection() as connection, connection.transaction():
            log = LogStore.locked(connection, tenant)
            signer, number = self._signer(log)
            self._check_signed(log)
            self._check_edges(log, signer)
            rows = log.unsealed(MOST)
            if not rows:
                return None
            size = log.state.size
            leaves = [_leaf(tenant, size + n, *row) for n, row in enumerate(rows, start=1)]
            edges, full = grown(size, log.state.edges, leaves)
            log.grow(size + len(leaves), edges, full)
            made = Checkpoint(log.state.origin, log.state.size, edges_root(log.state.edges))
            note = str(signed_note(made.text, [signer]))
            # Remembered first: a kill in between leaves a memory that the same facts confirm.
            self._remember(tenant, note)
            log.add_checkpoint(made, number, note)
        return Step(made, len(rows))

    # What was signed before

    def _check_edges(self, log: LogStore, signer: Signer) -> None:
        """The tree as stored is the one of the last checkpoint, and that one is ours."""
        kept = log.checkpoint()
        size = 0 if kept is None else kept.size
        if size != log.state.size:
            raise SealRefused(
                f"the tree of {log.tenant} has {log.state.size} leaves and its last checkpoint {size}"
            )
        if kept is None:
            return
        last = open_checkpoint(kept.note, [signer.key, *(key.key for key in log.log_keys())])
        found = Checkpoint(log.state.origin, size, edges_root(log.state.edges))
        if last != found:
            raise SealRefused(f"the tiles of {log.tenant} at {size} are not those that were signed")

    def _check_signed(self, log: LogStore) -> None:
        """The log still holds what this sealer remembers to have signed."""
        path = self._path(log.tenant)
        if not path.exists():
            if log.state.size:
                raise SealRefused(
                    f"{path} is missing: it remembers what was signed of {log.tenant}"
                )
            return
        last = Checkpoint.parse(parse_note(path.read_text("utf-8")).text)
        sealed = last.size <= log.state.size
        found = log.root(last.size) if sealed else _root_of_facts(log, last.size)
        if found != last.root or last.origin != log.state.origin:
            raise SealRefused(
                f"the first {last.size} facts of {log.tenant} are not those that were sealed: "
                "altered, or an older copy was put back"
            )

    def _remember(self, tenant: str, note: str) -> None:
        keys.replace(self._path(tenant), note.encode())

    def _path(self, tenant: str) -> Path:
        return self._memory / f"{hashlib.sha256(tenant.encode()).hexdigest()[:32]}.checkpoint"

    # Keys

    def _signer(self, log: LogStore) -> tuple[Signer, int]:
        """The key that signs, with its number in this log: the last one it was handed to."""
        known = log.log_keys()
        if known:
            return self._ring.signer_of(known[-1].key), known[-1].number
        if log.state.size:
            raise SealRefused(f"the keys of {log.tenant} are gone from the database")
        signer = self._ring.signer(log.state.origin)
        log.add_key(LogKey(1, signer.key.vkey, 0, str(keys.first_statement(signer))))
        return signer, 1

    # In the background

    def hint(self) -> None:
        """Say that something may have been recorded. A missed hint only costs a poll."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Seal all tenants until told to stop; errors that may pass are tried again."""
        pause = self._poll
        while not stop.is_set():
            self._wake.clear()
            started = time.monotonic()
            try:
                self.seal_all()
                pause = self._poll
            except (psycopg.Error, OSError) as error:
                _log.warning("sealer_waits", error=type(error).__name__)
                pause = min(pause * 2, 10 * self._poll)
            self._wake.wait(max(0.0, pause - (time.monotonic() - started)))

    def _refuse(self, tenant: str, why: str) -> None:
        if self.refused.get(tenant) != why:
            self.refused[tenant] = why
            _log.error("sealing_refused", tenant=tenant, why=why)


def _leaf(tenant: str, expected: int, position: int, envelope: bytes) -> bytes:
    """The leaf of a row that stands where it says it stands. Raises SealRefused."""
    line, _, _ = envelope.partition(b"\n")
    try:
        place = _place(line)
    except msgspec.MsgspecError as error:
        raise SealRefused(f"the envelope at {position} of {tenant} has no first line") from error
    if not expected == position == place.position or place.tenant != tenant:
        raise SealRefused(
            f"after {expected - 1} facts of {tenant} a row at {position} holds {place.tenant}'s "
            f"fact {place.position}"
        )
    return leaf_hash(envelope)


def _root_of_facts(log: LogStore, size: int) -> bytes | None:
    """The root at a size beyond the stored tree, from the facts; None where they are fewer."""
    before = log.state.size
    leaves = [leaf_hash(envelope) for _, envelope in log.unsealed(size - before)]
    if len(leaves) < size - before:
        return None
    return edges_root(grown(before, log.state.edges, leaves)[0])
