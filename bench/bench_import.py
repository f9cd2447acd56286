"""Import: a CSV of figures as one batch, beside a raw COPY of the same rows.

    .venv/bin/python bench/bench_import.py [--rounds 5]

Ours reads the text, checks every field, spools, digests, copies and appends the fact. The
references only copy rows that are parsed already: `COPY, same keys` into a table with the keys
and indexes of ours, `COPY, no keys` into a bare one. All durable, on one server, in turns.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import harness
from domain.facts import Act
from domain.metric import Metric, MetricDefined
from ledger.figures import FigureStore
from ledger.store import FactStore, Pool, open_pool
from workflows.figures import record_upload
from workflows.row_check import RowRules

ROWS = 50_000
PERSONS = 300
START = date(2025, 1, 1)
ACT = Act(actor="data.bot", at=datetime(2026, 1, 1, tzinfo=UTC))
COLUMNS = (
    "tenant_id, batch, source, row_no, row_id, person, metric, day, category, value, order_ref"
)
_numbers = itertools.count(1)


def rows() -> list[tuple[str, str, str, date, Decimal, str]]:
    """Sales of a year: row id, person, metric, day, value, category."""
    return [
        (
            f"order-{n:07d}",
            f"S{n % PERSONS:04d}",
            "sales",
            START + timedelta(days=n % 365),
            Decimal(n * 7 % 100_000) / 100,
            ("beauty", "food", "fashion")[n % 3],
        )
        for n in range(ROWS)
    ]


def rules() -> RowRules:
    """What the rows are checked against."""
    definition = MetricDefined(
        metric="sales", title_zh="销售额", title_en="Sales", unit="CNY", aggregation="sum",
        counts="settled orders", effective=START,
    )  # fmt: skip
    persons = frozenset(f"S{n:04d}" for n in range(PERSONS))
    metric = Metric(metric="sales", version=1, definitions=(definition,))
    return RowRules(persons, {"sales": metric}, date(2026, 1, 1))


class Bench:
    """Ours and the two references, over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._facts = FactStore(pool)
        self._figures = FigureStore(pool, self._facts)
        self._rules = rules()
        self._rows = rows()
        lines = (",".join(map(str, row)) for row in self._rows)
        self._csv = ("row_id,person,metric,day,value,category\n" + "\n".join(lines)).encode()
        with pool.connection() as connection:
            connection.execute("CREATE SCHEMA bench")
            connection.execute(
                "CREATE TABLE bench.same_keys (LIKE ledger.metric_row INCLUDING ALL)"
            )
            connection.execute("CREATE TABLE bench.no_keys (LIKE ledger.metric_row)")

    def ours(self) -> float:
        """The CSV as a batch of a new tenant."""
        tenant = f"bench-{next(_numbers)}"
        self._facts.open_tenant(tenant)

        def work() -> None:
            result = record_upload(
                self._figures, tenant, "shop", "csv", [self._csv], self._rules, ACT
            )
            assert result.receipt.rows == ROWS

        return harness.timed(work)

    def raw(self, table: str) -> float:
        """The same rows, parsed before the clock starts, by COPY in one transaction."""
        tenant = f"raw-{next(_numbers)}"

        def work() -> None:
            with (
                self._pool.connection() as connection,
                connection.transaction(),
                connection.cursor().copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy,  # type: ignore[arg-type]
            ):
                place = (tenant, "b", "shop")
                for number, (*keys, day, value, category) in enumerate(self._rows, start=1):
                    copy.write_row((*place, number, *keys, day, category, value, ""))

        return harness.timed(work)


def main(rounds: int) -> list[dict[str, Any]]:
    """Rates of ours and of both references."""
    with harness.database() as conninfo, open_pool(conninfo, max_size=2) as pool:
        bench = Bench(pool)
        cases: dict[str, harness.Case] = {
            "ours": bench.ours,
            "COPY, same keys": lambda: bench.raw("bench.same_keys"),
            "COPY, no keys": lambda: bench.raw("bench.no_keys"),
        }
        taken = harness.interleaved(cases, rounds)
        return harness.compared(f"import a CSV of {ROWS:,} rows", "rows/s", ROWS, taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    for one in main(parser.parse_args().rounds):
        print(
            f"{one['name']}: ours {one['ours']:,.0f} {one['unit']}, "
            f"{one['reference_name']} {one['reference']:,.0f}, ratio {one['ratio']:.3f}"
        )
