"""Letting a streamer in by a link: issued for a registered person, used with one press."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from api.sessions import LASTING, password_hash, wait_enough
from domain.refusals import Invalid, Refusal, WrongState
from ledger.accounts import AccountStore
from ledger.entry_links import EntryLink, EntryLinks, tenant_of
from workflows import setup
from workflows.desk import Desk

DAYS = 3
MOST_DAYS = 30
USES = 1
MOST_USES = 20


class LinkOver(Refusal):
    """The link is unknown, over, used up or revoked; which of them is not said."""

    code = "link_over"
    status = 401


def issue_link(
    desk: Desk, tenant: str, person: str, *, days: int, uses: int, by: str, at: datetime
) -> tuple[EntryLink, str]:
    """A link for a registered person, and its text, which can be had nowhere else.

    The person gets an account of the role streamer and no password that anybody knows. Raises
    NotFound for an unknown person, Invalid for days or uses out of bounds, and WrongState where
    an account of that name is for something else, or is disabled.
    """
    _within("days", days, MOST_DAYS)
    _within("uses", uses, MOST_USES)
    setup.read_person(desk, tenant, person)
    accounts = AccountStore.beside(desk.store)
    found = accounts.account(tenant, person)
    if found is None:
        nobody_knows = password_hash(secrets.token_urlsafe(32))
        accounts.put(tenant, person, nobody_knows, ["streamer"], by=by, at=at)
    elif found[0].roles != ("streamer",) or found[0].disabled_at is not None:
        raise WrongState(
            f"账号 {person} 已停用或不是主播账号",
            f"The account {person} is disabled, or is not a streamer's",
            do="See the accounts.",
        )
    links = EntryLinks.beside(desk.store)
    return links.issue(tenant, person, uses=uses, lasting=timedelta(days=days), by=by, at=at)


def _within(field: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise Invalid(
            f"须为 1 至 {most}",
            f"{field} must be 1 to {most}",
            do="Correct the field.",
            field=field,
        )


def enter(desk: Desk, text: str, once: str, *, address: str, device: str, at: datetime) -> str:
    """Begin a session with a link; the value of its cookie. Raises LinkOver, TooManyTries."""
    accounts, tenant = AccountStore.beside(desk.store), tenant_of(text)
    if tenant is None or tenant not in desk.store.tenants():
        raise _over()
    subjects = [f"link-address:{address}"[:200]]
    wait_enough(accounts, tenant, subjects, at, "链接", "The link")
    # Counted before it is looked up: guesses sent all at once are counted too.
    accounts.failed(tenant, subjects, at)
    found = EntryLinks.beside(desk.store).use(text, once, at)
    if found is None or not _may_enter(accounts, tenant, found[1].person):
        raise _over()
    accounts.forget(tenant, subjects)
    link = found[1]
    session, secret = accounts.begin(
        tenant, link.person, device=device, at=at, lasting=LASTING, link=link.link_id
    )
    return f"{tenant}.{session}.{secret}"


def _may_enter(accounts: AccountStore, tenant: str, person: str) -> bool:
    found = accounts.account(tenant, person)
    return found is not None and found[0].disabled_at is None and found[0].roles == ("streamer",)


def _over() -> LinkOver:
    return LinkOver(
        "链接无效、已过期、已使用或已撤销",
        "The link is not valid: it is over, used or revoked",
        do="Ask HR for a new link.",
    )
