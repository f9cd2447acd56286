"""Catch-up of each read model from nothing, beside reading the same facts raw by psycopg.

    .venv/bin/python bench/bench_catchup.py [--facts 50000] [--rounds 5] [--profile MODEL]

Interleaved rounds on a durable embedded PostgreSQL; medians. `raw` fetches the envelopes of the
facts that the model wants, in binary, in pages as large as the runner's, and does nothing more.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api.postgres_server import EmbeddedPostgres  # noqa: E402
from domain import contract_facts as facts  # noqa: E402
from domain.payout import PayoutSettled  # noqa: E402
from domain.person import PersonRegistered, TaxProfileSet  # noqa: E402
from ledger.migrate import migrate  # noqa: E402
from ledger.store import FactStore, Pool, open_pool  # noqa: E402
from projections.model import ReadModel  # noqa: E402
from projections.models import MODELS  # noqa: E402
from projections.runner import BATCH, Runner  # noqa: E402
from tests.projections.business import (  # noqa: E402
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


def raw(pool: Pool, models: list[ReadModel]) -> tuple[float, int]:
    """Seconds to fetch the envelopes of the facts that these models want, and how many."""
    names = sorted(frozenset().union(*(model.names for model in models)))
    started, position, seen = time.perf_counter(), 0, 0
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
                return time.perf_counter() - started, seen
            position = rows[-1][0]


def ours(pool: Pool, store: FactStore, models: list[ReadModel]) -> float:
    """Seconds to fill read models from nothing."""
    with pool.connection() as connection:
        connection.execute("DELETE FROM projections.progress")
        for model in models:
            for table in model.tables:
                connection.execute(f"TRUNCATE projections.{table}")
    gc.collect()
    runner = Runner(pool, store, models)
    started = time.perf_counter()
    runner.catch_up(TENANT)
    seconds = time.perf_counter() - started
    assert all(status.lag == 0 for status in runner.status(TENANT)), runner.status(TENANT)
    return seconds


def measure(pool: Pool, store: FactStore, count: int, rounds: int) -> None:
    """Interleaved rounds, one line a model, then all together."""
    cases = {model.name: [model] for model in MODELS} | {"all six together": list(MODELS)}
    reads: dict[str, list[float]] = {name: [] for name in cases}
    fills: dict[str, list[float]] = {name: [] for name in cases}
    wanted: dict[str, int] = {}
    for number in range(rounds):
        for name, models in cases.items():
            seconds, wanted[name] = raw(pool, models)
            reads[name].append(seconds)
            fills[name].append(ours(pool, store, models))
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    print(f"{count:,} facts, medians of {rounds} interleaved rounds, facts wanted a second")
    print(f"{'read model':<18}{'wanted':>8}{'raw read':>12}{'catch-up':>10}{'ratio':>8}")
    for name in cases:
        limit = wanted[name] / statistics.median(reads[name])
        rate = wanted[name] / statistics.median(fills[name])
        print(f"{name:<18}{wanted[name]:>8,}{limit:>12,.0f}{rate:>10,.0f}{rate / limit:>8.3f}")


def profile(pool: Pool, store: FactStore, name: str) -> None:
    """Where the time of one model goes."""
    with cProfile.Profile() as profiler:
        ours(pool, store, [model for model in MODELS if model.name == name])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(22)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", help="profile one read model instead")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tally-bench-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder) as url:
            migrate(url, ROOT / "migrations")
            with open_pool(url, max_size=4) as pool:
                store = FactStore(pool)
                fill(store, asked.facts)
                with pool.connection() as connection:
                    connection.execute("VACUUM ANALYZE ledger.fact")
                if asked.profile:
                    profile(pool, store, asked.profile)
                else:
                    measure(pool, store, asked.facts, asked.rounds)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
