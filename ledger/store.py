"""The record of facts: append them, and read them by stream, by position and by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg_pool import ConnectionPool

from domain.facts import Act
from domain.refusals import Invalid
from ledger.codec import checked_text
from ledger.errors import KeyTaken, key_reused, not_open, verdict
from ledger.idempotency import Idempotency
from ledger.names import Names
from ledger.records import Answer, Columns, NewFact, Receipt, Recorded, columns, receipt, recorded

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]

_APPEND: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at FROM ledger.append(
        %b, %b::text[], %b::integer[], %b::text[], %b::bytea[], %b, %b::bytea, %b::bytea)"""
_APPEND_NOTHING: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at FROM ledger.append(
        %b, '{}', '{}', '{}', '{}', %b, %b::bytea, %b::bytea)"""
_STREAM: LiteralString = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND stream_id = %b AND version > %b AND position <= %b
    ORDER BY version LIMIT %b"""
_AFTER: LiteralString = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND position > %b AND position <= %b ORDER BY position LIMIT %b"""
_AFTER_NAMED: LiteralString = """
    SELECT f.envelope FROM (
        SELECT p.position FROM unnest(%b::text[]) AS wanted (name)
        CROSS JOIN LATERAL (
            SELECT n.position FROM ledger.fact AS n
            WHERE n.tenant_id = %b AND n.name = wanted.name
                AND n.position > %b AND n.position <= %b
            ORDER BY n.position LIMIT %b
        ) AS p
        ORDER BY p.position LIMIT %b
    ) AS page
    JOIN ledger.fact AS f ON f.tenant_id = %b AND f.position = page.position
    ORDER BY f.position"""
_RECEIPTS: LiteralString = """
    SELECT stream_id, version, position, sha256('\\x00'::bytea || envelope), recorded_at
    FROM ledger.fact WHERE tenant_id = %b AND position BETWEEN %b AND %b ORDER BY position"""
_KEY: LiteralString = """
    SELECT fingerprint, answer, first_position, last_position
    FROM ledger.idempotency WHERE tenant_id = %b AND key = %b"""
_LAST = 2**63 - 1


def open_pool(conninfo: str, *, min_size: int = 1, max_size: int = 8) -> Pool:
    """A pool as the ledger likes it: autocommit, so that one statement is one transaction."""
    return ConnectionPool(
        conninfo,
        kwargs={"autocommit": True, "application_name": "tallystick"},
        min_size=min_size,
        max_size=max_size,
        open=True,
    )


class FactStore:
    """Facts of all tenants in one database; every call names its tenant."""

    def __init__(self, pool: Pool, names: Names | None = None) -> None:
        self._pool = pool
        self.names = names or Names()

    # Acts

    def open_tenant(self, tenant: str) -> bool:
        """Give a tenant its ledger; False where it has one already. Raises Invalid."""
        checked_text("tenant", tenant)
        with self._pool.connection() as connection:
            return bool(_one(connection, "SELECT ledger.open_tenant(%b)", [tenant]))

    def append(
        self,
        tenant: str,
        facts: Sequence[NewFact],
        act: Act,
        *,
        idempotency: Idempotency | None = None,
    ) -> list[Receipt]:
        """Record facts, all or none, and return a receipt for each in order.

        A key that was used for the same request gives the first receipts and records nothing.
        Raises NotFound (tenant), KeyReused, StaleVersion (with `current_version`), Invalid,
        UnknownFact (class without a stored name), in this order where several apply.
        """
        new = columns(facts, act, self.names)
        try:
            with self._pool.connection() as connection:
                return self._append(connection, tenant, new, idempotency)
        except KeyTaken:
            assert idempotency is not None
            answer = self.idempotent_answer(tenant, idempotency.key, idempotency.fingerprint)
            if answer is None:
                raise
            return answer.receipts

    def append_in(
        self,
        connection: Connection,
        tenant: str,
        facts: Sequence[NewFact],
        act: Act,
        *,
        idempotency: Idempotency | None = None,
    ) -> list[Receipt]:
        """Record facts inside the caller's transaction; it must be READ COMMITTED, and short.

        From here to the end of the transaction no other append of the tenant can go on, so the
        slow work comes first. Raises what `append` raises, and KeyTaken where the key stands
        already: the transaction is over then; ask `idempotent_answer` for the first answer.
        """
        return self._append(connection, tenant, columns(facts, act, self.names), idempotency)

    def _append(
        self, connection: Connection, tenant: str, new: Columns, idempotency: Idempotency | None
    ) -> list[Receipt]:
        key = checked_text("key", idempotency.key) if idempotency else None
        asked = [idempotency.fingerprint, idempotency.answer] if idempotency else [None, None]
        arrays = [new.streams, new.versions, new.names, new.states]
        try:
            if new.streams:
                rows = _rows(connection, _APPEND, [tenant, *arrays, key, *asked])
            else:
                rows = _rows(connection, _APPEND_NOTHING, [tenant, key, *asked])
        except psycopg.Error as error:
            refusal = verdict(error, tenant)
            if refusal is error:
                raise
            raise refusal from error
        return [
            receipt((new.streams[ordinal - 1], new.versions[ordinal - 1], *rest))
            for ordinal, *rest in rows
        ]

    # Reads

    def idempotent_answer(self, tenant: str, key: str, fingerprint: bytes) -> Answer | None:
        """What was answered to this request under this key; None where the key is unused.

        Raises KeyReused where the key was used for another request.
        """
        with self._pool.connection() as connection:
            found = _rows(connection, _KEY, [tenant, key])
            if not found:
                return None
            asked, answer, first, last = found[0]
            if asked != fingerprint:
                raise key_reused(key)
            rows = [] if first is None else _rows(connection, _RECEIPTS, [tenant, first, last])
        return Answer(answer, [receipt(row) for row in rows])

    def stream(
        self,
        tenant: str,
        stream_id: str,
        *,
        known: int | None = None,
        after_version: int = 0,
        limit: int | None = None,
    ) -> list[Recorded]:
        """The facts of a stream in order, as known at a position (None: now), by pages."""
        upto = _LAST if known is None else known
        params = [tenant, stream_id, after_version, upto, _LAST if limit is None else limit]
        return self._read(_STREAM, params)

    def facts_after(
        self,
        tenant: str,
        position: int,
        limit: int,
        *,
        names: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Recorded]:
        """The next facts after a position, at most `limit` and none after `upto`.

        With `names` only those of these stored names and of older names lifted to them.
        """
        last = _LAST if upto is None else upto
        if names is None:
            return self._read(_AFTER, [tenant, position, last, limit])
        wanted = self.names.stored(names)
        if not wanted:
            return []
        return self._read(_AFTER_NAMED, [wanted, tenant, position, last, limit, limit, tenant])

    def envelopes_after(self, tenant: str, position: int, limit: int) -> list[bytes]:
        """The stored bytes after a position, undecoded: what is hashed."""
        with self._pool.connection() as connection:
            return [row[0] for row in _rows(connection, _AFTER, [tenant, position, _LAST, limit])]

    def head(self, tenant: str) -> tuple[int, datetime]:
        """The last position and recorded time of a tenant. Raises NotFound."""
        query: LiteralString = "SELECT position, recorded_at FROM ledger.head WHERE tenant_id = %b"
        with self._pool.connection() as connection:
            rows = _rows(connection, query, [tenant])
        if not rows:
            raise not_open(tenant)
        return rows[0][0], rows[0][1].astimezone(UTC)

    def position_at(self, tenant: str, moment: datetime) -> int:
        """The last position recorded at or before a moment; 0 where that is none.

        Final once the head's recorded time is later than the moment. Raises NotFound, and
        Invalid for a naive time.
        """
        if moment.tzinfo is None:
            raise Invalid(
                f"时间 {moment.isoformat()} 没有时区",
                f"{moment.isoformat()} has no time zone",
                do="Write it with its zone: 2025-09-01T12:00:00+08:00",
            )
        with self._pool.connection() as connection:
            position = _one(connection, "SELECT ledger.position_at(%b, %b)", [tenant, moment])
        if position is None:
            raise not_open(tenant)
        return int(position)

    def tenants(self) -> list[str]:
        """All tenants, by name."""
        query: LiteralString = "SELECT tenant_id FROM ledger.head ORDER BY tenant_id"
        with self._pool.connection() as connection:
            return [row[0] for row in _rows(connection, query, [])]

    def _read(self, query: LiteralString, params: Sequence[Any]) -> list[Recorded]:
        with self._pool.connection() as connection:
            rows = _rows(connection, query, params)
        names = self.names
        return [recorded(row[0], names) for row in rows]


def _rows(connection: Connection, query: LiteralString, params: Sequence[Any]) -> list[Any]:
    return connection.execute(query, params, binary=True).fetchall()


def _one(connection: Connection, query: LiteralString, params: Sequence[Any]) -> Any:
    row = connection.execute(query, params, binary=True).fetchone()
    return row[0] if row else None
