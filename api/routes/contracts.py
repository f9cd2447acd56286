"""Contracts: drafting one, and looking at it over two times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import ContractId
from api.reads import CursorQuery, LimitQuery, Text, View, caught_up, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain.contract_commands import DraftContract
from domain.contract_facts import Engagement
from domain.documents import document_sha256, document_text
from projections.contract_queries import ContractAsOf, ContractFilter
from workflows import contracts

router = APIRouter(prefix="/v1/contracts", tags=["Contracts"], route_class=StrictRoute)
StatusQuery = Literal["drafted", "sent", "signed", "active", "ended", "cancelled"]
Variable = Annotated[str, Field(max_length=200)]


class DraftRequest(DraftContract, Reasoned):
    """Draft a contract from clauses, from a template with its variables, or from both."""

    variables: Annotated[dict[Variable, Variable], Field(max_length=100, default_factory=dict)]
    model_config = EXAMPLES["draft"]


@router.post("", status_code=201, **writes("The drafted contract"))
def draft_contract(
    body: DraftRequest, write: Annotated[Write, writing("contract.draft")]
) -> Response:
    """Draft a contract. The plan check refuses clauses that can be read in two ways."""
    command = command_of(DraftContract, body)
    return write.acted(
        lambda ask: contracts.draft(write.desk, write.tenant, command, body.variables, ask),
        lambda state: {"contract": views.whole_contract(state)},
        lambda position: contracts.read(write.desk, write.tenant, body.contract, position),
        reason=body.reason,
        location=f"/v1/contracts/{body.contract}",
    )


@dataclass
class ContractQuery:
    """Which contracts are asked for; all conditions given have to fit."""

    team: Text = None
    engagement: Engagement | None = None
    status: StatusQuery | None = None
    track: Text = None
    person: Text = None
    in_force: bool | None = None
    q: Text = None
    clauses: Annotated[bool, Query(description="With the clauses in force on the day.")] = True

    def where(self) -> ContractFilter:
        """The conditions as the read model takes them."""
        same = ("team", "engagement", "status", "track", "person", "in_force")
        return ContractFilter(search=self.q or None, **{name: getattr(self, name) for name in same})


@router.get("")
def list_contracts(
    view: Annotated[View, reading("contract.read")],
    asked: Annotated[ContractQuery, Depends()],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Contracts by id as they stand on a day, as known at a position.

    The first page fixes what is known: later pages show the same moment. `q` looks in number,
    person and contract id.
    """
    caught_up(view, "contract_terms")
    found = view.readers.contracts.contracts(
        view.tenant,
        view.effective,
        view.position,
        msgspec.structs.replace(asked.where(), teams=view.caller.teams),
        terms=asked.clauses,
        cursor=cursor,
        limit=limit,
    )
    shown = views.page(found, lambda item: _as_of(item, asked.clauses))
    return seen(view, {**shown, "effective": view.effective, "known": found.known})


def _as_of(item: ContractAsOf, clauses: bool) -> dict[str, Any]:
    on_the_day = {"status": item.status, "character": item.character, "in_force": item.in_force}
    shown = {**views.contract(item.state), **on_the_day}
    if clauses:
        shown["clauses"] = [views.clause(term) for term in item.state.terms]
    return shown


@router.get("/{contract}")
def get_contract(contract: ContractId, view: Annotated[View, reading("contract.read")]) -> Response:
    """The contract effective on a day, as known at a position: each clause with its fact."""
    state = contracts.read(view.desk, view.tenant, contract, view.known)
    shown = {**views.contract_on(state, view.effective), "known": view.position}
    return seen(view, shown, state.version)


@router.get("/{contract}/text")
def get_text(contract: ContractId, view: Annotated[View, reading("contract.read")]) -> Response:
    """The text of the contract with the SHA-256 that the parties sign."""
    state = contracts.read(view.desk, view.tenant, contract, view.known)
    return seen(
        view,
        {
            "contract": state.contract,
            "version": state.version,
            "known": view.position,
            "text": document_text(state),
            "sha256": document_sha256(state),
            "sent_sha256": state.document_sha256 or None,
        },
    )
