"""Counts over a tenant's record: facts by name, rows of figures by what became of them."""

from __future__ import annotations

from typing import LiteralString

import msgspec

from ledger.queries import Pool

_FACTS: LiteralString = """
    SELECT name, count(*) FROM ledger.fact WHERE tenant_id = %s GROUP BY name ORDER BY name"""
_ROWS: LiteralString = """
    SELECT count(*), coalesce(sum(rows), 0)::bigint, coalesce(sum(rejected), 0)::bigint
    FROM ledger.metric_batch WHERE tenant_id = %s"""
_REASONS: LiteralString = """
    SELECT code, count(*) FROM ledger.rejected_row WHERE tenant_id = %s
    GROUP BY code ORDER BY count(*) DESC, code"""


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """How much a tenant's record holds. `rows_in` is `rows + rejected`: no row is lost."""

    facts: dict[str, int]
    batches: int
    rows: int
    rejected: int
    rejected_by_code: dict[str, int]

    @property
    def rows_in(self) -> int:
        """Every row of figures that came in."""
        return self.rows + self.rejected


def census(pool: Pool, tenant: str) -> Census:
    """Count what stands in a tenant's tables, in one snapshot."""
    with pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        facts = connection.execute(_FACTS, [tenant]).fetchall()
        counted = connection.execute(_ROWS, [tenant]).fetchone() or (0, 0, 0)
        reasons = connection.execute(_REASONS, [tenant]).fetchall()
    return Census(
        facts=dict(facts),
        batches=counted[0],
        rows=counted[1],
        rejected=counted[2],
        rejected_by_code=dict(reasons),
    )
