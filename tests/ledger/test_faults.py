"""What goes wrong under an append: a clear error, nothing half done, and it recovers by itself."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.refusals import Refusal
from ledger.failures import OutcomeUnknown, Unavailable
from ledger.idempotency import Idempotency
from ledger.queries import Pool
from ledger.records import Receipt
from ledger.store import FactStore, open_pool
from tests.conftest import short_folder
from tests.ledger.samples import ACT, NAMES, changed, opened
from tests.ledger.threads import race
from tests.soak import record
from tests.soak.proxy import Proxy, socket_of
from tests.soak.report import Report

pytestmark = pytest.mark.postgres


@contextmanager
def over(conninfo: str, *, size: int = 4, **settings: str) -> Iterator[FactStore]:
    """A store whose sessions have these settings."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    with open_pool(make_conninfo(conninfo, options=options), max_size=size) as pool:
        yield FactStore(pool, NAMES)


@contextmanager
def held(pool: Pool, store: FactStore, tenant: str) -> Iterator[None]:
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        store.append_in(connection, tenant, [opened("nothing")], ACT)
        yield


def whole(pool: Pool, tenant: str) -> int:
    """How many facts stand; the record has no gap and no half of anything."""
    report = Report("faults", 0)
    found = record.read(pool, tenant, report)
    covered = sum(last - first + 1 for first, last in record.keys(pool, tenant).values())  # type: ignore[operator]
    assert report.violations == []
    assert covered == len(found), "facts and keys are kept together"
    return len(found)


def keyed(store: FactStore, tenant: str, name: str, size: int = 2) -> list[Receipt]:
    new = [opened(name), *(changed(name, n) for n in range(2, size + 1))]
    return store.append(tenant, new, ACT, idempotency=Idempotency(name, b"f"))


def refused(store: FactStore, tenant: str, name: str) -> Refusal:
    """The refusal that a request ends with; anything else is raised."""
    try:
        keyed(store, tenant, name)
    except (Unavailable, OutcomeUnknown) as refusal:
        return refusal
    raise AssertionError(f"{name} was recorded")


@pytest.mark.parametrize(
    ("setting", "cause"),
    [("lock_timeout", "LockNotAvailable 55P03"), ("statement_timeout", "QueryCanceled 57014")],
)
def test_a_time_limit_is_told_to_each_and_nothing_is_recorded(
    pool: Pool, store: FactStore, shared_database: str, tenant: str, setting: str, cause: str
) -> None:
    with over(shared_database, **{setting: "200"}) as limited:
        with held(pool, store, tenant):
            for refusal in race(6, lambda n: refused(limited, tenant, f"s{n}")):
                assert isinstance(refusal, Unavailable)
                assert refusal.details["cause"] == cause
                assert refusal.status == 503 and "nothing was recorded" in refusal.en
        assert whole(pool, tenant) == 0
        race(6, lambda n: keyed(limited, tenant, f"s{n}"))
    assert whole(pool, tenant) == 12


def test_no_connection_free_is_told_to_all_who_wait_at_once(
    pool: Pool, shared_database: str, tenant: str
) -> None:
    with over(shared_database, size=1) as narrow:
        narrow._pool.timeout = 0.5
        with narrow._pool.connection():
            for refusal in race(6, lambda n: refused(narrow, tenant, f"s{n}")):
                assert isinstance(refusal, Unavailable)
                assert refusal.details["cause"] == "PoolTimeout"
        assert whole(pool, tenant) == 0
        race(6, lambda n: keyed(narrow, tenant, f"s{n}"))
    assert whole(pool, tenant) == 12


def test_a_read_only_server_is_told_and_recovers(
    pool: Pool, shared_database: str, tenant: str
) -> None:
    with over(shared_database, default_transaction_read_only="on") as standby:
        refusal = refused(standby, tenant, "s")
        assert isinstance(refusal, Unavailable)
        assert refusal.details["cause"] == "ReadOnlySqlTransaction 25006"
    assert whole(pool, tenant) == 0


KILL: LiteralString = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'tallystick' AND datname = current_database()
        AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'"""


def test_a_connection_that_is_killed_under_a_group_leaves_nothing(
    pool: Pool, store: FactStore, shared_database: str, tenant: str
) -> None:
    with over(shared_database) as victim:
        with held(pool, store, tenant):
            done: list[Refusal] = []

            def ask(number: int) -> None:
                done.append(refused(victim, tenant, f"s{number}"))

            threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            with pool.connection() as killer:
                while any(thread.is_alive() for thread in threads):
                    killer.execute(KILL)
                    threads[0].join(0.02)
        assert [type(refusal) for refusal in done] == [OutcomeUnknown] * 4
        assert whole(pool, tenant) == 0
        race(4, lambda n: keyed(victim, tenant, f"s{n}"))
    assert whole(pool, tenant) == 8


def test_connections_that_died_while_idle_are_replaced_unseen(
    pool: Pool, shared_database: str, tenant: str
) -> None:
    with over(shared_database) as store:
        race(4, lambda n: keyed(store, tenant, f"a{n}"))
        kill: LiteralString = KILL.replace("AND wait_event_type = 'Lock'", "")
        with pool.connection() as killer:
            while killer.execute(kill).fetchall():  # until none of them is left
                time.sleep(0.01)
        race(4, lambda n: keyed(store, tenant, f"b{n}"))
        assert len(store.facts_after(tenant, 0, 99)) == 16
    assert whole(pool, tenant) == 16


