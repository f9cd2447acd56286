"""Accounts of the pages, their sessions, and how often a password was wrong."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Self

import msgspec

from domain.refusals import NotFound
from ledger.codec import checked_text
from ledger.queries import Pool
from ledger.store import FactStore

_ACCOUNT: LiteralString = "account, roles, created_at, created_by, disabled_at"
_PUT: LiteralString = """
    INSERT INTO access.account
        (tenant_id, account, password_hash, roles, created_at, created_by, password_at)
    VALUES (%(tenant)s, %(account)s, %(hash)s, %(roles)s, %(at)s, %(by)s, %(at)s)
    ON CONFLICT (tenant_id, account) DO UPDATE SET password_hash = EXCLUDED.password_hash,
        roles = EXCLUDED.roles, password_at = EXCLUDED.password_at,
        disabled_at = NULL, disabled_by = NULL"""
_PASSWORD: LiteralString = """
    UPDATE access.account SET password_hash = %s, password_at = %s
    WHERE tenant_id = %s AND account = %s"""
_DISABLE: LiteralString = """
    UPDATE access.account SET disabled_at = %s, disabled_by = %s
    WHERE tenant_id = %s AND account = %s AND disabled_at IS NULL"""
_ONE: LiteralString = f"""
    SELECT {_ACCOUNT}, password_hash FROM access.account WHERE tenant_id = %s AND account = %s"""
_ALL: LiteralString = f"""
    SELECT {_ACCOUNT} FROM access.account WHERE tenant_id = %s ORDER BY account"""
_SESSION: LiteralString = """
    s.session_id, s.account, s.device, s.created_at, s.seen_at, s.expires_at, s.revoked_at,
    s.revoked_by"""
_BEGIN: LiteralString = """
    INSERT INTO access.session (tenant_id, session_id, secret_hash, account, device, created_at,
        seen_at, expires_at, link_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_OPEN: LiteralString = f"""
    SELECT {_SESSION}, s.secret_hash, a.roles
    FROM access.session AS s
    JOIN access.account AS a ON a.tenant_id = s.tenant_id AND a.account = s.account
    WHERE s.tenant_id = %s AND s.session_id = %s AND s.revoked_at IS NULL AND s.expires_at > %s
        AND a.disabled_at IS NULL"""
_SEEN: LiteralString = """
    UPDATE access.session SET seen_at = %s WHERE tenant_id = %s AND session_id = %s"""
_OF_ACCOUNT: LiteralString = f"""
    SELECT {_SESSION} FROM access.session AS s
    WHERE s.tenant_id = %s AND s.account = %s AND s.revoked_at IS NULL AND s.expires_at > %s
    ORDER BY s.created_at DESC LIMIT 100"""
_REVOKE: LiteralString = """
    UPDATE access.session SET revoked_at = %s, revoked_by = %s
    WHERE tenant_id = %s AND account = %s AND revoked_at IS NULL
        AND (%s::text IS NULL OR session_id = %s) AND session_id <> %s"""
_FAILED: LiteralString = """
    INSERT INTO access.login_failure AS login_failure (tenant_id, subject, failures, last_at)
    VALUES (%s, %s, 1, %s)
    ON CONFLICT (tenant_id, subject) DO UPDATE
        SET failures = CASE WHEN login_failure.last_at < EXCLUDED.last_at - interval '1 hour'
            THEN 1 ELSE login_failure.failures + 1 END, last_at = EXCLUDED.last_at"""
_FAILURES: LiteralString = """
    SELECT failures, last_at FROM access.login_failure WHERE tenant_id = %s AND subject = %s"""
_FORGET: LiteralString = """
    DELETE FROM access.login_failure WHERE tenant_id = %s AND subject = %s"""
SEEN_EVERY = timedelta(minutes=1)
"""How often a session's last use is written down."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may log in; the account's name is the actor of what is done."""

    account: str
    roles: tuple[str, ...]
    created_at: datetime
    created_by: str
    disabled_at: datetime | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A login that stands or stood."""

    session_id: str
    account: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None


class AccountStore:
    """Accounts and sessions of all tenants; every call names its tenant."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @classmethod
    def beside(cls, store: FactStore) -> Self:
        """The accounts in the database of a fact store."""
        return cls(store._pool)

    # Accounts

    def put(
        self,
        tenant: str,
        account: str,
        password_hash: str,
        roles: Sequence[str],
        *,
        by: str,
        at: datetime,
    ) -> None:
        """Make an account, or give one that is there a new password and roles."""
        checked_text("account", account)
        values = {"tenant": tenant, "account": account, "hash": password_hash}
        self._do(_PUT, {**values, "roles": list(roles), "at": at, "by": by})

    def set_password(self, tenant: str, account: str, password_hash: str, at: datetime) -> None:
        """Replace the password of an account."""
        self._do(_PASSWORD, [password_hash, at, tenant, account])

    def disable(self, tenant: str, account: str, *, by: str, at: datetime) -> None:
        """Let an account log in no more; its sessions open nothing from now on."""
        self._do(_DISABLE, [at, by, tenant, account])

    def account(self, tenant: str, account: str) -> tuple[Account, str] | None:
        """An account and the hash of its password, or None."""
        rows = self._rows(_ONE, [tenant, account])
        return (_account(rows[0]), rows[0][-1]) if rows else None

    def accounts(self, tenant: str) -> list[Account]:
        """The accounts of a tenant by name, disabled ones included."""
        return [_account(row) for row in self._rows(_ALL, [tenant])]

    # Sessions

    def begin(
        self,
        tenant: str,
        account: str,
        *,
        device: str,
        at: datetime,
        lasting: timedelta,
        link: str | None = None,
    ) -> tuple[str, str]:
        """Begin a session; its id and the secret, which can be had nowhere else.

        `link` names the link it was begun with, where it was: revoking that ends the session.
        """
        session, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = [tenant, session, _digest(secret), account, device[:200], at, at, at + lasting]
        self._do(_BEGIN, [*row, link])
        return session, secret

    def open(
        self, tenant: str, session: str, secret: str, at: datetime
    ) -> tuple[Session, tuple[str, ...]] | None:
        """A session that stands and its account's roles, or None."""
        rows = self._rows(_OPEN, [tenant, session, at])
        if not rows or not hmac.compare_digest(bytes(rows[0][-2]), _digest(secret)):
            return None
        found = _session(rows[0])
        if at - found.seen_at > SEEN_EVERY:
            self._do(_SEEN, [at, tenant, session])
        return found, tuple(rows[0][-1])

    def sessions(self, tenant: str, account: str, at: datetime) -> list[Session]:
        """The sessions of an account that stand, the latest first."""
        return [_session(row) for row in self._rows(_OF_ACCOUNT, [tenant, account, at])]

    def revoke(
        self,
        tenant: str,
        account: str,
        session: str | None = None,
        *,
        by: str,
        at: datetime,
        keep: str = "",
    ) -> None:
        """End one session of an account, or all of them but the one to keep. Raises NotFound."""
        if session is not None and not any(
            one.session_id == session for one in self.sessions(tenant, account, at)
        ):
            raise NotFound("没有这个会话", "There is no such session", do="Look at the list again.")
        self._do(_REVOKE, [at, by, tenant, account, session, session, keep])

    # Wrong passwords

    def failed(self, tenant: str, subjects: Sequence[str], at: datetime) -> None:
        """Count a wrong password for each subject: the account, the address."""
        for subject in subjects:
            self._do(_FAILED, [tenant, _digested(subject), at])

    def failures(self, tenant: str, subject: str) -> tuple[int, datetime] | None:
        """Wrong passwords in a row, and when the last one was."""
        rows = self._rows(_FAILURES, [tenant, _digested(subject)])
        return (rows[0][0], rows[0][1].astimezone(UTC)) if rows else None

    def forget(self, tenant: str, subjects: Sequence[str]) -> None:
        """Forget wrong passwords: the right one was given."""
        for subject in subjects:
            self._do(_FORGET, [tenant, _digested(subject)])

    def _do(self, query: LiteralString, values: Any) -> None:
        with self._pool.connection() as connection:
            connection.execute(query, values)

    def _rows(self, query: LiteralString, values: Any) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(query, values).fetchall()


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits: a slow hash would protect nothing more.
    return hashlib.sha256(b"tallystick session\x00" + secret.encode()).digest()


def _account(row: Sequence[Any]) -> Account:
    account, roles, created_at, created_by, disabled_at = row[:5]
    return Account(
        account=account,
        roles=tuple(roles),
        created_at=created_at.astimezone(UTC),
        created_by=created_by,
        disabled_at=disabled_at,
    )


def _session(row: Sequence[Any]) -> Session:
    session_id, account, device, *times, by = row[:8]
    created, seen, expires, revoked = (one and one.astimezone(UTC) for one in times)
    return Session(
        session_id=session_id,
        account=account,
        device=device,
        created_at=created,
        seen_at=seen,
        expires_at=expires,
        revoked_at=revoked,
        revoked_by=by,
    )


def _digested(subject: str) -> str:
    """What somebody typed as an account may be anything, a name or a password: it is not kept."""
    return hashlib.sha256(b"tallystick login\x00" + subject.encode()).hexdigest()
