"""Which teams each business lead answers for, set by an administrator."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.contracts_page import groups
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, seen
from domain.refusals import Invalid, Refusal
from domain.roles import is_limited_to_teams
from ledger.accounts import AccountStore
from ledger.teams import ALL_TEAMS

pages = router()


@pages.get("/teams")
def teams(request: Request, visit: Annotated[Visit, seen("key.manage")]) -> Response:
    """Business leads and their teams; a lead who was given none sees no contract."""
    return _page(request, visit)


def _page(
    request: Request, visit: Visit, refusal: Refusal | None = None, typed: Form | None = None
) -> Response:
    view = visit.view()
    scopes = {one.actor: one for one in view.readers.teams.scopes(view.tenant)}
    accounts = AccountStore.beside(view.desk.store).accounts(view.tenant)
    leads = [one.account for one in accounts if is_limited_to_teams(one.roles)]
    values: dict[str, Any] = {
        "leads": list(dict.fromkeys([*leads, *scopes])),
        "scopes": scopes,
        "teams": groups(request, view)["teams"],
        "every": ALL_TEAMS,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "teams.html", refusal.status if refusal else 200, **values)


@pages.post("/teams")
def give(request: Request, visit: Annotated[Visit, seen("key.manage")]) -> Response:
    """Give a lead these teams and no others."""
    form, caller = form_of(request), visit.caller
    actor = form.get("actor")
    try:
        if not actor or len(actor) > 80:
            raise Invalid("请选择账号", "Choose an account", do="Choose one.", field="actor")
        named = [one for one in form.all("team") if one][:200]
        caller.readers.teams.put(visit.tenant, actor, named, by=caller.actor, at=caller.now)
    except Refusal as refusal:
        return _page(request, visit, refusal, form)
    return to("/teams?done=1")
