"""`kill -9` of the client program and of PostgreSQL during load: told means kept."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ledger.idempotency import Idempotency
from ledger.store import FactStore, open_pool
from tests.soak import models, record
from tests.soak.load import ACT, facts_of
from tests.soak.report import Report
from tests.soak.server import Server
from tests.soak.writer import TENANTS, Ack

PROMISE = "acknowledged means durable"
ROOT = Path(__file__).resolve().parent.parent.parent
THREADS = 8
_KINDS = ("power cut", "postmaster killed", "backend killed", "client killed")


class Client:
    """The client program and all that it was told."""

    def __init__(self, url: str, run: str) -> None:
        self.told: list[bytes] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.writer", url, run, str(THREADS)],
            cwd=ROOT, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        # A line without its end was never finished: nobody was told.
        self.told.extend(line for line in self._process.stdout if line.endswith(b"\n"))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it wait, so that a check is not a race for ever more."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """`kill -9`; all that it was told is in `told` then."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()


class Kills:
    """Schedules one after the other over one server, each drawn from its own seed."""

    def __init__(self, server: Server, seed: int) -> None:
        self.report = Report(PROMISE, seed)
        self._server = server
        self._told: dict[str, Ack] = {}
        self._client: Client | None = None
        self._seen = 0
        self._runs = 0
        with open_pool(server.url) as pool:
            for number in range(TENANTS):
                FactStore(pool).open_tenant(f"kills-{number}")

    def run(self, schedules: int) -> Report:
        """Kill, start again, compare: so many times."""
        try:
            for number in range(schedules):
                self.schedule(random.Random(f"{self.report.seed}-{number}"))
        finally:
            if self._client is not None:
                self._client.kill()
                self._client = None
        with open_pool(self._server.url) as pool:
            for number in range(TENANTS):
                models.compare(pool, f"kills-{number}", self.report)
        return self.report

    def schedule(self, chance: random.Random) -> None:
        """One or two kills at random moments while a client writes; then all it was told."""
        for _ in range(chance.choice((1, 1, 2))):
            if self._client is None:
                self._runs += 1
                self._client = Client(self._server.url, f"{self.report.seed}-{self._runs}")
            had = len(self._client.told)
            deadline = time.monotonic() + 30
            while len(self._client.told) < had + 5 and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.2))
            self._strike(chance)
        self._server.await_ready()
        if self._client is None:
            self.check(chance)
            return
        with self._client.paused():
            self._collect()
            self.check(chance)

    def _strike(self, chance: random.Random) -> None:
        kind = chance.choice(_KINDS)
        if kind == "client killed":
            self._end_client()
        elif kind == "backend killed":
            self._server.kill_backend(chance)
        else:
            self._server.kill(whole=kind == "power cut")
            self._server.start()
        self.report.count(kind)

    def _end_client(self) -> None:
        if self._client is not None:
            self._client.kill()
            self._collect()
            self._client, self._seen = None, 0

    def _collect(self) -> None:
        """What the client was told since the last look."""
        assert self._client is not None
        lines = self._client.told[self._seen :] if self._client else []
        acks = [msgspec.json.decode(line, type=Ack) for line in lines]
        self.report.count("acknowledged", len(acks))
        self._told |= {ack.key: ack for ack in acks}
        self._seen += len(lines)

    def check(self, chance: random.Random) -> None:
        """All that was told against the record; and a sample asked again gets its first answer."""
        with open_pool(self._server.url) as pool:
            store = FactStore(pool)
            for number in range(TENANTS):
                tenant = f"kills-{number}"
                mine = [ack for ack in self._told.values() if ack.tenant == tenant]
                found = record.read(pool, tenant, self.report)
                told = [receipt for ack in mine for receipt in ack.receipts]
                record.compare(tenant, told, found, self.report)
                models.follow(pool, tenant)  # from where the last kill left them
                self._check_keys(record.keys(pool, tenant), mine, tenant, len(found))
                for ack in chance.sample(mine, min(10, len(mine))):
                    once = Idempotency(ack.key, ack.key.encode())
                    new = facts_of(f"person/{ack.key}", ack.size)
                    if store.append(tenant, new, ACT, idempotency=once) != ack.receipts:
                        self.report.wrong(f"{tenant}: {ack.key} asked again was answered otherwise")

    def _check_keys(
        self,
        keys: dict[str, tuple[int | None, int | None]],
        told: list[Ack],
        tenant: str,
        head: int,
    ) -> None:
        for ack in told:
            if keys.get(ack.key) != (ack.receipts[0].position, ack.receipts[-1].position):
                self.report.wrong(f"{tenant}: the key {ack.key} does not stand for its facts")
        ranges = sorted((first, last) for first, last in keys.values() if first and last)
        covered = [position for first, last in ranges for position in range(first, last + 1)]
        # The client goes on writing: what came after the facts were read is not of this look.
        if covered[:head] != list(range(1, head + 1)):
            self.report.wrong(f"{tenant}: facts and keys were not kept together")
