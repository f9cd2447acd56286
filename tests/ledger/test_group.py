"""Group commit: one leads for all who wait, each has its own verdict, and nobody is left waiting."""

from __future__ import annotations

import ctypes
import gc
import linecache
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from domain.refusals import KeyReused, NotFound, StaleVersion
from ledger import direct, group
from ledger.failures import OutcomeUnknown, Unavailable
from ledger.group import groups_of
from ledger.idempotency import Idempotency
from ledger.queries import Pool
from ledger.records import NewFact, Receipt
from ledger.store import FactStore, open_pool
from tests.ledger.samples import ACT, NAMES, changed, opened
from tests.ledger.threads import race
from tests.soak import record
from tests.soak.report import Report

pytestmark = pytest.mark.postgres
Ask = Callable[[], list[Receipt]]


@contextmanager
def held(pool: Pool, store: FactStore, tenant: str) -> Iterator[None]:
    """The tenant's head is locked by another transaction, which records nothing."""
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        store.append_in(connection, tenant, [opened("nothing")], ACT)
        yield


def together(pool: Pool, store: FactStore, tenant: str, asks: list[Ask]) -> list[Any]:
    """What each of the callers gets when all but the first wait and are sent as one group."""
    groups = groups_of(pool)
    with ThreadPoolExecutor(len(asks)) as threads:
        with held(pool, store, tenant):
            sent = sum(groups.sizes.values())
            futures: list[Future[list[Receipt]]] = [threads.submit(asks[0])]
            _until(lambda: sum(groups.sizes.values()) > sent)
            for number, ask in enumerate(asks[1:], start=1):
                futures.append(threads.submit(ask))
                _until(lambda: len(groups._lanes[tenant].waiting) == number)  # noqa: B023
        return [future.exception() or future.result() for future in futures]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_waits_is_sent_as_one_group_in_the_order_of_coming(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    sizes = groups_of(pool).sizes
    before = dict(sizes)
    asks = [lambda n=n: store.append(tenant, [opened(f"s{n}")], ACT) for n in range(9)]
    answers = together(pool, store, tenant, asks)
    assert [receipt.stream for [receipt] in answers] == [f"s{n}" for n in range(9)]
    assert [receipt.position for [receipt] in answers] == list(range(1, 10))
    assert sizes[8] == before.get(8, 0) + 1, "the eight who waited were one group"
    moments = {receipt.recorded_at for [receipt] in answers[1:]}
    assert len(moments) == 1, "one transaction has one recorded time"
    assert record.keys(pool, tenant) == {}
    _as_told(pool, tenant, answers)


def _as_told(pool: Pool, tenant: str, answers: list[Any]) -> None:
    report = Report("group", 0)
    found = record.read(pool, tenant, report)
    told = [receipt for answer in answers if isinstance(answer, list) for receipt in answer]
    record.compare(tenant, told, found, report)
    assert report.violations == []
    assert {receipt.position for receipt in told} == set(found)


def test_each_of_a_group_has_its_own_verdict(pool: Pool, store: FactStore, tenant: str) -> None:
    done = store.append(tenant, [opened("old")], ACT, idempotency=Idempotency("used", b"f"))

    def ask(*new: NewFact, key: str = "", fingerprint: bytes = b"f") -> Ask:
        once = Idempotency(key, fingerprint) if key else None
        return lambda: store.append(tenant, list(new), ACT, idempotency=once)

    answers = together(
        pool,
        store,
        tenant,
        [
            ask(opened("first")),
            ask(opened("a"), changed("a", 2), key="a"),
            ask(changed("a", 3)),  # follows what the group itself records
            ask(changed("a", 3)),  # … and this one comes too late
            ask(opened("x"), changed("old", 7)),
            ask(opened("y"), key="used", fingerprint=b"other"),
            ask(opened("z"), key="used"),
            ask(opened("b"), key="b"),
            ask(opened("b"), key="b"),  # the same request twice in one group
            ask(key="nothing"),
            ask(opened("last"), changed("last", 2), changed("last", 3)),
        ],
    )
    first, a, a3, late, stale, reused, again, b, twice, nothing, last = answers
    assert [len(one) for one in (first, a, a3, b, nothing, last)] == [1, 2, 1, 1, 0, 3]
    assert isinstance(late, StaleVersion) and late.details["current_version"] == 3
    assert isinstance(stale, StaleVersion) and stale.details["current_version"] == 1
    assert stale.details["stream"] == "old"
    assert isinstance(reused, KeyReused)
    assert (again, twice) == (done, b)
    recorded = [done, first, a, a3, b, last]
    _as_told(pool, tenant, recorded)
    assert [r.position for answer in recorded for r in answer] == list(range(1, 10))
    assert store.idempotent_answer(tenant, "nothing", b"f") is not None


def test_bad_data_of_one_is_not_an_error_of_the_others(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    from ledger.records import Columns

    groups = groups_of(pool)
    bad = Columns(["n"], [1], ["nul\0.name"], [b"x\ny"])
    huge = Columns(["h"], [2**40], ["a.b.v1"], [b"x\ny"])
    asks: list[Any] = [
        lambda: store.append(tenant, [opened("one")], ACT),
        lambda: groups.append(tenant, bad),
        lambda: store.append(tenant, [opened("two")], ACT),
        lambda: groups.append(tenant, huge),
        lambda: store.append(tenant, [opened("three")], ACT),
    ]
    one, nul, two, number, three = together(pool, store, tenant, asks)
    assert isinstance(nul, Exception) and isinstance(number, Exception)
    assert {r.position for answer in (one, two, three) for r in answer} == {1, 2, 3}
    _as_told(pool, tenant, [one, two, three])


def test_a_tenant_that_is_not_open_is_named_to_each(pool: Pool, store: FactStore) -> None:
    def ask(number: int) -> None:
        with pytest.raises(NotFound, match="no tenant nobody"):
            store.append("nobody", [opened(f"s{number}")], ACT)

    race(8, ask)
    assert "nobody" not in groups_of(pool)._lanes, "a lane ends with those who wait in it"


def test_a_group_has_an_end(
    pool: Pool, store: FactStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "MOST_REQUESTS", 4)
    monkeypatch.setattr(group, "MOST_BYTES", 5000)
    groups_of(pool).sizes.clear()
    asks = [lambda n=n: store.append(tenant, [opened(f"s{n}")], ACT) for n in range(10)]
    large = changed("large", 1, more={"text": "x" * 4990})
    asks.insert(6, lambda: store.append(tenant, [large], ACT))
    answers = together(pool, store, tenant, asks)
    _as_told(pool, tenant, answers)
    assert groups_of(pool).sizes == {1: 3, 4: 2}, "the first, 4, one before the large, it, 4"


# Whatever becomes of the leader, each gets an answer


def test_an_interrupted_leader_tells_the_others_that_the_outcome_is_unknown(
    pool: Pool, store: FactStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(direct, "append_many", interrupted)
    keys = [Idempotency(f"k{n}", b"f") for n in range(5)]
    asks: list[Ask] = [
        lambda n=n: store.append(tenant, [opened(f"s{n}")], ACT, idempotency=keys[n])  # type: ignore[misc]
        for n in range(5)
    ]
    first, leader, *others = together(pool, store, tenant, asks)
    assert isinstance(first, list) and isinstance(leader, KeyboardInterrupt)
    assert [type(other) for other in others] == [OutcomeUnknown] * 3
    assert "same idempotency key" in others[0].as_dict()["do"]
    assert len({id(other) for other in others}) == 3, "each raises an error of its own"
    assert [receipt.position for ask in asks for receipt in ask()] == [1, 2, 3, 4, 5]


def test_an_interrupt_while_waiting_leaves_the_line_in_order(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    threads: list[int] = []
    caught: list[BaseException] = []

    def ask(name: str) -> list[Receipt]:
        return store.append(tenant, [opened(name)], ACT)

    def interrupted() -> list[Receipt]:
        threads.append(threading.get_ident())
        try:
            return ask("second")
        except KeyboardInterrupt as error:
            caught.append(error)
            return []

    lanes = groups_of(pool)._lanes
    with ThreadPoolExecutor(3) as pool_of_threads:
        with held(pool, store, tenant):
            sent = sum(groups_of(pool).sizes.values())
            first = pool_of_threads.submit(ask, "first")
            _until(lambda: sum(groups_of(pool).sizes.values()) > sent)
            second = pool_of_threads.submit(interrupted)
            _until(lambda: len(lanes[tenant].waiting) == 1)
            third = pool_of_threads.submit(ask, "third")
            _until(lambda: len(lanes[tenant].waiting) == 2)
            _interrupt(threads[0])
            _until(lambda: bool(caught))
        assert second.result() == []
        assert [first.result()[0].position, third.result()[0].position] == [1, 2]
    assert store.head(tenant)[0] == 2, "who went away is not recorded"


def _interrupt(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt)
    )


_SPARED = ("with ", "if connection is not None", "pool.putconn")
"""A line event on the way out of a `with` comes where no signal is ever delivered; and who is
interrupted while a connection goes back to the pool has lost that connection, here as anywhere."""


class Interrupts:
    """KeyboardInterrupt at a random line of group.py, once for each time it is armed."""

    def __init__(self, seed: object) -> None:
        self._chance = random.Random(seed)
        self._left = 0
        self.count = 0

    def __enter__(self) -> None:
        self._left = self._chance.randrange(1, 80)  # a request has some forty lines
        if self._chance.random() < 0.4:
            sys.settrace(self._enter)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _enter(self, frame: FrameType, event: str, _: object) -> Any:
        return self._line if frame.f_code.co_filename == group.__file__ else None

    def _line(self, frame: FrameType, event: str, _: object) -> Any:
        text = linecache.getline(group.__file__, frame.f_lineno).strip()
        if event == "line" and not text.startswith(_SPARED):
            self._left -= 1
            if self._left == 0:
                self.count += 1
                raise KeyboardInterrupt
        return self._line


@pytest.mark.parametrize("seed", range(4))
def test_interrupts_at_any_line_hang_nobody_and_lose_nothing(
    pool: Pool, store: FactStore, tenant: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "LOOK_ROUND", 0.02)
    monkeypatch.setattr(group, "PATIENCE", 2.0)

    def write(number: int) -> tuple[list[list[Receipt]], int]:
        told, interrupts = [], Interrupts(f"{seed}-{number}")
        for turn in range(60):
            key = Idempotency(f"{number}-{turn}", b"f")
            while True:
                try:
                    with interrupts:
                        new = [opened(key.key)]
                        told.append(store.append(tenant, new, ACT, idempotency=key))
                    break
                except (KeyboardInterrupt, OutcomeUnknown, Unavailable):
                    continue
        return told, interrupts.count

    done = race(8, write)
    assert sum(count for _, count in done) > 30, "hardly anybody was interrupted"
    told = [receipts for some, _ in done for receipts in some]
    assert len(told) == 8 * 60
    _as_told(pool, tenant, told)
    assert tenant not in groups_of(pool)._lanes


def test_who_waits_behind_a_dead_leader_leads(pool: Pool, store: FactStore, tenant: str) -> None:
    groups = groups_of(pool)
    dead = threading.Thread(target=lambda: None)
    dead.start()
    dead.join()
    ghost = group.Request(store_columns(store), None)
    ghost.thread = dead
    groups._lanes[tenant] = group.Lane(ghost)
    assert store.append(tenant, [opened("s")], ACT)[0].position == 1
    assert tenant not in groups._lanes


def test_nobody_waits_for_ever(
    pool: Pool, store: FactStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "LOOK_ROUND", 0.02)
    monkeypatch.setattr(group, "PATIENCE", 0.1)
    ghost = group.Request(store_columns(store), None)  # this thread is alive and does nothing
    groups = groups_of(pool)
    groups._lanes[tenant] = group.Lane(ghost)
    with pytest.raises(Unavailable, match="nothing was recorded"):
        store.append(tenant, [opened("s")], ACT)
    assert store.head(tenant)[0] == 0
    assert store.append(tenant, [opened("s")], ACT)[0].position == 1, "the next one leads"


def store_columns(store: FactStore) -> Any:
    from ledger.records import columns

    return columns([opened("ghost")], ACT, store.names)


def test_a_pool_that_is_thrown_away_takes_its_groups_along(shared_database: str) -> None:
    with open_pool(shared_database) as other:
        FactStore(other, NAMES).tenants()
        groups = weakref.ref(groups_of(other))
        assert groups() is not None
    del other
    gc.collect()
    assert groups() is None
