"""Append: one fact a call and a thousand a call, beside a raw insert and the plain library.

    .venv/bin/python bench/bench_append.py [--rounds 5]

`raw insert` puts the very bytes our append stores into a table with one column and no index.
`library` is the eventsourcing package's own PostgreSQL recorder. All three are durable, on the
same server, in turns.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from bench import harness
from domain.contract_facts import ClauseAmended
from domain.facts import Act
from ledger.codec import act_line, canonical
from ledger.records import NewFact
from ledger.store import FactStore, Pool, open_pool

TENANT = "bench"
THREADS = 8
SINGLE_CALLS, THREAD_CALLS, BULK_CALLS, BULK = 400, 100, 10, 1000
LIBRARY_CALL = 500
"""More than about a thousand facts in one call can hang the library for ever."""
_streams = itertools.count(1)
ACT = Act(actor="hr.chen", at=datetime(2025, 9, 1, tzinfo=UTC), reason="agreed with the lead")
FACT = ClauseAmended(
    amendment="A-7",
    key="commission",
    clause={"kind": "commission", "metric": "sales", "rate": "0.05", "base": "settled"},
    text_zh="按已结算直播间销售额的5%计提提成",
    text_en="Commission of 5 % on settled live-room sales",
    effective=date(2025, 9, 1),
    until=None,
    document=None,
)


class Bench:
    """The three ways to write, over one database."""

    def __init__(self, pool: Pool, conninfo: str) -> None:
        self._pool = pool
        self._store = FactStore(pool)
        self._store.open_tenant(TENANT)
        self._ours(1)
        self._bytes = self._store.envelopes_after(TENANT, 0, 1)[0]
        with pool.connection() as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
            connection.execute("CREATE TABLE IF NOT EXISTS bench.bare (envelope bytea NOT NULL)")
            connection.execute("CREATE SCHEMA IF NOT EXISTS library")
        self._library = _library(conninfo)

    def ways(self) -> dict[str, Callable[[int], None]]:
        """Name → a function that records so many facts in one call."""
        return {"ours": self._ours, "raw insert": self._raw, "library": self._by_library}

    def _ours(self, count: int) -> None:
        first = next(_streams)
        new = [NewFact(f"contract/{first}-{number}", 1, FACT) for number in range(count)]
        self._store.append(TENANT, new, ACT)

    def _raw(self, count: int) -> None:
        query = "INSERT INTO bench.bare VALUES (%b)"
        with self._pool.connection() as connection:
            if count == 1:
                connection.execute(query, [self._bytes])
                return
            with connection.transaction():
                connection.cursor().executemany(query, [[self._bytes]] * count)

    def _by_library(self, count: int) -> None:
        state = act_line(ACT, FACT.effective) + b"\n" + canonical(FACT)
        topic = "contract.clause_amended.v1"
        for start in range(0, count, LIBRARY_CALL):
            size = min(LIBRARY_CALL, count - start)
            events = [StoredEvent(uuid4(), 1, topic, state) for _ in range(size)]
            self._library.insert_events(events)


def _library(conninfo: str) -> PostgresApplicationRecorder:
    parts: dict[str, Any] = conninfo_to_dict(conninfo)
    datastore = PostgresDatastore(
        dbname=parts["dbname"],
        host=parts["host"],
        port=parts.get("port", 5432),
        user=parts["user"],
        password=parts.get("password", ""),
        pool_size=THREADS,
        schema="library",
    )
    recorder = PostgresApplicationRecorder(datastore)
    recorder.create_table()
    return recorder


def _single(way: Callable[[int], None]) -> harness.Case:
    return lambda: harness.timed(lambda: [way(1) for _ in range(SINGLE_CALLS)])


def _threads(way: Callable[[int], None]) -> harness.Case:
    def work() -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda _: [way(1) for _ in range(THREAD_CALLS)], range(THREADS)))

    return lambda: harness.timed(work)


def _bulk(way: Callable[[int], None]) -> harness.Case:
    return lambda: harness.timed(lambda: [way(BULK) for _ in range(BULK_CALLS)])


def main(rounds: int = 5) -> list[dict[str, Any]]:
    """Facts a second, ours beside each reference."""
    kinds = (
        ("append, 1 client, one fact a call", _single, SINGLE_CALLS),
        (f"append, {THREADS} threads, one fact a call", _threads, THREADS * THREAD_CALLS),
        (f"append, {BULK:,} facts a call", _bulk, BULK_CALLS * BULK),
    )
    results: list[dict[str, Any]] = []
    with (
        harness.database() as conninfo,
        open_pool(conninfo, min_size=THREADS, max_size=THREADS) as pool,
    ):
        bench = Bench(pool, conninfo)
        for name, kind, amount in kinds:
            cases = {way: kind(write) for way, write in bench.ways().items()}
            results += harness.compared(name, "facts/s", amount, harness.interleaved(cases, rounds))
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    for result in main(parser.parse_args().rounds):
        print({name: value for name, value in result.items() if name != "rounds"})
