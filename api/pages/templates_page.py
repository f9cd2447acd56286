"""Templates of contracts: the list, one with its versions, and the form that makes the next one."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import Request, Response

from api.pages import clause_list
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import TemplateId
from api.reads import CursorQuery, Text
from domain import template as templates
from domain.clauses import KINDS, clause_of
from domain.contract_facts import Engagement
from domain.refusals import NotFound, Refusal
from domain.sentences import sentence
from workflows import setup
from workflows.desk import load

pages = router()


@pages.get("/templates")
def list_templates(
    request: Request,
    visit: Annotated[Visit, seen("template.read")],
    q: Text = None,
    cursor: CursorQuery = None,
) -> Response:
    """Templates by id."""
    view = visit.current("directory")
    found = view.readers.directory.entries(
        view.tenant, "template", search=q or None, cursor=cursor or None, limit=50
    )
    return page(request, "templates.html", found=found, q=q or "")


@pages.get("/templates/new")
def new(request: Request, visit: Annotated[Visit, seen("template.define")]) -> Response:
    """The form of a template that is not there yet."""
    return _edit(request, visit, Form({}))


@pages.post("/templates/new")
def define_new(request: Request, visit: Annotated[Visit, seen("template.define")]) -> Response:
    """Define a template."""
    form = form_of(request)
    return _define(request, visit, form, form.get("template"))


@pages.get("/templates/{template}")
def template(
    request: Request,
    visit: Annotated[Visit, seen("template.read")],
    template: TemplateId,
    version: Text = None,
    known: Text = None,
) -> Response:
    """A template: one of its versions with the sentences, and the others."""
    view = visit.view(None, known)
    state = read(visit, template, view.known)
    text = version or ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    number = number if 1 <= number <= len(state.versions) else len(state.versions)
    defined = state.versions[number - 1]
    history = view.readers.audit.entries(
        view.tenant, stream=f"template/{template}", known=view.position, limit=100
    )
    values: dict[str, Any] = {
        "s": state,
        "view": view,
        "number": number,
        "defined": defined,
        "clauses": [_said(entry) for entry in defined.clauses],
        "variables": sorted(templates.variables_of(list(defined.clauses))),
        "history": history.items,
    }
    return page(request, "template.html", **values)


def read(visit: Visit, template: str, known: int | None = None) -> templates.Template:
    """A template with all its versions. Raises NotFound."""
    caller = visit.caller
    state = load(
        caller.desk,
        visit.tenant,
        f"template/{template}",
        templates.Template(),
        templates.evolve,
        known,
    )
    if not state.version:
        raise NotFound(
            f"没有模板 {template}", f"There is no template {template}", do="List the templates."
        )
    return state


def _said(entry: dict[str, Any]) -> dict[str, Any]:
    """A clause of a template in words; one with variables shows its parameters."""
    data, variables = entry["clause"], sorted(templates.variables_of(entry["clause"]))
    said = {"key": entry["key"], "kind": data["kind"], "data": data, "variables": variables}
    if not variables:
        said["zh"], said["en"] = sentence(clause_of(data))
    return said


@pages.get("/templates/{template}/new")
def next_version(
    request: Request, visit: Annotated[Visit, seen("template.define")], template: TemplateId
) -> Response:
    """The form of the next version, filled with the last one."""
    state = read(visit, template)
    last = state.versions[-1]
    fields = {
        "template": template,
        "title": last.title,
        "engagement": last.engagement,
        "version": str(state.version),
        **clause_list.fields_of(list(last.clauses)),
    }
    return _edit(request, visit, Form({name: [value] for name, value in fields.items()}), template)


@pages.post("/templates/{template}/new")
def define_next(
    request: Request, visit: Annotated[Visit, seen("template.define")], template: TemplateId
) -> Response:
    """Define the next version."""
    read(visit, template)
    return _define(request, visit, form_of(request), template, template)


def _define(
    request: Request, visit: Visit, form: Form, template: str, there: str | None = None
) -> Response:
    try:
        more = clause_list.edited(form)
        if more is not None:
            return _edit(request, visit, more, there)
        sent = {
            "template": template,
            "title": form.get("title"),
            "engagement": form.get("engagement"),
            "clauses": clause_list.clauses_from(form, variables=True),
        }
        command = checked(lambda: templates.DefineTemplate.model_validate(sent))
        ask = visit.write(form, form.version()).ask(form.get("reason"))
        setup.define_template(visit.caller.desk, visit.tenant, command, ask)
    except Refusal as refusal:
        return _edit(request, visit, form, there, refusal)
    return to(f"/templates/{template}?done=1")


def _edit(
    request: Request,
    visit: Visit,
    form: Form,
    there: str | None = None,
    refusal: Refusal | None = None,
) -> Response:
    values: dict[str, Any] = {
        "f": form,
        "there": there,
        "entries": clause_list.entries_of(form),
        "kinds": KINDS,
        "engagements": get_args(Engagement),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "template_edit.html", refusal.status if refusal else 200, **values)
