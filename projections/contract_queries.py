"""Queries of `contract_terms`: contracts as they stand on a day, as known at a position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal, LiteralString

import msgspec

from domain.contract_state import Contract, Status
from domain.periods import Period
from domain.terms import Term
from projections.contract_terms import contract_of
from projections.model import Pool
from projections.paging import Page, after, cursor, like, limited

_LATEST = 2**63 - 1
_HEADER: LiteralString = """
    h.contract_id, h.version, lower(h.known), h.status, h.person_id, h.number, h.engagement,
    h.team, h.track, h.starts, h.ends, h.template, h.template_version, h.characters,
    h.document_sha256, h.signed_by, h.activated_on, h.fixed_terms, h.amended_by,
    h.expiry_decision"""
_TERM: LiteralString = """
    jsonb_build_array(c.clause_key, lower(c.effective), upper(c.effective), c.params, c.text_zh,
        c.text_en, c.position, c.version)"""
_STATUS_ON: LiteralString = """CASE
        WHEN h.activated_on IS NULL OR h.ends IS NULL THEN h.status
        WHEN h.ends <= %(effective)s THEN 'ended' ELSE 'active' END"""
"""As `Contract.status_on` says it."""
_IN_FORCE: LiteralString = """(h.activated_on IS NOT NULL AND h.starts <= %(effective)s
        AND (h.ends IS NULL OR h.ends > %(effective)s))"""
_FILTERS: dict[str, LiteralString] = {
    "team": "h.team = %(team)s",
    "teams": "h.team = ANY(%(teams)s)",
    "engagement": "h.engagement = %(engagement)s",
    "status": _STATUS_ON + " = %(status)s",
    "track": "h.track = %(track)s",
    "person": "h.person_id = %(person)s",
    "contracts": "h.contract_id = ANY(%(contracts)s)",
    "in_force": _IN_FORCE + " = %(in_force)s",
    "after": "h.contract_id > %(after)s",
    "search": """(h.number ILIKE %(search)s OR h.person_id ILIKE %(search)s
        OR h.contract_id ILIKE %(search)s)""",
}
# OFFSET 0 keeps the ranges out of the choice of an index: a contract's clauses are a few rows of
# its key, where a plan for any parameters would look through all that was ever known on the day.
_LIST_START: LiteralString = """
    WITH moment AS MATERIALIZED (
        SELECT coalesce(%(known)s::bigint, (
            SELECT position FROM projections.progress
            WHERE tenant_id = %(tenant)s AND name = 'contract_terms'), 0) AS position
    )
    SELECT moment.position, found.*, said.terms
    FROM moment
    LEFT JOIN LATERAL (
        SELECT """
_LIST_FROM: LiteralString = """
        FROM projections.contract_header AS h
        WHERE h.tenant_id = %(tenant)s AND h.known @> moment.position"""
_LIST_END: LiteralString = """
        ORDER BY h.contract_id LIMIT %(limit)s
    ) AS found ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg("""
_LIST_TERMS: LiteralString = """ ORDER BY c.clause_key) AS terms
        FROM (
            SELECT * FROM projections.clause_version
            WHERE %(terms)s AND tenant_id = %(tenant)s AND contract_id = found.contract_id
            OFFSET 0
        ) AS c
        WHERE c.known @> moment.position AND c.effective @> %(effective)s::date
    ) AS said ON true
    ORDER BY found.contract_id"""
_COUNT_START: dict[str, LiteralString] = {
    "status": "SELECT " + _STATUS_ON + ", count(*)",
    "engagement": "SELECT h.engagement, count(*)",
    "team": "SELECT h.team, count(*)",
    "track": "SELECT h.track, count(*)",
}
_COUNT_FROM: LiteralString = """
    FROM projections.contract_header AS h
    WHERE h.tenant_id = %(tenant)s AND h.known @> coalesce(%(known)s::bigint, (
        SELECT position FROM projections.progress
        WHERE tenant_id = %(tenant)s AND name = 'contract_terms'), 0)"""
_STATES: LiteralString = (
    "SELECT "
    + _HEADER
    + """, (
        SELECT jsonb_agg("""
    + _TERM
    + """ ORDER BY c.position, c.clause_key, c.effective)
        FROM (
            SELECT * FROM projections.clause_version
            WHERE tenant_id = h.tenant_id AND contract_id = h.contract_id OFFSET 0
        ) AS c
        WHERE c.known @> %(known)s::bigint
    )
    FROM projections.contract_header AS h
    WHERE h.tenant_id = %(tenant)s AND h.known @> %(known)s::bigint
        AND (%(contracts)s::text[] IS NULL OR h.contract_id = ANY(%(contracts)s))
    ORDER BY h.contract_id"""
)


class ContractFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which contracts are meant; None leaves a condition out."""

    team: str | None = None
    teams: Sequence[str] | None = None
    """Any of these teams, where a caller sees no others."""
    engagement: str | None = None
    status: str | None = None
    """On the day, as known at the position."""
    track: str | None = None
    person: str | None = None
    contracts: Sequence[str] | None = None
    in_force: bool | None = None
    """Whether it was activated and the day lies in its term."""
    search: str | None = None
    """A text in number, person or contract id."""


