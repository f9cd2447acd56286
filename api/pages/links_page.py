"""Links for a streamer: made and revoked by HR; the address is shown once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from api import entry
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, seen
from domain.refusals import Invalid, Refusal
from ledger.entry_links import EntryLinks

pages = router()
PersonQuery = Annotated[str, Query(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,59})?$")]


@pages.get("/links")
def links(
    request: Request, visit: Annotated[Visit, seen("link.manage")], person: PersonQuery = ""
) -> Response:
    """The links of a person, or of all, the latest first."""
    return _list(request, visit, person)


def _list(
    request: Request,
    visit: Visit,
    person: str,
    refusal: Refusal | None = None,
    typed: Form | None = None,
    made: str = "",
) -> Response:
    found = EntryLinks.beside(visit.caller.desk.store).links(visit.tenant, person or None)
    values: dict[str, Any] = {
        "person": person,
        "links": found,
        "now": visit.caller.now,
        "days": entry.DAYS,
        "uses": entry.USES,
        "made": made,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "links.html", refusal.status if refusal else 200, **values)


@pages.post("/links")
def manage(request: Request, visit: Annotated[Visit, seen("link.manage")]) -> Response:
    """Make a link, or revoke one."""
    form, caller = form_of(request), visit.caller
    person = form.get("person")
    try:
        if form.get("do") == "revoke":
            store = EntryLinks.beside(caller.desk.store)
            store.revoke(visit.tenant, form.get("link"), by=caller.actor, at=caller.now)
            return to(f"/links?person={person}&done=revoke")
        _, text = entry.issue_link(
            caller.desk, visit.tenant, person, days=_whole(form, "days"),
            uses=_whole(form, "uses"), by=caller.actor, at=caller.now,
        )  # fmt: skip
    except Refusal as refusal:
        return _list(request, visit, person, refusal, form)
    address = f"{str(request.base_url).rstrip('/')}/enter/{text}"
    return _list(request, visit, person, made=address)


def _whole(form: Form, field: str) -> int:
    text = form.get(field)
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise Invalid("须为整数", "Write a whole number", do="Correct the field.", field=field)
    return int(text)
