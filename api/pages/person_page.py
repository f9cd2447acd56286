"""One person's way: where they stand, each step, the match score, and a form for the next step."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, get_args

from fastapi import Request, Response
from pydantic import TypeAdapter

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import PersonId
from api.reads import Text
from domain.career_commands import CareerStep
from domain.career_steps import AFTER
from domain.competence import Match
from domain.contract_facts import Engagement
from domain.leaving import REASONS
from domain.refusals import NotFound, Refusal
from workflows import careers

pages = router()
READ: TypeAdapter[Any] = TypeAdapter(CareerStep)
FIELDS: dict[str, tuple[str, ...]] = {
    "candidate": ("team", "track", "source"),
    "interview": ("interview", "outcome", "note"),
    "offer": ("engagement", "team", "track"),
    "contract_sent": ("contract", "template", "template_version"),
    "signed": ("contract", "way"),
    "active": ("team", "track", "engagement", "scheme", "contract"),
    "rehired": ("team", "track", "engagement", "scheme", "contract"),
    "moved": ("team", "track", "scheme"),
    "left": ("wish", "reasons", "note"),
    "withdrawn": ("by", "why", "note"),
}
"""Step → the fields its form shows."""
CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": ("passed", "failed", "open"),
    "engagement": get_args(Engagement),
    "wish": ("person", "company", "both"),
    "by": ("candidate", "company"),
}
ROWS = 3
"""Reasons of leaving that the form takes."""


@pages.get("/persons/{person}")
def person(
    request: Request,
    visit: Annotated[Visit, seen("career.read")],
    person: PersonId,
    step: Text = None,
    known: Text = None,
) -> Response:
    """A person's steps as known at a position, and the form of one step where it is asked for."""
    return _page(request, visit, person, step, known)


def _page(
    request: Request,
    visit: Visit,
    person: str,
    step: str | None,
    known: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.view(None, known)
    state = careers.read(view.desk, view.tenant, person, view.known)
    visit.current("audit_history")
    trail = view.readers.audit.entries(
        view.tenant, stream=careers.stream_of(person), known=view.position, limit=100
    )
    follow = [kind for kind, stages in AFTER.items() if state.stage in stages]
    if state.stage == "none":
        follow.append("active")
    return page(
        request,
        "person.html",
        refusal.status if refusal else 200,
        c=state,
        view=view,
        trail=trail.items,
        match=_match(visit, person, view.known),
        follow=follow if visit.may("career.record") and view.known is None else [],
        step=step if step in FIELDS else None,
        fields=FIELDS.get(step or "", ()),
        choices=CHOICES,
        reasons=REASONS,
        rows=range(ROWS),
        typed=typed or Form({}),
        problem=None if refusal is None else problem_of(refusal),
    )


def _match(visit: Visit, person: str, known: int | None) -> Match | None:
    with suppress(NotFound):
        return careers.match(visit.caller.desk, visit.tenant, person, None, known)
    return None


@pages.post("/persons/{person}")
def record(
    request: Request, visit: Annotated[Visit, seen("career.record")], person: PersonId
) -> Response:
    """Record the step that was filled in."""
    form = form_of(request)
    kind = form.get("kind")
    try:
        command = checked(lambda: READ.validate_python(_said(kind, form)))
        ask = visit.write(form, form.version()).ask(form.get("reason"))
        careers.record(visit.caller.desk, visit.tenant, person, command, ask)
    except Refusal as refusal:
        return _page(request, visit, person, kind, None, refusal, form)
    return to(f"/persons/{person}?done={kind}")


def _said(kind: str, form: Form) -> dict[str, Any]:
    """The fields that were filled in, as the command names them."""
    said: dict[str, Any] = {name: text for name, text in form.under("step.").items() if text}
    if "why" in said:
        said["reason"] = said.pop("why")
    if "template_version" in said and said["template_version"].isdecimal():
        said["template_version"] = int(said["template_version"][:6])
    if kind == "left":
        pairs = zip(form.all("why"), form.all("weight"), strict=False)
        said["reasons"] = [
            {"reason": why, "weight": _weight(weight)} for why, weight in pairs if why
        ]
    if form.get("taken_over"):
        said["taken_over"] = True
    return {**said, "kind": kind}


def _weight(text: str) -> str:
    """A bare number is a percentage; nothing is all of it."""
    return text if text.endswith("%") else f"{text}%" if text else "100%"
