"""Connections: the one used last is used next, and one that died while idle is not handed out."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool


class WarmPool(ConnectionPool[psycopg.Connection[tuple[Any, ...]]]):
    """A pool that gives the connection that came back last.

    The server's process behind it has its plans and caches warm; taking turns through all of them
    makes a small statement a third slower. After a restart of the server the dead connections are
    noticed here, before anything is sent over them.
    """

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that is alive as far as can be seen without asking the server."""
        while True:
            connection = super().getconn(timeout)
            if not _is_dead(connection):
                return connection
            connection.close()
            self.putconn(connection)

    def _get_ready_connection(
        self, timeout: float | None
    ) -> psycopg.Connection[tuple[Any, ...]] | None:
        # The pool takes from the left and puts back on the right; called under its lock.
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


def _is_dead(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Whether the server has said anything on an idle connection: all it ever says is goodbye."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
