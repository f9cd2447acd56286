"""The schema onto Citus by tenant: which statements it takes, made from what the catalogs say.

Every table that has a tenant is distributed by it and lies beside `ledger.head`, so that all rows
of one tenant are on one node; the functions that write run on that node. Triggers and foreign
keys are made again afterwards, in the same transaction: Citus takes no table that has triggers.
"""

from __future__ import annotations

from typing import LiteralString

import msgspec
from psycopg import sql

from domain.refusals import WrongState
from ledger.queries import Connection

FIRST = "ledger.head"
"""The table beside which all others lie."""
SENT = frozenset(
    [
        "advance",
        "append",
        "append_gathered",
        "append_group",
        "append_one",
        "open_tenant",
        "position_at",
        "turn_master_key",
    ]
)
"""Functions that the program calls: each call goes to the node of the tenant it names first. The
others are called by these, there, and are sent nowhere."""

_TABLES: LiteralString = """
    SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%s) ORDER BY 1"""
_KEYS: LiteralString = """
    SELECT format('%%I.%%I', n.nspname, c.relname), quote_ident(k.conname),
        pg_get_constraintdef(k.oid)
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND n.nspname = ANY(%s) ORDER BY 1, 2"""
_TRIGGERS: LiteralString = """
    SELECT format('%%I.%%I', n.nspname, c.relname), quote_ident(t.tgname),
        pg_get_triggerdef(t.oid), t.tgenabled = 'A'
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND n.nspname = ANY(%s) ORDER BY 1, 2"""
_FUNCTIONS: LiteralString = """
    SELECT p.oid::regprocedure::text, p.proname = ANY(%s)
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY(%s) ORDER BY 1"""
_DISTRIBUTED: LiteralString = (
    "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = %s::regclass"
)
SCHEMAS = ("access", "ledger", "projections")


class Key(msgspec.Struct, frozen=True):
    """A foreign key of a table."""

    table: str
    name: str
    definition: str


class Trigger(msgspec.Struct, frozen=True):
    """A trigger of a table; `always` fires in a replica's session too."""

    table: str
    name: str
    definition: str
    always: bool


class Function(msgspec.Struct, frozen=True):
    """A function, and whether a call is sent to the node of the tenant it names first."""

    signature: str
    by_tenant: bool


class Schema(msgspec.Struct, frozen=True):
    """What there is to distribute. Names are quoted where they need it."""

    tables: tuple[str, ...]
    keys: tuple[Key, ...]
    triggers: tuple[Trigger, ...]
    functions: tuple[Function, ...]


def schema(connection: Connection) -> Schema:
    """What the catalogs say of our tables and functions."""
    ask, ours = connection.execute, list(SCHEMAS)
    return Schema(
        tuple(row[0] for row in ask(_TABLES, [ours])),
        tuple(Key(*row) for row in ask(_KEYS, [ours])),
        tuple(Trigger(*row) for row in ask(_TRIGGERS, [ours])),
        tuple(Function(*row) for row in ask(_FUNCTIONS, [sorted(SENT), ours])),
    )


def statements(found: Schema) -> list[str]:
    """What distributes a schema, in order, to be run as one transaction."""
    tables = [FIRST, *(table for table in found.tables if table != FIRST)]
    return [
        "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
        "SET LOCAL citus.enable_unsafe_triggers = on",
        *(f"DROP TRIGGER {one.name} ON {one.table}" for one in found.triggers),
        *(f"ALTER TABLE {one.table} DROP CONSTRAINT {one.name}" for one in found.keys),
        *(_distributed(table) for table in tables),
        *(f"ALTER TABLE {k.table} ADD CONSTRAINT {k.name} {k.definition}" for k in found.keys),
        *(_on_the_nodes(function) for function in found.functions),
        *(statement for one in found.triggers for statement in _made_again(one)),
    ]


def _distributed(table: str) -> str:
    beside = "none" if table == FIRST else FIRST
    return (
        f"SELECT create_distributed_table({_text(table)}, 'tenant_id', "
        f"colocate_with => {_text(beside)})"
    )


def _on_the_nodes(function: Function) -> str:
    if not function.by_tenant:
        return f"SELECT create_distributed_function({_text(function.signature)})"
    return (
        f"SELECT create_distributed_function({_text(function.signature)}, '$1', "
        f"colocate_with => {_text(FIRST)})"
    )


def _made_again(trigger: Trigger) -> list[str]:
    made = [trigger.definition]
    if trigger.always:
        made.append(f"ALTER TABLE {trigger.table} ENABLE ALWAYS TRIGGER {trigger.name}")
    return made


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def citus(connection: Connection) -> str | None:
    """The version of Citus in this database; None where it is not."""
    row = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'citus'"
    ).fetchone()
    return str(row[0]) if row else None


def is_on_server(connection: Connection) -> bool:
    """Whether the server has Citus to offer, in this database or not."""
    query = "SELECT FROM pg_available_extensions WHERE name = 'citus'"
    return connection.execute(query).fetchone() is not None


def distribute(connection: Connection, asked: list[str]) -> None:
    """Run the statements, all or none. Raises WrongState where it was done before."""
    with connection.transaction():
        row = connection.execute(_DISTRIBUTED, [FIRST]).fetchone()
        if row is not None and row[0]:
            raise WrongState(
                "账本已按租户分布",
                f"{FIRST} is distributed already",
                do="Nothing is left to do; tables of a later migration are distributed by hand.",
            )
        for statement in asked:
            connection.execute(sql.SQL(statement))
