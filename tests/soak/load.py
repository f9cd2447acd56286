"""Many writers on every append path, some rolled back, and readers that tail all the while."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

from eventsourcing.persistence import IntegrityError, StoredEvent

from domain.facts import Act, Fact
from domain.person import PersonRegistered, TaxProfileSet
from domain.refusals import StaleVersion
from ledger.application import TenantLedger
from ledger.codec import act_line, canonical, leaf_hash
from ledger.errors import Overtaken
from ledger.idempotency import Idempotency
from ledger.queries import Pool
from ledger.recorder import ApplicationRecorder
from ledger.records import NewFact, Receipt
from ledger.store import FactStore, open_pool
from projections import directory
from projections.runner import Runner
from tests.soak import models, record
from tests.soak.report import Report

PROMISE = "nothing lost, doubled, out of order or skipped; no gap"
ACT = Act(actor="soak", at=datetime(2025, 9, 1, tzinfo=UTC), reason="load")
POOLS = 4
"""Stores that know nothing of each other, as several processes would have them."""


def facts_of(stream: str, count: int) -> list[NewFact]:
    """A person and so many facts of it."""
    person = stream.removeprefix("person/")
    new: list[Fact] = [PersonRegistered(person=person, sealed={}, tags=("load",))]
    for month in range(count - 1):
        day = date(2025 + month // 12 % 100, month % 12 + 1, 1)
        new.append(TaxProfileSet(person=person, effective=day, profile={"other": str(month)}))
    return [NewFact(stream, version, fact) for version, fact in enumerate(new, start=1)]


class Load:
    """One run; the same seed makes the same choices, the race between them is the machine's."""

    def __init__(
        self, conninfo: str, seed: int, *, facts: int, writers: int = 32, tenants: int = 8,
        rolled_back: float = 0.05,
    ) -> None:  # fmt: skip
        self.report = Report(PROMISE, seed)
        self._conninfo = conninfo
        self._quota = facts // writers
        self._writers = writers
        self._rolled_back = rolled_back
        self._tenants = [f"load-{seed}-{number}" for number in range(tenants)]
        self._told: dict[str, list[Receipt]] = {tenant: [] for tenant in self._tenants}
        self._ended = threading.Event()
        self._errors: list[BaseException] = []

    def run(self) -> Report:
        """Write all, and hold what clients and readers saw against the record."""
        with ExitStack() as stack:
            pools = [
                stack.enter_context(open_pool(self._conninfo, max_size=9)) for _ in range(POOLS)
            ]
            for tenant in self._tenants:
                FactStore(pools[0]).open_tenant(tenant)
            writers = [self._thread(self._write, n, pools[n % POOLS]) for n in range(self._writers)]
            readers = [self._thread(self._tail, t, pools[0]) for t in self._tenants]
            readers += [
                self._thread(self._subscribe, self._tenants[0], pools[1]),
                self._thread(self._project, self._tenants[1], pools[2]),
            ]
            for thread in writers:
                thread.join()
            self._ended.set()
            for thread in readers:
                thread.join()
            for error in self._errors:
                self.report.wrong(f"a thread ended with {error!r}")
            self._check(pools[0])
        return self.report

    def _thread(self, work: Callable[..., None], *given: object) -> threading.Thread:
        def guarded() -> None:
            try:
                work(*given)
            except BaseException as error:  # noqa: BLE001 - reported with the run
                self._errors.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    # Writers

    def _write(self, number: int, pool: Pool) -> None:
        chance = random.Random(f"{self.report.seed}-{number}")
        writer = _Writer(pool, number, chance)
        left = self._quota
        while left > 0:
            tenant = chance.choice(self._tenants)
            if chance.random() < self._rolled_back:
                writer.rolled_back(tenant)
                self.report.count("rolled back")
                continue
            path, size = chance.choices(_PATHS, _WEIGHTS)[0]
            told = getattr(writer, path)(tenant, min(left, chance.randint(1, size)))
            self._told[tenant].extend(told)
            self.report.count(path)
            left -= len(told)

    # Readers

    def _tail(self, tenant: str, pool: Pool) -> None:
        store, leaves = FactStore(pool), list[str]()
        while True:
            ended = self._ended.is_set()
            page = store.envelopes_after(tenant, len(leaves), 1000)
            leaves += [leaf_hash(envelope).hex() for envelope in page]
            if ended and not page:
                break
            if not page:
                self._ended.wait(0.002)
        stored = record.read(pool, tenant, self.report)
        if leaves != [fact.leaf for fact in stored.values()]:
            self.report.wrong(f"{tenant}: a tailing reader saw something else than the record")
        self.report.count("tailed", len(leaves))

    def _subscribe(self, tenant: str, pool: Pool) -> None:
        recorder = ApplicationRecorder(pool, tenant)
        seen = 0
        with recorder.subscribe(gt=0) as subscription:
            stopper = self._thread(self._stop_at_end, recorder, subscription, lambda: seen)
            for notification in subscription:
                if notification.id != seen + 1:
                    self.report.wrong(f"{tenant}: a subscriber saw {notification.id} after {seen}")
                seen = notification.id
            stopper.join()
        self.report.count("subscribed", seen)

    def _stop_at_end(
        self, recorder: ApplicationRecorder, subscription: Any, seen: Callable[[], int]
    ) -> None:
        self._ended.wait()
        while seen() < (recorder.max_notification_id() or 0) and not self._errors:
            time.sleep(0.01)
        subscription.stop()

    def _project(self, tenant: str, pool: Pool) -> None:
        runner = Runner(pool, FactStore(pool), [directory])
        while not self._ended.wait(0.05):
            runner.catch_up(tenant)
        runner.catch_up(tenant)

    def _check(self, pool: Pool) -> None:
        for tenant in self._tenants:
            found = record.read(pool, tenant, self.report)
            named = record.compare(tenant, self._told[tenant], found, self.report)
            if len(named) != len(found):
                more = sorted(set(found) - named)[:5]
                self.report.wrong(f"{tenant}: recorded and told to nobody: {more}")
            models.compare(pool, tenant, self.report, [directory])  # the one its facts fill


