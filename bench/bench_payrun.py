"""A pay run beside reading and writing the same bytes raw, and the arithmetic alone.

    .venv/bin/python bench/bench_payrun.py [--contracts 2000] [--rounds 3]
    .venv/bin/python bench/bench_payrun.py --full [--folder DIR]

Thirty days of five metrics for each contract, one month. `raw` reads every envelope and every
figure that the run reads and copies the payslips the run made, byte for byte, into a table of one
column without an index, in transactions of the same size; `plain` is the arithmetic of those
payslips in plain Python over the rows that were read: sums, the month's lines, the tax. Both run
on one core; ours uses as many processes as there are cores. `--full` is 100,000 contracts and
15,000,000 rows, measured once; with `--folder` the filled database is kept there for the next time.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from api import compose
from api.postgres_server import EmbeddedPostgres
from api.settings import Settings
from bench import harness
from bench.payrun_company import (
    AFTER,
    CLAUSES,
    FIRST,
    MONTH,
    TENANT,
    TODAY,
    act,
    contract,
    fill,
)
from domain.payrun import StartPayRun
from ledger.migrate import migrate
from ledger.store import Pool, open_pool
from workflows import payrun
from workflows.crew import Crew
from workflows.desk import Ask, Desk

__all__ = ["CLAUSES", "act", "contract", "main"]

PAGE, ROWS = 5_000, 50_000
FULL = 100_000
FEN = Decimal("0.01")
TAX = [
    (36000, "0.03", 0), (144000, "0.10", 2520), (300000, "0.20", 16920), (420000, "0.25", 31920),
    (660000, "0.30", 52920), (960000, "0.35", 85920), (None, "0.45", 181920),
]  # fmt: skip
Sums = dict[tuple[str, str], Decimal]


class Bench:
    """The run and its references over one company."""

    def __init__(self, desk: Desk, pool: Pool, contracts: int) -> None:
        self._desk, self._pool, self._contracts = desk, pool, contracts
        self._run = ""
        self._pinned = 0
        self.seconds: dict[str, float] = {}
        with pool.connection() as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
            connection.execute("CREATE TABLE IF NOT EXISTS bench.slip (envelope bytea NOT NULL)")

    def ours(self) -> float:
        """Compute the month; what was computed before is rejected first, which is not timed."""
        if self._run:
            payrun.reject(self._desk, TENANT, self._run, Ask(act("boss", "again")))
        self._desk.runner.catch_up(TENANT)
        command, ask = StartPayRun(month=MONTH), Ask(act("fin"))
        made: list[Any] = []
        seconds = harness.timed(
            lambda: made.append(payrun.compute(self._desk, TENANT, command, ask, today=TODAY))
        )
        state = made[0].state
        assert state.payslips == self._contracts, state
        self._run, self._pinned, self._net = state.run, state.pinned, state.net
        return seconds

    def references(self) -> tuple[float, float]:
        """Seconds of reading and writing raw, and of the arithmetic alone."""
        spent = {"raw": 0.0, "plain": 0.0}
        sums: Sums = defaultdict(Decimal)
        with self._pool.connection() as connection, _clock(spent, "raw"):
            self._read_envelopes(connection)
        with self._pool.connection() as connection, connection.transaction():
            for page in self._rows(connection, spent):
                with _clock(spent, "plain"):
                    for person, metric, _, _, value in page:
                        sums[person, metric] += value
        with _clock(spent, "plain"):
            net = sum((_net(sums, f"P-{n:06}") for n in range(self._contracts)), Decimal(0))
        assert net == self._net, f"the plain arithmetic pays {net}, the run {self._net}"
        self._write(spent)
        return spent["raw"], spent["plain"]

    def _read_envelopes(self, connection: psycopg.Connection[Any]) -> None:
        position = 0
        while page := connection.execute(
            "SELECT position, envelope FROM ledger.fact WHERE tenant_id = %b"
            " AND position > %b AND position <= %b"
            " AND name IN ('contract.drafted.v1', 'contract.sent.v1', 'contract.activated.v1',"
            " 'person.registered.v1') ORDER BY position LIMIT %b",
            [TENANT, position, self._pinned, PAGE],
            binary=True,
        ).fetchall():
            position = page[-1][0]

    def _rows(self, connection: psycopg.Connection[Any], spent: dict[str, float]) -> Iterator[Any]:
        """Every figure of the month, a page at a time: as text, which psycopg reads faster."""
        with psycopg.ServerCursor(connection, "figures") as cursor:
            with _clock(spent, "raw"):
                cursor.execute(
                    "SELECT person, metric, day, category, value FROM ledger.metric_row"
                    " WHERE tenant_id = %s AND day >= %s AND day < %s",
                    [TENANT, FIRST, AFTER],
                )
            while True:
                with _clock(spent, "raw"):
                    page = cursor.fetchmany(ROWS)
                if not page:
                    return
                yield page

    def _write(self, spent: dict[str, float]) -> None:
        after = self._pinned
        with self._pool.connection() as connection:
            while True:
                page = self._desk.store.envelopes_after(TENANT, after, payrun.CHUNK)
                if not page:
                    return
                after += len(page)
                with (
                    _clock(spent, "raw"),
                    connection.transaction(),
                    connection.cursor().copy("COPY bench.slip FROM STDIN (FORMAT binary)") as copy,
                ):
                    copy.set_types(["bytea"])
                    for envelope in page:
                        copy.write_row((envelope,))


@contextmanager
def _clock(spent: dict[str, float], what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    spent[what] += time.perf_counter() - began


def _net(sums: Sums, person: str) -> Decimal:
    """A month's net by hand: base, commission in two tiers, a share of gifts, a bonus, the tax."""
    sales, gifts = sums[person, "sales"], sums[person, "gift_income"]
    over = max(Decimal(0), sales - 100000)
    lines = [
        Decimal(8000),
        sales * Decimal("0.05") + over * Decimal("0.01"),
        gifts * Decimal("0.40"),
        Decimal(5000 if sums[person, "fans_gained"] > 50000 else 0),
    ]
    gross = sum((line.quantize(FEN, ROUND_HALF_UP) for line in lines), Decimal(0))
    taxable = max(Decimal(0), gross - 5000 * 5)
    _, rate, quick = next(row for row in TAX if row[0] is None or taxable <= row[0])
    return gross - (taxable * Decimal(rate) - quick).quantize(FEN, ROUND_HALF_UP)


