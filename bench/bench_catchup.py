"""Catch-up of each read model from nothing, beside the read limit and the library's runner.

    .venv/bin/python bench/bench_catchup.py [--facts 50000] [--rounds 5] [--only pay_register]

Interleaved rounds on a durable PostgreSQL; medians; facts that the model wants, a second.

- `read limit`: these facts read and decoded by `FactStore.facts_after`, in pages as large as the
  runner's, and nothing done with them. No read model in Python can be faster than this.
- `raw rows`: their envelopes fetched by psycopg in binary in the same pages, not even decoded.
- `library`: the eventsourcing package's own ProjectionRunner over its own PostgreSQL recorder:
  an upsert of one row of three columns and the tracking record a fact, as it is meant to be used.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bench import harness
from domain import contract_facts as facts
from domain.payout import PayoutSettled
from domain.person import PersonRegistered, TaxProfileSet
from ledger.store import FactStore, Pool, open_pool
from projections.model import ReadModel
from projections.models import MODELS
from projections.quiet import quiet
from projections.runner import BATCH, Runner
from tests.projections.business import (
    TENANT,
    Book,
    Streamed,
    amended,
    commission,
    instructed,
    pay_run,
    posting,
    signed,
)

FACTS = 50_000
LIBRARY_FACTS = 2_000


def company(count: int) -> Iterator[Streamed]:
    """Contracts, amendments, monthly payslips and payouts, until there are enough facts."""
    streamers = max(10, count // 100)
    contracts = [f"K-{number:05}" for number in range(streamers)]
    for contract in contracts:
        person = "P" + contract[1:]
        yield f"person/{person}", PersonRegistered(person=person, sealed={}, tags=("beauty",))
        profile = {"person": person, "profile": {"other": "0"}}
        yield f"person/{person}", TaxProfileSet(effective=date(2025, 1, 1), **profile)
        yield from signed(contract, person=person, end=date(2027, 1, 1))
    month = 0
    while True:
        month += 1
        name = f"{2025 + (month - 1) // 12}-{(month - 1) % 12 + 1:02}"
        first = date.fromisoformat(name + "-01")
        for number, contract in enumerate(contracts):
            if (number + month) % 4 == 0:
                clause = commission(f"0.0{number % 9 + 1}", "150000")
                yield f"contract/{contract}", amended("commission", clause, first)
            elif (number + month) % 11 == 0:
                character = "labour_remuneration"
                set_to = facts.TaxCharacterSet(character=character, effective=first)
                yield f"contract/{contract}", set_to
        run = f"{name}-1"
        yield from pay_run(run, name, contracts, pinned=1)
        yield from posting(run)
        for contract in contracts:
            stream, fact = instructed(run, contract, "13580")
            yield stream, fact
            reference = {"bank_reference": f"ICBC-{run}", "effective": first}
            yield stream, PayoutSettled(end_to_end_id=fact.end_to_end_id, **reference)


def fill(store: FactStore, count: int) -> None:
    """Append exactly `count` facts."""
    book, chunk = Book(store), []
    for number, streamed in enumerate(company(count), start=1):
        chunk.append(streamed)
        if len(chunk) == 1000 or number == count:
            book.add_many(chunk)
            chunk = []
        if number == count:
            return


def wanted_names(models: list[ReadModel]) -> list[str]:
    return sorted(frozenset().union(*(model.names for model in models)))


def raw(pool: Pool, names: list[str]) -> int:
    """Fetch the envelopes of facts; how many there are."""
    position = seen = 0
    with pool.connection() as connection:
        while True:
            rows = connection.execute(
                "SELECT position, envelope FROM ledger.fact WHERE tenant_id = %b "
                "AND position > %b AND name = ANY(%b::text[]) ORDER BY position LIMIT %b",
                [TENANT, position, names, BATCH],
                binary=True,
            ).fetchall()
            seen += len(rows)
            if len(rows) < BATCH:
                return seen
            position = rows[-1][0]


def read(store: FactStore, names: list[str]) -> None:
    """Read and decode facts, as undisturbed by the collector as the runner is."""
    position, more = 0, True
    while more:
        with quiet:
            found = store.facts_after(TENANT, position, BATCH, names=names)
            more = len(found) == BATCH
            position = found[-1].position if found else position
            del found


def ours(pool: Pool, store: FactStore, models: list[ReadModel]) -> float:
    """Seconds to fill read models from nothing."""
    with pool.connection() as connection:
        connection.execute("DELETE FROM projections.progress")
        for model in models:
            for table in model.tables:
                connection.execute(f"TRUNCATE projections.{table}")
    gc.collect()
    runner = Runner(pool, store, models)
    seconds = harness.timed(lambda: runner.catch_up(TENANT))
    assert all(status.lag == 0 for status in runner.status(TENANT)), runner.status(TENANT)
    return seconds


class Paid(Aggregate):
    """Something for the library to project."""

    def __init__(self, contract: str, amount: str) -> None:
        self.contract = contract
        self.amount = amount
        self.reference = ""

    @event("Settled")
    def settle(self, reference: str) -> None:
        self.reference = reference


class Payments(Application):
    """The library's application, over its own tables."""


