"""A fact that cannot be applied: it stops its read model alone, and nothing goes by it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from types import SimpleNamespace

from ledger.queries import Connection
from ledger.records import Recorded
from ledger.store import FactStore, open_pool
from projections import directory, expiry_watch
from projections.errors import Halted
from projections.runner import Runner
from tests.soak import models
from tests.soak.load import ACT, facts_of
from tests.soak.report import Report

PROMISE = "a poison fact stops its read model alone, before it"


class Poisoned(SimpleNamespace):
    """The directory, with a fold that fails at one position."""

    def __init__(self, at: int) -> None:
        super().__init__(
            name=directory.name, version=directory.version, tables=directory.tables,
            names=directory.names,
        )  # fmt: skip
        self.at = at

    def apply(self, connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
        """The directory's own fold, but for the poison."""
        if any(fact.position == self.at for fact in recorded):
            raise ValueError("poison")
        directory.apply(connection, tenant, recorded)


class Poison:
    """So many trials, each with a tenant, a position and a size of batch of its own."""

    def __init__(self, conninfo: str, seed: int, *, trials: int) -> None:
        self.report = Report(PROMISE, seed)
        self._conninfo = conninfo
        self._trials = trials

    def run(self) -> Report:
        """Poison, look, heal, and compare with the fold."""
        chance = random.Random(self.report.seed)
        with open_pool(self._conninfo) as pool:
            store = FactStore(pool)
            for number in range(self._trials):
                tenant = f"poison-{self.report.seed}-{number}"
                store.open_tenant(tenant)
                count = chance.randint(5, 200)
                store.append(tenant, facts_of("person/P-1", count), ACT)
                at = chance.randint(1, count)
                batch = chance.choice((1, 7, 64, 5000))
                poisoned = Runner(pool, store, [Poisoned(at), expiry_watch], batch=batch)
                self._halts(poisoned, tenant, at, count)
                Runner(pool, store, [directory]).resume(tenant, directory.name)
                models.compare(pool, tenant, self.report, [directory, expiry_watch])
                self.report.trials += 1
        return self.report

    def _halts(self, runner: Runner, tenant: str, at: int, count: int) -> None:
        runner.catch_up(tenant)
        bad, good = runner.status(tenant)
        if (bad.position, bad.halted) != (at - 1, True) or f"position {at}," not in str(bad.error):
            self.report.wrong(f"{tenant}: {bad} where {at} of {count} is poison")
        if (good.position, good.halted) != (count, False):
            self.report.wrong(f"{tenant}: {good} though its facts are sound")
        try:
            runner.wait_for(tenant, count, timeout=5)
        except Halted:
            return
        self.report.wrong(f"{tenant}: who waits for {count} is told that it is there")
