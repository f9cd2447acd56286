"""Logging in and out. A form that was sent after the session ended is kept and sent again."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Query, Request, Response

from api.auth import service_of
from api.pages.render import page, problem_of, to
from api.pages.visit import Form, Visit, form_of, visit_of, with_session
from api.sessions import COOKIE, log_in, open_session
from domain.refusals import Refusal
from ledger.accounts import AccountStore

Next = Annotated[str, Query(max_length=2000)]


def safe(address: str) -> str:
    """An address on this site; the first page for any other."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not address.startswith(("//", "/\\", "/login"))
    return address if inside and not (parts.scheme or parts.netloc) else "/"


def asked(request: Request) -> Response:
    """The answer to somebody who is not logged in: the login page, with the form kept."""
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": f"/login?next={quote(there)}"})
    if request.method == "POST":
        kept = json.dumps({"to": request.url.path, "fields": form_of(request).fields})
        return _page(request, "/", 401, kept=kept)
    return to(f"/login?next={quote(there)}" if there != "/" else "/login")


def show(request: Request, next: Next = "/") -> Response:
    """The login page."""
    return _page(request, safe(next))


def _page(
    request: Request,
    following: str,
    status: int = 200,
    *,
    kept: str = "",
    account: str = "",
    refusal: Refusal | None = None,
) -> Response:
    tenants = service_of(request).desk.store.tenants()
    return page(
        request,
        "login.html",
        status,
        tenants=tenants,
        following=following,
        kept=kept,
        account=account,
        problem=None if refusal is None else problem_of(refusal),
    )


def enter(request: Request) -> Response:
    """Take account and password; begin a session."""
    form = form_of(request)
    service = service_of(request)
    tenants = service.desk.store.tenants()
    tenant = form.get("tenant") or (tenants[0] if len(tenants) == 1 else "")
    try:
        cookie = log_in(
            AccountStore.beside(service.desk.store),
            tenant if tenant in tenants else "",
            form.get("account"),
            form.fields.get("password", [""])[-1],
            address=request.client.host if request.client else "",
            device=request.headers.get("user-agent", ""),
            at=service.clock(),
        )
    except Refusal as refusal:
        answer = _page(
            request, safe(form.get("next")), refusal.status, kept=form.get("kept"),
            account=form.get("account"), refusal=refusal,
        )  # fmt: skip
        if "retry_after" in refusal.details:
            answer.headers["Retry-After"] = str(refusal.details["retry_after"])
        return answer
    answer = _again(request, form) or to(safe(form.get("next")))
    return with_session(request, answer, cookie)


def _again(request: Request, form: Form) -> Response | None:
    """The form that came too late, to be sent again with one press."""
    try:
        kept = json.loads(form.get("kept") or "null")
        address, fields = safe(kept["to"]), kept["fields"]
        pairs = [(str(name), str(one)) for name, values in fields.items() for one in values]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return page(request, "again.html", address=address, pairs=pairs)


def leave(request: Request) -> Response:
    """End the session and forget the cookie."""
    service = service_of(request)
    accounts = AccountStore.beside(service.desk.store)
    opened = open_session(accounts, request.cookies.get(COOKIE), service.clock())
    if opened is not None:
        visit: Visit = visit_of(request)
        caller = visit.caller
        accounts.revoke(caller.tenant, caller.actor, caller.key_id, by=caller.actor, at=caller.now)
        request.state.visit = None
    answer = to("/login")
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
