"""Batches of figures: the rows in the tables against the digests in the facts.

A batch's fact holds the SHA-256 of its rows; the digest is computed again from the rows. What the
digest does not cover (the index of batches, the source beside each row) is held against the fact.
"""

from __future__ import annotations

from typing import Any, LiteralString

import msgspec

from domain.metric import MetricBatchRecorded
from ledger import queries
from ledger.codec import PlaceLine, split
from ledger.figures import FigureStore
from ledger.queries import Connection, Pool
from ledger.verify_report import Check, Progress

_FACTS: LiteralString = """
    SELECT position, envelope FROM ledger.fact
    WHERE tenant_id = %b AND name = 'figures.batch_recorded.v1' AND position > %b
        AND position <= %b ORDER BY position LIMIT 500"""
_INDEX: LiteralString = """
    SELECT position, source, recorded_at, period_start, period_end, rows, rejected, rows_sha256,
        rejected_sha256 FROM ledger.metric_batch WHERE tenant_id = %b AND batch = %b"""
_ROWS: LiteralString = """
    SELECT count(*), count(*) FILTER (WHERE source <> %b), min(day), max(day)
    FROM ledger.metric_row WHERE tenant_id = %b AND batch = %b"""
_REPLACES: LiteralString = """
    SELECT b.replaces, (
        SELECT count(*) FROM ledger.metric_row AS r
        WHERE r.tenant_id = b.tenant_id AND r.batch = b.batch AND EXISTS (
            SELECT FROM ledger.metric_row AS o
            WHERE o.tenant_id = r.tenant_id AND o.source = r.source AND o.row_id = r.row_id
                AND o.batch <> r.batch
                AND (
                    SELECT ob.position FROM ledger.metric_batch AS ob
                    WHERE ob.tenant_id = o.tenant_id AND ob.batch = o.batch
                ) < b.position
            OFFSET 0
        )
    )
    FROM ledger.metric_batch AS b
    WHERE b.tenant_id = %b AND b.batch = %b AND b.replaces IS NOT NULL"""
_ORPHANS: LiteralString = """
    SELECT 'metric_row', r.batch FROM ledger.metric_row AS r
    WHERE r.tenant_id = %(tenant)s AND NOT EXISTS (
        SELECT FROM ledger.metric_batch AS b WHERE b.tenant_id = r.tenant_id AND b.batch = r.batch)
    UNION
    SELECT 'rejected_row', r.batch FROM ledger.rejected_row AS r
    WHERE r.tenant_id = %(tenant)s AND NOT EXISTS (
        SELECT FROM ledger.metric_batch AS b WHERE b.tenant_id = r.tenant_id AND b.batch = r.batch)
    UNION
    SELECT 'metric_batch', b.batch FROM ledger.metric_batch AS b
    LEFT JOIN ledger.fact AS f ON f.tenant_id = b.tenant_id AND f.position = b.position
    WHERE b.tenant_id = %(tenant)s AND f.name IS DISTINCT FROM 'figures.batch_recorded.v1'
    LIMIT 100"""
_place = msgspec.json.Decoder(PlaceLine).decode
_fact = msgspec.json.Decoder(MetricBatchRecorded).decode


def check_batches(pool: Pool, tenant: str, head: int, progress: Progress) -> Check:
    """Every batch that was recorded, row by row, and rows of batches that never were."""
    check = Check(name="figures", unit="batches")
    store = FigureStore(pool)
    after = 0
    while True:
        with pool.connection() as connection:
            page = queries.rows(connection, _FACTS, [tenant, after, head])
        for position, envelope in page:
            after = position
            _batch(pool, store, tenant, envelope, check)
            check.counted += 1
            progress("figures", check.counted, 0)
        if len(page) < 500:
            break
    with pool.connection() as connection:
        found = connection.execute(_ORPHANS, {"tenant": tenant}).fetchall()
    for table, batch in found:
        check.add(f"ledger.{table} batch {batch}", "no fact recorded this batch")
    return check


def _batch(pool: Pool, store: FigureStore, tenant: str, envelope: bytes, check: Check) -> None:
    try:
        lines = split(envelope)
        place, fact = _place(lines.place), _fact(lines.payload)
    except (ValueError, msgspec.MsgspecError):
        return  # the pass over the facts says so
    with pool.connection() as connection:
        _index(connection, tenant, place, fact, check)
        _columns(connection, tenant, fact, check)
        _replaces(connection, tenant, fact, check)
    rows, rejected = store.batch_digest(tenant, fact.batch)
    if rows != fact.rows_sha256:
        check.add(f"ledger.metric_row batch {fact.batch}", "the rows are not those of the digest")
    if rejected != fact.rejected_sha256:
        check.add(f"ledger.rejected_row batch {fact.batch}", "the rows are not those of the digest")


def _index(
    connection: Connection, tenant: str, place: PlaceLine, fact: MetricBatchRecorded, check: Check
) -> None:
    """The row of `metric_batch` against the fact."""
    expected: tuple[Any, ...] = (
        place.position,
        fact.source,
        place.recorded_at,
        fact.period_start,
        fact.period_end,
        fact.rows,
        fact.rejected,
        fact.rows_sha256,
        fact.rejected_sha256,
    )
    found = queries.rows(connection, _INDEX, [tenant, fact.batch])
    if not found or found[0] != expected:
        what = "is not what the fact says" if found else "is missing"
        check.add(f"ledger.metric_batch {fact.batch}", f"the row {what}")


def _columns(connection: Connection, tenant: str, fact: MetricBatchRecorded, check: Check) -> None:
    """What stands beside the rows: their number, their source, their days."""
    count, strange, first, last = queries.rows(
        connection, _ROWS, [fact.source, tenant, fact.batch]
    )[0]
    place = f"ledger.metric_row batch {fact.batch}"
    if count != fact.rows:
        check.add(place, f"{count} rows, {fact.rows} were recorded")
    if strange:
        check.add(f"{place} column source", f"{strange} rows of another source")
    if count and not (first >= fact.period_start and last < fact.period_end):
        check.add(place, "days outside of the batch's period")


def _replaces(connection: Connection, tenant: str, fact: MetricBatchRecorded, check: Check) -> None:
    """How many rows replace one of an earlier batch, where that was counted."""
    for said, counted in queries.rows(connection, _REPLACES, [tenant, fact.batch]):
        if said != counted:
            what = f"{counted} rows replace one of an earlier batch, not {said}"
            check.add(f"ledger.metric_batch {fact.batch} column replaces", what)
