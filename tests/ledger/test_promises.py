"""The promises of docs/promises.md that need load: as large here as a test run bears.

`make soak` runs the same for as long as it is told. A seed is printed with every failure;
TALLYSTICK_SEED=… runs it again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ledger.migrate import migrate
from projections.models import MODELS
from tests.conftest import MIGRATIONS, short_folder
from tests.soak.kills import Kills
from tests.soak.load import Load
from tests.soak.poison import Poison
from tests.soak.rebuilds import Rebuilds
from tests.soak.report import Report
from tests.soak.retries import Retries
from tests.soak.server import Server

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
SEED = int(os.environ.get("TALLYSTICK_SEED", "20251123"))


def kept(report: Report) -> Report:
    """Fail with the seed and the violations."""
    print(report)
    assert report.violations == [], f"{report}\n" + "\n".join(report.violations)
    return report


def test_200_000_facts_of_32_writers_are_all_there_in_order_and_seen_by_those_who_tail(
    database: str,
) -> None:
    report = kept(Load(database, SEED, facts=200_000).run())
    assert report.trials == 200_000
    tried = report.notes
    transactions = sum(tried.get(path, 0) for path in ("one", "keyed", "many", "library"))
    assert tried["rolled back"] > 0.04 * transactions
    assert tried["tailed"] == 200_000 and tried["subscribed"] > 0
    assert min(tried[path] for path in ("bulk", "inside", "handled", "read models compared")) > 0


def test_20_000_retries_of_500_keys_are_done_once(database: str) -> None:
    report = kept(Retries(database, SEED, requests=20_000, keys=500).run())
    assert report.notes["connections killed"] > 20
    assert report.notes["key reused"] > 100
    assert report.notes["read models compared"] == 3 * len(MODELS)


def test_read_models_rebuilt_while_facts_arrive_never_fail_a_reader(database: str) -> None:
    report = kept(Rebuilds(database, SEED, facts=6_000).run())
    assert report.notes["rebuilt"] >= 4 and report.notes["read"] > 50


def test_a_poison_fact_anywhere_stops_its_read_model_alone(database: str) -> None:
    assert kept(Poison(database, SEED, trials=8).run()).trials == 8


@pytest.fixture
def killable() -> Iterator[Server]:
    """A durable server that may be killed."""
    with short_folder() as folder, Server(folder / "k") as server:
        migrate(server.url, MIGRATIONS)
        yield server


def test_what_was_acknowledged_survives_25_schedules_of_kill_9(killable: Server) -> None:
    report = kept(Kills(killable, SEED).run(25))
    struck = ("power cut", "postmaster killed", "backend killed", "client killed")
    assert sum(report.notes.get(kind, 0) for kind in struck) >= 25
    assert report.notes["acknowledged"] > 100
