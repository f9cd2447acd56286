"""Drafting a contract: from a template with its variables, from clauses of its own, or both."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, get_args

from fastapi import Request, Response

from api.pages import clause_list, templates_page
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, day_of, form_of, seen
from api.reads import Text
from domain import template as templates
from domain.clauses import KINDS
from domain.contract_commands import DraftContract
from domain.contract_facts import Character, Engagement
from domain.refusals import Refusal
from workflows import contracts

pages = router()
FIELDS = ("contract", "person", "number", "engagement", "character", "start", "team")
CHARACTER = {
    "full_time": "wages",
    "part_time": "labour_remuneration",
    "agency": "business_income",
}
"""What the form suggests for an engagement; the draft says it, nothing derives it."""


@pages.get("/contracts/new")
def new(
    request: Request,
    visit: Annotated[Visit, seen("contract.draft")],
    template: Text = None,
    version: Text = None,
    person: Text = None,
) -> Response:
    """The form of a contract that is not there yet."""
    fields = {"template": template or "", "template_version": version or "", "person": person or ""}
    fields["start"] = visit.caller.today.replace(day=1).isoformat()
    if template:
        kind = templates_page.read(visit, template).versions[-1].engagement
        fields |= {"engagement": kind, "character": CHARACTER.get(kind, "")}
    return _edit(request, visit, Form({name: [value] for name, value in fields.items()}))


def _edit(request: Request, visit: Visit, form: Form, refusal: Refusal | None = None) -> Response:
    view = visit.current("directory")
    listed = view.readers.directory.entries(view.tenant, "template", limit=500).items
    values: dict[str, Any] = {
        "f": form,
        "templates": listed,
        "variables": _variables(visit, form),
        "entries": clause_list.entries_of(form),
        "kinds": KINDS,
        "engagements": get_args(Engagement),
        "characters": get_args(Character),
        "problem": None if refusal is None else _problem(refusal),
    }
    return page(request, "draft.html", refusal.status if refusal else 200, **values)


def _problem(refusal: Refusal) -> dict[str, Any]:
    """The refusal beside its field; variables that are missing are named by the domain."""
    found = problem_of(refusal)
    missing = refusal.details.get("missing")
    if found["field"] == "end":
        found["field"] = "last_day"
    if found["field"] == "variables" and missing:
        found["field"] = f"v.{missing[0]}"
    return found


def _variables(visit: Visit, form: Form) -> list[str]:
    """The variables of the version of the template that was chosen."""
    if not form.get("template"):
        return []
    try:
        state = templates_page.read(visit, form.get("template"))
    except Refusal:
        return []
    number = _number(form) or len(state.versions)
    chosen = state.versions[min(number, len(state.versions)) - 1]
    return sorted(templates.variables_of(list(chosen.clauses)))


def _number(form: Form) -> int | None:
    text = form.get("template_version")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 else None


def command_from(form: Form) -> DraftContract:
    """The draft that was typed. Raises Invalid that names the field."""
    sent: dict[str, Any] = {name: form.get(name) for name in FIELDS}
    last = day_of(form.get("last_day"), "last_day")
    sent |= {
        "end": None if last is None else (last + timedelta(days=1)).isoformat(),
        "track": form.get("track") or "general",
        "template": form.get("template") or None,
        "template_version": _number(form) if form.get("template") else None,
        "clauses": clause_list.clauses_from(form),
    }
    return checked(lambda: DraftContract.model_validate(sent))


@pages.post("/contracts/new")
def draft(request: Request, visit: Annotated[Visit, seen("contract.draft")]) -> Response:
    """Draft the contract; it opens as a draft, ready to be looked at and sent."""
    form = form_of(request)
    try:
        more = clause_list.edited(form)
        if more is not None:
            return _edit(request, visit, more)
        if form.get("step") == "template":
            return _edit(request, visit, form)
        command = command_from(form)
        variables = {name: value for name, value in form.under("v.").items() if value}
        ask = visit.write(form).ask(form.get("reason"))
        contracts.draft(visit.caller.desk, visit.tenant, command, variables, ask)
    except Refusal as refusal:
        return _edit(request, visit, form, refusal)
    return to(f"/contracts/{command.contract}?done=draft")
