"""Rows in sets: a batch of facts becomes a handful of statements, never one a row."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from psycopg import sql

from projections.model import Connection

Row = tuple[Any, ...]
Value = TypeVar("Value")
_ARRAYS = {"jsonb": "text", "int8range": "text", "daterange": "text"}
"""Types that travel as text in arrays and are cast on the server."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Table:
    """A table as its fold sees it: columns with their types, the tenant left out.

    Rows carry their jsonb columns as JSON text (`as_json`) and their ranges as text.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    _upsert: sql.Composed = field(init=False, repr=False)
    _copy: sql.Composed = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_upsert", self._upsert_statement())
        object.__setattr__(self, "_copy", self._copy_statement())

    def upsert(self, connection: Connection, tenant: str, rows: Iterable[Row]) -> None:
        """Insert rows, or replace those with the same key, in one statement."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        if columns:
            connection.execute(self._upsert, [tenant, *columns])

    def copy(self, connection: Connection, tenant: str, rows: Iterable[Row]) -> None:
        """Insert new rows by COPY."""
        with connection.cursor() as cursor, cursor.copy(self._copy) as copy:
            write = copy.write_row
            for row in rows:
                write((tenant, *row))

    def save(
        self,
        connection: Connection,
        tenant: str,
        rows: Mapping[Value, Row],
        stored: Container[Value],
    ) -> None:
        """Write last states: those that are stored already replaced, new ones by COPY."""
        self.upsert(connection, tenant, (row for key, row in rows.items() if key in stored))
        new = [row for key, row in rows.items() if key not in stored]
        if new:
            self.copy(connection, tenant, new)

    def load(
        self, connection: Connection, tenant: str, column: str, values: Iterable[str]
    ) -> list[Row]:
        """The present rows whose `column` is one of the values."""
        query = sql.SQL("SELECT {} FROM {} WHERE tenant_id = %b AND {} = ANY(%b)").format(
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            sql.Identifier(self.name),
            sql.Identifier(column),
        )
        return connection.execute(query, [tenant, list(values)], binary=True).fetchall()

    def _copy_statement(self) -> sql.Composed:
        names = sql.SQL(", ").join(map(sql.Identifier, ["tenant_id", *self.columns]))
        return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(self.name), names)

    def _upsert_statement(self) -> sql.Composed:
        names = list(map(sql.Identifier, self.columns))
        values = [
            sql.SQL("a.{}::" + kind).format(sql.Identifier(name))
            for name, kind in self.columns.items()
        ]
        arrays = [sql.SQL("%b::" + _ARRAYS.get(t, t) + "[]") for t in self.columns.values()]
        changed = [
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
            for name in self.columns
            if name not in self.key
        ]
        return sql.SQL(
            "INSERT INTO {table} (tenant_id, {names}) SELECT %b, {values} "
            "FROM unnest({arrays}) AS a ({names}) "
            "ON CONFLICT (tenant_id, {key}) DO UPDATE SET {changed}"
        ).format(
            table=sql.Identifier(self.name),
            names=sql.SQL(", ").join(names),
            values=sql.SQL(", ").join(values),
            arrays=sql.SQL(", ").join(arrays),
            key=sql.SQL(", ").join(map(sql.Identifier, self.key)),
            changed=sql.SQL(", ").join(changed),
        )


def as_json(value: Any) -> str | None:
    """JSON text for a jsonb column: decimals and days are text in it; None stays NULL."""
    return None if value is None else _encode(value).decode()


def known_range(first: int, last: int | None) -> str:
    """The positions from `first` to before `last`, as int8range text."""
    return f"[{first},{'' if last is None else last})"


def last_segment(stream: str) -> str:
    """What follows the first slash of a stream id: `contract/K-7` is contract K-7."""
    return stream.split("/", 1)[1]


def distinct(values: Iterable[Value]) -> list[Value]:
    """Each value once, in the order of their first appearance."""
    return list(dict.fromkeys(values))


def tuples(rows: Mapping[Value, msgspec.Struct]) -> dict[Value, Row]:
    """Structs whose fields are the columns of a table, as its rows."""
    return {key: msgspec.structs.astuple(row) for key, row in rows.items()}
