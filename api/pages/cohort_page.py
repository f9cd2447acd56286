"""One amendment for many contracts: choose them, say what changes, see each verdict, record it."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from api.pages import clause_form
from api.pages.amend_page import command_from
from api.pages.contracts_page import Asked
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, seen
from api.pages.works import Moved, WorkId, works_of
from api.params import ID
from api.reads import caught_up
from domain.clauses import KINDS
from domain.contract_commands import AmendContract
from domain.refusals import Invalid, NotFound, Refusal
from projections.contract_queries import ContractFilter
from workflows import contracts
from workflows.desk import Ask

pages = router()
MOST = 10_000
CHUNK = 25
SHOWN = 200
"""So many verdicts stand on one page; those refused come first."""
Ticked = Annotated[list[Annotated[str, Query(pattern=ID)]] | None, Query(max_length=MOST)]


@pages.get("/contracts/cohort")
def choose(
    request: Request,
    visit: Annotated[Visit, seen("contract.amend")],
    asked: Annotated[Asked, Depends()],
    contract: Ticked = None,
    op: str = "change",
    key: str = "",
    kind: str = "",
) -> Response:
    """The contracts that are meant, and which of their clauses is to change."""
    named = contract or meant(visit, asked)
    if not named:
        raise NotFound(
            "没有选中生效中的合同",
            "No contract in force was chosen",
            do="Choose contracts in the list first.",
        )
    fields = {
        "op": op if op in ("add", "change", "end") else "change",
        "key": key,
        "kind": kind if kind in KINDS else "",
        "effective": visit.caller.today.isoformat(),
        "amendment": f"B-{visit.caller.today}-{secrets.token_hex(3)}",
        "contracts": " ".join(named),
    }
    form = Form({name: [value] for name, value in fields.items()})
    return _edit(request, visit, _prefilled(visit, form, named))


def meant(visit: Visit, asked: Asked) -> list[str]:
    """The contracts in force that fit the filters, by id."""
    view = visit.view()
    caught_up(view, "contract_terms")
    where = asked.where(visit)
    found: list[str] = []
    cursor: str | None = None
    while True:
        listed = view.readers.contracts.contracts(
            view.tenant,
            view.effective,
            view.position,
            ContractFilter(**{**_fields_of(where), "status": "active"}),
            terms=False,
            cursor=cursor,
            limit=1000,
        )
        found += [item.state.contract for item in listed.items]
        cursor = listed.next
        if cursor is None or len(found) >= MOST:
            return found[:MOST]


def _fields_of(where: ContractFilter) -> dict[str, Any]:
    return {name: getattr(where, name) for name in where.__struct_fields__}


def _clauses(visit: Visit, named: list[str]) -> dict[str, dict[str, Any]]:
    """Clause key → kind, how many of the contracts have it today, and one as an example."""
    view = visit.view()
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(named), 1000):
        listed = view.readers.contracts.contracts(
            view.tenant,
            view.effective,
            view.position,
            ContractFilter(contracts=named[start : start + 1000]),
            limit=1000,
        )
        for item in listed.items:
            for term in item.state.terms:
                entry = found.setdefault(term.key, {"term": term, "count": 0})
                entry["count"] += 1
    return dict(sorted(found.items(), key=lambda one: (-one[1]["count"], one[0])))


def _prefilled(visit: Visit, form: Form, named: list[str]) -> Form:
    """The form with the clause of one of the contracts as a beginning."""
    entry = _clauses(visit, named).get(form.get("key"))
    if form.get("op") == "add" or entry is None:
        return form
    data = entry["term"].data
    values = clause_form.values_of(data) if form.get("op") == "change" else {}
    values["kind"] = str(data["kind"])
    return Form({**form.fields, **{name: [value] for name, value in values.items()}})


def _edit(request: Request, visit: Visit, form: Form, refusal: Refusal | None = None) -> Response:
    named = form.get("contracts").split()
    kind = form.get("kind")
    values: dict[str, Any] = {
        "f": form,
        "named": named,
        "clauses": _clauses(visit, named),
        "kinds": KINDS,
        "shown": clause_form.form_for(kind, form.fields_by_name()) if kind else None,
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "cohort.html", refusal.status if refusal else 200, **values)


@pages.post("/contracts/cohort")
def amend(request: Request, visit: Annotated[Visit, seen("contract.amend")]) -> Response:
    """Try the amendment on every contract, or record it."""
    form = form_of(request)
    named = list(dict.fromkeys(form.get("contracts").split()))[:MOST]
    step = form.get("step")
    if step == "edit":
        return _edit(request, visit, form)
    if step == "begin":
        return _edit(request, visit, _prefilled(visit, form, named))
    try:
        command = command_from(form)
        if not form.get("reason"):
            raise Invalid(
                "请填写原因", "A reason is needed", do="Say why this is done.", field="reason"
            )
        work = _start(request, visit, form, named, command, preview=step != "send")
    except Refusal as refusal:
        return _edit(request, visit, form, refusal)
    return to(f"/contracts/cohort/{work}")


def _start(
    request: Request,
    visit: Visit,
    form: Form,
    named: list[str],
    command: AmendContract,
    *,
    preview: bool,
) -> str:
    desk, tenant = visit.caller.desk, visit.tenant
    ask: Ask = visit.write(form).ask(form.get("reason"))

    def do(moved: Moved) -> list[contracts.CohortResult]:
        found: list[contracts.CohortResult] = []
        for start in range(0, len(named), CHUNK):
            moved(start, len(named))
            part = dict.fromkeys(named[start : start + CHUNK], command)
            found += contracts.amend_cohort(desk, tenant, part, ask, preview=preview)
        moved(len(named), len(named))
        return found

    asked = {"form": form, "command": command, "preview": preview}
    return works_of(request).start(visit, "cohort", asked, do).id


@pages.get("/contracts/cohort/{work}")
def results(
    request: Request, visit: Annotated[Visit, seen("contract.amend")], work: WorkId
) -> Response:
    """How far it is; then the verdict on each contract, and what to do next."""
    found = works_of(request).of(visit, work, "cohort")
    if not found.over.is_set():
        return page(request, "working.html", work=found, title=visit.words("cohort.working"))
    if found.refusal is not None:
        return _edit(request, visit, found.asked["form"], found.refusal)
    if found.broken:
        return page(request, "broken.html", 500, instance=found.id)
    verdicts: list[contracts.CohortResult] = sorted(found.result, key=lambda one: one.accepted)
    form: Form = found.asked["form"]
    values: dict[str, Any] = {
        # The same for every look at this preview: going back and sending again records nothing.
        "work": found.id,
        "f": form,
        "command": found.asked["command"],
        "preview": found.asked["preview"],
        "accepted": sum(one.accepted for one in verdicts),
        "refused": [one.contract for one in verdicts if not one.accepted],
        "verdicts": [_shown(one, found.asked["command"]) for one in verdicts[:SHOWN]],
        "more": len(verdicts) - SHOWN,
        "hidden": _hidden(form),
        "total": len(verdicts),
    }
    return page(request, "cohort_results.html", **values)


def _shown(result: contracts.CohortResult, command: AmendContract) -> dict[str, Any]:
    key = command.changes[0].key
    return {
        "contract": result.contract,
        "refusal": result.refusal,
        "old": next((term for term in result.before if term.key == key), None),
        "new": next((term for term in result.after if term.key == key), None),
        "position": result.receipts[-1].position if result.receipts else None,
    }


def _hidden(form: Form) -> list[tuple[str, str]]:
    return [
        (name, one)
        for name, several in form.fields.items()
        if name not in ("step", "once")
        for one in several
    ]
