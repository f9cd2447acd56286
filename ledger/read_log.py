"""Who read personal data in clear, and who read pay: rows that are only added to.

A row is committed before the answer goes out: what could not be written down is not shown. It
names persons by their ids and fields by their names, and holds nothing of what was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec

from ledger.queries import Pool

Kind = Literal["personal", "pay"]
Via = Literal["api", "page", "cli"]
_INSERT: LiteralString = """
    INSERT INTO ledger.read_log
        (tenant_id, kind, act, actor, via, about, persons, fields, purpose, correlation)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_SELECT: LiteralString = """
    SELECT read_at, read_id, kind, act, actor, via, about, persons, fields, purpose, correlation
    FROM ledger.read_log WHERE tenant_id = %(tenant)s"""
_FILTERS: dict[str, LiteralString] = {
    "person": " AND persons @> ARRAY[%(person)s]::text[]",
    "actor": " AND actor = %(actor)s",
    "kind": " AND kind = %(kind)s",
    "about": " AND about = %(about)s",
    "since": " AND read_at >= %(since)s",
    "until": " AND read_at < %(until)s",
    "after": " AND (read_at, read_id) < (%(after_at)s, %(after_id)s::uuid)",
}
_END: LiteralString = " ORDER BY read_at DESC, read_id DESC LIMIT %(limit)s"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that held personal data or pay."""

    kind: Kind
    act: str
    """What was done: an act of the table of roles, or a command."""
    actor: str
    via: Via
    about: str
    """What was looked at: `payslip/2025-03-1/C-0001`, `payrun/2025-03-1`, `person/P-0001`."""
    persons: tuple[str, ...]
    fields: tuple[str, ...]
    purpose: str
    correlation: str


class ReadEntry(Read, frozen=True, kw_only=True):
    """A read as it stands in the log."""

    read_at: datetime
    read_id: UUID


class ReadLog:
    """The reads of all tenants; every call names its tenant."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def record(self, tenant: str, read: Read) -> None:
        """Write a read down; it stands when this returns."""
        persons, fields = sorted(set(read.persons)), list(read.fields)
        row = [tenant, read.kind, read.act, read.actor, read.via, read.about, persons, fields]
        with self._pool.connection() as connection:
            connection.execute(_INSERT, [*row, read.purpose, read.correlation])

    def entries(
        self,
        tenant: str,
        *,
        after: tuple[datetime, UUID] | None = None,
        limit: int = 100,
        **filters: Any,
    ) -> Sequence[ReadEntry]:
        """Reads that fit every filter given, the latest first.

        Filters: person, actor, kind, about, since and until (times). None filters nothing; an
        unknown one is a KeyError.
        """
        asked = {name: value for name, value in filters.items() if value is not None}
        query = _SELECT
        for name in asked:
            query += _FILTERS[name]
        asked |= {"tenant": tenant, "limit": limit}
        if after is not None:
            query += _FILTERS["after"]
            asked |= {"after_at": after[0], "after_id": str(after[1])}
        with self._pool.connection() as connection:
            rows = connection.execute(query + _END, asked).fetchall()
        return [_entry(row) for row in rows]


def _entry(row: Sequence[Any]) -> ReadEntry:
    at, read_id, kind, act, actor, via, about, persons, fields, purpose, correlation = row
    return ReadEntry(
        read_at=at.astimezone(UTC),
        read_id=read_id,
        kind=kind,
        act=act,
        actor=actor,
        via=via,
        about=about,
        persons=tuple(persons),
        fields=tuple(fields),
        purpose=purpose,
        correlation=correlation,
    )
