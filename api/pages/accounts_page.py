"""One's own sessions and password; for administrators, accounts and everybody's sessions."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, seen
from api.sessions import password_hash, prove
from domain.refusals import Invalid, NotFound, Refusal
from domain.roles import ROLES
from ledger.accounts import AccountStore

pages = router()
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


def _accounts(visit: Visit) -> AccountStore:
    return AccountStore.beside(visit.caller.desk.store)


@pages.get("/me")
def me(request: Request, visit: Annotated[Visit, seen()]) -> Response:
    """The visitor's sessions and password."""
    return _me(request, visit)


def _me(request: Request, visit: Visit, refusal: Refusal | None = None) -> Response:
    found = _accounts(visit).sessions(visit.tenant, visit.caller.actor, visit.caller.now)
    return page(
        request,
        "me.html",
        refusal.status if refusal else 200,
        sessions=found,
        problem=None if refusal is None else problem_of(refusal),
    )


@pages.post("/me")
def change_me(request: Request, visit: Annotated[Visit, seen()]) -> Response:
    """End a session of one's own, or change one's password."""
    form, caller = form_of(request), visit.caller
    accounts, actor = _accounts(visit), visit.caller.actor
    try:
        if form.get("do") == "password":
            _change_password(visit, accounts, form)
        else:
            accounts.revoke(visit.tenant, actor, form.get("session"), by=actor, at=caller.now)
    except Refusal as refusal:
        return _me(request, visit, refusal)
    return to(f"/me?done={'password' if form.get('do') == 'password' else 'revoke'}")


def _change_password(visit: Visit, accounts: AccountStore, form: Form) -> None:
    caller = visit.caller
    old, new = (form.fields.get(name, [""])[-1] for name in ("password", "new_password"))
    address = visit.request.client.host if visit.request.client else ""
    prove(accounts, visit.tenant, caller.actor, old, address=address, at=caller.now)
    hashed = password_hash(new, "new_password")
    accounts.set_password(visit.tenant, caller.actor, hashed, caller.now)
    accounts.revoke(visit.tenant, caller.actor, by=caller.actor, at=caller.now, keep=caller.key_id)


@pages.get("/accounts")
def accounts(request: Request, visit: Annotated[Visit, seen("key.manage")]) -> Response:
    """Accounts of the tenant and their sessions."""
    return _list(request, visit)


def _list(
    request: Request,
    visit: Visit,
    refusal: Refusal | None = None,
    typed: Form | None = None,
    made: tuple[str, str] | None = None,
) -> Response:
    store = _accounts(visit)
    found = store.accounts(visit.tenant)
    sessions = {
        one.account: store.sessions(visit.tenant, one.account, visit.caller.now) for one in found
    }
    values: dict[str, Any] = {"accounts": found, "sessions": sessions, "roles": ROLES}
    return page(
        request,
        "accounts.html",
        refusal.status if refusal else 200,
        typed=typed or Form({}),
        made=made,
        problem=None if refusal is None else problem_of(refusal),
        **values,
    )


@pages.post("/accounts")
def manage(request: Request, visit: Annotated[Visit, seen("key.manage")]) -> Response:
    """Make an account, give it a new password, disable it, or end its sessions."""
    form = form_of(request)
    try:
        made = _manage(visit, form)
    except Refusal as refusal:
        return _list(request, visit, refusal, form)
    if made is not None:
        return _list(request, visit, made=made)
    return to("/accounts?done=1")


def _manage(visit: Visit, form: Form) -> tuple[str, str] | None:
    """A new password, to be shown this once, where one was made."""
    store, caller, account = _accounts(visit), visit.caller, form.get("account")
    what = form.get("do")
    if what == "make":
        return _make(visit, store, account, form.all("role"))
    if store.account(visit.tenant, account) is None:
        raise NotFound(f"没有账号 {account[:60]}", "There is no such account", do="See the list.")
    if what == "password":
        password = secrets.token_urlsafe(12)
        store.set_password(visit.tenant, account, password_hash(password), caller.now)
        store.revoke(visit.tenant, account, by=caller.actor, at=caller.now)
        return account, password
    if what == "disable":
        store.disable(visit.tenant, account, by=caller.actor, at=caller.now)
    store.revoke(visit.tenant, account, by=caller.actor, at=caller.now)
    return None


def _make(visit: Visit, store: AccountStore, account: str, roles: list[str]) -> tuple[str, str]:
    if not _NAME.fullmatch(account):
        raise Invalid(
            "账号须为字母、数字、点、横线或下划线",
            "An account is letters, digits, dots, dashes and underscores",
            do="Choose another name.",
            field="account",
        )
    if store.account(visit.tenant, account) is not None:
        raise Invalid("账号已存在", "There is such an account", do="See the list.", field="account")
    good = [role for role in ROLES if role in roles]
    if not good:
        raise Invalid("请选择角色", "Choose a role", do="Choose one or more.", field="role")
    password = secrets.token_urlsafe(12)
    caller = visit.caller
    store.put(visit.tenant, account, password_hash(password), good, by=caller.actor, at=caller.now)
    return account, password
