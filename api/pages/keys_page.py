"""API keys: made and revoked by administrators; a key is shown once."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, seen
from domain.refusals import Invalid, Refusal
from domain.roles import ROLES, Role
from ledger.access import ApiKey

pages = router()
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,79}")


@pages.get("/keys")
def keys(request: Request, visit: Annotated[Visit, seen("key.manage")]) -> Response:
    """The keys of the tenant, without their secrets."""
    return _list(request, visit)


def _list(
    request: Request,
    visit: Visit,
    refusal: Refusal | None = None,
    typed: Form | None = None,
    made: tuple[str, str] | None = None,
) -> Response:
    access = visit.caller.readers.access
    found: list[ApiKey] = []
    while part := access.keys(visit.tenant, found[-1].key_id if found else ""):
        found += part
    values: dict[str, Any] = {
        "keys": sorted(found, key=lambda one: one.created_at, reverse=True),
        "roles": ROLES,
        "made": made,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "keys.html", refusal.status if refusal else 200, **values)


@pages.post("/keys")
def manage(request: Request, visit: Annotated[Visit, seen("key.manage")]) -> Response:
    """Make a key, or revoke one."""
    form, caller = form_of(request), visit.caller
    access = caller.readers.access
    try:
        if form.get("do") == "revoke":
            access.revoke(visit.tenant, form.get("key"), by=caller.actor, at=caller.now)
            return to("/keys?done=revoke")
        actor, roles = _asked(form)
        _, secret = access.issue(visit.tenant, actor, roles, by=caller.actor, at=caller.now)
    except Refusal as refusal:
        return _list(request, visit, refusal, form)
    return _list(request, visit, made=(actor, secret))


def _asked(form: Form) -> tuple[str, list[Role]]:
    actor, roles = form.get("actor"), [role for role in ROLES if role in form.all("role")]
    if not _ACTOR.fullmatch(actor):
        raise Invalid(
            "须为字母、数字、点、横线或下划线",
            "An actor is letters, digits, dots, dashes and underscores",
            do="Choose another name.",
            field="actor",
        )
    if not roles:
        raise Invalid("请选择角色", "Choose a role", do="Choose one or more.", field="role")
    return actor, roles
