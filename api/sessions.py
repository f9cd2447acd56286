"""Logging in: passwords, sessions in a cookie, and a brake on guessing."""

from __future__ import annotations

import json
import os
import re
import secrets
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from pathlib import Path

import msgspec
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.refusals import Invalid, Refusal
from ledger.accounts import AccountStore, Session

COOKIE = "tallystick_session"
LASTING = timedelta(hours=12)
FREE_TRIES = 5
"""Wrong passwords in a row after which each next try has to wait."""
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
DEMO_FILE = "demo-accounts.json"
DEMO_ROLES = {
    "hr.lin": "hr",
    "finance.zhao": "finance",
    "approver.qian": "approver",
    "lead.wu": "lead",
    "lead.chen": "lead",
    "auditor.sun": "auditor",
    "admin": "admin",
    "S0232": "streamer",
}
"""Who can log in to the demo company, and as what."""
_COOKIE = re.compile(r"([a-z0-9-]{1,40})\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})")


class WrongPassword(Refusal):
    """Account and password do not fit; which of them is not said."""

    code = "wrong_password"
    status = 401


class TooManyTries(Refusal):
    """The password was wrong too often: the next try has to wait."""

    code = "too_many_tries"
    status = 429


class Opened(msgspec.Struct, frozen=True):
    """A session that stands: of whom, with which roles."""

    tenant: str
    session: Session
    roles: tuple[str, ...]


class DemoAccount(msgspec.Struct, frozen=True):
    """Who can log in to the demo company, as what, with which password."""

    account: str
    role: str
    password: str


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys_hash() -> str:
    """What an unknown account is compared with, so that it takes as long as a known one."""
    return _hasher().hash(secrets.token_urlsafe())


def password_hash(password: str, field: str = "password") -> str:
    """The Argon2id hash of a password. Raises Invalid for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            f"密码至少 {SHORTEST_PASSWORD} 个字符",
            f"A password has {SHORTEST_PASSWORD} characters or more",
            do="Choose a longer one.",
            field=field,
        )
    return _hasher().hash(password)


def log_in(
    accounts: AccountStore,
    tenant: str,
    account: str,
    password: str,
    *,
    address: str,
    device: str,
    at: datetime,
) -> str:
    """Begin a session; the value of its cookie. Raises WrongPassword and TooManyTries."""
    account = account.strip()[:180].replace("\0", "")
    if not tenant:
        _hasher().verify(password[:1000], _nobodys_hash())
        raise _wrong()
    prove(accounts, tenant, account, password, address=address, at=at)
    session, secret = accounts.begin(tenant, account, device=device, at=at, lasting=LASTING)
    return f"{tenant}.{session}.{secret}"


def prove(
    accounts: AccountStore, tenant: str, account: str, password: str, *, address: str, at: datetime
) -> None:
    """Return where it is the account's password. Raises WrongPassword and TooManyTries."""
    subjects = [f"account:{account}"[:200], f"address:{address}"[:200]]
    wait_enough(accounts, tenant, subjects, at, "密码", "The password")
    # Counted before it is compared: guesses sent all at once are counted too.
    accounts.failed(tenant, subjects, at)
    if not password_fits(accounts, tenant, account, password):
        raise _wrong()
    accounts.forget(tenant, subjects)


def _wrong() -> WrongPassword:
    return WrongPassword(
        "账号或密码不正确", "Account and password do not fit", do="Try again.", field="password"
    )


def password_fits(accounts: AccountStore, tenant: str, account: str, password: str) -> bool:
    """Whether this is the password of an account that may log in."""
    found = accounts.account(tenant, account) if account else None
    stored = _nobodys_hash() if found is None else found[1]
    right = _hasher().verify(password[:1000], stored)
    return right and found is not None and found[0].disabled_at is None


def wait_enough(
    accounts: AccountStore, tenant: str, subjects: list[str], at: datetime, zh: str, en: str
) -> None:
    """Return where none of the subjects was wrong too often. Raises TooManyTries.

    `zh` and `en` say what was wrong: the password, the link.
    """
    for subject in subjects:
        known = accounts.failures(tenant, subject)
        if known is None:
            continue
        failures, last = known
        # Many people may share an address: it is slowed down later than one account.
        over = failures - FREE_TRIES * (1 if subject.startswith("account:") else 10)
        if over < 0:
            continue
        wait = last + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(over, 10)) - at
        if wait > timedelta(0):
            seconds = ceil(wait.total_seconds())
            raise TooManyTries(
                f"{zh}错误次数过多, 请 {seconds} 秒后再试",
                f"{en} was wrong too often: try again in {seconds} seconds",
                do="Wait, or ask an administrator for a new password.",
                field="password",
                retry_after=seconds,
            )


def open_session(accounts: AccountStore, cookie: str | None, at: datetime) -> Opened | None:
    """The session of a cookie; None where it is malformed, unknown, over or revoked."""
    match = _COOKIE.fullmatch(cookie or "")
    if match is None:
        return None
    tenant, session, secret = match.groups()
    found = accounts.open(tenant, session, secret, at)
    return None if found is None else Opened(tenant, *found)


def ensure_demo_accounts(
    accounts: AccountStore, tenant: str, home: Path, *, at: datetime
) -> list[DemoAccount]:
    """One account for each role of the demo company; passwords stand in a 0600 file of `home`.

    Accounts whose password in the file is still good stay as they are; others get a new one.
    """
    path = home / DEMO_FILE
    kept = {one.account: one for one in _read(path) if _still_good(accounts, tenant, one)}
    for account, role in DEMO_ROLES.items():
        if account not in kept:
            password = secrets.token_urlsafe(12)
            made = password_hash(password)
            accounts.put(tenant, account, made, [role], by="cli:demo", at=at)
            kept[account] = DemoAccount(account, role, password)
    found = [kept[account] for account in DEMO_ROLES]
    _write(path, found)
    return found


def _still_good(accounts: AccountStore, tenant: str, one: DemoAccount) -> bool:
    return DEMO_ROLES.get(one.account) == one.role and password_fits(
        accounts, tenant, one.account, one.password
    )


def _read(path: Path) -> list[DemoAccount]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[DemoAccount])
    except (OSError, msgspec.MsgspecError):
        return []


def _write(path: Path, found: list[DemoAccount]) -> None:
    """Write the file whole or not at all, for its owner's eyes only."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(msgspec.to_builtins(found), indent=2) + "\n")
    half.rename(path)
