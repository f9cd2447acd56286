"""A database that writes down which transaction touched which tenant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.migrate import migrate
from tests.conftest import MIGRATIONS

Row = tuple[Any, ...]
COPIED = {"bank_line", "metric_row", "rejected_row"}
"""Tables of the ledger that are filled by COPY, which knows no row security."""
WATCH = """
    CREATE SCHEMA watch;
    CREATE TABLE watch.touched (xid xid8, tenant text, place text, query text,
        PRIMARY KEY (xid, tenant, place));
    CREATE FUNCTION watch.seen(p_tenant text, p_place text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
        before text := nullif(current_setting('watch.tenant', true), '');
    BEGIN
        IF current_setting('transaction_read_only') = 'on' THEN
            IF before <> p_tenant THEN
                RAISE 'a transaction that only reads touches % and %', before, p_tenant;
            END IF;
            PERFORM set_config('watch.tenant', p_tenant, true);
            RETURN true;
        END IF;
        INSERT INTO watch.touched
        VALUES (pg_current_xact_id(), p_tenant, p_place, current_query()) ON CONFLICT DO NOTHING;
        RETURN true;
    END
    $$;
    CREATE FUNCTION watch.wrote() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        PERFORM watch.seen(coalesce(NEW.tenant_id, OLD.tenant_id), TG_TABLE_NAME);
        RETURN NULL;
    END
    $$;"""
WRITES = """
    CREATE TRIGGER watched AFTER INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION watch.wrote()"""
READS = """
    ALTER TABLE {0} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {0} FORCE ROW LEVEL SECURITY;
    CREATE POLICY watched ON {0} USING (watch.seen(tenant_id, {1}))"""


@pytest.fixture
def watched(server: str) -> Iterator[str]:
    """A database whose every table writes down which transaction touched which tenant.

    Reads are seen by a row policy: it is asked of rows that are left by `tenant_id = …`. Policies
    do not hold for superusers, so the database belongs to a role of its own.
    """
    name = f"tallystick_watched_{os.getpid()}"
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE); DROP ROLE IF EXISTS {name}"
    with psycopg.connect(server, autocommit=True) as connection:
        try:
            for statement in drop.split(";"):
                connection.execute(statement)  # type: ignore[call-overload]
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("the role may not create roles")
        connection.execute(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0")
        conninfo = make_conninfo(server, dbname=name, user=name, password=name)
        try:
            migrate(conninfo, MIGRATIONS)
            _watch(conninfo)
            yield conninfo
        finally:
            for statement in drop.split(";"):
                connection.execute(statement)  # type: ignore[call-overload]


def _watch(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(WATCH)
        for schema, table in _tables(connection):
            connection.execute(sql.SQL(WRITES).format(sql.Identifier(schema, table)))
        watch_reads(connection, is_copied)


def is_copied(schema: str, table: str) -> bool:
    return table in COPIED or (schema == "projections" and table != "progress")


def _tables(connection: psycopg.Connection[Row]) -> list[Row]:
    return connection.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname IN ('ledger', 'projections', 'access')"
    ).fetchall()


def watch_reads(connection: psycopg.Connection[Row], without: Callable[[str, str], bool]) -> None:
    for schema, table in _tables(connection):
        if not without(schema, table):
            place = sql.Identifier(schema, table)
            connection.execute(sql.SQL(READS).format(place, sql.Literal(table)))


def asked(conninfo: str, query: str) -> list[Row]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query.replace("%%", "%").encode()).fetchall()


def touched_by(conninfo: str) -> list[Row]:
    return asked(conninfo, "SELECT xid::text, tenant, place, query FROM watch.touched")
