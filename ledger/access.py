"""API keys: a random secret that is shown once; only its digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, Self

import msgspec

from domain.refusals import NotFound
from ledger.codec import checked_text
from ledger.queries import Pool
from ledger.store import FactStore

MEMORY = 1.0
"""Seconds for which a key that was good is not looked up again."""
MOST_KNOWN = 1000
_SECRET = re.compile(r"tsk_([a-z0-9-]{1,40})_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_INSERT: LiteralString = """
    INSERT INTO access.api_key
        (tenant_id, key_id, key_hash, actor, roles, created_at, created_by)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
_COLUMNS: LiteralString = "key_id, actor, roles, created_at, created_by, revoked_at, revoked_by"
_BY_ID: LiteralString = f"""
    SELECT {_COLUMNS}, key_hash FROM access.api_key WHERE tenant_id = %s AND key_id = %s"""
_LIST: LiteralString = f"""
    SELECT {_COLUMNS} FROM access.api_key
    WHERE tenant_id = %s AND key_id > %s ORDER BY key_id LIMIT %s"""
_REVOKE: LiteralString = """
    UPDATE access.api_key SET revoked_at = %s, revoked_by = %s
    WHERE tenant_id = %s AND key_id = %s AND revoked_at IS NULL"""


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it may be shown: everything but the secret."""

    key_id: str
    actor: str
    roles: tuple[str, ...]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Who a secret stands for."""

    tenant: str
    key_id: str
    actor: str
    roles: tuple[str, ...]


class AccessStore:
    """API keys of all tenants; every call but `bearer` names its tenant."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[bytes, tuple[Bearer, float]] = {}

    @classmethod
    def beside(cls, store: FactStore) -> Self:
        """The keys in the database of a fact store."""
        return cls(store._pool)

    def issue(
        self, tenant: str, actor: str, roles: Sequence[str], *, by: str, at: datetime
    ) -> tuple[ApiKey, str]:
        """Make a key. The secret is returned here and can be had nowhere else."""
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = [tenant, key_id, _digest(secret), checked_text("actor", actor), list(roles), at, by]
        with self._pool.connection() as connection:
            connection.execute(_INSERT, row)
        key = ApiKey(key_id=key_id, actor=actor, roles=tuple(roles), created_at=at, created_by=by)
        return key, f"tsk_{tenant}_{key_id}_{secret}"

    def remembered(self, text: str) -> Bearer | None:
        """Who a secret stood for at most `MEMORY` seconds ago; None where that is to be asked.

        A key that is revoked here is forgotten at once, one revoked elsewhere by then.
        """
        found = self._known.get(_digest(text))
        return found[0] if found is not None and time.monotonic() < found[1] else None

    def bearer(self, text: str) -> Bearer | None:
        """Who a secret stands for; None where it is malformed, unknown or revoked."""
        asked_at = time.monotonic()
        found = self._bearer(text)
        if found is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[_digest(text)] = found, asked_at + MEMORY
        return found

    def _bearer(self, text: str) -> Bearer | None:
        match = _SECRET.fullmatch(text)
        if match is None:
            return None
        tenant, key_id, secret = match.groups()
        with self._pool.connection() as connection:
            row = connection.execute(_BY_ID, [tenant, key_id]).fetchone()
        if row is None or not hmac.compare_digest(bytes(row[-1]), _digest(secret)):
            return None
        key = _key(row)
        if key.revoked_at is not None:
            return None
        return Bearer(tenant=tenant, key_id=key_id, actor=key.actor, roles=key.roles)

    def keys(self, tenant: str, after: str = "", limit: int = 100) -> list[ApiKey]:
        """The keys of a tenant by id, revoked ones included."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LIST, [tenant, after, limit]).fetchall()
        return [_key(row) for row in rows]

    def key(self, tenant: str, key_id: str) -> ApiKey:
        """One key. Raises NotFound."""
        with self._pool.connection() as connection:
            row = connection.execute(_BY_ID, [tenant, checked_text("key", key_id)]).fetchone()
        if row is None:
            raise NotFound(
                f"没有密钥 {key_id}",
                f"There is no key {key_id}",
                do="List the keys to see their ids.",
            )
        return _key(row)

    def revoke(self, tenant: str, key_id: str, *, by: str, at: datetime) -> ApiKey:
        """Make a key useless; one that is revoked already stays as it is. Raises NotFound."""
        with self._pool.connection() as connection:
            connection.execute(_REVOKE, [at, by, tenant, checked_text("key", key_id)])
        self._known.clear()
        return self.key(tenant, key_id)


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits: a slow hash would protect nothing more.
    return hashlib.sha256(b"tallystick api key\x00" + secret.encode()).digest()


def _key(row: Sequence[Any]) -> ApiKey:
    key_id, actor, roles, created_at, created_by, revoked_at, revoked_by = row[:7]
    return ApiKey(
        key_id=key_id,
        actor=actor,
        roles=tuple(roles),
        created_at=created_at.astimezone(UTC),
        created_by=created_by,
        revoked_at=revoked_at.astimezone(UTC) if revoked_at else None,
        revoked_by=revoked_by,
    )
