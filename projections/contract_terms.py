"""Read model `contract_terms`: contracts and their clauses over two times.

Every row says what was known over a range of positions; a clause row also over which days it
applies. The fold is the domain's own (`domain.contract_state.evolve`): what an amendment covers
ends being known at its position, and what is left of it is written beside the new version.
The queries stand in `contract_queries.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, LiteralString

from domain import contract_facts as facts
from domain.contract_state import Contract, evolve
from domain.periods import Period
from domain.terms import Term
from ledger.records import Recorded
from projections.model import Connection, names_of
from projections.rows import Row, Table, as_json, distinct, known_range, last_segment

name = "contract_terms"
version = 1
tables = ("contract_header", "clause_version")
CONTRACT_FACTS = (
    facts.ContractDrafted,
    facts.ContractSent,
    facts.PartySigned,
    facts.ContractActivated,
    facts.ContractCancelled,
    facts.ClauseAdded,
    facts.ClauseAmended,
    facts.ClauseEnded,
    facts.ContractRenewed,
    facts.ContractEnded,
    facts.TaxCharacterSet,
    facts.ExpiryDecided,
)
names = names_of(*CONTRACT_FACTS)

HEADER = Table(
    "contract_header",
    {
        "contract_id": "text",
        "version": "int",
        "known": "int8range",
        "status": "text",
        "person_id": "text",
        "number": "text",
        "engagement": "text",
        "team": "text",
        "track": "text",
        "starts": "date",
        "ends": "date",
        "template": "text",
        "template_version": "int",
        "characters": "jsonb",
        "document_sha256": "text",
        "signed_by": "jsonb",
        "activated_on": "date",
        "fixed_terms": "int",
        "amended_by": "jsonb",
        "expiry_decision": "text",
    },
    ("contract_id", "version"),
)
CLAUSE = Table(
    "clause_version",
    {
        "contract_id": "text",
        "clause_key": "text",
        "effective": "daterange",
        "known": "int8range",
        "kind": "text",
        "params": "jsonb",
        "text_zh": "text",
        "text_en": "text",
        "position": "bigint",
        "version": "int",
    },
    ("contract_id", "clause_key", "known", "effective"),
)
_OPEN_HEADERS: LiteralString = """
    SELECT contract_id, version, lower(known), status, person_id, number, engagement, team, track,
        starts, ends, template, template_version, characters, document_sha256, signed_by,
        activated_on, fixed_terms, amended_by, expiry_decision
    FROM contract_header
    WHERE tenant_id = %b AND contract_id = ANY(%b) AND upper_inf(known)"""
_OPEN_CLAUSES: LiteralString = """
    SELECT contract_id, clause_key, lower(effective), upper(effective), lower(known), params,
        text_zh, text_en, position, version
    FROM clause_version
    WHERE tenant_id = %b AND contract_id = ANY(%b) AND upper_inf(known)
    ORDER BY position, clause_key, effective"""
_CLOSE_HEADERS: LiteralString = """
    UPDATE contract_header AS h SET known = int8range(lower(h.known), a.until)
    FROM unnest(%b::text[], %b::int[], %b::bigint[]) AS a (contract, version, until)
    WHERE h.tenant_id = %b AND h.contract_id = a.contract AND h.version = a.version"""
_CLOSE_CLAUSES: LiteralString = """
    UPDATE clause_version AS c SET known = int8range(a.since, a.until)
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::bigint[], %b::bigint[])
        AS a (contract, key, effective, since, until)
    WHERE c.tenant_id = %b AND c.contract_id = a.contract AND c.clause_key = a.key
        AND c.effective = a.effective::daterange AND c.known = int8range(a.since, NULL)"""

Piece = tuple[str, str, date, date | None, int]
"""One piece of a clause version: contract, key, first day, end, position of its fact."""


class Spans:
    """Things that begin and stop being known, during one batch."""

    def __init__(self, stored: dict[Any, int]) -> None:
        self._stored = stored
        self._begun: dict[Any, tuple[int, Any]] = {}
        self.closed: list[tuple[Any, int, int]] = []
        """Stored before this batch: key, since, until."""
        self.made: list[tuple[Any, int, int | None, Any]] = []
        """Made in this batch: key, since, until, content."""

    def begin(self, key: Any, position: int, content: Any) -> None:
        self._begun[key] = (position, content)

    def end(self, key: Any, position: int) -> None:
        if key in self._begun:
            since, content = self._begun.pop(key)
            self.made.append((key, since, position, content))
        else:
            self.closed.append((key, self._stored.pop(key), position))

    def finish(self) -> None:
        """What has begun and not ended is known until further notice."""
        for key, (since, content) in self._begun.items():
            self.made.append((key, since, None, content))


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Fold facts of contracts into headers and clause versions."""
    contracts = distinct(last_segment(fact.stream) for fact in recorded)
    states, headers, clauses = _present(connection, tenant, contracts)
    nothing = Contract()
    for fact in recorded:
        contract = last_segment(fact.stream)
        before = states.get(contract, nothing)
        states[contract] = after = evolve(before, fact.fact, fact)
        if before.version:
            headers.end((contract, before.version), fact.position)
        headers.begin((contract, after.version), fact.position, after)
        if after.terms is not before.terms:
            _change_clauses(clauses, contract, before.terms, after.terms, fact.position)
    _write(connection, tenant, headers, clauses)


