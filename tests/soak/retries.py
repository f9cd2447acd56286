"""The same requests sent again and again by many at once, with connections killed under them."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import psycopg

from domain.refusals import KeyReused
from ledger.failures import OutcomeUnknown, Unavailable
from ledger.idempotency import Idempotency
from ledger.queries import Pool
from ledger.records import Receipt
from ledger.store import FactStore, open_pool
from tests.soak import models, record
from tests.soak.load import ACT, facts_of
from tests.soak.report import Report

PROMISE = "a command is done once"
THREADS = 16
_VICTIMS = """
    SELECT pg_terminate_backend(pid) FROM (
        SELECT pid FROM pg_stat_activity
        WHERE application_name = 'tallystick' AND datname = current_database()
        ORDER BY random() LIMIT 1
    ) AS one"""


class Retries:
    """So many requests under so many keys; some of them ask for something else."""

    def __init__(
        self, conninfo: str, seed: int, *, requests: int, keys: int, kills: bool = True
    ) -> None:
        self.report = Report(PROMISE, seed)
        self._conninfo = conninfo
        self._each = requests // THREADS
        self._keys = keys
        self._kills = kills
        self._tenants = [f"retries-{seed}-{number}" for number in range(3)]
        self._told: dict[str, set[tuple[Receipt, ...]]] = defaultdict(set)
        # Whichever of two requests comes first is the one that the key stands for.
        self._answered: dict[str, set[bool]] = defaultdict(set)
        self._refused: dict[str, set[bool]] = defaultdict(set)
        self._lock = threading.Lock()

    def run(self) -> Report:
        """Race, then look at what stands for each key."""
        ended = threading.Event()
        with open_pool(self._conninfo, max_size=8) as pool, open_pool(self._conninfo) as other:
            stores = [FactStore(pool), FactStore(other)]
            for tenant in self._tenants:
                stores[0].open_tenant(tenant)
            killer = threading.Thread(target=self._kill, args=(ended,))
            if self._kills:
                killer.start()
            try:
                with ThreadPoolExecutor(THREADS) as threads:
                    work = lambda number: self._ask(stores[number % 2], number)  # noqa: E731
                    list(threads.map(work, range(THREADS)))
            finally:
                ended.set()
            if self._kills:
                killer.join()
            self._check(pool)
        return self.report

    def _tenant(self, number: int) -> str:
        return self._tenants[number % len(self._tenants)]

    def _ask(self, store: FactStore, thread: int) -> None:
        chance = random.Random(f"{self.report.seed}-{thread}")
        for _ in range(self._each):
            number = chance.randrange(self._keys)
            key = f"key-{number}"
            other = chance.random() < 0.05
            once = Idempotency(key, b"another request" if other else key.encode())
            new = facts_of(f"person/{key}", number % 3 + 1)
            self.report.trials += 1
            try:
                receipts = store.append(self._tenant(number), new, ACT, idempotency=once)
            except KeyReused:
                with self._lock:
                    self.report.count("key reused")
                    self._refused[key].add(other)
            except (OutcomeUnknown, Unavailable, psycopg.OperationalError) as error:
                self._count(type(error).__name__)
            else:
                with self._lock:
                    self.report.count("answered")
                    self._answered[key].add(other)
                    self._told[key].add(tuple(receipts))

    def _count(self, what: str) -> None:
        with self._lock:
            self.report.count(what)

    def _kill(self, ended: threading.Event) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            while not ended.wait(0.05):
                connection.execute(_VICTIMS)
                self._count("connections killed")

    def _check(self, pool: Pool) -> None:
        for number, tenant in enumerate(self._tenants):
            found = record.read(pool, tenant, self.report)
            kept = record.keys(pool, tenant)
            told = [self._told[key] for key in kept]
            for key, answers in zip(kept, told, strict=True):
                if len(answers) > 1:
                    self.report.wrong(f"{tenant}: {key} was answered in {len(answers)} ways")
                if len(self._answered[key]) > 1 or self._answered[key] & self._refused[key]:
                    self.report.wrong(f"{tenant}: {key} stands for two requests, or for none")
            models.compare(pool, tenant, self.report)
            receipts = [receipt for answers in told for one in answers for receipt in one]
            record.compare(tenant, receipts, found, self.report)
            mine = range(number, self._keys, len(self._tenants))
            if len(found) > sum(n % 3 + 1 for n in mine):
                self.report.wrong(f"{tenant}: some command was done twice")
            covered = sum(last - first + 1 for first, last in kept.values() if first and last)
            if covered != len(found):
                self.report.wrong(f"{tenant}: facts and keys were not kept together")
