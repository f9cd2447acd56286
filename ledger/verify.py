"""Verification of a tenant's ledger from its bytes: facts, tree, signatures, order, batches.

Shared with the writer are the codec and the tree arithmetic, nothing else. Whatever is found has
a place; nothing is repaired. Read models and pay are verified in `workflows/verify.py`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import msgspec
from psycopg import sql

from ledger import queries, verify_signed
from ledger.errors import not_open
from ledger.log_store import Kept, LogKey, LogStore, State
from ledger.notes import VerifierKey
from ledger.queries import Connection, Pool
from ledger.tiles import WIDTH
from ledger.verify_bank import check_statements
from ledger.verify_facts import FactPass
from ledger.verify_figures import check_batches
from ledger.verify_report import Check, Progress, Report, silent

_HEAD: LiteralString = """
    SELECT h.position, h.recorded_at, f.position, f.recorded_at
    FROM (SELECT * FROM ledger.head WHERE tenant_id = %b) AS h
    FULL JOIN (
        SELECT position, recorded_at FROM ledger.fact
        WHERE tenant_id = %b ORDER BY position DESC LIMIT 1) AS f ON true"""
_KEYS: LiteralString = """
    SELECT i.key, i.first_position, i.last_position FROM ledger.idempotency AS i
    WHERE i.tenant_id = %b AND (
        octet_length(i.fingerprint) <> 32
        OR (i.first_position IS NULL) <> (i.last_position IS NULL)
        OR i.last_position > %b OR i.first_position < 1
        OR (SELECT min(f.recorded_at) <> max(f.recorded_at) FROM ledger.fact AS f
            WHERE f.tenant_id = i.tenant_id
                AND f.position IN (i.first_position, i.last_position)))
    ORDER BY i.key LIMIT 100"""
_TENANT_TABLES: LiteralString = """
    SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id'
    ORDER BY c.relname"""
_STRAYS = sql.SQL("""
    WITH RECURSIVE found (tenant_id) AS (
        (SELECT tenant_id FROM {table} ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT t.tenant_id FROM {table} AS t WHERE t.tenant_id > found.tenant_id
                ORDER BY t.tenant_id LIMIT 1)
        FROM found WHERE found.tenant_id IS NOT NULL)
    SELECT tenant_id FROM found
    WHERE tenant_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM ledger.head AS h WHERE h.tenant_id = found.tenant_id)""")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to verify, and what the auditor brings along."""

    first: int = 1
    last: int | None = None
    checkpoints: Sequence[tuple[str, str]] = ()
    """Old checkpoints: name of the file and its text."""
    since: bool = False
    """Read only facts after the largest of the old checkpoints; those before are held to it."""
    keys: Sequence[VerifierKey] = ()
    """Keys of the log that the auditor knows; without them those of the database are believed."""
    witnesses: Sequence[VerifierKey] = ()


class Seen(msgspec.Struct, frozen=True):
    """What stood there at the moment of the verification, read in one snapshot."""

    head: int
    state: State
    keys: list[LogKey]
    kept: list[Kept]
    head_check: Check


def verify_ledger(
    pool: Pool, tenant: str, asked: Asked | None = None, progress: Progress = silent
) -> Report:
    """Verify the facts of a tenant and everything that was sealed over them. Raises NotFound."""
    asked = asked or Asked()
    seen = _look(pool, tenant)
    keys, good = verify_signed.check_keys(seen.keys, seen.state, asked.keys)
    known = [*good.values(), *asked.keys]
    old, brought = verify_signed.old_checkpoints(asked.checkpoints, known, seen.state)
    first, last = _range(asked, seen, brought)
    report = Report(tenant=tenant, head=seen.head, sealed=seen.state.size, first=first, last=last)
    started = time.monotonic()
    facts = FactPass(pool, tenant, seen.state, [*seen.kept, *brought])
    facts.run(first, last, progress)
    facts.rows.seconds = f"{time.monotonic() - started:.1f}"
    report.checks += [seen.head_check, facts.rows, facts.tree, keys]
    with pool.connection() as connection:
        verify_signed.check_rotations(connection, tenant, seen.keys, keys)
        report.checks.append(
            verify_signed.check_signatures(connection, tenant, seen.state, seen.kept, good)
        )
        report.checks.append(verify_signed.check_cosignatures(connection, tenant, asked.witnesses))
    if old.counted:
        report.checks.append(old)
    report.checks.append(check_batches(pool, tenant, seen.head, progress))
    report.checks.append(check_statements(pool, tenant, seen.head))
    return report


def strays(pool: Pool) -> Check:
    """Rows that belong to no tenant: what a changed tenant_id leaves behind."""
    check = Check(name="strays", unit="tables")
    with pool.connection() as connection:
        for (name,) in connection.execute(_TENANT_TABLES).fetchall():
            check.counted += 1
            query = _STRAYS.format(table=sql.Identifier("ledger", name))
            for (tenant,) in connection.execute(query).fetchall():
                check.add(f"ledger.{name} tenant {tenant!r}", "rows of a tenant without a ledger")
    return check


def _look(pool: Pool, tenant: str) -> Seen:
    with pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = queries.rows(connection, _HEAD, [tenant, tenant])
        if not found:
            raise not_open(tenant)
        log = LogStore(connection, tenant)
        check = _check_head(connection, tenant, found[0], log)
        kept = verify_signed.kept_checkpoints(connection, tenant)
        return Seen(found[0][0] or found[0][2] or 0, log.state, log.log_keys(), kept, check)


def _check_head(connection: Connection, tenant: str, row: tuple[Any, ...], log: LogStore) -> Check:
    head, moved, last, recorded = row
    check = Check(name="head", unit="heads", counted=1)
    if head is None:
        check.add("ledger.head", f"{tenant} has facts and no head")
        return check
    if head != (last or 0):
        check.add("ledger.head position", f"it counts {head} facts, the last one is {last or 0}")
    if recorded is not None and not recorded <= moved <= datetime.now(UTC):
        check.add("ledger.head recorded_at", "it is not between the last fact and now")
    if log.state.size > head:
        check.add(
            "ledger.log_state size", f"{log.state.size} facts were sealed, the head counts {head}"
        )
    if log.state.size < head:
        check.notes.append(f"{head - log.state.size} facts are not sealed yet")
    for key, first, upto in queries.rows(connection, _KEYS, [tenant, head]):
        check.add(f"ledger.idempotency {key}", f"positions {first} to {upto} were no one append")
    return check


def _range(asked: Asked, seen: Seen, brought: Sequence[Kept]) -> tuple[int, int]:
    """The positions to read; all that were ever sealed or counted, where nothing else is asked."""
    whole = max(seen.head, seen.state.size)
    first = asked.first
    if asked.since and brought:
        first = max(first, max(kept.size for kept in brought) + 1)
    # Whole tiles: what is read beyond the range does no harm.
    last = whole if asked.last is None else min(-(-asked.last // WIDTH) * WIDTH, whole)
    return min(first, last + 1), last
