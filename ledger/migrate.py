"""Numbered plain-SQL migrations: each in its own transaction, none edited after the fact."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from domain.refusals import WrongState

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 0x74616C6C79  # "tally": two runners take turns; appends never touch it
_TABLE = b"""
CREATE TABLE IF NOT EXISTS public.tallystick_migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""


@dataclass(frozen=True)
class Migration:
    """One file of the migrations folder."""

    number: int
    name: str
    sql: bytes

    @property
    def sha256(self) -> str:
        """The checksum that is recorded when the file is applied."""
        return hashlib.sha256(self.sql).hexdigest()


@dataclass(frozen=True)
class _Applied:
    name: str
    sha256: str


def read_folder(folder: Path) -> list[Migration]:
    """The migrations of a folder in order; refuses a gap or a number used twice."""
    matches = ((path, _NAME.fullmatch(path.name)) for path in folder.glob("*.sql"))
    found = sorted(
        (
            Migration(int(match[1]), path.name, path.read_bytes())
            for path, match in matches
            if match
        ),
        key=lambda migration: (migration.number, migration.name),
    )
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise WrongState(
                f"迁移文件编号不连续：应为 {expected:04d}，却是 {migration.name}",
                f"migration {expected:04d} is missing or used twice: found {migration.name}",
                do="Number the files 0001, 0002, … without gaps.",
                file=migration.name,
            )
    return found


def migrate(conninfo: str, folder: Path) -> list[str]:
    """Apply what is not yet applied and return the names of the files applied now.

    Refuses, before anything is changed, an applied file that was edited since, and a database
    that knows more migrations than the folder. Two runners at once take turns.
    """
    migrations = read_folder(folder)
    with psycopg.connect(conninfo, autocommit=True) as connection, _turn(connection):
        # Asked first: a second run changes nothing, and says nothing on the server's log.
        if not _is_prepared(connection):
            connection.execute(_TABLE)
        todo = _unapplied(migrations, _applied(connection))
        for migration in todo:
            try:
                _apply(connection, migration)
            except psycopg.Error as error:
                error.add_note(f"in migration {migration.name}; nothing of it was kept")
                raise
    return [migration.name for migration in todo]


def pending(conninfo: str, folder: Path) -> list[str]:
    """The names of the files that `migrate` would apply; refuses what it would refuse."""
    migrations = read_folder(folder)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        applied = _applied(connection) if _is_prepared(connection) else {}
    return [migration.name for migration in _unapplied(migrations, applied)]


@contextmanager
def _turn(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _is_prepared(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT to_regclass('public.tallystick_migration')").fetchone()
    return row is not None and row[0] is not None


def _applied(connection: psycopg.Connection) -> dict[int, _Applied]:
    rows = connection.execute("SELECT number, name, sha256 FROM public.tallystick_migration")
    return {number: _Applied(name, sha256) for number, name, sha256 in rows}


def _unapplied(migrations: list[Migration], applied: dict[int, _Applied]) -> list[Migration]:
    known = {migration.number: migration for migration in migrations}
    for number, was in sorted(applied.items()):
        _check_applied(was, known.get(number))
    return [migration for migration in migrations if migration.number not in applied]


def _check_applied(was: _Applied, now: Migration | None) -> None:
    if now is None:
        raise WrongState(
            f"数据库比程序新：迁移 {was.name} 不在本版本中",
            f"the database is newer than this program: it has {was.name}, which is not here",
            do="Start the newer version of the program, or restore the database it belongs to.",
            file=was.name,
        )
    if now.sha256 != was.sha256:
        raise WrongState(
            f"已执行的迁移 {was.name} 被修改过",
            f"migration {was.name} was edited after it was applied",
            do="Restore the file as it was, and write the change as a new migration.",
            file=now.name,
            applied=was.sha256,
            found=now.sha256,
        )


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    with connection.transaction():
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO public.tallystick_migration (number, name, sha256) VALUES (%s, %s, %s)",
            [migration.number, migration.name, migration.sha256],
        )
