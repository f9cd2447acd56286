"""Read models rebuilt again and again while facts arrive and readers read."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date

from domain.facts import Fact
from domain.person import PersonRegistered
from ledger.queries import Pool
from ledger.store import FactStore, open_pool
from projections import contract_terms, directory
from projections.rebuild import rebuild
from projections.runner import Runner
from tests.projections.business import Book, amended, commission, signed
from tests.soak import models
from tests.soak.report import Report

PROMISE = "rebuild while writing: no reader fails or sees a half-built table"
REBUILT = (directory, contract_terms)
WRITERS, READERS = 3, 2
_COUNTS = """
    SELECT (SELECT count(*) FROM projections.directory_entry
            WHERE tenant_id = %(tenant)s AND kind = 'person'),
        (SELECT count(DISTINCT contract_id) FROM projections.contract_header
            WHERE tenant_id = %(tenant)s),
        (SELECT count(*) FROM (
            SELECT FROM projections.contract_header AS h WHERE tenant_id = %(tenant)s
            GROUP BY contract_id HAVING count(*) FILTER (WHERE upper_inf(known)) <> 1
        ) AS wrong)"""
"""Persons and contracts there are, and contracts without exactly one header known now."""


class Rebuilds:
    """One tenant that grows to so many facts while its read models are rebuilt."""

    def __init__(self, conninfo: str, seed: int, *, facts: int) -> None:
        self.report = Report(PROMISE, seed)
        self._conninfo = conninfo
        self._facts = facts
        self._tenant = f"rebuilds-{seed}"
        self._names = itertools.count(1)
        self._written = threading.Event()
        self._ended = threading.Event()

    def run(self) -> Report:
        """Write, follow, read and rebuild at once; then compare every read model."""
        with open_pool(self._conninfo, max_size=12) as pool, ExitStack() as stack:
            store = FactStore(pool)
            store.open_tenant(self._tenant)
            runner = Runner(pool, store, REBUILT, poll=0.02)
            writers = [self._thread(self._write, n, store) for n in range(WRITERS)]
            others = [self._thread(self._read, pool) for _ in range(READERS)]
            others.append(self._thread(runner.run, self._ended))
            stack.callback(self._end, others)
            self._rebuild(pool, store, writers)
            self._end(others)
            models.compare(pool, self._tenant, self.report)
            self.report.trials += store.head(self._tenant)[0]
        return self.report

    def _rebuild(self, pool: Pool, store: FactStore, writers: list[threading.Thread]) -> None:
        """Rebuild until all is written, and once more."""
        is_last = False
        while not is_last:
            is_last = not any(writer.is_alive() for writer in writers)
            for model in REBUILT:
                found = rebuild(pool, store, model, self._tenant)
                self.report.count("rebuilt")
                if found.rows:
                    self.report.wrong(f"{model.name} differed at {found.position}: {found}")

    def _write(self, number: int, store: FactStore) -> None:
        chance = random.Random(f"{self.report.seed}-{number}")
        book = Book(store, self._tenant)
        left = self._facts // WRITERS
        while left > 0:
            new: list[tuple[str, Fact]] = []
            for _ in range(chance.randint(1, 60)):
                name = f"{next(self._names):07}"
                new.append((f"person/P-{name}", PersonRegistered(person=f"P-{name}", sealed={})))
                new += signed(f"K-{name}", person=f"P-{name}")
                for month in range(chance.randint(0, 3)):
                    day = date(2025, 6 + month, 1)
                    clause = commission(f"0.0{month + 6}")
                    new.append((f"contract/K-{name}", amended("commission", clause, day)))
            book.add_many(new)
            left -= len(new)

    def _read(self, pool: Pool) -> None:
        persons = contracts = 0
        while not self._ended.wait(0.005):
            with pool.connection() as connection:
                row = connection.execute(_COUNTS, {"tenant": self._tenant}).fetchone()
            assert row is not None
            if row[0] < persons or row[1] < contracts or row[2]:
                self.report.wrong(f"a reader saw {row} after {persons} and {contracts}")
            persons, contracts = row[0], row[1]
            self.report.count("read")

    def _thread(self, work: Callable[..., None], *given: object) -> threading.Thread:
        def guarded() -> None:
            try:
                work(*given)
            except BaseException as error:  # noqa: BLE001 - reported with the run
                self.report.wrong(f"a thread ended with {error!r}")

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def _end(self, threads: list[threading.Thread]) -> None:
        self._ended.set()
        for thread in threads:
            thread.join()