@contextmanager
def company(contracts: int, folder: Path | None) -> Iterator[tuple[Desk, Pool]]:
    """A filled database, kept in a folder where one is given."""
    with _server(folder) as conninfo, open_pool(conninfo, max_size=4) as pool:
        desk = compose.build(pool, Settings.from_env({"TALLYSTICK_MASTER_KEY": "A" * 43 + "="}))
        desk = replace(desk, crew=Crew(conninfo, os.cpu_count() or 1))
        if TENANT not in desk.store.tenants():
            fill(desk, contracts)
            with pool.connection() as connection:
                for table in ("fact", "metric_row", "metric_batch"):
                    connection.execute(f"VACUUM ANALYZE ledger.{table}")
        yield desk, pool


@contextmanager
def _server(folder: Path | None) -> Iterator[str]:
    if folder is None:
        with harness.database() as conninfo:
            yield conninfo
        return
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    with EmbeddedPostgres(folder) as conninfo:
        migrate(conninfo, harness.ROOT / "migrations")
        yield conninfo


def main(
    rounds: int = 3, contracts: int = 2_000, folder: Path | None = None
) -> list[dict[str, Any]]:
    """Payslips a second, ours beside the sum of both references."""
    with company(contracts, folder) as (desk, pool):
        bench = Bench(desk, pool, contracts)
        taken: dict[str, list[float]] = {"ours": [], "raw and plain": []}
        for _ in range(rounds):
            taken["ours"].append(bench.ours())
            raw, plain = bench.references()
            taken["raw and plain"].append(raw + plain)
            print(f"ours {taken['ours'][-1]:.1f} s, raw {raw:.1f} s, plain {plain:.1f} s; "
                  f"ours takes {taken['ours'][-1] / (raw + plain):.2f} of both")  # fmt: skip
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    hands = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"most memory: this process {most} MB, the largest of the others {hands} MB")
    name = f"pay run, {contracts:,} contracts, {contracts * 150:,} figures"
    return harness.compared(name, "payslips/s", contracts, taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contracts", type=int, default=2_000)
    parser.add_argument("--full", action="store_true", help="100,000 contracts, one round")
    parser.add_argument("--folder", type=Path, help="keep the filled database here")
    given = parser.parse_args()
    size, turns = (FULL, 1) if given.full else (given.contracts, given.rounds)
    for result in main(turns, size, given.folder):
        print({key: value for key, value in result.items() if key != "rounds"})
