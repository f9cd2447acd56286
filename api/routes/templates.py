"""Templates: named, versioned sets of clauses with variables."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import TemplateId
from api.reads import CursorQuery, LimitQuery, Text, View, caught_up, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import template as templates
from domain.refusals import NotFound
from workflows import setup
from workflows.desk import Desk, load

router = APIRouter(prefix="/v1/templates", tags=["Templates"], route_class=StrictRoute)


class TemplateRequest(templates.DefineTemplate, Reasoned):
    """Define a template, or its next version."""

    model_config = EXAMPLES["template"]


def _read(desk: Desk, tenant: str, template: str, known: int | None) -> templates.Template:
    state = load(
        desk, tenant, f"template/{template}", templates.Template(), templates.evolve, known
    )
    if not state.version:
        raise NotFound(
            f"没有模板 {template}", f"There is no template {template}", do="List the templates."
        )
    return state


def _shown(state: templates.Template) -> dict[str, object]:
    versions = [
        {
            "version": number,
            "title": defined.title,
            "engagement": defined.engagement,
            "clauses": defined.clauses,
            "variables": sorted(templates.variables_of(list(defined.clauses))),
        }
        for number, defined in enumerate(state.versions, start=1)
    ]
    return {"template": state.template, "version": state.version, "versions": versions}


@router.post("", status_code=201, **writes("The template with all its versions"))
def define_template(
    body: TemplateRequest, write: Annotated[Write, writing("template.define")]
) -> Response:
    """Define a template, or the next version of one."""
    command = command_of(templates.DefineTemplate, body)
    return write.once(
        lambda ask: setup.define_template(write.desk, write.tenant, command, ask).receipts,
        lambda position: {
            "template": _shown(_read(write.desk, write.tenant, body.template, position))
        },
        reason=body.reason,
        location=f"/v1/templates/{body.template}",
    )


@router.get("")
def list_templates(
    view: Annotated[View, present("template.read")],
    q: Text = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Templates by id."""
    caught_up(view, "directory")
    entries = view.readers.directory.entries
    found = entries(view.tenant, "template", search=q, cursor=cursor, limit=limit)
    return seen(view, views.page(found))


@router.get("/{template}")
def get_template(template: TemplateId, view: Annotated[View, reading("template.read")]) -> Response:
    """A template with all versions, as known at a position."""
    state = _read(view.desk, view.tenant, template, view.known)
    shown = {**_shown(state), "known": view.position}
    return seen(view, shown, state.version)
