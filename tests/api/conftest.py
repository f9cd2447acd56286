"""Fixtures of the HTTP tests: a company with a key for each role on a fresh database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.store import open_pool
from tests.api.http_api import Api


@pytest.fixture
def api(database: str) -> Iterator[Api]:
    """A company of this test's own."""
    with open_pool(database, max_size=12) as pool:
        yield Api(pool)


@pytest.fixture(scope="module")
def shared_api(shared_database: str) -> Iterator[Api]:
    """A company that the tests of one module share."""
    with open_pool(shared_database, max_size=12) as pool:
        yield Api(pool)
