"""A posted month as it was paid and as it is known later; the tenant as of two looks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.params import RunId
from api.reads import CursorQuery, Text, View, caught_up
from projections import paging
from projections.contract_queries import ContractAsOf, ContractFilter
from workflows.restatement import restate

pages = router()
SHOWN = 500
AT_ONCE = 500
"""So many contracts are compared on one page."""


@pages.get("/restatements/{run}")
def restatement(
    request: Request,
    visit: Annotated[Visit, seen("payslip.read")],
    run: RunId,
    known: Text = None,
) -> Response:
    """What a posted run paid against what its month comes to as known later, by cause."""
    view = visit.view(None, known)
    found = restate(view.desk, view.tenant, run, view.known)
    view.read_pay(f"payrun/{run}", {one.person for one in found.items})
    return page(request, "restatement.html", r=found, view=view, shown=SHOWN)


@pages.get("/audit/compare")
def compare(
    request: Request,
    visit: Annotated[Visit, seen("audit.read")],
    effective_a: Text = None,
    known_a: Text = None,
    effective_b: Text = None,
    known_b: Text = None,
    cursor: CursorQuery = None,
) -> Response:
    """All contracts at two looks, each with its own two times, and what differs."""
    a, b = visit.view(effective_a, known_a), visit.view(effective_b, known_b)
    caught_up(b, "contract_terms")
    (last,) = paging.after(cursor or None, str) or ("",)
    before, after = _states(a, last), _states(b, last)
    names = sorted({*before, *after})
    more = len(before) > AT_ONCE or len(after) > AT_ONCE
    names = names[:AT_ONCE]
    differing = [
        one for name in names if (one := _compared(name, before.get(name), after.get(name)))
    ]
    values: dict[str, Any] = {
        "a": a,
        "b": b,
        "asked": {"known_a": known_a or "", "known_b": known_b or ""},
        "found": differing,
        "compared": len(names),
        "next": paging.cursor(names[-1]) if more and names else None,
    }
    return page(request, "audit_compare.html", **values)


def _states(view: View, after: str) -> dict[str, ContractAsOf]:
    """Up to so many contracts after an id, and one more, as the look shows them."""
    found: dict[str, ContractAsOf] = {}
    cursor = paging.cursor(view.position, after) if after else None
    while len(found) <= AT_ONCE:
        got = view.readers.contracts.contracts(
            view.tenant, view.effective, view.position, ContractFilter(), cursor=cursor
        )
        found |= {one.state.contract: one for one in got.items}
        if got.next is None:
            break
        cursor = got.next
    return found


def _compared(name: str, a: ContractAsOf | None, b: ContractAsOf | None) -> dict[str, Any] | None:
    """What differs of one contract: its state, and each clause old and new."""
    old = {term.key: term for term in a.state.terms} if a else {}
    new = {term.key: term for term in b.state.terms} if b else {}
    clauses = [
        {"key": key, "old": old.get(key), "new": new.get(key)}
        for key in sorted({*old, *new})
        if _said(old.get(key)) != _said(new.get(key))
    ]
    states = (a.state.status if a else "", b.state.status if b else "")
    ends = (a.state.end if a else None, b.state.end if b else None)
    if not clauses and states[0] == states[1] and ends[0] == ends[1]:
        return None
    return {"contract": name, "clauses": clauses, "states": states, "ends": ends}


def _said(term: Any) -> str:
    return "" if term is None else str(term.text_zh)
