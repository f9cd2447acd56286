"""Personal data: sealed with a key of the person's own, which a master key wraps.

In a fact only the sealed form stands. The person's key is in `ledger.person_key`, wrapped by a
master key that is never in the database: without either of them nothing can be read again.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Any, LiteralString, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.errors import ForeignKeyViolation, RestrictViolation

from domain.erasure import Erased
from ledger import queries
from ledger.codec import canonical, checked_text
from ledger.errors import not_open
from ledger.master_keys import (
    KEY_BYTES,
    NONCE_BYTES,
    KeysAtHand,
    MasterKeys,
    VaultError,
    WrongMasterKey,
    digest,
)
from ledger.queries import Connection, Pool

__all__ = ["Erased", "KeyVault", "Sealed", "Vault", "VaultError", "WrongMasterKey"]
Sealed = dict[str, Any]
"""`{"format": 1, "key": id, "nonce": base64, "ciphertext": base64}`, as it stands in a fact."""

TRIES = 3
_FORMAT = 1
_NEW_KEY: LiteralString = """
    INSERT INTO ledger.person_key (tenant_id, person_id, wrapped_key, retention)
    VALUES (%b, %b, %b, %b) ON CONFLICT DO NOTHING"""
_KEYS: LiteralString = """
    SELECT person_id, wrapped_key FROM ledger.person_key
    WHERE tenant_id = %b AND person_id = ANY(%b::text[])"""
_DESTROY: LiteralString = """
    UPDATE ledger.person_key SET wrapped_key = NULL, destroyed_at = clock_timestamp()
    WHERE tenant_id = %b AND person_id = %b AND destroyed_at IS NULL"""
_DESTROYED: LiteralString = """
    SELECT person_id FROM ledger.person_key
    WHERE tenant_id = %b AND (wrapped_key IS NULL OR destroyed_at IS NOT NULL)"""


class Vault(Protocol):
    """Seals and opens the personal data of one person at a time."""

    def seal(self, tenant: str, person: str, fields: Mapping[str, str]) -> Sealed:
        """The sealed form of the fields; makes the person's key where there is none."""
        ...

    def open(self, tenant: str, person: str, sealed: Mapping[str, Any]) -> dict[str, str]:
        """The fields again. Raises Erased where the person's key is gone."""
        ...

    def open_many(
        self, tenant: str, sealed: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, dict[str, str]]:
        """The fields of many persons; those whose key is gone are not in the answer."""
        ...

    def destroy(self, connection: Connection, tenant: str, person: str) -> None:
        """Destroy the person's key, in the caller's transaction; no new one is ever made."""
        ...

    def destroyed(self, tenant: str) -> set[str]:
        """The persons whose keys were destroyed."""
        ...