_PATHS = [("one", 1), ("keyed", 3), ("many", 40), ("bulk", 3000), ("library", 40),
          ("inside", 40), ("handled", 1)]  # fmt: skip
_WEIGHTS = [20, 20, 25, 2, 12, 11, 10]


class _Writer:
    """The append paths, each answering with the receipts that a client is told."""

    def __init__(self, pool: Pool, number: int, chance: random.Random) -> None:
        self._pool = pool
        self._store = FactStore(pool)
        self._names = (f"{number}-{turn}" for turn in iter(range(10**9)))
        self._chance = chance

    def _stream(self) -> str:
        return f"person/{next(self._names)}"

    def one(self, tenant: str, size: int) -> list[Receipt]:
        return self._store.append(tenant, facts_of(self._stream(), 1)[:size], ACT)

    many = bulk = lambda self, tenant, size: self._store.append(
        tenant, facts_of(self._stream(), size), ACT
    )

    def keyed(self, tenant: str, size: int) -> list[Receipt]:
        stream = self._stream()
        once = Idempotency(stream, b"f")
        told = self._store.append(tenant, facts_of(stream, size), ACT, idempotency=once)
        again = self._store.append(tenant, facts_of(stream, size), ACT, idempotency=once)
        assert told == again, "the same request under the same key was answered otherwise"
        return told

    def library(self, tenant: str, size: int) -> list[Receipt]:
        new = facts_of(self._stream(), size)
        names = self._store.names
        events = [
            StoredEvent(
                one.stream,
                one.version,
                names.name_of(type(one.fact)),
                act_line(ACT, getattr(one.fact, "effective", None)) + b"\n" + canonical(one.fact),
            )
            for one in new
        ]
        positions = ApplicationRecorder(self._pool, tenant).insert_events(events) or []
        return [
            receipt
            for receipt in self._receipts(tenant, new[0].stream)
            if receipt.position in positions
        ]

    def _receipts(self, tenant: str, stream: str) -> Iterator[Receipt]:
        for fact in self._store.stream(tenant, stream):
            [envelope] = self._store.envelopes_after(tenant, fact.position - 1, 1)
            leaf = leaf_hash(envelope).hex()
            yield Receipt(stream, fact.version, fact.position, leaf, fact.recorded_at)

    def inside(self, tenant: str, size: int) -> list[Receipt]:
        new = facts_of(self._stream(), size)
        with self._pool.connection() as connection, connection.transaction():
            return self._store.append_in(connection, tenant, new, ACT)

    def handled(self, tenant: str, _: int) -> list[Receipt]:
        """A command on a stream that all writers share: it is decided again when overtaken."""
        stream = f"person/shared-{self._chance.randrange(4)}"
        person = stream.removeprefix("person/")

        def decide(known: bool, day: date, act: Act) -> list[Fact]:
            if known:
                return [TaxProfileSet(person=person, effective=day, profile={})]
            return [PersonRegistered(person=person, sealed={})]

        while True:
            try:
                return TenantLedger(self._store, tenant).handle(
                    stream, False, lambda *_: True, decide, date(2025, 9, 1), ACT
                )
            except Overtaken:  # more often than a command is decided anew: the client asks again
                continue

    def rolled_back(self, tenant: str) -> None:
        """A transaction that ends with nothing: the caller's own, or one that is refused."""
        new = facts_of(self._stream(), self._chance.randint(1, 40))
        kind = self._chance.randrange(3)
        if kind == 0:
            with self._pool.connection() as c, c.transaction(force_rollback=True):
                self._store.append_in(c, tenant, new, ACT)
            return
        late = [NewFact(one.stream, one.version + 1, one.fact) for one in new]
        try:
            if kind == 1:
                self._store.append(tenant, late, ACT)
            else:
                event = StoredEvent(late[0].stream, 2, "person.registered.v1", b"\n{}")
                ApplicationRecorder(self._pool, tenant).insert_events([event])
        except (StaleVersion, IntegrityError):
            return
        raise AssertionError("a version that does not follow was recorded")
