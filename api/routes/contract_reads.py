"""Looks at one contract: its history in words, what differs between two looks, the plan check."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.params import ContractId
from api.reads import (
    EffectiveQuery,
    KnownQuery,
    View,
    caught_up,
    position_of,
    present,
    reading,
    seen,
)
from ledger.records import Recorded
from workflows import contracts, diff

router = APIRouter(prefix="/v1/contracts/{contract}", tags=["Contracts"], route_class=StrictRoute)


@router.get("/history")
def get_history(contract: ContractId, view: Annotated[View, reading("contract.read")]) -> Response:
    """Every fact of the contract as known at a position: who, when, why, in words and as data."""
    contracts.read(view.desk, view.tenant, contract, view.known)
    stream = f"contract/{contract}"
    records = view.desk.store.stream(view.tenant, stream, known=view.known)
    words = _words(view, stream)
    items = [_entry(record, words.get(record.position)) for record in records]
    return seen(view, {"contract": contract, "items": items, "known": view.position})


def _words(view: View, stream: str) -> dict[int, Any]:
    caught_up(view, "audit_history")
    found: dict[int, Any] = {}
    cursor: str | None = None
    while True:
        page = view.readers.audit.entries(
            view.tenant, stream=stream, known=view.known, cursor=cursor, limit=500
        )
        found.update((entry.position, entry) for entry in page.items)
        cursor = page.next
        if cursor is None:
            return found


def _entry(record: Recorded, words: Any) -> dict[str, Any]:
    said = ("zh", "en", "before", "after")
    return {**views.fact(record), **{name: getattr(words, name, None) for name in said}}


@router.get("/diff")
def get_diff(
    contract: ContractId,
    view: Annotated[View, present("contract.read")],
    effective_a: EffectiveQuery = None,
    known_a: KnownQuery = None,
    effective_b: EffectiveQuery = None,
    known_b: KnownQuery = None,
) -> Response:
    """What differs from one look at the contract to another, clause by clause, in words."""
    first = diff.Look(effective_a or view.effective, position_of(view.caller, known_a, "known_a"))
    second = diff.Look(effective_b or view.effective, position_of(view.caller, known_b, "known_b"))
    found = diff.diff(view.desk, view.tenant, contract, first, second)
    return seen(
        view,
        {
            "contract": contract,
            "a": _looked(view, first),
            "b": _looked(view, second),
            "differences": found,
        },
    )


def _looked(view: View, look: diff.Look) -> diff.Look:
    return look if look.known is not None else replace(look, known=view.head)


@router.get("/plan-check")
def check_plan(contract: ContractId, view: Annotated[View, reading("contract.read")]) -> Response:
    """What the plan check has to say about the clauses in force on a day."""
    state = contracts.read(view.desk, view.tenant, contract, view.known)
    found = contracts.findings(view.desk, view.tenant, state, view.effective, view.known)
    return seen(
        view,
        {
            "contract": contract,
            "effective": view.effective,
            "known": view.position,
            "findings": found,
        },
    )
