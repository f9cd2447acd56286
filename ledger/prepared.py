"""The statements of the append as libpq sends them: prepared once a connection, packed by hand.

A commit takes a small append longer than all of psycopg's work on it, but what a program does
after it slept costs several times what it costs a busy one: asking every parameter and column
what it is took as long as the server took to insert them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, LiteralString
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

Connection = psycopg.Connection[tuple[object, ...]]
_INT4, _INT8 = Struct(">i"), Struct(">q")
_NOT_PREPARED = b"26000"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Statement:
    """One statement. Parameters and columns travel in binary."""

    def __init__(self, name: str, query: LiteralString, types: Sequence[str]) -> None:
        """`types` are the names of the parameters' types, `$1` first."""
        self._name = f"tallystick_{name}".encode()
        self._query = query.encode()
        self._types = [_oid(name) for name in types]
        self._formats = [Format.BINARY] * len(types)
        self._guard = threading.Lock()
        self._known: WeakKeyDictionary[Connection, bool] = WeakKeyDictionary()

    def run(self, connection: Connection, params: Sequence[bytes | None]) -> PGresult:
        """Run it outside of a transaction and wait for the answer. Raises the errors of psycopg."""
        with self._guard:
            is_known = connection in self._known
        if is_known:
            found = self._execute(connection, params)
            if found.error_field(DiagnosticField.SQLSTATE) != _NOT_PREPARED:
                return _checked(connection, found, ExecStatus.TUPLES_OK)
        # New here, or psycopg threw all prepared statements away, as it does after some ROLLBACKs.
        made = connection.pgconn.prepare(self._name, self._query, self._types)
        _checked(connection, made, ExecStatus.COMMAND_OK)
        with self._guard:
            self._known[connection] = True
        return _checked(connection, self._execute(connection, params), ExecStatus.TUPLES_OK)

    def _execute(self, connection: Connection, params: Sequence[bytes | None]) -> PGresult:
        # None stands for NULL, which the stub does not know.
        asked: Any = params
        return connection.pgconn.exec_prepared(self._name, asked, self._formats, Format.BINARY)


def int4(number: int) -> bytes:
    """An integer as a parameter. Raises struct.error for one of more than 32 bits."""
    return _INT4.pack(number)


def number(data: bytes | None) -> int:
    """A bigint of an answer."""
    return int(_INT8.unpack(data or b"")[0])


def moment(data: bytes | None) -> datetime:
    """A timestamptz of an answer, in UTC."""
    return _EPOCH + timedelta(microseconds=number(data))


def _checked(connection: Connection, result: PGresult, wanted: ExecStatus) -> PGresult:
    if result.status == wanted:
        return result
    if connection.closed:
        raise psycopg.OperationalError(result.get_error_message())
    raise error_from_result(result)


def _oid(name: str) -> int:
    found = psycopg.adapters.types[name.removesuffix("[]")]
    return found.array_oid if name.endswith("[]") else found.oid
