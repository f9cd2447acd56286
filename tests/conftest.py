"""Fixtures for every test: one PostgreSQL a process, one fresh database a test or a module.

The server starts when the first test asks for a database, so tests of pure functions pay
nothing. Each xdist worker has its own server: nothing is shared, so nothing can be raced for.
TALLYSTICK_TEST_DATABASE_URL names another server to use (its role must be able to CREATEDB).
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.postgres_server import EmbeddedPostgres
from ledger.migrate import migrate

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "migrations"
_numbers = itertools.count(1)
_SEED = "TALLYSTICK_REFERENCE_SEED"


def pytest_configure() -> None:
    """One seed of the random comparisons for all workers, which is told at the start."""
    os.environ.setdefault(_SEED, str(secrets.randbelow(2**32)))


def pytest_report_header() -> str:
    """The seed: with it the same examples are drawn again."""
    return f"random comparisons: {_SEED}={os.environ[_SEED]}"


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Connection string of this process's PostgreSQL; its durability is off."""
    if url := os.environ.get("TALLYSTICK_TEST_DATABASE_URL"):
        yield url
        return
    with short_folder() as folder, EmbeddedPostgres(folder, durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """Name of a database with every migration applied; copies of it are what tests get."""
    name = f"tallystick_template_{os.getpid()}"
    with _database(server, name) as conninfo:
        migrate(conninfo, MIGRATIONS)
        yield name


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """Connection string of a new database with nothing in it."""
    with _database(server, _new_name()) as conninfo:
        yield conninfo


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """Connection string of a new migrated database for this test alone."""
    with _database(server, _new_name(), template) as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
def shared_database(server: str, template: str) -> Iterator[str]:
    """Connection string of a migrated database that the tests of one module share."""
    with _database(server, _new_name(), template) as conninfo:
        yield conninfo


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder the server's user can reach, short enough for a socket's path."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="tally-", dir=memory if memory.is_dir() else None))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _new_name() -> str:
    return f"tallystick_test_{os.getpid()}_{next(_numbers)}"


@contextmanager
def _database(server: str, name: str, template: str = "template0") -> Iterator[str]:
    identifier = sql.Identifier(name)
    # Without fsync, FILE_COPY takes 29 ms for 60 tables and WAL_LOG 42 ms.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(identifier, sql.Identifier(template)))
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            # FORCE: a test that left a connection open must not make the next one fail.
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
