"""`tallystick distribute`: what it would run covers everything, and gives the same schema again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.refusals import WrongState
from ledger import distribute as citus
from ledger.distribute import Function, Key, Schema, Trigger
from scripts.dump_schema import schema_of
from tests.api.cli_support import Line, line

__all__ = ["line"]
ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("ledger", "projections", "workflows", "api")
HEAD = "'ledger.head'"
STAND_IN = """
    CREATE SCHEMA stand_in;
    CREATE TABLE stand_in.calls (number serial, what text, first text, beside text);
    CREATE TABLE public.pg_dist_partition (logicalrelid regclass);
    CREATE FUNCTION public.create_distributed_table(p_table regclass, p_column text,
        colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = p_table AND NOT tgisinternal) THEN
            RAISE 'cannot distribute %: it has triggers', p_table;
        END IF;
        IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f'
                   AND p_table IN (conrelid, confrelid)) THEN
            RAISE 'cannot distribute %: it has foreign keys', p_table;
        END IF;
        INSERT INTO stand_in.calls (what, first, beside)
        VALUES (p_table::text, p_column, colocate_with);
        INSERT INTO pg_dist_partition VALUES (p_table);
    END $$;
    CREATE FUNCTION public.create_distributed_function(p_function regprocedure,
        p_argument text DEFAULT NULL, colocate_with text DEFAULT NULL) RETURNS void
    LANGUAGE sql AS $$
        INSERT INTO stand_in.calls (what, first, beside)
        VALUES (p_function::text, p_argument, colocate_with) $$;"""
"""Functions that take the calls of Citus and are as particular about triggers."""


@pytest.fixture
def asked(database: str) -> list[str]:
    with psycopg.connect(database) as connection:
        return citus.statements(citus.schema(connection))


def ours(database: str, query: str) -> set[str]:
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute(query.encode())}


def test_every_table_is_distributed_by_tenant_beside_the_head(
    database: str, asked: list[str]
) -> None:
    tables = ours(
        database,
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema'",
    )
    pattern = r"SELECT create_distributed_table\('(.+)', 'tenant_id', colocate_with => (.+)\)"
    found = [match.groups() for one in asked if (match := re.fullmatch(pattern, one))]
    assert {table for table, _ in found} == tables - {"public.tallystick_migration"}
    assert found[0] == ("ledger.head", "'none'")
    assert {beside for _, beside in found[1:]} == {HEAD}


def test_every_function_is_on_the_nodes_and_those_of_a_tenant_run_there(
    database: str, asked: list[str]
) -> None:
    functions = ours(
        database,
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE pronamespace IN (SELECT oid FROM pg_namespace"
        " WHERE nspname IN ('ledger', 'projections', 'access'))",
    )
    pattern = (
        r"SELECT create_distributed_function\('([^']+)'(?:, '(\$1)', colocate_with => (.+))?\)"
    )
    found = [match.groups() for one in asked if (match := re.fullmatch(pattern, one))]
    assert {function for function, _, _ in found} == functions
    sent = {function.partition("(")[0] for function, first, _ in found if first}
    assert sent == called(functions)
    assert {beside for _, first, beside in found if first} == {HEAD}


def called(functions: set[str]) -> set[str]:
    """The functions that stand in the program's own statements."""
    texts = [path.read_text("utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    names = {function.partition("(")[0] for function in functions}
    return {
        name
        for name in names
        if any(re.search(rf"(FROM|SELECT) {re.escape(name)}\(", text) for text in texts)
    }


def test_triggers_and_keys_come_back_after_distributing(asked: list[str]) -> None:
    last = max(n for n, one in enumerate(asked) if "create_distributed_table" in one)
    first = min(n for n, one in enumerate(asked) if "create_distributed_table" in one)
    for gone, back in (("DROP TRIGGER", "CREATE TRIGGER"), ("DROP CONSTRAINT", "ADD CONSTRAINT")):
        dropped = [n for n, one in enumerate(asked) if gone in one]
        made = [n for n, one in enumerate(asked) if back in one]
        assert dropped and len(dropped) == len(made)
        assert max(dropped) < first and min(made) > last
    assert asked.index("SET LOCAL citus.enable_unsafe_triggers = on") < first
    always = sum("ENABLE ALWAYS TRIGGER" in one for one in asked)
    assert always == sum("CREATE TRIGGER" in one for one in asked)


def test_the_statements_of_a_small_schema_are_these() -> None:
    small = Schema(
        tables=("a.b", "ledger.head"),
        keys=(Key("a.b", "k", "FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id)"),),
        triggers=(
            Trigger("a.b", "t", "CREATE TRIGGER t …", True),
            Trigger("a.b", "u", "CREATE TRIGGER u …", False),
        ),
        functions=(Function("a.f(text)", True), Function("a.o'clock()", False)),
    )
    assert citus.statements(small) == [
        "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
        "SET LOCAL citus.enable_unsafe_triggers = on",
        "DROP TRIGGER t ON a.b",
        "DROP TRIGGER u ON a.b",
        "ALTER TABLE a.b DROP CONSTRAINT k",
        "SELECT create_distributed_table('ledger.head', 'tenant_id', colocate_with => 'none')",
        "SELECT create_distributed_table('a.b', 'tenant_id', colocate_with => 'ledger.head')",
        "ALTER TABLE a.b ADD CONSTRAINT k"
        " FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id)",
        "SELECT create_distributed_function('a.f(text)', '$1', colocate_with => 'ledger.head')",
        "SELECT create_distributed_function('a.o''clock()')",
        "CREATE TRIGGER t …",
        "ALTER TABLE a.b ENABLE ALWAYS TRIGGER t",
        "CREATE TRIGGER u …",
    ]


def test_run_against_a_stand_in_it_leaves_the_schema_as_it_was(
    database: str, asked: list[str]
) -> None:
    before = schema_of(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(STAND_IN.encode())
        citus.distribute(connection, asked)
        calls = connection.execute("SELECT count(*) FROM stand_in.calls").fetchone()
        with pytest.raises(WrongState, match="distributed already"):
            citus.distribute(connection, asked)
        connection.execute("DROP SCHEMA stand_in CASCADE")
        connection.execute("DROP TABLE pg_dist_partition")
        connection.execute("DROP FUNCTION create_distributed_table, create_distributed_function")
    assert calls == (sum("SELECT create_distributed" in one for one in asked),)
    assert sorted(schema_of(database).splitlines()) == sorted(before.splitlines())


def test_where_one_statement_fails_nothing_is_done(database: str, asked: list[str]) -> None:
    before = schema_of(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(b"CREATE TEMP TABLE pg_dist_partition (logicalrelid regclass)")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            citus.distribute(connection, asked)
    assert schema_of(database) == before


def test_without_citus_it_says_so_in_one_line(line: Line) -> None:
    done = line.run("distribute")
    assert done.stdout == "skipped: the citus extension is not installed on this server\n"
    data = line.json("distribute")
    assert (data["done"], data["citus"]) == (False, None)
    assert data["skipped"] == done.stdout.strip()


def test_a_dry_run_prints_what_would_be_run(line: Line, asked: list[str]) -> None:
    assert line.run("distribute", "--dry-run").stdout == "".join(f"{one};\n" for one in asked)


def test_with_citus_it_distributes(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[Any] = []
    monkeypatch.setattr(citus, "citus", lambda _: "13.2-1")
    monkeypatch.setattr(citus, "distribute", lambda _, asked: run.append(asked))
    assert "by tenant on Citus 13.2-1" in line.run("distribute").stdout
    assert len(run) == 1
    assert line.json("distribute", "--dry-run")["done"] is False and len(run) == 1
    monkeypatch.setattr(citus, "citus", lambda _: None)
    monkeypatch.setattr(citus, "is_on_server", lambda _: True)
    assert "CREATE EXTENSION citus" in line.run("distribute").stdout
