"""Grants of personal data: the list, and a form to give one or withdraw it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Request, Response

from api.auth import CHINA
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, day_of, form_of, seen
from domain.grants import FIELDS, GiveGrant
from domain.refusals import Refusal
from workflows import grants

pages = router()


@pages.get("/grants")
def listed(request: Request, visit: Annotated[Visit, seen("grant.read")]) -> Response:
    """Every grant, and a form for those who may give one."""
    return _page(request, visit)


def _page(
    request: Request, visit: Visit, refusal: Refusal | None = None, typed: Form | None = None
) -> Response:
    found = grants.every_grant(visit.caller.desk, visit.tenant)
    return page(
        request,
        "grants.html",
        refusal.status if refusal else 200,
        grants=found[::-1],
        now=visit.caller.now,
        fields=FIELDS,
        typed=typed or Form({}),
        problem=None if refusal is None else problem_of(refusal),
    )


@pages.post("/grants")
def manage(request: Request, visit: Annotated[Visit, seen("grant.give")]) -> Response:
    """Give a grant, or withdraw one."""
    form = form_of(request)
    try:
        _do(visit, form)
    except Refusal as refusal:
        return _page(request, visit, refusal, form)
    return to("/grants?done=1")


def _do(visit: Visit, form: Form) -> None:
    desk, tenant = visit.caller.desk, visit.tenant
    ask = visit.write(form).ask(form.get("reason"))
    if form.get("do") == "withdraw":
        grants.withdraw(desk, tenant, form.get("grantee")[:60], form.get("grant")[:60], ask)
        return
    command = checked(lambda: GiveGrant.model_validate(_said(visit, form)))
    grants.give(desk, tenant, command, ask)


def _said(visit: Visit, form: Form) -> dict[str, Any]:
    last = day_of(form.get("until"), "until") or visit.caller.today
    return {
        "grant": form.get("grant"),
        "grantee": form.get("grantee"),
        "persons": form.get("persons").split(),
        "everybody": form.get("everybody") == "1",
        "fields": form.all("field"),
        "until": datetime.combine(last + timedelta(days=1), time(), CHINA),
    }
