"""API keys that are not looked up at every request: revoked ones open nothing all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger import access
from ledger.access import AccessStore
from ledger.store import FactStore
from tests.ledger.samples import AT

pytestmark = pytest.mark.postgres


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that goes on when it is told to."""
    now = [100.0]
    monkeypatch.setattr(access.time, "monotonic", lambda: now[0])

    def go_on(seconds: float) -> None:
        now[0] += seconds

    return go_on


@pytest.fixture
def keys(store: FactStore) -> AccessStore:
    return AccessStore.beside(store)


def issue(keys: AccessStore, tenant: str) -> tuple[str, str]:
    made, secret = keys.issue(tenant, "ann", ["hr"], by="boss", at=AT)
    return made.key_id, secret


def test_a_good_key_is_remembered_for_a_second(
    keys: AccessStore, tenant: str, clock: Callable[[float], None]
) -> None:
    _, secret = issue(keys, tenant)
    assert keys.remembered(secret) is None
    found = keys.bearer(secret)
    assert found is not None and keys.remembered(secret) == found
    clock(0.99)
    assert keys.remembered(secret) == found
    clock(0.02)
    assert keys.remembered(secret) is None


def test_a_key_revoked_here_is_forgotten_at_once_and_elsewhere_within_a_second(
    keys: AccessStore, tenant: str, store: FactStore, clock: Callable[[float], None]
) -> None:
    (first, secret), (second, other) = issue(keys, tenant), issue(keys, tenant)
    assert keys.bearer(secret) and keys.bearer(other)
    keys.revoke(tenant, first, by="boss", at=AT)
    assert keys.remembered(secret) is None and keys.bearer(secret) is None
    assert keys.bearer(other)
    AccessStore.beside(store).revoke(tenant, second, by="boss", at=AT)
    assert keys.remembered(other)
    clock(access.MEMORY)
    assert keys.remembered(other) is None and keys.bearer(other) is None


def test_bad_keys_are_not_kept_and_what_is_kept_is_no_secret(
    keys: AccessStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MOST_KNOWN", 3)
    for wrong in ("", "x", f"tsk_{tenant}_{'0' * 16}_{'a' * 43}"):
        assert keys.bearer(wrong) is None and keys.remembered(wrong) is None
    assert keys._known == {}
    for _ in range(5):
        _, secret = issue(keys, tenant)
        assert keys.bearer(secret)
        assert secret not in repr(keys._known) and len(keys._known) <= 3
