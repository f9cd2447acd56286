"""Personal data: sealed for one person of one tenant, unreadable without that person's key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.refusals import Invalid, NotFound
from ledger.queries import Pool
from ledger.vault import Erased, KeyVault, VaultError, WrongMasterKey
from tests.ledger.threads import race

pytestmark = pytest.mark.postgres
MASTER = bytes(range(32))
WANG = {"name": "王小明 👍", "phone": "13800000000"}


@pytest.fixture
def vault(pool: Pool) -> KeyVault:
    """A vault under a fixed master key."""
    return KeyVault(pool, MASTER)


def forget(pool: Pool, vault: KeyVault, tenant: str, person: str) -> None:
    with pool.connection() as connection:
        vault.destroy(connection, tenant, person)


def test_what_was_sealed_is_opened_again(vault: KeyVault, tenant: str) -> None:
    sealed = vault.seal(tenant, "P-1", WANG)
    assert vault.open(tenant, "P-1", sealed) == WANG
    assert set(sealed) == {"format", "key", "nonce", "ciphertext"}
    text = json.dumps(sealed, ensure_ascii=False)
    assert not any(value in text for value in WANG.values())
    assert "王小明" not in base64.b64decode(sealed["ciphertext"]).decode("utf-8", "replace")


def test_sealing_twice_shows_no_likeness_but_uses_one_key(vault: KeyVault, tenant: str) -> None:
    first, second = (vault.seal(tenant, "P-1", WANG) for _ in range(2))
    assert first["key"] == second["key"]
    assert first["nonce"] != second["nonce"]
    assert first["ciphertext"] != second["ciphertext"]
    assert vault.open(tenant, "P-1", first) == vault.open(tenant, "P-1", second)


def test_without_the_persons_key_nothing_can_be_read(
    pool: Pool, vault: KeyVault, tenant: str
) -> None:
    sealed = vault.seal(tenant, "P-1", WANG)
    forget(pool, vault, tenant, "P-1")
    with pytest.raises(Erased) as refusal:
        vault.open(tenant, "P-1", sealed)
    assert (refusal.value.code, refusal.value.status) == ("erased", 410)
    with pytest.raises(Erased):  # nobody makes a new key under the name of an erased person
        vault.seal(tenant, "P-1", WANG)


def test_many_are_opened_at_once_and_the_erased_are_left_out(
    pool: Pool, vault: KeyVault, tenant: str
) -> None:
    sealed = {f"P-{n}": vault.seal(tenant, f"P-{n}", {"name": str(n)}) for n in range(20)}
    forget(pool, vault, tenant, "P-7")
    opened = vault.open_many(tenant, sealed)
    assert opened == {f"P-{n}": {"name": str(n)} for n in range(20) if n != 7}
    assert vault.open_many(tenant, {}) == {}


def test_sealed_data_opens_for_its_own_person_and_tenant_only(
    pool: Pool, vault: KeyVault, new_tenant: Callable[[], str]
) -> None:
    one, other = new_tenant(), new_tenant()
    sealed = vault.seal(one, "P-1", WANG)
    vault.seal(one, "P-2", WANG)
    with pytest.raises(Erased):
        vault.open(one, "P-2", sealed)
    copy = """INSERT INTO ledger.person_key (tenant_id, person_id, wrapped_key, retention)
        SELECT %s, 'P-1', wrapped_key, retention FROM ledger.person_key
        WHERE tenant_id = %s AND person_id = 'P-1'"""
    with pool.connection() as connection:
        connection.execute(copy, [other, one])
    with pytest.raises(VaultError, match="altered, or is another's"):
        vault.open(other, "P-1", sealed)


@pytest.mark.parametrize("part", ["nonce", "ciphertext"])
@pytest.mark.parametrize("value", ["", "!", base64.b64encode(bytes(range(40))).decode(), None])
def test_altered_data_is_an_error_not_an_answer(
    vault: KeyVault, tenant: str, part: str, value: Any
) -> None:
    sealed = {**vault.seal(tenant, "P-1", WANG), part: value}
    if value is None:
        del sealed[part]
    with pytest.raises(VaultError, match="P-1 was altered"):
        vault.open(tenant, "P-1", sealed)


def test_another_master_key_is_told_apart_from_altered_data(
    pool: Pool, vault: KeyVault, tenant: str
) -> None:
    sealed = vault.seal(tenant, "P-1", WANG)
    other = KeyVault(pool, bytes(32))
    for attempt in (
        lambda: other.open(tenant, "P-1", sealed),
        lambda: other.seal(tenant, "P-1", WANG),
    ):
        with pytest.raises(WrongMasterKey, match="another master key") as error:
            attempt()
        assert MASTER.hex() not in str(error.value)


def test_a_master_key_has_32_bytes(pool: Pool) -> None:
    with pytest.raises(VaultError, match="must have 32 bytes, not 5"):
        KeyVault(pool, b"short")


def test_two_who_seal_first_get_the_same_key(vault: KeyVault, tenant: str) -> None:
    sealed = race(8, lambda _: vault.seal(tenant, "P-1", WANG))
    assert len({item["key"] for item in sealed}) == 1
    assert all(vault.open(tenant, "P-1", item) == WANG for item in sealed)


def test_no_key_stands_in_the_database_in_clear(pool: Pool, vault: KeyVault, tenant: str) -> None:
    vault.seal(tenant, "P-1", WANG)
    with pool.connection() as connection:
        query = "SELECT wrapped_key, retention FROM ledger.person_key WHERE tenant_id = %s"
        [(wrapped, retention)] = connection.execute(query, [tenant]).fetchall()
    assert len(wrapped) == 1 + 8 + 12 + 32 + 16
    assert retention == "standard"


def test_bad_fields_and_an_unknown_tenant_are_refused(vault: KeyVault, tenant: str) -> None:
    with pytest.raises(Invalid, match="NUL"):
        vault.seal(tenant, "P-1", {"name": "a\0b"})
    with pytest.raises(ValueError, match="Expected `str`"):
        vault.seal(tenant, "P-1", {"name": None})  # type: ignore[dict-item]
    with pytest.raises(Invalid, match="person"):
        vault.seal(tenant, "", WANG)
    with pytest.raises(NotFound, match="no tenant nobody"):
        vault.seal("nobody", "P-1", WANG)
