"""Amending a contract: choose a clause, say what changes, look at it, send it."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec
from fastapi import Request, Response

from api.pages import clause_form
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import ContractId
from api.reads import Text, caught_up
from domain.clauses import KINDS
from domain.contract_commands import AmendContract
from domain.contract_state import Contract
from domain.periods import Period
from domain.refusals import Refusal, StaleVersion
from domain.terms import Term, cut, paint, terms_on
from domain.what_if_command import AmendedPay
from workflows import contracts
from workflows.desk import Ask
from workflows.what_if import WhatIfAnswer, amended_pay

pages = router()


@pages.get("/contracts/{contract}/amend")
def choose(
    request: Request,
    visit: Annotated[Visit, seen("contract.amend")],
    contract: ContractId,
    op: Text = None,
    key: Text = None,
    kind: Text = None,
    effective: Text = None,
) -> Response:
    """Choose a clause to change, end or add; then its form."""
    state = contracts.read(visit.caller.desk, visit.tenant, contract)
    day = visit.view(effective).effective
    if not effective and state.end is not None and day >= state.end:
        day = state.start
    in_force = terms_on(state.terms, day)
    if op not in ("add", "change", "end"):
        return page(request, "amend_choose.html", c=state, terms=in_force, day_=day, kinds=KINDS)
    term = next((one for one in in_force if one.key == key), None)
    fields = {"op": op, "key": key or "", "effective": day.isoformat()}
    fields["kind"] = kind or (str(term.data.get("kind")) if term else "custom")
    fields |= clause_form.values_of(term.data) if term and op == "change" else {}
    fields |= {"version": str(state.version), "amendment": _number(day.isoformat())}
    form = Form({name: [value] for name, value in fields.items()})
    return _edit(request, visit, state, form)


def _number(day: str) -> str:
    return f"A-{day}-{secrets.token_hex(3)}"


def _edit(
    request: Request,
    visit: Visit,
    state: Contract,
    form: Form,
    refusal: Refusal | None = None,
) -> Response:
    kind = form.get("kind") or "custom"
    shown = clause_form.form_for(kind, form.fields_by_name())
    stale = isinstance(refusal, StaleVersion)
    values: dict[str, Any] = {
        "c": state,
        "f": form,
        "shown": shown,
        "old": _in_force(state, form),
        "since": _since(visit, state, form) if stale else [],
        "version": state.version if stale else form.get("version"),
        "problem": None if refusal is None else _problem(refusal, form),
    }
    return page(request, "amend.html", refusal.status if refusal else 200, **values)


def _problem(refusal: Refusal, form: Form) -> dict[str, Any]:
    """The refusal beside its field: the domain names clauses by their keys."""
    found = problem_of(refusal)
    key = form.get("key")
    for prefix in (f"{key}.", f"changes.{key}."):
        if key and found["field"].startswith(prefix):
            found["field"] = "clause." + found["field"].removeprefix(prefix)
    return found


def _in_force(state: Contract, form: Form) -> Term | None:
    try:
        command = checked(lambda: _dates(form))
    except Refusal:
        return None
    return next(
        (t for t in terms_on(state.terms, command.effective) if t.key == form.get("key")), None
    )


def _dates(form: Form) -> AmendContract:
    """The amendment without its clause: enough to know the day."""
    sent = {"amendment": "A", "effective": form.get("effective")}
    return AmendContract.model_validate({**sent, "changes": [{"op": "end", "key": "any"}]})


def _since(visit: Visit, state: Contract, form: Form) -> list[Any]:
    """What others did to the contract since the form was opened."""
    view = visit.view()
    caught_up(view, "audit_history")
    found = view.readers.audit.entries(view.tenant, stream=f"contract/{state.contract}", limit=50)
    return [entry for entry in found.items if entry.version > (form.version() or 0)]


def command_from(form: Form) -> AmendContract:
    """The amendment that was typed. Raises Invalid that names the field."""
    change: dict[str, Any] = {"op": form.get("op"), "key": form.get("key")}
    if form.get("op") != "end":
        change["clause"] = clause_form.clause_from(form.get("kind"), form.under("clause."))
    sent = {
        "amendment": form.get("amendment"),
        "effective": form.get("effective"),
        "until": form.get("until") or None,
        "supersede_later": bool(form.get("supersede_later")),
        "document": form.get("document") or None,
        "changes": [change],
    }
    return checked(lambda: AmendContract.model_validate(sent))


@pages.post("/contracts/{contract}/amend")
def amend(
    request: Request,
    visit: Annotated[Visit, seen("contract.amend")],
    contract: ContractId,
    peek: Text = None,
) -> Response:
    """Show what the amendment would do, or record it."""
    form = form_of(request)
    desk, tenant = visit.caller.desk, visit.tenant
    state = contracts.read(desk, tenant, contract)
    step = "peek" if peek else form.get("step")
    try:
        if step == "edit":
            return _edit(request, visit, state, form)
        command = command_from(form)
        if step == "send":
            ask = visit.write(form, form.version()).ask(form.get("reason"))
            contracts.act_on(desk, tenant, contract, command, ask)
            return to(f"/contracts/{contract}?effective={command.effective}&done=amend")
        return _preview(request, visit, state, command, form, peek=step == "peek")
    except Refusal as refusal:
        if step == "peek":
            return page(request, "amend_peek.html", refusal=refusal, result=None, findings=[])
        return _edit(request, visit, state, form, refusal)


def _preview(
    request: Request,
    visit: Visit,
    state: Contract,
    command: AmendContract,
    form: Form,
    *,
    peek: bool,
) -> Response:
    """Old and new sentence and the plan check's findings, by the workflow that would record it."""
    desk, tenant = visit.caller.desk, visit.tenant
    ask = Ask(visit.write(form).act(form.get("reason") or ("…" if peek else "")))
    [result] = contracts.amend_cohort(desk, tenant, {state.contract: command}, ask, preview=True)
    if result.refusal is not None:
        raise result.refusal
    if not peek and form.version() not in (None, state.version):
        raise _stale(state)
    found = contracts.findings(
        desk, tenant, imagined(state, result.after, command), command.effective
    )
    values: dict[str, Any] = {"result": changes(result, command), "findings": found}
    if peek:
        return page(request, "amend_peek.html", refusal=None, **values)
    values["pay"] = _pay(visit, state, command)
    hidden = [
        (name, one)
        for name, several in form.fields.items()
        if name not in ("step", "once")
        for one in several
    ]
    return page(
        request, "amend_confirm.html", c=state, f=form, command=command, hidden=hidden, **values
    )


