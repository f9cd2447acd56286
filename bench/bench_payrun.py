"""A pay run of 1,000 contracts and one month, beside reading and writing the same bytes raw.

    .venv/bin/python bench/bench_payrun.py [--contracts 1000] [--rounds 5]

`raw` reads every envelope and every figure that the run reads and inserts the payslips the run
made, byte for byte, in transactions of the same size, into a table with one column and no index;
it computes nothing. The books are open again for each run, as for a month's first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api import compose
from api.settings import Settings
from bench import harness
from domain import contract_facts as facts
from domain.clauses import clause_data, clause_of
from domain.facts import Act
from domain.metric import DefineMetric
from domain.payrun import StartPayRun
from domain.person import PersonRegistered
from domain.sentences import sentence
from domain.tenant import OpenTenant
from ledger.figure_rows import MetricRow
from ledger.records import NewFact
from ledger.store import Pool, open_pool
from workflows import payrun, setup
from workflows.desk import Ask, Desk

TENANT, MONTH = "bench", "2025-03"
TODAY = date(2025, 5, 1)
PAGE = 5000
CLAUSES: dict[str, dict[str, Any]] = {
    "base": {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"},
    "commission": {
        "kind": "commission", "metric": "sales", "rate": "0.05", "base": "settled",
        "tiers": [{"start": "100000", "rate": "0.01"}], "mode": "marginal",
        "step": "percentage_point", "boundary": "above",
    },
    "fans": {
        "kind": "metric_bonus", "metric": "fans_gained", "threshold": "50000",
        "boundary": "above", "amount": "5000", "per": "once",
    },
}  # fmt: skip


def act(actor: str, reason: str = "") -> Act:
    """An act of the benchmark."""
    return Act(actor=actor, at=datetime.now(UTC), reason=reason)


def fill(desk: Desk, contracts: int) -> None:
    """A company with so many contracts in force and a month of daily figures."""
    setup.open_tenant(desk, OpenTenant(tenant=TENANT, name="Bench"), act("admin"))
    for code in ("sales", "fans_gained"):
        metric = DefineMetric(
            metric=code, title_zh=code, title_en=code, unit="1", counts="all",
            effective=date(2025, 1, 1),
        )  # fmt: skip
        setup.define_metric(desk, TENANT, metric, Ask(act("hr")))
    new: list[NewFact] = []
    for number in range(contracts):
        new += contract(number)
        if len(new) >= 1000:
            desk.store.append(TENANT, new, act("hr"))
            new = []
    desk.store.append(TENANT, new, act("hr"))
    desk.figures.record(TENANT, "shop", rows(contracts), act("data"))
    desk.runner.catch_up(TENANT)


def contract(number: int) -> list[NewFact]:
    """A person and a contract in force, as facts."""
    name, person = f"C-{number:05}", f"P-{number:05}"
    entries = []
    for key, data in CLAUSES.items():
        clause = clause_of(data)
        zh, en = sentence(clause)
        entries.append(
            facts.ClauseEntry(key=key, clause=clause_data(clause), text_zh=zh, text_en=en)
        )
    drafted = facts.ContractDrafted(
        contract=name, person=person, number=f"HT-{number}", engagement="full_time",
        character="wages", effective=date(2025, 1, 1), end=date(2027, 1, 1), team="t",
        track="beauty", template=None, template_version=None, clauses=tuple(entries),
    )  # fmt: skip
    made = [drafted, facts.ContractSent(document_sha256="ab" * 32)]
    stream = f"contract/{name}"
    new = [NewFact(f"person/{person}", 1, PersonRegistered(person=person, sealed={}))]
    new += [NewFact(stream, version, fact) for version, fact in enumerate(made, start=1)]
    activated = facts.ContractActivated(effective=date(2025, 1, 1))
    return [*new, NewFact(stream, 3, activated)]


def rows(contracts: int) -> Iterator[MetricRow]:
    """Sales and fans of every person for every day of the month."""
    for number in range(contracts):
        person = f"P-{number:05}"
        for day in range(1, 32):
            on = date(2025, 3, day)
            amount = Decimal(number % 97 * 100 + day) + Decimal("0.55")
            yield MetricRow(f"s{number}-{day}", person, "sales", on, amount, "beauty")
            yield MetricRow(f"f{number}-{day}", person, "fans_gained", on, Decimal(number * 2))


class Bench:
    """The run and its reference over one company."""

    def __init__(self, desk: Desk, pool: Pool, contracts: int) -> None:
        self._desk, self._pool, self._contracts = desk, pool, contracts
        self._run = ""
        self._slips: list[bytes] = []
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
        self._run = state.run
        self._slips = self._slips or self._payslips(state.pinned)
        self.pinned = state.pinned
        return seconds

    def _payslips(self, pinned: int) -> list[bytes]:
        found = self._desk.store.envelopes_after(TENANT, pinned, self._contracts + 2)
        return [one for one in found if b'"name":"pay.payslip_computed.v1"' in one]

    def raw(self) -> float:
        """Read and write the same bytes and nothing else."""
        return harness.timed(self._raw)

    def _raw(self) -> None:
        with self._pool.connection() as connection:
            position = 0
            while page := connection.execute(
                "SELECT position, envelope FROM ledger.fact WHERE tenant_id = %b"
                " AND position > %b AND position <= %b ORDER BY position LIMIT %b",
                [TENANT, position, self.pinned, PAGE],
                binary=True,
            ).fetchall():
                position = page[-1][0]
            connection.execute(
                "SELECT person, metric, day, category, value FROM ledger.metric_row"
                " WHERE tenant_id = %b AND day >= %b AND day < %b",
                [TENANT, date(2025, 3, 1), date(2025, 4, 1)],
                binary=True,
            ).fetchall()
            for start in range(0, len(self._slips), payrun.CHUNK):
                chunk = [[one] for one in self._slips[start : start + payrun.CHUNK]]
                with connection.transaction():
                    connection.cursor().executemany("INSERT INTO bench.slip VALUES (%b)", chunk)


def main(rounds: int = 5, contracts: int = 1000) -> list[dict[str, Any]]:
    """Payslips a second, ours beside the raw reference."""
    with harness.database() as conninfo, open_pool(conninfo, max_size=4) as pool:
        settings = Settings.from_env({"TALLYSTICK_MASTER_KEY": "A" * 43 + "="})
        desk = compose.build(pool, settings)
        fill(desk, contracts)
        with pool.connection() as connection:
            connection.execute("VACUUM ANALYZE ledger.fact")
            connection.execute("VACUUM ANALYZE ledger.metric_row")
        bench = Bench(desk, pool, contracts)
        taken = harness.interleaved({"ours": bench.ours, "raw": bench.raw}, rounds)
    name = f"pay run, {contracts:,} contracts, one month"
    return harness.compared(name, "payslips/s", contracts, taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contracts", type=int, default=1000)
    given = parser.parse_args()
    for result in main(given.rounds, given.contracts):
        print({key: value for key, value in result.items() if key != "rounds"})
