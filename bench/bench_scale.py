"""Append and as-of reads in a tenant of many facts beside one of few.

    .venv/bin/python bench/bench_scale.py [--rounds 5] [--small 50000] [--large 500000] [--full]

Two databases on one server, each with one tenant: contracts in force with three amendments each,
ten facts a contract, recorded by bulk append. `append` amends a contract under a key of its own;
`contract as of` folds one from the ledger, as known at a position of the past, on a day;
`list as of` is a page of fifty contracts of the read model at such a position, from somewhere in
the list. Calls are timed one by one, of both databases in turns; 50th and 99th percentile in
microseconds, the median of the rounds. `--full` is 5,000,000 facts: minutes to fill, 10 GB.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg
from psycopg.conninfo import make_conninfo

from bench import harness
from bench.bench_payrun import CLAUSES, act
from domain import contract_facts as facts
from domain.clauses import clause_data, clause_of
from domain.contract import evolve
from domain.contract_state import Contract
from domain.person import PersonRegistered
from domain.sentences import sentence
from domain.terms import terms_on
from ledger.application import TenantLedger
from ledger.idempotency import Idempotency
from ledger.migrate import migrate
from ledger.records import NewFact
from ledger.store import FactStore, Pool, open_pool
from projections import contract_terms
from projections.contract_queries import ContractTerms
from projections.paging import cursor
from projections.runner import Runner

TENANT = "bench"
SMALL, LARGE, FULL = 50_000, 500_000, 5_000_000
EACH = 10
"""Facts of a contract, its person among them."""
CALLS = 400
BULK = 10_000
START, DAY = date(2025, 1, 1), date(2025, 9, 1)
PAGE = 50
ENTRIES = tuple(
    facts.ClauseEntry(
        key=key, clause=clause_data(clause_of(data)), text_zh=sentence(clause_of(data))[0],
        text_en=sentence(clause_of(data))[1],
    )
    for key, data in CLAUSES.items()
)  # fmt: skip


def contract(number: int) -> Iterator[NewFact]:
    """A person and a contract in force, amended three times."""
    name, person = f"C-{number:07}", f"P-{number:07}"
    yield NewFact(f"person/{person}", 1, PersonRegistered(person=person, sealed={}))
    drafted = facts.ContractDrafted(
        contract=name, person=person, number=f"HT-{number}", engagement="full_time",
        character="wages", effective=START, end=date(2027, 1, 1), team=f"team-{number % 40}",
        track="beauty", template=None, template_version=None, clauses=ENTRIES,
    )  # fmt: skip
    document = "ab" * 32
    made: list[Any] = [drafted, facts.ContractSent(document_sha256=document)]
    for party in facts.SIGNING_ORDER:
        made.append(
            facts.PartySigned(
                party=party,
                signatory=party,
                document_sha256=document,
                method="recorded",
                evidence="",
            )
        )
    made.append(facts.ContractActivated(effective=START))
    made += [amended(turn) for turn in range(1, EACH - len(made))]
    for version, fact in enumerate(made, start=1):
        yield NewFact(f"contract/{name}", version, fact)


def amended(turn: int) -> facts.ClauseAmended:
    """An amendment of base pay from a later day than those before."""
    return facts.ClauseAmended(
        amendment=f"A-{turn}", key="base", clause={**ENTRIES[0].clause, "amount": f"{8000 + turn}"},
        text_zh=f"底薪 {8000 + turn} 元", text_en=f"Base pay of {8000 + turn} yuan",
        effective=START + timedelta(days=turn), until=None, document=None,
    )  # fmt: skip


class Filled:
    """A database with so many facts in one tenant, and what is asked of it."""

    def __init__(self, pool: Pool, size: int, seed: int) -> None:
        self._pool = pool
        self._store = FactStore(pool)
        self._ledger = TenantLedger(self._store, TENANT)
        self._terms = ContractTerms(pool)
        self._random = random.Random(seed)
        self._contracts = size // EACH
        self._versions: dict[int, int] = {}
        self._sent = 0
        self._fill(size)

    def _fill(self, size: int) -> None:
        began = time.perf_counter()
        self._store.open_tenant(TENANT)
        new: list[NewFact] = []
        for number in range(self._contracts):
            new += contract(number)
            if len(new) >= BULK:
                self._store.append(TENANT, new, act("hr"))
                new = []
        if new:
            self._store.append(TENANT, new, act("hr"))
        recorded = time.perf_counter()
        Runner(self._pool, self._store, [contract_terms]).catch_up(TENANT)
        caught_up = time.perf_counter()
        with self._pool.connection() as connection:
            for table in (
                "ledger.fact",
                "projections.contract_header",
                "projections.clause_version",
            ):
                connection.execute(f"VACUUM ANALYZE {table}".encode())
            connection.execute("CHECKPOINT")
        print(
            f"{size:,} facts: recorded in {recorded - began:.0f} s, read model in "
            f"{caught_up - recorded:.0f} s",
            file=sys.stderr,
        )

    def append(self) -> None:
        """One amendment of some contract, under a key."""
        number = self._random.randrange(self._contracts)
        version = self._versions[number] = self._versions.get(number, EACH - 1) + 1
        self._sent += 1
        once = Idempotency(f"request-{self._sent}", b"f" * 32)
        new = NewFact(f"contract/C-{number:07}", version, amended(version))
        self._store.append(TENANT, [new], act("hr", "yearly review"), idempotency=once)

    def contract_as_of(self) -> None:
        """The terms of some contract on a day, as known at a position after its activation."""
        number = self._random.randrange(self._contracts)
        known = self._random.randint((number + 1) * EACH, self._contracts * EACH)
        state, _ = self._ledger.load(f"contract/C-{number:07}", Contract(), evolve, known=known)
        assert len(terms_on(state.terms, DAY)) == len(ENTRIES)

    def list_as_of(self) -> None:
        """Fifty contracts from somewhere in the list, as known at a position of the later half."""
        known = self._random.randint(self._contracts * EACH // 2, self._contracts * EACH)
        first = self._random.randrange(known // EACH - PAGE)
        page = self._terms.contracts(TENANT, DAY, cursor=cursor(known, f"C-{first:07}"), limit=PAGE)
        assert len(page.items) >= PAGE - 1

    def calls(self) -> dict[str, Callable[[], None]]:
        """Name → one call."""
        return {
            "append": self.append,
            "contract as of": self.contract_as_of,
            "list as of": self.list_as_of,
        }


def percentiles(call: Callable[[], None]) -> tuple[float, float]:
    """50th and 99th percentile of the calls of one round, in microseconds."""
    taken = sorted(harness.timed(call) * 1e6 for _ in range(CALLS))
    return taken[CALLS // 2], taken[CALLS * 99 // 100]


def measured(filled: dict[int, Filled], rounds: int) -> list[dict[str, Any]]:
    """Every call at every size, in turns."""
    results: list[dict[str, Any]] = []
    small, large = sorted(filled)
    for name in filled[small].calls():
        calls = {size: one.calls()[name] for size, one in filled.items()}
        for call in calls.values():
            percentiles(call)
        found: dict[int, list[tuple[float, float]]] = {size: [] for size in calls}
        for number in range(rounds):
            for size in (small, large) if number % 2 else (large, small):
                found[size].append(percentiles(calls[size]))
        for place, which in enumerate(("p50", "p99")):
            spread = {size: [round(r[place]) for r in taken] for size, taken in found.items()}
            middle = {size: statistics.median(taken) for size, taken in spread.items()}
            results.append(
                {
                    "name": f"{name}, {large:,} facts, {which}",
                    "unit": "µs",
                    "ours": middle[large],
                    "reference": middle[small],
                    "reference_name": f"{small:,} facts",
                    "ratio": round(middle[large] / middle[small], 3),
                    "rounds": {"ours": spread[large], "reference": spread[small]},
                }
            )
    return results


def main(rounds: int = 5, small: int = SMALL, large: int = LARGE) -> list[dict[str, Any]]:
    """Latencies at the larger size beside those at the smaller: a ratio of 1 is the same."""
    with harness.database() as conninfo:
        filled: dict[int, Filled] = {}
        pools: list[Pool] = []
        for size in (small, large):
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE bench_{size} TEMPLATE template0".encode())
            own = make_conninfo(conninfo, dbname=f"bench_{size}")
            migrate(own, harness.ROOT / "migrations")
            pools.append(open_pool(own, max_size=4))
            filled[size] = Filled(pools[-1], size, seed=size)
        results = measured(filled, rounds)
        for pool in pools:
            pool.close()
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--full", action="store_true", help=f"--large {FULL}")
    asked = parser.parse_args()
    for result in main(asked.rounds, asked.small, FULL if asked.full else asked.large):
        print({name: value for name, value in result.items() if name != "rounds"})
