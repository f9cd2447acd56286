"""Queries of the audit history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, LiteralString

import msgspec

from projections.audit_search import near
from projections.model import Pool
from projections.paging import Page, after, like, limited, page

_COLUMNS: LiteralString = """
    SELECT position, stream_id, version, kind, subject_kind, subject_id, contract_id, person_id,
        actor, recorded_at, reason, correlation, effective, zh, en, before, after
    FROM projections.audit_entry"""
_FILTERS: dict[str, LiteralString] = {
    "stream": "stream_id = %(stream)s",
    "contract": "contract_id = %(contract)s",
    "person": "person_id = %(person)s",
    "actor": "actor = %(actor)s",
    "kind": "(kind = %(kind)s OR subject_kind = %(kind)s)",
    "since": "recorded_at >= %(since)s",
    "until": "recorded_at < %(until)s",
    "effective": "effective = %(effective)s",
    "correlation": "correlation = %(correlation)s",
    "known": "position <= %(known)s",
    "search": "(zh || ' ' || en || ' ' || reason) ILIKE %(search)s",
}


class AuditEntry(msgspec.Struct, frozen=True):
    """One fact in words. `before` and `after` hold what changed, as data."""

    position: int
    stream: str
    version: int
    kind: str
    subject_kind: str
    subject: str
    contract: str | None
    person: str | None
    actor: str
    recorded_at: datetime
    reason: str
    correlation: str
    effective: date | None
    zh: str
    en: str
    before: Any
    after: Any


class AuditHistory:
    """Reads the audit history."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def entries(
        self,
        tenant: str,
        *,
        cursor: str | None = None,
        limit: int = 100,
        oldest_first: bool = False,
        **filters: Any,
    ) -> Page[AuditEntry]:
        """Entries that fit every filter given, the latest first unless asked otherwise.

        Filters: stream, contract, person, actor, kind (a fact's name without its version, or a
        kind of stream), since and until (recorded time), effective, correlation, known (a
        position), search (a text in the words or the reason, Chinese or English). None filters
        nothing; an unknown filter is a TypeError.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        unknown = set(filters) - set(_FILTERS)
        if unknown:
            raise TypeError(f"the audit history has no filter {', '.join(sorted(unknown))}")
        size = limited(limit)
        key = after(cursor, int)
        asked: dict[str, Any] = {"tenant": tenant, "limit": size + 1, **given}
        source = _COLUMNS
        if "search" in given:
            join, words = near(given["search"])
            source += join
            asked |= {**words, "search": like(given["search"])}
        query = _query(source, [*given], key is not None, oldest_first)
        asked["after"] = key[0] if key else None
        with self._pool.connection() as connection:
            rows = connection.execute(query, asked, binary=True).fetchall()
        return page([AuditEntry(*row) for row in rows], size, lambda entry: entry.position)


def _query(
    source: LiteralString, filters: list[str], goes_on: bool, oldest_first: bool
) -> LiteralString:
    query = source + " WHERE tenant_id = %(tenant)s"
    for name in filters:
        query += " AND " + _FILTERS[name]
    if goes_on:
        query += " AND position > %(after)s" if oldest_first else " AND position < %(after)s"
    query += " ORDER BY position" if oldest_first else " ORDER BY position DESC"
    return query + " LIMIT %(limit)s"
