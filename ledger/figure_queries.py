"""The statements of the figure store; how figures are read stands in `figure_reads.py`."""

from __future__ import annotations

from typing import LiteralString

from ledger.figure_returns import TOUCHED_RETURNS

COPY_ROWS_IN: LiteralString = """
    COPY ledger.metric_row (tenant_id, batch, source, row_no, row_id, person, metric, day,
        category, value, order_ref) FROM STDIN (ENCODING 'UTF8')"""
COPY_REJECTED_IN: LiteralString = """
    COPY ledger.rejected_row (tenant_id, batch, row_no, code, reason_zh, reason_en, raw)
    FROM STDIN (ENCODING 'UTF8')"""

# What is hashed is what these two print; psql's \\copy prints the same.
COPY_ROWS_OUT: LiteralString = """
    COPY (SELECT row_no, row_id, person, metric, to_char(day, 'YYYY-MM-DD'), category, value,
            order_ref
        FROM ledger.metric_row WHERE tenant_id = %s AND batch = %s ORDER BY row_no)
    TO STDOUT (ENCODING 'UTF8')"""
COPY_REJECTED_OUT: LiteralString = """
    COPY (SELECT row_no, code, reason_zh, reason_en, raw
        FROM ledger.rejected_row WHERE tenant_id = %s AND batch = %s ORDER BY row_no)
    TO STDOUT (ENCODING 'UTF8')"""

ADD_BATCH: LiteralString = """
    INSERT INTO ledger.metric_batch (tenant_id, batch, position, source, recorded_at,
        period_start, period_end, rows, rejected, rows_sha256, rejected_sha256, replaces)
    SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, CASE WHEN NOT EXISTS (
        SELECT FROM ledger.metric_batch AS b
        WHERE b.tenant_id = %s AND b.source = %s AND b.position > %s
    ) THEN %s::integer END"""

# OFFSET 0 keeps this a look-up by index for each row: as a join it can cost a scan for each row
# while the statistics do not yet know of a large batch.
REPLACES: LiteralString = """
    SELECT h.position, (
        SELECT count(*) FROM ledger.metric_row AS r
        WHERE r.tenant_id = h.tenant_id AND r.batch = %(batch)s AND EXISTS (
            SELECT FROM ledger.metric_row AS o
            WHERE o.tenant_id = r.tenant_id AND o.source = r.source AND o.row_id = r.row_id
                AND o.batch <> r.batch
            OFFSET 0
        ) AND EXISTS (
            SELECT FROM ledger.metric_batch AS b
            WHERE b.tenant_id = h.tenant_id AND b.source = %(source)s
        )
    )
    FROM ledger.head AS h WHERE h.tenant_id = %(tenant)s"""

_RECEIPT: LiteralString = """
    SELECT b.batch, b.source, b.position,
        encode(sha256('\\x00'::bytea || f.envelope), 'hex'), b.recorded_at,
        b.period_start, b.period_end, b.rows, b.rejected, b.rows_sha256, b.rejected_sha256
    FROM ledger.metric_batch AS b
    JOIN ledger.fact AS f ON f.tenant_id = b.tenant_id AND f.position = b.position
    WHERE b.tenant_id = %s"""
BATCH: LiteralString = _RECEIPT + " AND b.batch = %s"
BATCHES: LiteralString = _RECEIPT + " AND b.position > %s ORDER BY b.position LIMIT %s"
CODES: LiteralString = """
    SELECT code, count(*)::int FROM ledger.rejected_row
    WHERE tenant_id = %s AND batch = %s GROUP BY code ORDER BY code"""
SUMS: LiteralString = """
    SELECT metric, sum(value) FROM ledger.metric_row
    WHERE tenant_id = %s AND batch = %s GROUP BY metric ORDER BY metric"""
ROWS: LiteralString = """
    SELECT row_no, row_id, person, metric, day, value, category, order_ref
    FROM ledger.metric_row
    WHERE tenant_id = %s AND batch = %s AND row_no > %s ORDER BY row_no LIMIT %s"""
REJECTED: LiteralString = """
    SELECT row_no, code, reason_zh, reason_en, raw FROM ledger.rejected_row
    WHERE tenant_id = %s AND batch = %s AND row_no > %s ORDER BY row_no LIMIT %s"""

TOUCHED: LiteralString = (
    """
    WITH changed AS MATERIALIZED (
        SELECT r.batch, r.source, r.row_id, r.person, r.day, r.value, r.order_ref
        FROM ledger.metric_batch AS b
        JOIN ledger.metric_row AS r ON r.tenant_id = b.tenant_id AND r.batch = b.batch
        WHERE b.tenant_id = %(tenant)s AND b.position > %(after)s AND b.position <= %(upto)s
    )
    SELECT person, date_trunc('month', day)::date FROM changed WHERE day < %(before)s
    UNION
    SELECT old.person, date_trunc('month', old.day)::date
    FROM changed AS c
    CROSS JOIN LATERAL (
        SELECT o.person, o.day FROM ledger.metric_row AS o
        WHERE o.tenant_id = %(tenant)s AND o.source = c.source AND o.row_id = c.row_id
            AND o.batch <> c.batch AND o.day < %(before)s
            AND (
                SELECT ob.position FROM ledger.metric_batch AS ob
                WHERE ob.tenant_id = o.tenant_id AND ob.batch = o.batch
            ) <= %(upto)s
        OFFSET 0
    ) AS old"""
    + TOUCHED_RETURNS
)

# As TOUCHED, but says which batch it was, and looks at the days from one to another only.
TOUCHED_BY: LiteralString = """
    WITH changed AS MATERIALIZED (
        SELECT b.position, r.batch, r.source, r.row_id, r.person, r.day, r.value, r.order_ref
        FROM ledger.metric_batch AS b
        JOIN ledger.metric_row AS r ON r.tenant_id = b.tenant_id AND r.batch = b.batch
        WHERE b.tenant_id = %(tenant)s AND b.position > %(after)s AND b.position <= %(upto)s
    )
    SELECT position, person, date_trunc('month', day)::date FROM changed
    WHERE day >= %(start)s AND day < %(stop)s
    UNION
    SELECT c.position, old.person, date_trunc('month', old.day)::date
    FROM changed AS c
    CROSS JOIN LATERAL (
        SELECT o.person, o.day FROM ledger.metric_row AS o
        WHERE o.tenant_id = %(tenant)s AND o.source = c.source AND o.row_id = c.row_id
            AND o.batch <> c.batch AND o.day >= %(start)s AND o.day < %(stop)s
            AND (
                SELECT ob.position FROM ledger.metric_batch AS ob
                WHERE ob.tenant_id = o.tenant_id AND ob.batch = o.batch
            ) < c.position
        OFFSET 0
    ) AS old
    UNION
    SELECT c.position, c.person, date_trunc('month', o.day)::date
    FROM changed AS c
    CROSS JOIN LATERAL (
        SELECT q.day FROM ledger.metric_row AS q
        WHERE q.tenant_id = %(tenant)s AND q.source = c.source AND q.row_id = c.order_ref
            AND q.person = c.person AND q.day >= %(start)s AND q.day < %(stop)s
        OFFSET 0
    ) AS o
    WHERE c.value < 0 AND c.order_ref <> ''"""
