"""The promises of docs/promises.md under load, for as long as it is told.

    make soak MINUTES=10 SEED=7

Each round runs every promise with a seed of its own, on a durable PostgreSQL of its own that is
killed and started again, and prints a line; at the end stands a table of promise, trials and
violations. A seed that is given is the first one: the same seed draws the same choices. Exits with
1 where a promise was broken. `--postgres DIR` names the binaries of another version.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console
from rich.table import Table

from ledger.migrate import migrate
from ledger.store import open_pool
from tests.conftest import MIGRATIONS
from tests.soak.kills import Kills
from tests.soak.load import Load
from tests.soak.machine import LedgerMachine
from tests.soak.poison import Poison
from tests.soak.rebuilds import Rebuilds
from tests.soak.report import Report
from tests.soak.retries import Retries
from tests.soak.server import Server

MACHINE = "the ledger does what a model of dicts does"
STEPS, EXAMPLES = 50, 100


def machine(url: str, seed: int) -> Report:
    """Random steps on the ledger's interface and on the model."""
    report = Report(MACHINE, seed, trials=STEPS * EXAMPLES)
    asked = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    with open_pool(url) as pool:
        kind = type("Machine", (LedgerMachine,), {"pool": pool})
        try:
            run_state_machine_as_test(seeded(seed)(kind), settings=asked)
        except AssertionError as error:
            report.wrong(repr(error))
    return report


def trials(server: Server, seed: int) -> list[Callable[[], Report]]:
    """One round: every promise with this seed."""
    return [
        Load(server.url, seed, facts=200_000).run,
        Retries(server.url, seed, requests=20_000, keys=500).run,
        Rebuilds(server.url, seed, facts=50_000).run,
        Poison(server.url, seed, trials=40).run,
        lambda: Kills(server, seed).run(25),
        lambda: machine(server.url, seed),
    ]


def run(minutes: float, first: int, binaries: Path | None) -> list[Report]:
    """Rounds until the time is over; what is begun is ended."""
    deadline = time.monotonic() + 60 * minutes
    done: list[Report] = []
    seed = first
    while not done or time.monotonic() < deadline:
        # A fresh server for each round: a seed draws the same whatever ran before it.
        with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name:
            Path(name).chmod(0o711)
            with Server(Path(name) / "s", binaries=binaries) as server:
                migrate(server.url, MIGRATIONS)
                for trial in trials(server, seed):
                    report = trial()
                    print(report, flush=True)
                    for violation in report.violations:
                        print(f"  VIOLATION {violation}", flush=True)
                    done.append(report)
                    if time.monotonic() > deadline:
                        break
        seed += 1
    return done


def table(reports: list[Report]) -> Table:
    """Promise, runs, trials, violations."""
    shown = Table("promise", "runs", "trials", "violations")
    for promise in dict.fromkeys(report.promise for report in reports):
        mine = [report for report in reports if report.promise == promise]
        counts = len(mine), sum(r.trials for r in mine), sum(len(r.violations) for r in mine)
        shown.add_row(promise, *(f"{count:,}" for count in counts))
    return shown


def main() -> None:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--postgres", type=Path, help="binaries of another PostgreSQL")
    asked = parser.parse_args()
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    print(f"The first seed is {asked.seed}")
    reports = run(asked.minutes, asked.seed, asked.postgres)
    Console().print(table(reports))
    sys.exit(1 if any(report.violations for report in reports) else 0)


if __name__ == "__main__":
    main()