class View(PostgresTrackingRecorder):
    """One row for each payment, saved with the position."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        self.table = sql.Identifier(datastore.schema, "payment")
        create = "CREATE TABLE IF NOT EXISTS {} (id text PRIMARY KEY, status text, position bigint)"
        self.sql_create_statements.append(sql.SQL(create).format(self.table))
        self.upsert = sql.SQL(
            "INSERT INTO {} VALUES (%s, %s, %s) ON CONFLICT (id) "
            "DO UPDATE SET status = excluded.status, position = excluded.position"
        ).format(self.table)

    def put(self, payment: str, status: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            row = (payment, status, tracking.notification_id)
            cursor.execute(self.upsert, row, prepare=True)
            self._insert_tracking(cursor, tracking)


class Payouts(Projection[View]):
    """The smallest payout ledger the library can be asked for."""

    name = "payouts"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.put(str(domain_event.originator_id), type(domain_event).__name__, tracking)


class Library:
    """The library's events, and its runner over them."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        parts = conninfo_to_dict(conninfo)
        self._env = {"PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_SCHEMA": "library"}
        for name in ("dbname", "host", "port", "user", "password"):
            self._env[f"POSTGRES_{name.upper()}"] = str(parts.get(name) or "")
        self._env["POSTGRES_PORT"] = str(parts.get("port") or 5432)
        self._execute("CREATE SCHEMA library")
        with Payments(self._env) as app:
            for first in range(0, LIBRARY_FACTS, 100):
                payments = [Paid(f"K-{first + n}", "13580.00") for n in range(50)]
                for payment in payments:
                    payment.settle("ICBC-2025-01-1")
                app.save(*payments)
            self._last = app.recorder.max_notification_id()
        self.run()

    def seconds(self) -> float:
        """To project all of them from nothing."""
        self._execute("TRUNCATE library.payment")
        self._execute("DELETE FROM library.payouts_tracking WHERE application_name = 'Payments'")
        return self.run()

    def run(self) -> float:
        """Project what is not projected yet; seconds until the last of it is."""
        began = time.perf_counter()
        classes = {"projection_class": Payouts, "view_class": View}
        with ProjectionRunner(application_class=Payments, env=self._env, **classes) as runner:
            runner.wait(self._last, timeout=300)
            return time.perf_counter() - began

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(statement)


def cases(
    pool: Pool, store: FactStore, library: Library, models: list[ReadModel]
) -> tuple[int, dict[str, harness.Case]]:
    """How many facts some models want, and what is measured of them."""
    names = wanted_names(models)
    wanted = raw(pool, names)
    return wanted, {
        "ours": lambda: ours(pool, store, models),
        "read limit": lambda: harness.timed(lambda: read(store, names)),
        "raw rows": lambda: harness.timed(lambda: raw(pool, names)),
        "library": lambda: library.seconds() / LIBRARY_FACTS * wanted,
    }


def main(rounds: int, facts: int = FACTS, only: str = "") -> list[dict[str, Any]]:
    """Every read model alone, then all together."""
    results = []
    with harness.database() as url, open_pool(url, max_size=4) as pool:
        store, library = prepared(pool, facts), Library(url)
        asked = {model.name: [model] for model in MODELS} | {"all six together": list(MODELS)}
        for name in (name for name in asked if only in name):
            models = asked[name]
            wanted, measured = cases(pool, store, library, models)
            taken = harness.interleaved(measured, rounds)
            found = harness.compared(f"catch-up, {name}", "facts/s", wanted, taken)
            results += found
            for one in found:
                print(line(one), file=sys.stderr, flush=True)
    return results


def line(one: dict[str, Any]) -> str:
    """What was measured, beside one reference."""
    rates = f"{one['ours']:>10,.0f} {one['reference']:>10,.0f} {one['ratio']:>9.3f}"
    return f"{one['name']:<27} {one['reference_name']:<11} {rates}"


def prepared(pool: Pool, count: int) -> FactStore:
    """A store with so many facts in it."""
    store = FactStore(pool)
    fill(store, count)
    with pool.connection() as connection:
        connection.execute("VACUUM ANALYZE ledger.fact")
    return store


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="a part of a read model's name")
    asked = parser.parse_args()
    print(*map(line, main(asked.rounds, asked.facts, asked.only)), sep="\n")