class KeyVault:
    """The vault over `ledger.person_key`: AES-256-GCM for the data and for the wrapping."""

    def __init__(
        self, pool: Pool, master: MasterKeys | bytes, *, retention: str = "standard"
    ) -> None:
        """`retention` is the class given to new keys. Raises VaultError for a short key."""
        self._pool = pool
        self._master = KeysAtHand(master) if isinstance(master, bytes) else master
        self._retention = retention

    def seal(self, tenant: str, person: str, fields: Mapping[str, str]) -> Sealed:
        """The sealed form of the fields. Raises Invalid (what cannot be recorded), NotFound (the
        tenant), ValueError for fields that are not text, WrongMasterKey."""
        checked_text("person", person)
        plain = canonical(msgspec.convert(dict(fields), dict[str, str]))
        data_key = self._data_key(tenant, person)
        nonce = os.urandom(NONCE_BYTES)
        ciphertext = AESGCM(data_key).encrypt(nonce, plain, _bound_to(tenant, person))
        return {
            "format": _FORMAT,
            "key": _key_id(data_key),
            "nonce": base64.b64encode(nonce).decode(),
            "ciphertext": base64.b64encode(ciphertext).decode(),
        }

    def open(self, tenant: str, person: str, sealed: Mapping[str, Any]) -> dict[str, str]:
        """The fields again. Raises Erased, WrongMasterKey, and VaultError for altered data."""
        found = self.open_many(tenant, {person: sealed})
        if person not in found:
            raise _erased(person)
        return found[person]

    def open_many(
        self, tenant: str, sealed: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, dict[str, str]]:
        """The fields of many persons in one query; the erased are left out."""
        opened = {}
        for person, data_key in self._unwrapped(tenant, list(sealed)).items():
            if sealed[person].get("key") == _key_id(data_key):
                opened[person] = _opened(tenant, person, data_key, sealed[person])
        return opened

    def destroy(self, connection: Connection, tenant: str, person: str) -> None:
        """Destroy the person's key, in the caller's transaction; no new one is ever made.

        Its bytes leave the table's file with `ledger.scrub.scrub`.
        """
        connection.execute(_DESTROY, [tenant, person])

    def destroyed(self, tenant: str) -> set[str]:
        """The persons whose keys were destroyed."""
        with self._pool.connection() as connection:
            return {row[0] for row in queries.rows(connection, _DESTROYED, [tenant])}

    def _data_key(self, tenant: str, person: str) -> bytes:
        """The person's key; a new one where there is none. Two who race get the same."""
        for _ in range(TRIES):
            found = self._unwrapped(tenant, [person])
            if person in found:
                return found[person]
            if not self._keep(tenant, person):
                self._master.reload()
        if person in self.destroyed(tenant):
            raise _erased(person)
        raise WrongMasterKey(
            f"the master key set (id {self._master.current().hex()}) was turned: it wraps no new key"
        )

    def _keep(self, tenant: str, person: str) -> bool:
        """Make the person a key; False where the master key is one that was turned."""
        new = AESGCM.generate_key(KEY_BYTES * 8)
        [wrapped] = self._master.wrap([(new, _bound_to(tenant, person))])
        try:
            with self._pool.connection() as connection:
                connection.execute(_NEW_KEY, [tenant, person, wrapped, self._retention])
        except ForeignKeyViolation as error:
            raise not_open(tenant) from error
        except RestrictViolation:
            return False
        return True

    def _unwrapped(self, tenant: str, persons: list[str]) -> dict[str, bytes]:
        """The keys of persons in one query; of those destroyed there is none."""
        if not persons:
            return {}
        with self._pool.connection() as connection:
            rows = queries.rows(connection, _KEYS, [tenant, persons])
        found = {person: wrapped for person, wrapped in rows if wrapped is not None}
        items = [(wrapped, _bound_to(tenant, person)) for person, wrapped in found.items()]
        return dict(zip(found, self._master.unwrap(items), strict=True))


def _opened(tenant: str, person: str, data_key: bytes, sealed: Mapping[str, Any]) -> dict[str, str]:
    try:
        nonce = base64.b64decode(sealed["nonce"], validate=True)
        ciphertext = base64.b64decode(sealed["ciphertext"], validate=True)
        plain = AESGCM(data_key).decrypt(nonce, ciphertext, _bound_to(tenant, person))
    except (InvalidTag, KeyError, ValueError, binascii.Error) as error:
        raise VaultError(f"the sealed data of {person} was altered, or is another's") from error
    return msgspec.json.decode(plain, type=dict[str, str])


def _erased(person: str) -> Erased:
    return Erased(
        f"{person} 的个人信息已删除，无法恢复",
        f"the personal data of {person} was erased and cannot be read again",
        do="Nothing can bring it back; sums and proofs still hold.",
        person=person,
    )


def _bound_to(tenant: str, person: str) -> bytes:
    """What a ciphertext is bound to: it opens for this person of this tenant alone."""
    return canonical([tenant, person])


def _key_id(data_key: bytes) -> str:
    return digest(b"person", data_key)[:8].hex()
