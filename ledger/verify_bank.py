"""Bank statements: the lines in the table against the digests in the facts."""

from __future__ import annotations

from typing import LiteralString

import msgspec

from domain.bank_line import BankStatementRecorded
from ledger import queries
from ledger.bank_lines import BankLines
from ledger.codec import PlaceLine, split
from ledger.queries import Pool
from ledger.store import FactStore
from ledger.verify_report import Check

_FACTS: LiteralString = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND name = 'bank.statement_recorded.v1' AND position <= %b
    ORDER BY position"""
_INDEX: LiteralString = """
    SELECT position, account FROM ledger.bank_statement WHERE tenant_id = %b AND statement = %b"""
_LINES: LiteralString = """
    SELECT count(*), count(*) FILTER (WHERE account <> %b) FROM ledger.bank_line
    WHERE tenant_id = %b AND statement = %b"""
_ORPHANS: LiteralString = """
    SELECT DISTINCT 'bank_line', l.statement FROM ledger.bank_line AS l
    WHERE l.tenant_id = %(tenant)s AND NOT EXISTS (
        SELECT FROM ledger.bank_statement AS s
        WHERE s.tenant_id = l.tenant_id AND s.statement = l.statement)
    UNION
    SELECT 'bank_statement', s.statement FROM ledger.bank_statement AS s
    LEFT JOIN ledger.fact AS f ON f.tenant_id = s.tenant_id AND f.position = s.position
    WHERE s.tenant_id = %(tenant)s AND f.name IS DISTINCT FROM 'bank.statement_recorded.v1'
    LIMIT 100"""
_place = msgspec.json.Decoder(PlaceLine).decode
_fact = msgspec.json.Decoder(BankStatementRecorded).decode


def check_statements(pool: Pool, tenant: str, head: int) -> Check:
    """Every statement that was recorded, line by line, and lines of statements that never were."""
    check = Check(name="bank statements", unit="statements")
    with pool.connection() as connection:
        facts = queries.rows(connection, _FACTS, [tenant, head])
        orphans = connection.execute(_ORPHANS, {"tenant": tenant}).fetchall()
    for (envelope,) in facts:
        check.counted += 1
        _statement(pool, tenant, envelope, check)
    for table, statement in orphans:
        check.add(f"ledger.{table} {statement}", "no fact recorded this statement")
    return check


def _statement(pool: Pool, tenant: str, envelope: bytes, check: Check) -> None:
    try:
        lines = split(envelope)
        place, fact = _place(lines.place), _fact(lines.payload)
    except (ValueError, msgspec.MsgspecError):
        return  # the pass over the facts says so
    with pool.connection() as connection:
        index = queries.rows(connection, _INDEX, [tenant, fact.statement])
        counted = queries.rows(connection, _LINES, [fact.account, tenant, fact.statement])[0]
    if index != [(place.position, fact.account)]:
        check.add(f"ledger.bank_statement {fact.statement}", "the row is not what the fact says")
    where = f"ledger.bank_line statement {fact.statement}"
    expected = fact.taken + fact.repeated + fact.conflicting + fact.unreadable
    if counted != (expected, 0):
        check.add(where, f"{counted[0]} lines, {expected} were recorded, or of another account")
    digest = BankLines(pool, FactStore(pool)).digest(tenant, fact.statement)
    if digest != fact.lines_sha256:
        check.add(where, "the lines are not those of the digest")
