"""What benchmarks share: a durable database of their own, interleaved rounds, medians."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.postgres_server import EmbeddedPostgres
from ledger.migrate import migrate

ROOT = Path(__file__).resolve().parent.parent
Case = Callable[[], float]
"""Does the work once and says how many seconds it took."""


@contextmanager
def database() -> Iterator[str]:
    """A migrated database on disk, durable: BENCH_DATABASE_URL, or an embedded server."""
    if url := os.environ.get("BENCH_DATABASE_URL"):
        migrate(url, ROOT / "migrations")
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="tally-bench-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder) as url:
            migrate(url, ROOT / "migrations")
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def interleaved(cases: dict[str, Case], rounds: int) -> dict[str, list[float]]:
    """Seconds of every case in every round; in each round the cases take turns, once unmeasured."""
    for case in cases.values():
        case()
    taken: dict[str, list[float]] = {name: [] for name in cases}
    order = list(cases)
    for number in range(rounds):
        # The first place in a round is not always the same case's.
        for name in order[number % len(order) :] + order[: number % len(order)]:
            taken[name].append(cases[name]())
    return taken


def timed(work: Callable[[], Any]) -> float:
    """Seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compared(
    name: str, unit: str, amount: int, taken: dict[str, list[float]], ours: str = "ours"
) -> list[dict[str, Any]]:
    """Medians of rates: ours beside every other case."""
    rates = {case: amount / statistics.median(seconds) for case, seconds in taken.items()}
    spread = {case: [round(amount / s, 1) for s in seconds] for case, seconds in taken.items()}
    return [
        {
            "name": name,
            "unit": unit,
            "ours": round(rates[ours], 1),
            "reference": round(rate, 1),
            "reference_name": case,
            "ratio": round(rates[ours] / rate, 3),
            "rounds": {"ours": spread[ours], "reference": spread[case]},
        }
        for case, rate in rates.items()
        if case != ours
    ]
