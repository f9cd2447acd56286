"""Sealing: how long after its commit a fact stands under a signed checkpoint, at full load.

    .venv/bin/python bench/bench_sealing.py [--rounds 3] [--seconds 10]

The load is that of the append benchmark: as many clients, as fast as they can. A sealer runs
beside them as it does beside a service. The time of a fact runs from the return of its append to
the return of the seal that covers it, both after their commits, on one clock. The promise is one
second; `slowest` is the slowest fact of all.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import harness
from bench.bench_append import ACT, BULK, FACT, MOST_CLIENTS
from ledger.keys import KeyRing
from ledger.records import NewFact
from ledger.sealer import Sealer, Step
from ledger.store import FactStore, open_pool
from ledger.verify import verify_ledger

LIMIT_MS = 1000.0
_numbers = itertools.count(1)


class Clocked(Sealer):
    """A sealer that notes when each of its checkpoints was committed."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.sealed: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def _step(self, tenant: str) -> Step | None:
        step = super()._step(tenant)
        if step is not None:
            self.sealed[tenant].append((step.checkpoint.size, time.monotonic()))
        return step


@dataclass
class Load:
    """Clients that append as fast as they can, and when each fact was committed."""

    store: FactStore
    clients: int
    tenants: int
    size: int
    committed: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))

    def run(self, seconds: float) -> int:
        """Append for so long; how many facts."""
        end = time.monotonic() + seconds

        def client(number: int) -> int:
            tenant, done = f"tenant-{number % self.tenants}", 0
            while time.monotonic() < end:
                stream = next(_numbers)
                new = [NewFact(f"contract/{stream}-{n}", 1, FACT) for n in range(self.size)]
                last = self.store.append(tenant, new, ACT)[-1]
                self.committed[tenant].append((last.position, time.monotonic()))
                done += self.size
            return done

        with ThreadPoolExecutor(self.clients) as threads:
            return sum(threads.map(client, range(self.clients)))


def lags(load: Load, sealer: Clocked) -> list[float]:
    """Milliseconds from the commit of each append to the seal that covers it."""
    found = []
    for tenant, facts in load.committed.items():
        sizes = [size for size, _ in sealer.sealed[tenant]]
        for position, committed in facts:
            sealed = sealer.sealed[tenant][bisect_left(sizes, position)][1]
            found.append(max(0.0, sealed - committed) * 1000)
    return found


def measured(clients: int, tenants: int, size: int, seconds: float) -> tuple[list[float], int]:
    """One load on a database of its own; the lags and how many facts were written."""
    with (
        harness.database() as conninfo,
        open_pool(conninfo, min_size=MOST_CLIENTS, max_size=MOST_CLIENTS + 4) as pool,
        tempfile.TemporaryDirectory() as folder,
    ):
        store = FactStore(pool)
        for number in range(tenants):
            store.open_tenant(f"tenant-{number}")
        sealer, stop = Clocked(pool, KeyRing(Path(folder) / "log-keys")), threading.Event()
        thread = threading.Thread(target=sealer.run, args=[stop])
        thread.start()
        load = Load(store, clients, tenants, size)
        try:
            written = load.run(seconds)
        finally:
            time.sleep(3 * LIMIT_MS / 1000)
            stop.set()
            sealer.hint()
            thread.join()
        assert not sealer.refused
        assert verify_ledger(pool, "tenant-0").ok
        return lags(load, sealer), written


LOADS = (
    ("1 client", 1, 1, 1),
    ("8 clients, one tenant", 8, 1, 1),
    ("32 clients, one tenant", 32, 1, 1),
    ("32 clients, 32 tenants", 32, 32, 1),
    (f"bulk, {BULK:,} facts a call", 1, 1, BULK),
)


def main(rounds: int = 3, seconds: float = 10.0) -> list[dict[str, Any]]:
    """Milliseconds from commit to checkpoint, beside the one second that is promised."""
    results = []
    for name, clients, tenants, size in LOADS:
        each = [measured(clients, tenants, size, seconds) for _ in range(rounds)]
        waits = sorted(lag for found, _ in each for lag in found)
        p99 = waits[int(len(waits) * 0.99)]
        results.append(
            {
                "name": f"sealing, {name}",
                "unit": "ms, p99 from commit to checkpoint",
                "ours": round(p99, 1),
                "reference": LIMIT_MS,
                "reference_name": "one second",
                "ratio": round(p99 / LIMIT_MS, 3),
                "median": round(statistics.median(waits), 1),
                "slowest": round(waits[-1], 1),
                "facts_a_second": round(sum(n for _, n in each) / rounds / seconds),
            }
        )
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    for one in main(asked.rounds, asked.seconds):
        print(one, flush=True)
