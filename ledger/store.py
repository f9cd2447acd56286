"""The record of facts: append them, and read them by stream, by position and by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import LiteralString

import psycopg

from domain.facts import Act
from ledger import queries
from ledger.codec import checked_text, naive_time
from ledger.errors import KeyTaken, key_reused, not_open
from ledger.failures import not_in_record, unknown
from ledger.group import groups_of
from ledger.idempotency import Idempotency
from ledger.names import Names
from ledger.pool import WarmPool
from ledger.queries import Connection, Pool, Row
from ledger.records import Answer, Columns, NewFact, Receipt, Recorded, columns, receipt, recorded

__all__ = ["Connection", "FactStore", "Pool", "open_pool"]


def open_pool(conninfo: str, *, min_size: int = 1, max_size: int = 8) -> Pool:
    """A pool as the ledger likes it: autocommit, so that one statement is one transaction."""
    return WarmPool(
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
        self._groups = groups_of(pool)
        self.names = names or Names()

    # Acts

    def open_tenant(self, tenant: str) -> bool:
        """Give a tenant its ledger; False where it has one already. Raises Invalid."""
        checked_text("tenant", tenant)
        with self._pool.connection() as connection:
            return bool(queries.one(connection, "SELECT ledger.open_tenant(%b)", [tenant]))

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
        Raises Invalid, UnknownFact (a class without a stored name), NotFound (the tenant),
        KeyReused, StaleVersion (with `current_version`): the first that applies, in this order.
        Unavailable says that nothing was recorded now, OutcomeUnknown that the connection was
        lost in between: ask again with the same key.
        """
        new = columns(facts, act, self.names)
        try:
            return _receipts(new, self._groups.append(tenant, new, idempotency))
        except KeyTaken:
            assert idempotency is not None
            try:
                answer = self.idempotent_answer(tenant, idempotency.key, idempotency.fingerprint)
            except psycopg.Error as error:
                raise unknown(error) from error
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
        new = columns(facts, act, self.names)
        return _receipts(new, queries.append(connection, tenant, new, idempotency))

    # Reads

    def idempotent_answer(self, tenant: str, key: str, fingerprint: bytes) -> Answer | None:
        """What was answered to this request under this key; None where the key is unused.

        Raises KeyReused where the key was used for another request.
        """
        with self._pool.connection() as connection:
            found = queries.rows(connection, queries.KEY, [tenant, checked_text("key", key)])
            if not found:
                return None
            asked, answer, first, last = found[0]
            if asked != fingerprint:
                raise key_reused(key)
            rows = (
                []
                if first is None
                else queries.rows(connection, queries.RECEIPTS, [tenant, first, last])
            )
        return Answer(answer, [receipt(row) for row in rows])

    def check_receipt(self, tenant: str, given: Receipt) -> None:
        """Hold a receipt that a client was given against the record as it stands.

        Raises NotInRecord where its fact is not there or is another one: the record was restored
        to an earlier time, or altered. Raises NotFound (the tenant).
        """
        place = [tenant, given.position, given.position]
        with self._pool.connection() as connection:
            found = [receipt(row) for row in queries.rows(connection, queries.RECEIPTS, place)]
        if found != [given]:
            raise not_in_record(given, found[0] if found else None, self.head(tenant)[0])

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
        upto = queries.LAST if known is None else known
        params = [
            tenant,
            checked_text("stream", stream_id),
            after_version,
            upto,
            queries.LAST if limit is None else limit,
        ]
        with self._pool.connection() as connection:
            found = queries.rows(connection, queries.STREAM, params)
        return [recorded(row[0], self.names) for row in found]

    def streams(
        self, tenant: str, stream_ids: Sequence[str], *, known: int | None = None
    ) -> list[Recorded]:
        """The facts of several streams as known at a position (None: now), by position."""
        upto = queries.LAST if known is None else known
        with self._pool.connection() as connection:
            found = queries.rows(connection, queries.STREAMS, [tenant, list(stream_ids), upto])
        return [recorded(row[0], self.names) for row in found]

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
        wanted = None if names is None else self.names.stored(names)
        with self._pool.connection() as connection:
            found = queries.after(connection, tenant, position, limit, names=wanted, upto=upto)
        return [recorded(envelope, self.names) for envelope in found]

    def envelopes_after(self, tenant: str, position: int, limit: int) -> list[bytes]:
        """The stored bytes after a position, undecoded: what is hashed."""
        with self._pool.connection() as connection:
            return queries.after(connection, tenant, position, limit)

    def head(self, tenant: str) -> tuple[int, datetime]:
        """The last position and recorded time of a tenant. Raises NotFound."""
        query: LiteralString = "SELECT position, recorded_at FROM ledger.head WHERE tenant_id = %b"
        with self._pool.connection() as connection:
            rows = queries.rows(connection, query, [tenant])
        if not rows:
            raise not_open(tenant)
        return rows[0][0], rows[0][1].astimezone(UTC)

    def position_at(self, tenant: str, moment: datetime) -> int:
        """The last position recorded at or before a moment; 0 where that is none.

        Final once the head's recorded time is later than the moment. Raises NotFound, and
        Invalid for a naive time.
        """
        if moment.tzinfo is None:
            raise naive_time(moment)
        with self._pool.connection() as connection:
            position = queries.one(
                connection, "SELECT ledger.position_at(%b, %b)", [tenant, moment]
            )
        if position is None:
            raise not_open(tenant)
        return int(position)

    def tenants(self) -> list[str]:
        """All tenants, by name."""
        query: LiteralString = "SELECT tenant_id FROM ledger.head ORDER BY tenant_id"
        with self._pool.connection() as connection:
            return [row[0] for row in queries.rows(connection, query, [])]


def _receipts(new: Columns, rows: list[Row]) -> list[Receipt]:
    return [
        receipt((new.streams[ordinal - 1], new.versions[ordinal - 1], *rest))
        for ordinal, *rest in rows
    ]
