"""My pay: a streamer's month so far, statements and contracts; nobody else's."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query, Request, Response

from api.own import payslips_of, seen_contracts
from api.pages.contract_page import nearest
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import ContractId
from api.reads import View, caught_up
from domain.contract_facts import SIGNING_ORDER
from domain.contract_state import Contract
from domain.documents import document_sha256, document_text
from domain.periods import Month
from domain.refusals import Refusal
from domain.statement import Note
from domain.terms import terms_on
from projections.audit_queries import AuditEntry
from workflows import mine

pages = router()
MonthQuery = Annotated[str | None, Query(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
CHANGES = (
    "contract.sent",
    "contract.party_signed",
    "contract.activated",
    "contract.clause_added",
    "contract.clause_amended",
    "contract.clause_ended",
    "contract.renewed",
    "contract.ended",
    "contract.tax_character_set",
)
"""What happened to the contract that its streamer sees; what was considered inside is not."""


@pages.get("/mine")
def overview(
    request: Request, visit: Annotated[Visit, seen("mine.read")], month: MonthQuery = None
) -> Response:
    """The month so far, statements by month, contracts."""
    view = visit.view()
    found = seen_contracts(view)
    view.read_pay("mine", [visit.caller.actor])
    measured = mine.months_with_figures(
        view.desk, view.tenant, visit.caller.actor, view.effective, view.head
    )
    now = Month.of(view.effective)
    shown = Month.parse(month) if month else (measured[-1] if measured else now)
    values: dict[str, Any] = {
        "contracts": found,
        "months": [one for one in measured if one != shown][-6:],
        "shown": shown,
        "now": now,
        "so_far": _months(view, found, shown),
        "slips": [(one, payslips_of(view, one)) for one in found],
        "bar": bar,
    }
    return page(request, "mine.html", **values)


def _months(view: View, found: list[Contract], shown: Month) -> list[tuple[Contract, mine.SoFar]]:
    """The month of each contract that is in force in it."""
    return [
        (one, mine.so_far(view.desk, view.tenant, one, shown, view.head))
        for one in found
        if one.activated_on is not None and one.period.overlap(shown.period) is not None
    ]


def bar(note: Note) -> dict[str, Any] | None:
    """How far a note's total is on the way to the next tier, in whole percents."""
    found = note.figures
    if not {"total", "next", "missing"} <= set(found):
        return None
    total, following = Decimal(found["total"]), Decimal(found["next"])
    done = int(total * 100 / following) if following > 0 else 0
    return {"done": max(0, min(100, done)), **found}


@pages.get("/mine/contracts/{contract}")
def contract(
    request: Request, visit: Annotated[Visit, seen("mine.read")], contract: ContractId
) -> Response:
    """An own contract: what it says today, how it changed, its text, and signing it."""
    return _contract(request, visit, contract)


def _contract(
    request: Request,
    visit: Visit,
    contract: str,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.view()
    state = mine.own_contract(view.desk, view.tenant, visit.caller.actor, contract)
    day = nearest(state, view.effective)
    values: dict[str, Any] = {
        "c": state,
        "on": day,
        "terms": terms_on(state.terms, day),
        "changes": _changes(view, contract),
        "text": document_text(state),
        "digest": document_sha256(state),
        "parties": SIGNING_ORDER,
        "my_turn": state.status == "sent" and len(state.signed_by) == len(SIGNING_ORDER) - 1,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "mine_contract.html", refusal.status if refusal else 200, **values)


def _changes(view: View, contract: str) -> list[AuditEntry]:
    caught_up(view, "audit_history")
    found = view.readers.audit.entries(view.tenant, stream=f"contract/{contract}", limit=200)
    return [entry for entry in found.items if entry.kind in CHANGES]


@pages.post("/mine/contracts/{contract}")
def sign(
    request: Request, visit: Annotated[Visit, seen("mine.sign")], contract: ContractId
) -> Response:
    """Accept the document whose hash the page showed."""
    form, caller = form_of(request), visit.caller
    device = request.headers.get("user-agent", "")[:200]
    evidence = f"session {caller.key_id}; agreed on the page; {device}"
    try:
        ask = visit.write(form).ask()
        document, desk = form.get("document"), caller.desk
        checked(
            lambda: mine.sign(desk, visit.tenant, caller.actor, contract, document, evidence, ask)
        )
    except Refusal as refusal:
        return _contract(request, visit, contract, refusal, form)
    return to(f"/mine/contracts/{contract}?done=sign")