def _change_clauses(
    clauses: Spans, contract: str, before: Iterable[Term], after: Iterable[Term], position: int
) -> None:
    """What the fold kept is the same object before and after."""
    old, new = {id(term) for term in before}, {id(term) for term in after}
    for term in before:
        if id(term) not in new:
            clauses.end(_piece(contract, term), position)
    for term in after:
        if id(term) not in old:
            clauses.begin(_piece(contract, term), position, term)


def _piece(contract: str, term: Term) -> Piece:
    return (contract, term.key, term.period.start, term.period.end, term.position)


def _present(
    connection: Connection, tenant: str, contracts: Sequence[str]
) -> tuple[dict[str, Contract], Spans, Spans]:
    """The contracts as known now, and since when each row is known."""
    params = [tenant, list(contracts)]
    terms: dict[str, list[Term]] = {}
    clauses: dict[Piece, int] = {}
    for row in connection.execute(_OPEN_CLAUSES, params, binary=True):
        term = Term(row[1], Period(row[2], row[3]), row[5], row[6], row[7], row[8], row[9])
        terms.setdefault(row[0], []).append(term)
        clauses[_piece(row[0], term)] = row[4]
    states: dict[str, Contract] = {}
    headers: dict[tuple[str, int], int] = {}
    for row in connection.execute(_OPEN_HEADERS, params, binary=True):
        states[row[0]] = contract_of(row, tuple(terms.get(row[0], ())))
        headers[row[0], row[1]] = row[2]
    return states, Spans(headers), Spans(clauses)


def contract_of(row: Row, terms: tuple[Term, ...]) -> Contract:
    """A contract from the columns of `_OPEN_HEADERS` and its terms."""
    return Contract(
        contract=row[0],
        version=row[1],
        status=row[3],
        person=row[4],
        number=row[5],
        engagement=row[6],
        team=row[7],
        track=row[8],
        start=row[9],
        end=row[10],
        template=row[11],
        template_version=row[12],
        characters=tuple((date.fromisoformat(day), said) for day, said in row[13]),
        document_sha256=row[14],
        signed_by=tuple(row[15]),
        activated_on=row[16],
        fixed_terms=row[17],
        amended_by=tuple(row[18]),
        expiry_decision=row[19],
        terms=terms,
    )


def _write(connection: Connection, tenant: str, headers: Spans, clauses: Spans) -> None:
    """Close before inserting: at no moment are two versions known of the same days."""
    headers.finish()
    clauses.finish()
    if headers.closed:
        closed = [(key[0], key[1], until) for key, _, until in headers.closed]
        connection.execute(_CLOSE_HEADERS, [*_columns(closed), tenant])
    if clauses.closed:
        ended = [
            (contract, key, f"[{start},{end or ''})", since, until)
            for (contract, key, start, end, _), since, until in clauses.closed
        ]
        connection.execute(_CLOSE_CLAUSES, [*_columns(ended), tenant])
    HEADER.copy(connection, tenant, (_header_row(*made) for made in headers.made))
    CLAUSE.copy(connection, tenant, (_clause_row(*made) for made in clauses.made))


def _columns(rows: list[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _header_row(key: tuple[str, int], since: int, until: int | None, state: Contract) -> Row:
    return (
        key[0],
        state.version,
        known_range(since, until),
        state.status,
        state.person,
        state.number,
        state.engagement,
        state.team,
        state.track,
        state.start,
        state.end,
        state.template,
        state.template_version,
        as_json(state.characters),
        state.document_sha256,
        as_json(state.signed_by),
        state.activated_on,
        state.fixed_terms,
        as_json(state.amended_by),
        state.expiry_decision,
    )


def _clause_row(piece: Piece, since: int, until: int | None, term: Term) -> Row:
    contract, key, start, end, position = piece
    return (
        contract,
        key,
        f"[{start},{end or ''})",
        known_range(since, until),
        str(term.data.get("kind", "")),
        as_json(term.data),
        term.text_zh,
        term.text_en,
        position,
        term.version,
    )
