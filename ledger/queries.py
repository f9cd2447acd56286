"""The statements of the ledger. Each is one round trip, in binary, with its tenant first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg_pool import ConnectionPool

from ledger.codec import checked_text
from ledger.errors import verdict
from ledger.idempotency import Idempotency
from ledger.records import Columns

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
LAST = 2**63 - 1
"""A position, and a limit, beyond all others."""

_APPEND: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at FROM ledger.append(
        %b, %b::text[], %b::integer[], %b::text[], %b::bytea[], %b, %b::bytea, %b::bytea)"""
_APPEND_NOTHING: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at FROM ledger.append(
        %b, '{}', '{}', '{}', '{}', %b, %b::bytea, %b::bytea)"""
STREAM: LiteralString = """
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
RECEIPTS: LiteralString = """
    SELECT stream_id, version, position, sha256('\\x00'::bytea || envelope), recorded_at
    FROM ledger.fact WHERE tenant_id = %b AND position BETWEEN %b AND %b ORDER BY position"""
KEY: LiteralString = """
    SELECT fingerprint, answer, first_position, last_position
    FROM ledger.idempotency WHERE tenant_id = %b AND key = %b"""


def append(
    connection: Connection, tenant: str, new: Columns, idempotency: Idempotency | None
) -> list[tuple[Any, ...]]:
    """Run the append: rows (ordinal, position, leaf hash, recorded time), one for each fact.

    Raises the refusals of `ledger.errors.verdict`, KeyTaken among them.
    """
    asked: list[Any] = [None, None, None]
    if idempotency is not None:
        key = checked_text("key", idempotency.key)
        asked = [key, idempotency.fingerprint, idempotency.answer]
    arrays = [new.streams, new.versions, new.names, new.states] if new.streams else []
    try:
        return rows(connection, _APPEND if arrays else _APPEND_NOTHING, [tenant, *arrays, *asked])
    except psycopg.Error as error:
        refusal = verdict(error, tenant)
        if refusal is error:
            raise
        raise refusal from error


def after(
    connection: Connection,
    tenant: str,
    position: int,
    limit: int,
    *,
    names: Sequence[str] | None = None,
    upto: int | None = None,
) -> list[bytes]:
    """The next envelopes after a position, none after `upto`; with names, only of those."""
    last = LAST if upto is None else upto
    if names is None:
        found = rows(connection, _AFTER, [tenant, position, last, limit])
    else:
        wanted = [list(names), tenant, position, last, limit, limit, tenant]
        found = rows(connection, _AFTER_NAMED, wanted)
    return [row[0] for row in found]


def rows(
    connection: Connection, query: LiteralString, params: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """All rows of a statement, in binary."""
    return connection.execute(query, params, binary=True).fetchall()


def one(connection: Connection, query: LiteralString, params: Sequence[Any]) -> Any:
    """The first column of the first row; None where there is no row."""
    row = connection.execute(query, params, binary=True).fetchone()
    return row[0] if row else None
