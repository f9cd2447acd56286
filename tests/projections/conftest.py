"""Fixtures of the read models' tests: a store and a runner on a fresh database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.store import FactStore, Pool, open_pool
from projections.models import MODELS
from projections.runner import Runner
from tests.projections.business import Book


@pytest.fixture
def pool(database: str) -> Iterator[Pool]:
    with open_pool(database, max_size=12) as pool:
        yield pool


@pytest.fixture
def store(pool: Pool) -> FactStore:
    return FactStore(pool)


@pytest.fixture
def book(store: FactStore) -> Book:
    return Book(store)


@pytest.fixture
def runner(pool: Pool, store: FactStore) -> Runner:
    return Runner(pool, store, MODELS)
