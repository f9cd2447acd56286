"""One contract: its clauses with the facts that made them, over two times, and its trail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Request, Response

from api.pages import contract_looks as looks
from api.pages import timeline
from api.pages.render import page, problem_of, query, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, no_such_act, seen
from api.params import ContractId
from api.reads import Text, View, caught_up
from domain import contract_commands as commands
from domain.contract import evolve
from domain.contract_facts import SIGNING_ORDER
from domain.contract_state import Contract
from domain.refusals import Refusal
from domain.terms import terms_on
from projections.audit_queries import AuditEntry
from workflows import contracts, diff, erasure
from workflows.desk import Ask, fold
from workflows.disclosure import open_personal

pages = router()
HISTORY = 200


@pages.get("/contracts/{contract}")
def contract(
    request: Request,
    visit: Annotated[Visit, seen("contract.read")],
    contract: ContractId,
    effective: Text = None,
    known: Text = None,
    step: Text = None,
    day: Text = None,
) -> Response:
    """A contract effective on a day, as known at a position; `step` and `day` are the sliders."""
    view = visit.view(effective, known)
    if step or day:
        return to(_slid(view, contract, step, day))
    if not effective:
        state = contracts.read(view.desk, view.tenant, contract, view.known)
        view = replace(view, effective=nearest(state, view.effective))
    return _page(request, visit, contract, view)


def _slid(view: View, contract: str, step: str | None, day: str | None) -> str:
    """The address of the two times that sliders stand on."""
    records = view.desk.store.stream(view.tenant, f"contract/{contract}")
    state = contracts.read(view.desk, view.tenant, contract)
    effective = looks.day_at(state, day) if day else view.effective
    known = looks.known_at(records, step) if step else view.known
    times = query({"effective": effective, "known": known})
    return f"/contracts/{contract}{times}"


def nearest(state: Contract, today: date) -> date:
    """The day a page shows when none is asked for: today, or the day of the term next to it."""
    if state.end is not None and today >= state.end:
        return state.end - timedelta(days=1)
    return max(today, state.start)


def _page(
    request: Request,
    visit: Visit,
    contract: str,
    view: View,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    state = contracts.read(view.desk, view.tenant, contract, view.known)
    caught_up(view, "audit_history", "pay_register")
    history = entries(view, contract)
    records = view.desk.store.stream(view.tenant, f"contract/{contract}")
    now = fold(records, Contract(), evolve) if view.known is not None else state
    values: dict[str, Any] = {
        "view": view,
        "c": state,
        "steps": looks.step_of(records, view.known),
        "days": looks.day_slider(now, view.effective),
        "differs": looks.differences(view, state, now),
        "way": looks.way(state),
        "terms": terms_on(state.terms, view.effective) if view.effective in state.period else (),
        "in_term": view.effective in state.period,
        "character": state.character_on(view.effective),
        "made": {entry.position: entry for entry in history},
        "history": history,
        "axes": timeline.axes(view, contract, state),
        "person": person(visit, view, state),
        "acts": acts(visit, state) if view.known is None else [],
        "parties": SIGNING_ORDER,
        "payslips": payslips(visit, view, contract),
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "contract.html", refusal.status if refusal else 200, **values)


def entries(view: View, contract: str) -> list[AuditEntry]:
    """What happened to a contract in words, the latest first, as known at the position."""
    found = view.readers.audit.entries(
        view.tenant, stream=f"contract/{contract}", known=view.position, limit=HISTORY
    )
    return list(found.items)


def person(visit: Visit, view: View, state: Contract) -> dict[str, str] | None:
    """The streamer's name, for those who may read personal data."""
    if not visit.may("person.read_personal"):
        return None
    about = f"contract/{state.contract}"
    found = open_personal(view.desk, view.tenant, visit.caller.reader(), [state.person], about)
    if state.person in found:
        return {"name": found[state.person].get("name", ""), "status": "in_use"}
    return {"name": "", "status": erasure.status(view.desk, view.tenant, state.person)}


def payslips(visit: Visit, view: View, contract: str) -> list[Any]:
    """The last payslips of a contract, for those who may read pay."""
    if not visit.may("payslip.read"):
        return []
    found = list(view.desk.register.payslips_of(view.tenant, contract, limit=13).items)
    if found:
        view.read_pay(f"contract/{contract}", {one.person_id for one in found})
    return found


STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "drafted": (("send", "contract.send"), ("cancel", "contract.cancel")),
    "sent": (("sign", "contract.sign"), ("cancel", "contract.cancel")),
    "signed": (("activate", "contract.activate"),),
    "active": (("decide", "contract.decide_expiry"), ("end", "contract.end")),
}
"""Status → what the page offers next, and the act it needs. The domain decides, not this."""


def acts(visit: Visit, state: Contract) -> list[str]:
    """What the visitor may do with the contract as it is now."""
    offered = [name for name, act in STEPS.get(state.status, ()) if visit.may(act)]
    return [name for name in offered if name != "decide" or state.end is not None]


def _send(form: Form, state: Contract) -> commands.ContractCommand:
    return commands.SendContract()


def _cancel(form: Form, state: Contract) -> commands.ContractCommand:
    return commands.CancelContract()


def _activate(form: Form, state: Contract) -> commands.ContractCommand:
    return commands.ActivateContract()


def _sign(form: Form, state: Contract) -> commands.ContractCommand:
    return commands.SignContract.model_validate(
        {
            "party": SIGNING_ORDER[min(len(state.signed_by), len(SIGNING_ORDER) - 1)],
            "signatory": form.get("signatory"),
            "document_sha256": form.get("document"),
        }
    )


def _decide(form: Form, state: Contract) -> commands.ContractCommand:
    return commands.DecideExpiry.model_validate({"decision": form.get("decision")})


def _end(form: Form, state: Contract) -> commands.ContractCommand:
    return commands.EndContract.model_validate(
        {"effective": form.get("effective"), "ending": form.get("ending"), "note": form.get("note")}
    )


ACTS: dict[str, tuple[str, Callable[[Form, Contract], commands.ContractCommand]]] = {
    "send": ("contract.send", _send),
    "cancel": ("contract.cancel", _cancel),
    "activate": ("contract.activate", _activate),
    "sign": ("contract.sign", _sign),
    "decide": ("contract.decide_expiry", _decide),
    "end": ("contract.end", _end),
}


@pages.post("/contracts/{contract}")
def act(
    request: Request, visit: Annotated[Visit, seen("contract.read")], contract: ContractId
) -> Response:
    """One step of a contract: sent, signed, activated, cancelled, decided on, ended."""
    form = form_of(request)
    if form.get("do") not in ACTS:
        raise no_such_act()
    allowed, command = ACTS[form.get("do")]
    visit.need(allowed)
    try:
        state = contracts.read(visit.caller.desk, visit.tenant, contract)
        ask: Ask = visit.write(form, form.version()).ask(form.get("reason"))
        made = checked(lambda: command(form, state))
        contracts.act_on(visit.caller.desk, visit.tenant, contract, made, ask)
    except Refusal as refusal:
        return _page(request, visit, contract, visit.view(), refusal, form)
    return to(f"/contracts/{contract}?done={form.get('do')}")


@pages.get("/contracts/{contract}/compare")
def compare(
    request: Request,
    visit: Annotated[Visit, seen("contract.read")],
    contract: ContractId,
    effective_a: Text = None,
    known_a: Text = None,
    effective_b: Text = None,
    known_b: Text = None,
) -> Response:
    """What differs between two looks at a contract, each with its own two times."""
    a, b = visit.view(effective_a, known_a), visit.view(effective_b, known_b)
    looks = [diff.Look(view.effective, view.known) for view in (a, b)]
    found = diff.diff(visit.caller.desk, visit.tenant, contract, *looks)
    state = contracts.read(visit.caller.desk, visit.tenant, contract)
    values: dict[str, Any] = {
        "contract": contract,
        "c": state,
        "a": a,
        "b": b,
        "differences": found,
    }
    return page(request, "compare.html", **values, known_a=known_a, known_b=known_b)


@pages.get("/contracts/{contract}/text")
def text(
    request: Request,
    visit: Annotated[Visit, seen("contract.read")],
    contract: ContractId,
    known: Text = None,
) -> Response:
    """The text that the parties sign, with its SHA-256."""
    from domain.documents import document_sha256, document_text

    view = visit.view(None, known)
    state = contracts.read(view.desk, view.tenant, contract, view.known)
    digest = document_sha256(state)
    values: dict[str, Any] = {
        "c": state,
        "view": view,
        "text": document_text(state),
        "digest": digest,
    }
    return page(request, "contract_text.html", **values)
