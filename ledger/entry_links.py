"""Links that let one person in without a password: few uses, an end, revocable, kept as digests."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Self

import msgspec

from domain.refusals import NotFound
from ledger.codec import checked_text
from ledger.queries import Pool
from ledger.store import FactStore

SAME_FORM = timedelta(minutes=2)
"""How long the form that used a link last may use it again without being counted."""
_TEXT = re.compile(r"([a-z0-9-]{1,40})\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})")
_COLUMNS: LiteralString = """
    link_id, person, uses, used, created_at, created_by, expires_at, last_used_at, revoked_at,
    revoked_by"""
_INSERT: LiteralString = """
    INSERT INTO access.entry_link
        (tenant_id, link_id, secret_hash, person, uses, created_at, created_by, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""
_ONE: LiteralString = f"""
    SELECT {_COLUMNS} FROM access.entry_link WHERE tenant_id = %s AND link_id = %s"""
_LIST: LiteralString = f"""
    SELECT {_COLUMNS} FROM access.entry_link
    WHERE tenant_id = %s AND (%s::text IS NULL OR person = %s)
    ORDER BY created_at DESC, link_id LIMIT %s"""
# Of two forms that race for the last use one has it: the row is locked while it is judged.
_USE: LiteralString = f"""
    UPDATE access.entry_link SET
        used = used + CASE WHEN last_once = %(once)s AND last_used_at > %(same)s THEN 0 ELSE 1 END,
        last_once = %(once)s, last_used_at = %(at)s
    WHERE tenant_id = %(tenant)s AND link_id = %(link)s AND secret_hash = %(hash)s
        AND revoked_at IS NULL AND expires_at > %(at)s
        AND (used < uses OR (last_once = %(once)s AND last_used_at > %(same)s))
    RETURNING {_COLUMNS}"""
_REVOKE: LiteralString = """
    UPDATE access.entry_link SET revoked_at = %s, revoked_by = %s
    WHERE tenant_id = %s AND link_id = %s AND revoked_at IS NULL"""
_END_SESSIONS: LiteralString = """
    UPDATE access.session SET revoked_at = %s, revoked_by = %s
    WHERE tenant_id = %s AND link_id = %s AND revoked_at IS NULL"""


class EntryLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it may be shown: everything but the secret."""

    link_id: str
    person: str
    uses: int
    used: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def state(self, at: datetime) -> str:
        """`open`, or why it opens nothing: `revoked`, `expired`, `used`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= at:
            return "expired"
        return "open" if self.used < self.uses else "used"


class EntryLinks:
    """Links of all tenants; every call but `use` names its tenant."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @classmethod
    def beside(cls, store: FactStore) -> Self:
        """The links in the database of a fact store."""
        return cls(store._pool)

    def issue(
        self, tenant: str, person: str, *, uses: int, lasting: timedelta, by: str, at: datetime
    ) -> tuple[EntryLink, str]:
        """Make a link for a person. Its text is returned here and can be had nowhere else."""
        link, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        end = at + lasting
        row = [tenant, link, _digest(secret), checked_text("person", person), uses, at, by, end]
        with self._pool.connection() as connection:
            connection.execute(_INSERT, row)
        made = EntryLink(
            link_id=link, person=person, uses=uses, used=0, created_at=at, created_by=by,
            expires_at=end,
        )  # fmt: skip
        return made, f"{tenant}.{link}.{secret}"

    def use(self, text: str, once: str, at: datetime) -> tuple[str, EntryLink] | None:
        """Use a link: its tenant and itself; None where it is unknown, over, used up or revoked.

        `once` names the form that asks: the same form sent twice counts once.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            return None
        tenant, link, secret = match.groups()
        asked = {"tenant": tenant, "link": link, "hash": _digest(secret), "once": once}
        with self._pool.connection() as connection:
            row = connection.execute(_USE, {**asked, "at": at, "same": at - SAME_FORM}).fetchone()
        return None if row is None else (tenant, _link(row))

    def links(self, tenant: str, person: str | None = None, limit: int = 100) -> list[EntryLink]:
        """The links of a person, or of a tenant, the latest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LIST, [tenant, person, person, limit]).fetchall()
        return [_link(row) for row in rows]

    def revoke(self, tenant: str, link: str, *, by: str, at: datetime) -> EntryLink:
        """Make a link useless and end the sessions begun with it. Raises NotFound."""
        with self._pool.connection() as connection:
            connection.execute(_REVOKE, [at, by, tenant, checked_text("link", link)])
            connection.execute(_END_SESSIONS, [at, by, tenant, link])
            row = connection.execute(_ONE, [tenant, link]).fetchone()
        if row is None:
            raise NotFound(f"没有链接 {link}", f"There is no link {link}", do="See the list.")
        return _link(row)


def tenant_of(text: str) -> str | None:
    """The tenant that a link's text names; None where it is no link."""
    match = _TEXT.fullmatch(text)
    return None if match is None else match[1]


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits: a slow hash would protect nothing more.
    return hashlib.sha256(b"tallystick entry link\x00" + secret.encode()).digest()


def _link(row: Sequence[Any]) -> EntryLink:
    link, person, uses, used, created, by, expires, last, revoked, revoked_by = row
    return EntryLink(
        link_id=link,
        person=person,
        uses=uses,
        used=used,
        created_at=created.astimezone(UTC),
        created_by=by,
        expires_at=expires.astimezone(UTC),
        last_used_at=last and last.astimezone(UTC),
        revoked_at=revoked and revoked.astimezone(UTC),
        revoked_by=revoked_by,
    )
