"""What somebody with all rights in the database can do to it, and how it is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('ledger', 'projections') ORDER BY 1, 2"""
COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype IN ('c', 'f') AND connamespace IN (
        SELECT oid FROM pg_namespace WHERE nspname IN ('ledger', 'projections', 'access'))"""
Connection = psycopg.Connection[tuple[Any, ...]]


def disarm(connection: Connection) -> None:
    """Take away what only hinders: triggers, checks, foreign keys."""
    for table, name in connection.execute(CONSTRAINTS).fetchall():
        connection.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                sql.SQL(table), sql.Identifier(name)
            )
        )
    for schema, table in connection.execute(TABLES).fetchall():
        name = sql.Identifier(schema, table)
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
        connection.execute(
            sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept(f"{schema}.{table}"), name)
        )


def kept(table: str) -> sql.Identifier:
    """The copy of a table that it is put back from."""
    return sql.Identifier("public", f"kept_{table.replace('.', '_')}")


def named(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


@contextmanager
def altered(connection: Connection, *tables: str) -> Iterator[None]:
    """Afterwards the tables are what they were."""
    try:
        yield
    finally:
        for table in tables:
            connection.execute(sql.SQL("TRUNCATE {}").format(named(table)))
            connection.execute(
                sql.SQL("INSERT INTO {} SELECT * FROM {}").format(named(table), kept(table))
            )


def columns(connection: Connection, table: str) -> list[tuple[str, str]]:
    """The columns of a table with their types."""
    return [(name, kind) for name, kind in connection.execute(COLUMNS, [table]).fetchall()]


def change_a_byte(connection: Connection, table: str, column: str, kind: str, where: str) -> bool:
    """Change one character of a value's text form in one row; False where no change is possible.

    The row is the first of those that fit; of a value that is not there, one is made.
    """
    chosen = sql.SQL(
        "SELECT t.ctid::text, t.{column}::text FROM {table} AS t WHERE {where}"
        " ORDER BY t.{column} IS NULL, t.{column}::text = '', ctid LIMIT 1"
    ).format(column=sql.Identifier(column), table=named(table), where=sql.SQL(where))  # type: ignore[arg-type]
    row = connection.execute(chosen).fetchone()
    if row is None:
        return False
    place, text = row
    update = sql.SQL(
        "UPDATE {table} SET {column} = %s::{kind} WHERE ctid = %s::tid"
        " AND {column} IS DISTINCT FROM %s::{kind}"
    ).format(table=named(table), column=sql.Identifier(column), kind=sql.SQL(kind))  # type: ignore[arg-type]
    for value in variants(text):
        try:
            with connection.transaction():
                if connection.execute(update, [value, place, value]).rowcount == 1:
                    return True
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.InternalError):
            continue
    return False


def variants(text: str | None) -> Iterator[str]:
    """Values that differ in one character, the last ones first."""
    if not text:
        yield from ("x", "1", "2025-01-01", '"x"', "{x}", "true", "[1,2)")
        return
    for place in reversed(range(len(text))):
        for character in (chr(ord(text[place]) ^ 1), "7", "3", "a"):
            if character != text[place] and ord(character) >= 32:
                yield text[:place] + character + text[place + 1 :]
    yield from (text + "x", text + "7", text + "77777", '["x"]', '{"x": 1}')
