"""A store over a fresh database, and one over a database that a module shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from ledger.queries import Pool
from ledger.store import FactStore, open_pool
from tests.ledger.samples import NAMES

_numbers = count(1)


@pytest.fixture(scope="module")
def pool(shared_database: str) -> Iterator[Pool]:
    """Connections to the module's database, enough for ten threads."""
    with open_pool(shared_database, max_size=10) as opened:
        yield opened


@pytest.fixture
def store(pool: Pool) -> FactStore:
    """The facts of the module's database; each test takes tenants of its own."""
    return FactStore(pool, NAMES)


@pytest.fixture
def new_tenant(store: FactStore) -> Callable[[], str]:
    """Opens another tenant and gives its name."""

    def opened() -> str:
        tenant = f"tenant-{next(_numbers)}"
        assert store.open_tenant(tenant)
        return tenant

    return opened


@pytest.fixture
def tenant(new_tenant: Callable[[], str]) -> str:
    """A tenant with nothing recorded."""
    return new_tenant()
