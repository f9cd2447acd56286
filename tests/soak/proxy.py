"""A proxy before a server's socket that cuts the line after so many bytes of one direction."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from pathlib import Path


class Proxy:
    """Passes everything on until it is armed; then the bytes of one direction are counted."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.socket = folder / ".s.PGSQL.5432"
        self._target = target
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.socket))
        self._listener.listen(16)
        self._left: dict[str, int] | None = None
        self.passed = {"up": 0, "down": 0}
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, conninfo: str) -> str:
        """The address of the same database by way of the proxy."""
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        return make_conninfo(**{**conninfo_to_dict(conninfo), "host": str(self.socket.parent)})

    def arm(self, direction: str, after: int) -> None:
        """From now on let so many bytes of `up` (to the server) or `down` through, then cut."""
        self.passed = {"up": 0, "down": 0}
        self._left = {direction: after}

    def disarm(self) -> None:
        """Let everything through again, on new connections."""
        self._left = None

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with client, server, contextlib.suppress(OSError):
            server.connect(str(self._target))
            pairs = {client: (server, "up"), server: (client, "down")}
            while True:
                for source in select.select(list(pairs), [], [])[0]:
                    other, direction = pairs[source]
                    data = source.recv(65536)
                    if not data or not self._pass(other, direction, data):
                        return

    def _pass(self, other: socket.socket, direction: str, data: bytes) -> bool:
        left = self._left
        if left is None or direction not in left:
            other.sendall(data)
            self.passed[direction] += len(data)
            return True
        part = data[: left[direction]]
        other.sendall(part)
        self.passed[direction] += len(part)
        left[direction] -= len(part)
        return len(part) == len(data) and left[direction] > 0


def socket_of(conninfo: str) -> Path:
    """The socket that a connection string names."""
    from psycopg.conninfo import conninfo_to_dict

    return Path(str(conninfo_to_dict(conninfo)["host"])) / ".s.PGSQL.5432"