class ContractAsOf(msgspec.Struct, frozen=True):
    """A contract on a day as known at a position; `state.terms` are those in force on the day."""

    state: Contract
    character: str
    """The tax character on the day."""
    status: Status
    """The contract's status on the day."""
    in_force: bool
    """Whether the contract was activated and the day lies in its term."""


class ContractTerms:
    """Reads contracts over two times. `known` is a position; None is what is applied now."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def contracts(
        self,
        tenant: str,
        effective: date,
        known: int | None = None,
        where: ContractFilter | None = None,
        *,
        terms: bool = True,
        cursor: str | None = None,
        limit: int = 500,
    ) -> Page[ContractAsOf]:
        """Contracts by id, each with its terms on a day, in one statement.

        The first page fixes what is known: later pages show the same moment, whatever is
        recorded in between. `terms=False` leaves the clauses out.
        """
        pinned, last = after(cursor, int, str) or (known, None)
        given = {**_given(where or ContractFilter()), **({} if last is None else {"after": last})}
        size = limited(limit)
        asked = {"tenant": tenant, "effective": effective, "known": pinned, "terms": terms}
        rows = self._rows(_list_query([*given]), limit=size + 1, **asked, **given)
        found = [_as_of(row[1:], effective) for row in rows if row[1] is not None]
        return _page(found, size, rows[0][0])

    def counts(
        self,
        tenant: str,
        effective: date,
        known: int | None = None,
        where: ContractFilter | None = None,
        *,
        by: Literal["status", "engagement", "team", "track"] = "status",
    ) -> dict[str, int]:
        """How many contracts there are of each status, engagement, team or track."""
        given = _given(where or ContractFilter())
        query = _COUNT_START[by] + _COUNT_FROM
        for name in given:
            query += " AND " + _FILTERS[name]
        asked = {"tenant": tenant, "effective": effective, "known": known, **given}
        return dict(self._rows(query + " GROUP BY 1 ORDER BY 2 DESC, 1", **asked))

    def states(
        self, tenant: str, known: int | None = None, contracts: Iterable[str] | None = None
    ) -> dict[str, Contract]:
        """Whole contracts as known at a position, with the terms of all days, by id."""
        asked = None if contracts is None else list(contracts)
        moment = _LATEST if known is None else known
        rows = self._rows(_STATES, tenant=tenant, known=moment, contracts=asked)
        return {row[0]: contract_of(row, _terms(row[-1])) for row in rows}

    def _rows(self, query: LiteralString, **asked: Any) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(query, asked, binary=True).fetchall()


def _given(where: ContractFilter) -> dict[str, Any]:
    given = {name: getattr(where, name) for name in where.__struct_fields__}
    given["search"] = like(where.search) if where.search else None
    for name in ("contracts", "teams"):
        given[name] = None if given[name] is None else list(given[name])
    return {name: value for name, value in given.items() if value is not None}


def _list_query(filters: list[str]) -> LiteralString:
    query = _LIST_START + _HEADER + _LIST_FROM
    for name in filters:
        query += " AND " + _FILTERS[name]
    return query + _LIST_END + _TERM + _LIST_TERMS


def _page(found: list[ContractAsOf], size: int, known: int) -> Page[ContractAsOf]:
    shown = tuple(found[:size])
    more = cursor(known, shown[-1].state.contract) if len(found) > size else None
    return Page(shown, more, known)


def _as_of(row: tuple[Any, ...], effective: date) -> ContractAsOf:
    state = contract_of(row, _terms(row[-1]))
    # Not by `state.period`: what ended on its first day has no period at all.
    in_term = state.start <= effective and (state.end is None or effective < state.end)
    return ContractAsOf(
        state=state,
        character=state.character_on(effective),
        status=state.status_on(effective),
        in_force=state.activated_on is not None and in_term,
    )


def _terms(rows: list[Any] | None) -> tuple[Term, ...]:
    return tuple(
        Term(key, Period(_day(start), _day(end) if end else None), *rest)
        for key, start, end, *rest in rows or ()
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)
