"""Reading and decoding facts to their classes, beside fetching the same rows.

    .venv/bin/python bench/bench_read.py [--facts 50000] [--rounds 5]

`ours` is `FactStore.facts_after` over a company's contracts, payslips and payouts, in the runner's
pages; `rows in binary` are their envelopes as psycopg fetches them, in the same pages, and nothing
done with them. One server, in turns, medians, facts a second.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import harness
from bench.bench_catchup import FACTS, prepared, raw, read, wanted_names
from ledger.store import open_pool
from projections.models import MODELS


def main(rounds: int = 5, facts: int = FACTS) -> list[dict[str, Any]]:
    """Facts a second, ours beside the bare rows."""
    with harness.database() as url, open_pool(url, max_size=2) as pool:
        store, names = prepared(pool, facts), wanted_names(list(MODELS))
        cases: dict[str, harness.Case] = {
            "ours": lambda: harness.timed(lambda: read(store, names)),
            "rows in binary": lambda: harness.timed(lambda: raw(pool, names)),
        }
        taken = harness.interleaved(cases, rounds)
        return harness.compared("read and decode", "facts/s", raw(pool, names), taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    for result in main(asked.rounds, asked.facts):
        print({name: value for name, value in result.items() if name != "rounds"})
