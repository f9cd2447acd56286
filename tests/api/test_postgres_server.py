"""The embedded PostgreSQL: however its owner ends, no process is left and the data is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from api.postgres_keeper import ServerError, reachable
from api.postgres_server import EmbeddedPostgres
from tests.conftest import ROOT, short_folder

OWNER = """
import sys, threading, time
from pathlib import Path
from api.postgres_server import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
if sys.argv[2] == "thread":
    thread = threading.Thread(target=lambda: print(server.start(), flush=True))
    thread.start(); thread.join()
else:
    print(server.start(), flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    if sys.argv[2] == "polite":
        server.stop()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


def processes_of(folder: Path) -> list[str]:
    """Command lines of every process that has to do with the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # A backend rewrites its command line: its working folder still tells.
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(folder) in words or where.startswith(str(folder)):
                found.append(words)
    return found


def wait_until_none_is_left(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while left := processes_of(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def start_owner(folder: Path, manner: str = "plain") -> tuple[subprocess.Popen[str], str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), manner],
        stdout=subprocess.PIPE, cwd=ROOT, text=True, start_new_session=True,
    )  # fmt: skip
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    assert url, "the owner printed no address"
    return owner, url


def write_row(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (n int)")
        connection.execute("INSERT INTO t VALUES (1)")


def rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM t").fetchone()
        assert found is not None
        return int(found[0])


def test_start_and_stop_leave_no_process_and_the_next_start_is_quick(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url:
        write_row(url)
        assert processes_of(folder)
    assert processes_of(folder) == []
    began = time.monotonic()
    with EmbeddedPostgres(folder) as url:
        assert time.monotonic() - began < 2
        assert rows(url) == 1
    assert not (folder / "postgres" / "server.json").exists()
    assert list((folder / "postgres").glob("s-*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("manner", ["plain", "thread", "polite"])
def test_however_the_owner_ends_nothing_is_left_and_the_data_is_there(
    folder: Path, number: signal.Signals, manner: str
) -> None:
    owner, url = start_owner(folder, manner)
    write_row(url)
    # The whole group, as Ctrl-C in a terminal does.
    os.killpg(owner.pid, number)
    owner.communicate()
    # No waiting here: the next start has to wait for the old server by itself.
    with EmbeddedPostgres(folder) as again:
        assert rows(again) == 1
    wait_until_none_is_left(folder)


def test_a_killed_owner_leaves_nothing_even_with_a_connection_open(folder: Path) -> None:
    owner, url = start_owner(folder)
    connection = psycopg.connect(url)
    connection.execute("SELECT 1")
    owner.kill()
    owner.communicate()
    wait_until_none_is_left(folder)
    connection.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_killing_owner_and_keeper_at_once_leaves_no_postmaster(folder: Path) -> None:
    owner, url = start_owner(folder)
    write_row(url)
    keeper = Path(f"/proc/{owner.pid}/task/{owner.pid}/children").read_text().split()[0]
    os.kill(int(keeper), signal.SIGKILL)
    owner.kill()
    owner.communicate()
    with EmbeddedPostgres(folder) as again:
        assert rows(again) == 1
    wait_until_none_is_left(folder)


def test_killed_in_the_middle_of_the_first_start(folder: Path) -> None:
    for delay in (0.15, 0.4):
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder), "plain"],
            stdout=subprocess.DEVNULL, cwd=ROOT,
        )  # fmt: skip
        time.sleep(delay)
        owner.kill()
        owner.wait()
    with EmbeddedPostgres(folder) as url:
        write_row(url)
    wait_until_none_is_left(folder)


def test_a_second_process_uses_the_running_server_and_may_leave_it(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url:
        write_row(url)
        second, second_url = start_owner(folder)
        assert rows(second_url) == 1
        second.kill()
        second.communicate()
        assert rows(url) == 1
    assert processes_of(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_who_joined_goes_on_when_the_starter_is_gone_and_the_last_one_ends_it(
    folder: Path, number: signal.Signals
) -> None:
    starter, _ = start_owner(folder, "polite")
    joiner, url = start_owner(folder)
    write_row(url)
    os.kill(starter.pid, number)
    starter.communicate(timeout=10)
    time.sleep(0.5)
    assert rows(url) == 1
    third, _ = start_owner(folder, "polite")
    joiner.kill()
    joiner.communicate()
    assert rows(url) == 1
    third.kill()
    third.communicate()
    began = time.monotonic()
    wait_until_none_is_left(folder)
    assert time.monotonic() - began < 2
    with EmbeddedPostgres(folder) as again:
        assert rows(again) == 1


def test_the_last_to_leave_politely_returns_when_no_process_is_left(folder: Path) -> None:
    starter, _ = start_owner(folder, "polite")
    with EmbeddedPostgres(folder) as url:
        os.kill(starter.pid, signal.SIGINT)
        starter.communicate(timeout=10)
        write_row(url)
    assert processes_of(folder) == []


def test_many_come_and_go_at_once(folder: Path) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder), "polite"],
            stdout=subprocess.PIPE, cwd=ROOT, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    urls = set()
    for number, process in enumerate(starters):
        assert process.stdout is not None
        urls.add(process.stdout.readline())
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGINT)
    for process in starters:
        process.communicate(timeout=20)
    assert "" not in urls
    wait_until_none_is_left(folder)


def test_the_password_and_the_data_are_private(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url:
        place = (folder / "postgres").resolve()
        assert (place / "password").stat().st_mode & 0o777 == 0o600
        assert (place / "data").stat().st_mode & 0o777 == 0o700
        (sockets,) = place.glob("s-*")
        assert sockets.stat().st_mode & 0o777 == 0o700
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace((place / "password").read_text(), "wrong"))


def test_a_path_too_long_for_a_socket_still_works(folder: Path) -> None:
    long = folder / ("long" * 20) / ("er" * 30)
    with EmbeddedPostgres(long) as url:
        write_row(url)
    assert processes_of(folder) == []


def test_words_and_order_of_chinese(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute(
            "SELECT cardinality(show_trgm('契约条款')) > 0, current_setting('server_encoding')"
        ).fetchone()
        assert row == (True, "UTF8")


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    (folder / "postgres" / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServerError, match="incompatible"):
        EmbeddedPostgres(folder).start()
    assert processes_of(folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run the server")
def test_a_folder_the_servers_user_cannot_reach_gets_its_files_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    try:
        with EmbeddedPostgres(closed) as url:
            write_row(url)
            assert not reachable(closed, 65534)
            assert closed.stat().st_mode & 0o777 == 0o700
            elsewhere = (closed / "postgres").resolve()
            assert elsewhere.is_relative_to("/var/lib/tallystick")
    finally:
        subprocess.run(["rm", "-rf", (closed / "postgres").resolve()], check=True)
