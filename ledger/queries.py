"""The statements of the ledger. Each is one round trip, in binary, with its tenant first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg_pool import ConnectionPool

from ledger import arrays
from ledger.codec import checked_text
from ledger.errors import verdict
from ledger.failures import group_verdict
from ledger.idempotency import Idempotency
from ledger.records import Columns

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
LAST = 2**63 - 1
"""A position, and a limit, beyond all others."""

Row = tuple[Any, ...]
"""Of a fact appended: ordinal in its request, position, leaf hash, recorded time."""

_APPEND_ONE: LiteralString = """
    SELECT 1, fact_position, leaf, fact_recorded_at FROM ledger.append_one(
        %b, %b, %b::integer, %b, %b::bytea, %b, %b::bytea, %b::bytea)"""
_APPEND: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at FROM ledger.append(
        %b, %b::text[], %b::integer[], %b::text[], %b::bytea[], %b, %b::bytea, %b::bytea)"""
_APPEND_NOTHING: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at FROM ledger.append(
        %b, '{}', '{}', '{}', '{}', %b, %b::bytea, %b::bytea)"""
_APPEND_GROUP: LiteralString = """
    SELECT ordinal, fact_position, leaf, fact_recorded_at, refusal FROM ledger.append_group(
        %b, %b::text[], %b::integer[], %b::text[], %b::bytea[],
        %b::text[], %b::bytea[], %b::bytea[], %b::integer[])"""
STREAM: LiteralString = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND stream_id = %b AND version > %b AND position <= %b
    ORDER BY version LIMIT %b"""
STREAMS: LiteralString = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND stream_id = ANY(%b::text[]) AND position <= %b ORDER BY position"""
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


class Alone(Exception):
    """A request that must be run by itself to hear what is wrong with it."""


def append(
    connection: Connection, tenant: str, new: Columns, idempotency: Idempotency | None
) -> list[Row]:
    """Run the append: rows (ordinal, position, leaf hash, recorded time), one for each fact.

    Raises the refusals of `ledger.errors.verdict`, KeyTaken among them.
    """
    try:
        return append_row(connection, tenant, new, idempotency)
    except psycopg.Error as error:
        refusal = verdict(error, tenant)
        if refusal is error:
            raise
        raise refusal from error


def append_row(
    connection: Connection, tenant: str, new: Columns, idempotency: Idempotency | None
) -> list[Row]:
    """Run the append; errors of the database come as they are."""
    asked: list[Any] = [None, None, None]
    if idempotency is not None:
        key = checked_text("key", idempotency.key)
        asked = [key, idempotency.fingerprint, idempotency.answer]
    if len(new.streams) == 1:
        one = [new.streams[0], new.versions[0], new.names[0], new.states[0]]
        return rows(connection, _APPEND_ONE, [tenant, *one, *asked])
    if not new.streams:
        return rows(connection, _APPEND_NOTHING, [tenant, *asked])
    return rows(connection, _APPEND, [tenant, *_packed(new), *asked])


def append_group(
    connection: Connection, tenant: str, asked: Sequence[tuple[Columns, Idempotency | None]]
) -> list[list[Row] | BaseException]:
    """Run several appends as one transaction: for each its rows, or its refusal.

    One that is refused keeps none of the others from being recorded.
    """
    new, ends = joined(asked)
    keys = arrays.texts([checked_text("key", once.key) if once else "" for _, once in asked])
    fingerprints = arrays.blobs([once.fingerprint if once else b"" for _, once in asked])
    answers = arrays.blobs([once.answer if once else b"" for _, once in asked])
    once = [keys, fingerprints, answers]
    params = [tenant, *_packed(new), *once, arrays.integers(ends)]
    return _shared_out(rows(connection, _APPEND_GROUP, params), ends)


def joined(
    asked: Sequence[tuple[Columns, Idempotency | None]],
) -> tuple[Columns, list[int]]:
    """The facts of several requests as those of one, and the last ordinal of each request."""
    together = Columns([], [], [], [])
    ends = []
    for new, _ in asked:
        together.streams.extend(new.streams)
        together.versions.extend(new.versions)
        together.names.extend(new.names)
        together.states.extend(new.states)
        ends.append(len(together.streams))
    return together, ends


def _packed(new: Columns) -> list[Any]:
    return [
        arrays.texts(new.streams),
        arrays.integers(new.versions),
        arrays.texts(new.names),
        arrays.blobs(new.states),
    ]


def _shared_out(found: list[Row], ends: Sequence[int]) -> list[list[Row] | BaseException]:
    """The rows of a group by request; those refused bear the number of their request."""
    refused = {row[0]: group_verdict(row[4]) for row in found if row[4] is not None}
    facts = iter(row for row in found if row[4] is None)
    shared: list[list[Row] | BaseException] = []
    start = 0
    for number, end in enumerate(ends, start=1):
        count, start = end - start, end
        if number in refused:
            shared.append(refused[number] or Alone())
        else:
            shared.append([(n, *next(facts)[1:4]) for n in range(1, count + 1)])
    return shared


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