@pytest.fixture
def proxied(shared_database: str) -> Iterator[tuple[Proxy, str]]:
    if not socket_of(shared_database).is_socket():
        pytest.skip("the proxy stands before a local socket")
    with short_folder() as folder:
        proxy = Proxy(folder, socket_of(shared_database))
        yield proxy, proxy.url(shared_database)
        proxy.close()


MEASURED = 3
"""A connection that the pool opens meanwhile is counted too, about once in sixty: the least is ours."""


@pytest.mark.parametrize("callers", [1, 4])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_connection_dropped_at_each_step_never_tells_a_false_success(
    pool: Pool,
    store: FactStore,
    proxied: tuple[Proxy, str],
    tenant: str,
    callers: int,
    direction: str,
) -> None:
    proxy, url = proxied
    race(callers, lambda n: keyed(store, tenant, f"warm{n}"))
    total = min(_measured(proxy, url, tenant, direction, callers, turn) for turn in range(MEASURED))
    outcomes: dict[type, int] = {}
    steps = sorted({*range(0, total, max(1, total // 40)), *range(max(0, total - 12), total)})
    for step in steps:
        for outcome in _cut(proxy, url, store, tenant, direction, step, callers):
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert whole(pool, tenant) == 2 * callers * (1 + MEASURED + len(steps)), (
        "a retry completes each, once"
    )
    assert outcomes.get(OutcomeUnknown, 0) > len(steps) // 2


def _measured(proxy: Proxy, url: str, tenant: str, direction: str, callers: int, turn: int) -> int:
    """Bytes of one direction that the requests take over a line of their own."""
    with open_pool(url, max_size=2) as through:
        through.wait()
        far = FactStore(through, NAMES)
        proxy.arm(direction, 10**9)
        race(callers, lambda n: keyed(far, tenant, f"measured{turn}-{n}"))
        proxy.disarm()
        return proxy.passed[direction]


def _cut(
    proxy: Proxy, url: str, store: FactStore, tenant: str, direction: str, step: int, callers: int
) -> list[type]:
    """Requests over a line that is cut there; what each was told, held against the record."""
    with open_pool(url, max_size=2) as through:
        through.wait()
        through.timeout = 0.3
        far = FactStore(through, NAMES)
        proxy.arm(direction, step)

        def ask(number: int) -> type:
            name = f"{direction}-{step}-{number}"
            try:
                told = keyed(far, tenant, name)
            except (OutcomeUnknown, Unavailable) as refusal:
                there = store.idempotent_answer(tenant, name, b"f")
                assert isinstance(refusal, OutcomeUnknown) or there is None
                keyed(store, tenant, name)
                return type(refusal)
            assert store.idempotent_answer(tenant, name, b"f").receipts == told  # type: ignore[union-attr]
            return list

        try:
            return race(callers, ask)
        finally:
            proxy.disarm()


def test_a_clock_that_was_set_back_does_not_set_the_record_back(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=2)
    with pool.connection() as connection:
        connection.execute(
            "UPDATE ledger.head SET recorded_at = %s WHERE tenant_id = %s", [ahead, tenant]
        )
    told = [
        receipt for told in race(8, lambda n: keyed(store, tenant, f"s{n}")) for receipt in told
    ]
    assert {receipt.recorded_at for receipt in told} == {ahead}
    assert whole(pool, tenant) == 16
    assert store.position_at(tenant, ahead) == 16


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on a disk of 6 MB, for the server's user; needs the right to mount."""
    with short_folder() as folder:
        place = folder / "small"
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(place)]
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
            pytest.skip("a small disk needs root and the right to mount")
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_refuses_clearly_and_goes_on_when_there_is_room(
    database: str, small_disk: Path
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        uid = Path(socket_of(database)).stat().st_uid
        os.chown(small_disk, uid, -1)
        small_disk.chmod(0o700)
        connection.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
        connection.execute("ALTER TABLE ledger.fact SET TABLESPACE small")
    try:
        with open_pool(database) as pool:
            store = FactStore(pool, NAMES)
            store.open_tenant("t")
            long = {"text": os.urandom(30_000).hex()}
            asked = 0
            with pytest.raises(Unavailable, match="DiskFull 53100"):
                while True:
                    asked += 1
                    once = Idempotency(f"k{asked}", b"f")
                    new = [changed(f"s{asked}", 1, more=long)]
                    store.append("t", new, ACT, idempotency=once)
            assert 10 < asked < 200
            for refusal in race(4, lambda n: _too_large(store, n, long)):
                assert isinstance(refusal, Unavailable)
            assert whole(pool, "t") == asked - 1
            subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
            race(4, lambda n: store.append(
                "t", [changed(f"l{n}", 1, more=long)], ACT, idempotency=Idempotency(f"l{n}", b"f")
            ))  # fmt: skip
            assert whole(pool, "t") == asked + 3
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("ALTER TABLE ledger.fact SET TABLESPACE pg_default")
            connection.execute("DROP TABLESPACE small")


def _too_large(store: FactStore, number: int, long: dict[str, str]) -> Exception:
    try:
        once = Idempotency(f"l{number}", b"f")
        store.append("t", [changed(f"l{number}", 1, more=long)], ACT, idempotency=once)
    except Refusal as refusal:
        return refusal
    raise AssertionError("there was no room")
