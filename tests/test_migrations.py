"""The migrations: in order, unedited, without gaps, and equal to migrations/schema.sql."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from domain.refusals import WrongState
from ledger.migrate import migrate, pending
from scripts.dump_schema import schema_of

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "migrations"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE a (n int); INSERT INTO a VALUES (1);")
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE b (n int); SELECT pg_sleep(0.1);")
    (tmp_path / "schema.sql").write_text("not a migration")
    return tmp_path


def tables(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as connection:
        return {
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        }


def test_migrations_in_order_give_the_schema_file(empty_database: str) -> None:
    names = migrate(empty_database, MIGRATIONS)
    assert names, "there are no migrations"
    expected = (MIGRATIONS / "schema.sql").read_text()
    assert schema_of(empty_database) == expected, "run scripts/dump_schema.py --write"


def test_applies_in_order_and_a_second_run_does_nothing(empty_database: str, folder: Path) -> None:
    assert pending(empty_database, folder) == ["0001_first.sql", "0002_second.sql"]
    assert migrate(empty_database, folder) == ["0001_first.sql", "0002_second.sql"]
    assert pending(empty_database, folder) == []
    assert migrate(empty_database, folder) == []
    assert {"a", "b"} <= tables(empty_database)


def test_an_edited_file_is_refused_and_nothing_else_is_applied(
    empty_database: str, folder: Path
) -> None:
    migrate(empty_database, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE a (n bigint);")
    (folder / "0003_third.sql").write_text("CREATE TABLE c (n int);")
    for run in (migrate, pending):
        with pytest.raises(WrongState, match=r"0001_first\.sql was edited"):
            run(empty_database, folder)
    assert "c" not in tables(empty_database)


@pytest.mark.parametrize("name", ["0004_fourth.sql", "0002_again.sql"])
def test_a_gap_or_a_number_used_twice_is_refused(
    empty_database: str, folder: Path, name: str
) -> None:
    (folder / name).write_text("CREATE TABLE c (n int);")
    with pytest.raises(WrongState, match="0003 is missing or used twice"):
        migrate(empty_database, folder)
    assert tables(empty_database) == set()


def test_a_database_newer_than_the_program_is_refused(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(WrongState, match="newer than this program"):
        migrate(empty_database, folder)


def test_a_failing_file_leaves_nothing_of_itself(empty_database: str, folder: Path) -> None:
    (folder / "0003_third.sql").write_text("CREATE TABLE c (n int); SELECT 1/0;")
    with pytest.raises(psycopg.Error) as caught:
        migrate(empty_database, folder)
    assert "0003_third.sql" in caught.value.__notes__[0]
    assert tables(empty_database) == {"a", "b", "tallystick_migration"}
    assert pending(empty_database, folder) == ["0003_third.sql"]


def test_two_runners_at_once_apply_each_file_once(empty_database: str, folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: migrate(empty_database, folder), range(4)))
    assert sorted(results) == [[], [], [], ["0001_first.sql", "0002_second.sql"]]
