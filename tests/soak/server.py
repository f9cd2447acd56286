"""A PostgreSQL server of a test's own: any version, any setting, killed and started again."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from api import postgres_keeper as keeper

_DEBIAN = sorted(
    Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(3)
)
OLD_BINARIES = Path(
    os.environ.get("TALLYSTICK_OLD_POSTGRES") or [*_DEBIAN, Path("/usr/lib/postgresql/15/bin")][0]
)
"""An older version than the embedded one: the oldest that Debian's package `postgresql` put here."""
_DATABASE = "tallystick"


class Server:
    """A server in a folder that its user can reach. Trust is safe: its socket's folder is 0700."""

    def __init__(self, folder: Path, *, binaries: Path | None = None, **settings: str) -> None:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.folder = folder
        self.binaries = binaries or keeper.readable_binaries(folder) / "pginstall" / "bin"
        self.data = folder / "data"
        self.settings = settings
        self._uid = keeper.server_uid(None)
        self._sockets = folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        if not self._sockets.exists():
            self.own(self._sockets)

    @property
    def url(self) -> str:
        """The address of the database, the same after every start."""
        place = quote(str(self._sockets), safe="")
        return f"postgresql://{keeper.ROLE}@/{_DATABASE}?host={place}"

    @property
    def socket(self) -> Path:
        """The socket itself."""
        return Path(f"{self._sockets}{keeper.SOCKET_NAME}")

    def own(self, folder: Path) -> Path:
        """Make a folder of the server's user."""
        folder.mkdir(mode=0o700, parents=True)
        os.chown(folder, self._uid, -1)
        return folder

    def create(self) -> Server:
        """Make the cluster and its database."""
        self.own(self.data)
        self.call("initdb", "-D", self.data, f"--username={keeper.ROLE}", "--auth=trust",
                  "--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8")  # fmt: skip
        self.call("postgres", "--single", "-D", self.data, "postgres",
                  input=f"CREATE DATABASE {_DATABASE}\n")  # fmt: skip
        return self

    def start(self) -> Server:
        """Start, and wait until connections are taken: crash recovery is done then."""
        # A killed server leaves its note; no process of it is left once kill() has returned.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        given = {"listen_addresses": "", "unix_socket_directories": str(self._sockets)}
        options = [f"--{key}={value}" for key, value in {**given, **self.settings}.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=keeper._die_with_parent(os.getpid()),  # noqa: PLW1509
                **self._as_server(),
            )  # fmt: skip
        return self.await_ready()

    def await_ready(self) -> Server:
        """Wait until connections are taken."""
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url).close()
                return self
            except psycopg.OperationalError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()[-3000:]) from None
                time.sleep(0.02)

    @staticmethod
    def kill_one(pid: int) -> None:
        """`kill -9` of one process of the server."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def pids(self) -> list[int]:
        """The postmaster and its children."""
        assert self._process is not None
        first = self._process.pid
        path = Path(f"/proc/{first}/task/{first}/children")
        return [first, *map(int, path.read_text().split())]

    def kill(self, *, whole: bool = True) -> None:
        """`kill -9`: of all processes at once, as a power cut has it, or of the postmaster."""
        assert self._process is not None
        pids = self.pids()
        for pid in pids if whole else pids[:1]:
            self.kill_one(pid)
        self._process.wait()
        self._process = None
        while any(_is_alive(pid) for pid in pids):
            time.sleep(0.01)

    def kill_backend(self, chance: random.Random) -> None:
        """`kill -9` of one client's process: the server ends all others, and recovers by itself."""
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url) as witness:
            asked = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            pids = sorted(pid for (pid,) in witness.execute(asked))
            self.kill_one(chance.choice(pids))
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:  # until the witness is ended too
                witness.execute("SELECT pg_sleep(0.01)")
        self.await_ready()

    def stop(self) -> None:
        """End in order; harder where that takes too long."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
            self._process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def remove(self) -> None:
        """End, and remove all files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Server:
        return self.create().start()

    def __exit__(self, *exc: object) -> None:
        self.remove()

    def call(self, program: str, *arguments: str | Path, **extra: Any) -> str:
        """Run a program of this version as the server's user."""
        done = subprocess.run(
            [self.binaries / program, *arguments], capture_output=True, text=True, check=False,
            **self._as_server(), **extra,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def _as_server(self) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        common: dict[str, Any] = {"cwd": self.folder, "env": environment}
        if self._uid != os.geteuid():
            common |= {"user": self._uid, "group": self._uid, "extra_groups": []}
        return common


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
