"""Restores: what comes back is whole, and a record that is behind what was told is found out."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.failures import NotInRecord
from ledger.idempotency import Idempotency
from ledger.migrate import migrate, pending
from ledger.records import Receipt
from ledger.store import FactStore, open_pool
from projections import directory
from projections.rebuild import rebuild
from projections.runner import Runner
from tests.conftest import MIGRATIONS, short_folder
from tests.soak import record
from tests.soak.load import ACT, facts_of
from tests.soak.report import Report
from tests.soak.server import OLD_BINARIES, Server

pytestmark = pytest.mark.postgres
TENANT = "restored 公司"
Told = dict[str, list[Receipt]]
"""What clients were told, by their keys."""


def fill(url: str, name: str, count: int = 30) -> Told:
    """Requests with keys; the read model follows."""
    told = {}
    with open_pool(url) as pool:
        store = FactStore(pool)
        store.open_tenant(TENANT)
        for number in range(count):
            key = f"{name}-{number}"
            once, new = Idempotency(key, b"f"), facts_of(f"person/{key}", number % 4 + 1)
            told[key] = store.append(TENANT, new, ACT, idempotency=once)
        Runner(pool, store, [directory]).catch_up(TENANT)
    return told


def intact(url: str, told: Told) -> None:
    """Everything that was told stands there, byte for byte, and work goes on."""
    assert pending(url, MIGRATIONS) == []
    report = Report("restore", 0)
    with open_pool(url) as pool:
        store = FactStore(pool)
        found = record.read(pool, TENANT, report)
        record.compare(TENANT, [one for some in told.values() for one in some], found, report)
        assert report.violations == []
        assert len(found) == sum(map(len, told.values()))
        for key, receipts in told.items():
            answer = store.idempotent_answer(TENANT, key, b"f")
            assert answer is not None and answer.receipts == receipts
            store.check_receipt(TENANT, receipts[-1])
        assert rebuild(pool, store, directory, TENANT).rows == 0
        new = facts_of("person/after", 2)
        assert store.append(TENANT, new, ACT)[0].position == len(found) + 1
        with pool.connection() as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM ledger.fact")


def dumped(source: Server, target: Server, tools: Server, name: str) -> str:
    """Dump the source's database and restore it into a new one of the target."""
    file = tools.own(tools.folder / "dump") / "tallystick"
    tools.call("pg_dump", "--format=custom", f"--file={file}", source.url)
    with psycopg.connect(target.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = make_conninfo(target.url, dbname=name)
    tools.call("pg_restore", "--exit-on-error", f"--dbname={url}", file)
    return url


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the newest version."""
    with short_folder() as folder, Server(folder / "a", fsync="off") as started:
        migrate(started.url, MIGRATIONS)
        yield started


def test_a_dump_restored_is_the_same_record(server: Server) -> None:
    told = fill(server.url, "first")
    intact(dumped(server, server, server, "again"), told)


def test_a_dump_of_an_older_postgresql_is_the_same_record_in_the_newest(server: Server) -> None:
    if not OLD_BINARIES.is_dir():
        pytest.skip(f"no older PostgreSQL is in {OLD_BINARIES}")
    with short_folder() as folder, Server(folder / "b", binaries=OLD_BINARIES) as old:
        migrate(old.url, MIGRATIONS)
        told = fill(old.url, "first")
        intact(dumped(old, server, server, "newer"), told)


@pytest.fixture
def archiving() -> Iterator[Server]:
    """A server that archives its log."""
    with short_folder() as folder:
        archive = folder / "c" / "archive"
        command = f"cp %p {archive}/%f"
        server = Server(folder / "c", archive_mode="on", archive_command=command)
        server.own(archive)
        with server:
            migrate(server.url, MIGRATIONS)
            yield server


def _recovered(server: Server, target: str) -> Server:
    """A second server, from the base backup and the archived log up to a target."""
    second = Server(
        server.folder.parent / "d",
        restore_command=f"cp {server.folder / 'archive'}/%f %p",
        recovery_target_action="promote",
        **({"recovery_target_name": target} if target else {}),
    )
    (server.folder / "base").rename(second.data)
    (second.data / "recovery.signal").touch()
    return second.start()


def _backed_up(server: Server) -> tuple[Told, Told]:
    """A backup, then work up to a named point, then work beyond it; both as they were told."""
    before = fill(server.url, "before")
    server.own(server.folder / "base")
    server.call(
        "pg_basebackup", "-D", server.folder / "base", "-d", server.url, "--checkpoint=fast"
    )
    before |= fill(server.url, "between")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("SELECT pg_create_restore_point('here')")
    beyond = fill(server.url, "beyond")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
    server.stop()  # archives what is left
    return before, beyond


def test_a_base_backup_and_the_archived_log_bring_everything_back(archiving: Server) -> None:
    before, beyond = _backed_up(archiving)
    recovered = _recovered(archiving, "")
    try:
        intact(recovered.url, before | beyond)
    finally:
        recovered.remove()


def test_a_restore_to_an_earlier_moment_is_whole_and_known_to_be_behind(archiving: Server) -> None:
    before, beyond = _backed_up(archiving)
    recovered = _recovered(archiving, "here")
    lost = [receipt for receipts in beyond.values() for receipt in receipts]
    try:
        with open_pool(recovered.url) as pool:
            store = FactStore(pool)
            with pytest.raises(NotInRecord, match="behind what was acknowledged") as refusal:
                store.check_receipt(TENANT, lost[0])
            assert refusal.value.details["head"] == lost[0].position - 1
        intact(recovered.url, before)
        with open_pool(recovered.url) as pool, pytest.raises(NotInRecord, match="person/after"):
            FactStore(pool).check_receipt(TENANT, lost[0])
    finally:
        recovered.remove()
