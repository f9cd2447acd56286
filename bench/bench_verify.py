"""Verification of a ledger's facts, beside reading every fact and hashing it once.

    .venv/bin/python bench/bench_verify.py [--rounds 3] [--facts 1000000]

`read and hash` fetches every envelope in order and takes its SHA-256: whoever wants to know that
nothing was altered has to do at least that. Ours holds columns, places, versions, the whole tree,
tiles, checkpoints and signatures against each other on the way.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import harness
from domain.contract_facts import ClauseAmended
from domain.facts import Act
from ledger.keys import KeyRing
from ledger.records import NewFact
from ledger.sealer import Sealer
from ledger.store import FactStore, Pool, open_pool
from ledger.verify import verify_ledger

TENANT = "bench"
FACTS = 1_000_000
CALL = 5_000
PAGE = 5_000
ACT = Act(actor="hr.chen", at=datetime(2025, 9, 1, tzinfo=UTC), reason="agreed with the lead")


def facts(first: int, count: int) -> Iterator[NewFact]:
    """Amendments of ten facts a contract."""
    for number in range(first, first + count):
        fact = ClauseAmended(
            amendment=f"A-{number}",
            key="commission",
            clause={"kind": "commission", "metric": "sales", "rate": "0.05", "base": "settled"},
            text_zh="按已结算直播间销售额的5%计提提成",
            text_en="Commission of 5 % on settled live-room sales",
            effective=date(2025, 9, 1),
            until=None,
            document=None,
        )
        yield NewFact(f"contract/C-{number // 10:06}", number % 10 + 1, fact)


def fill(pool: Pool, count: int, folder: Path) -> None:
    """Record the facts and seal them."""
    store = FactStore(pool)
    store.open_tenant(TENANT)
    for first in range(0, count, CALL):
        store.append(TENANT, list(facts(first, min(CALL, count - first))), ACT)
    Sealer(pool, KeyRing(folder)).seal(TENANT)
    with pool.connection() as connection:
        connection.execute("VACUUM (ANALYZE) ledger.fact")


def read_and_hash(pool: Pool) -> None:
    """The reference."""
    store, after = FactStore(pool), 0
    while page := store.envelopes_after(TENANT, after, PAGE):
        for envelope in page:
            hashlib.sha256(envelope).digest()
        after += len(page)


def verify(pool: Pool) -> None:
    """Ours; it must find nothing."""
    report = verify_ledger(pool, TENANT)
    assert report.ok, [check for check in report.checks if not check.ok]


def main(rounds: int = 3, count: int = FACTS) -> list[dict[str, Any]]:
    """Facts a second."""
    with (
        harness.database() as conninfo,
        open_pool(conninfo) as pool,
        tempfile.TemporaryDirectory() as folder,
    ):
        fill(pool, count, Path(folder) / "log-keys")
        cases: dict[str, harness.Case] = {
            "ours": lambda: harness.timed(lambda: verify(pool)),
            "read and hash": lambda: harness.timed(lambda: read_and_hash(pool)),
        }
        taken = harness.interleaved(cases, rounds)
        return harness.compared(f"verify, {count:,} facts", "facts/s", count, taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--facts", type=int, default=FACTS)
    asked = parser.parse_args()
    for one in main(asked.rounds, asked.facts):
        print(one)