def _pay(visit: Visit, state: Contract, command: AmendContract) -> WhatIfAnswer | Refusal | None:
    """What the last three months would have been under the amendment; why not, where it cannot."""
    if not visit.may("pay.what_if"):
        return None
    asked = AmendedPay(contract=state.contract, changes=command.changes)
    try:
        desk = visit.caller.desk
        found = amended_pay(desk, visit.tenant, asked, today=visit.caller.today)
        visit.view().read_pay(f"what-if/{state.contract}", [state.person])
        return found
    except Refusal as refusal:
        return refusal


def _stale(state: Contract) -> StaleVersion:
    return StaleVersion(
        "合同在您填写期间被他人修改",
        "Somebody changed the contract while you were typing",
        do="Look at what changed, then preview again.",
        current_version=state.version,
    )


def changes(result: contracts.CohortResult, command: AmendContract) -> list[dict[str, Any]]:
    """Each clause of the amendment with its old and its new version."""
    before = {term.key: term for term in result.before}
    after = {term.key: term for term in result.after}
    return [
        {"op": one.op, "key": one.key, "old": before.get(one.key), "new": after.get(one.key)}
        for one in command.changes
    ]


def imagined(state: Contract, after: list[Term], command: AmendContract) -> Contract:
    """The contract with the amendment's clauses laid over its own, for the plan check to see."""
    terms = state.terms
    touched = {change.key for change in command.changes}
    for term in (term for term in after if term.key in touched):
        terms = paint(terms, term)
    for change in command.changes:
        if change.op == "end":
            terms = cut(terms, change.key, Period(command.effective, command.until))
    return msgspec.structs.replace(state, terms=terms)
