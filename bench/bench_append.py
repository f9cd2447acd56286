"""Append: beside a raw insert of the same bytes, the plain library, and COPY.

    .venv/bin/python bench/bench_append.py [--rounds 5] [--only "32 clients"]

`ours` is `FactStore.append` as a command calls it: encoding, envelope, idempotency record, all
indexes, receipts. `raw insert` puts the very bytes that ours stores into a table of one column
without an index, each client on a connection of its own. `library` is the eventsourcing package's
own PostgreSQL recorder, without idempotency. `copy` writes ready-made rows by `write_row` into a
table with the columns and indexes of ours. All are durable, on the same server, in turns.
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

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from bench import harness
from domain.contract_facts import ClauseAmended
from domain.facts import Act
from ledger.codec import act_line, canonical
from ledger.idempotency import Idempotency
from ledger.records import NewFact
from ledger.store import FactStore, open_pool

MOST_CLIENTS = 32
BULK = 10_000
LIBRARY_CALL = 500
"""More than about a thousand facts in one call can hang the library for ever."""
_numbers = itertools.count(1)
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
Call = Callable[[int], object]
"""Records one fact for the client of that number."""


class Bench:
    """The ways to write, over one database."""

    def __init__(self, conninfo: str) -> None:
        self._pool = open_pool(conninfo, min_size=MOST_CLIENTS, max_size=MOST_CLIENTS)
        self._pool.wait()
        self._store = FactStore(self._pool)
        for number in range(MOST_CLIENTS):
            self._store.open_tenant(f"tenant-{number}")
        self.one_tenant(0)
        self._bytes = self._store.envelopes_after("tenant-0", 0, 1)[0]
        self._raw = [psycopg.connect(conninfo, autocommit=True) for _ in range(MOST_CLIENTS)]
        for statement in (
            "CREATE SCHEMA bench",
            "CREATE TABLE bench.bare (envelope bytea NOT NULL)",
            "CREATE TABLE bench.fact (LIKE ledger.fact INCLUDING ALL)",
            "CREATE SCHEMA library",
        ):
            self._raw[0].execute(statement)
        self._library = _library(conninfo)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
        self._library.datastore.close()
        for connection in self._raw:
            connection.close()

    def one_tenant(self, _: int) -> None:
        """Ours, all clients in one tenant."""
        self._append("tenant-0")

    def own_tenant(self, client: int) -> None:
        """Ours, each client in a tenant of its own."""
        self._append(f"tenant-{client}")

    def _append(self, tenant: str) -> None:
        number = next(_numbers)
        once = Idempotency(f"request-{number}", b"f" * 32)
        self._store.append(tenant, [NewFact(f"contract/{number}", 1, FACT)], ACT, idempotency=once)

    def raw(self, client: int) -> None:
        """The same bytes into a bare table."""
        self._raw[client].execute("INSERT INTO bench.bare VALUES (%b)", [self._bytes])

    def library(self, _: int) -> None:
        """The library's recorder."""
        self._library.insert_events(_events(1))

    def bulk(self, _: int) -> None:
        """Ours, many facts a call."""
        number = next(_numbers)
        new = [NewFact(f"contract/{number}-{n // 10}", n % 10 + 1, FACT) for n in range(BULK)]
        once = Idempotency(f"request-{number}", b"f" * 32)
        self._store.append("tenant-0", new, ACT, idempotency=once)

    def library_bulk(self, _: int) -> None:
        """The library's recorder, as many facts a call as it takes."""
        for _ in range(BULK // LIBRARY_CALL):
            self._library.insert_events(_events(LIBRARY_CALL))

    def copy(self, _: int) -> None:
        """COPY of ready-made rows into a table like ours."""
        number, moment, name = next(_numbers), datetime.now(UTC), "contract.clause_amended.v1"
        first = number * BULK
        rows = [
            ("tenant-0", first + n, f"contract/{number}-{n // 10}", n % 10 + 1, name, moment,
             self._bytes)
            for n in range(BULK)
        ]  # fmt: skip
        with self._raw[0].cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(["text", "int8", "text", "int4", "text", "timestamptz", "bytea"])
            for row in rows:
                copy.write_row(row)


_COPY = """
    COPY bench.fact (tenant_id, position, stream_id, version, name, recorded_at, envelope)
    FROM STDIN (FORMAT binary)"""


def _events(count: int) -> list[StoredEvent]:
    state = act_line(ACT, FACT.effective) + b"\n" + canonical(FACT)
    return [StoredEvent(uuid4(), 1, "contract.clause_amended.v1", state) for _ in range(count)]


def _library(conninfo: str) -> PostgresApplicationRecorder:
    parts: dict[str, Any] = conninfo_to_dict(conninfo)
    datastore = PostgresDatastore(
        dbname=parts["dbname"],
        host=parts["host"],
        port=parts.get("port", 5432),
        user=parts["user"],
        password=parts.get("password", ""),
        pool_size=MOST_CLIENTS,
        schema="library",
    )
    recorder = PostgresApplicationRecorder(datastore)
    recorder.create_table()
    return recorder


def _case(call: Call, clients: int, times: int) -> harness.Case:
    def client(number: int) -> None:
        for _ in range(times):
            call(number)

    def work() -> None:
        if clients == 1:
            client(0)
            return
        with ThreadPoolExecutor(clients) as threads:
            list(threads.map(client, range(clients)))

    return lambda: harness.timed(work)


def main(rounds: int = 5, only: str = "") -> list[dict[str, Any]]:
    """Facts a second, ours beside each reference."""
    results: list[dict[str, Any]] = []
    with harness.database() as conninfo:
        bench = Bench(conninfo)
        ways: dict[str, Call] = {"raw insert": bench.raw, "library": bench.library}
        bulk: dict[str, Call] = {"copy": bench.copy, "library": bench.library_bulk}
        kinds: list[tuple[str, int, int, int, dict[str, Call]]] = [
            ("1 client", 1, 500, 1, {"ours": bench.one_tenant, **ways}),
            ("8 clients, one tenant", 8, 200, 1, {"ours": bench.one_tenant, **ways}),
            ("32 clients, one tenant", 32, 100, 1, {"ours": bench.one_tenant, **ways}),
            ("32 clients, 32 tenants", 32, 100, 1, {"ours": bench.own_tenant, **ways}),
            (f"bulk, {BULK:,} facts a call", 1, 2, BULK, {"ours": bench.bulk, **bulk}),
        ]
        for name, clients, times, size, calls in kinds:
            if only in name:
                cases = {way: _case(call, clients, times) for way, call in calls.items()}
                taken = harness.interleaved(cases, rounds)
                amount = clients * times * size
                results += harness.compared(f"append, {name}", "facts/s", amount, taken)
        bench.close()
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    for result in main(asked.rounds, asked.only):
        print({name: value for name, value in result.items() if name != "rounds"})
