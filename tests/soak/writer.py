"""A client program that writes until it is killed: `python -m tests.soak.writer URL RUN THREADS`.

Each thread sends one request after the other under its own key, sends it again until it has an
answer, and only then prints what it was told: a line that is printed is an acknowledgement.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import time
from collections.abc import Sequence

import msgspec
import psycopg

from ledger.failures import OutcomeUnknown, Unavailable
from ledger.idempotency import Idempotency
from ledger.queries import Pool
from ledger.records import Receipt
from ledger.store import FactStore, open_pool
from tests.soak.load import ACT, facts_of

TENANTS = 3
_printing = threading.Lock()


class Ack(msgspec.Struct, frozen=True):
    """What a client was told of one request."""

    tenant: str
    key: str
    size: int
    receipts: list[Receipt]


class Door:
    """A store that is opened anew after a failure: the pool itself would wait ever longer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._pool = self._open()
        self.store = FactStore(self._pool)

    def _open(self) -> Pool:
        pool = open_pool(self._url, max_size=6)
        pool.timeout = 0.3
        return pool

    def renew(self, failed: FactStore) -> None:
        """Replace a store that failed, once for all who saw it fail."""
        with self._lock:
            if self.store is failed:
                self._pool.close(timeout=0)
                self._pool = self._open()
                self.store = FactStore(self._pool)


def ask(door: Door, tenant: str, key: str, size: int) -> list[Receipt]:
    """Send a request until there is an answer; the outcome may be unknown in between."""
    once = Idempotency(key, key.encode())
    new = facts_of(f"person/{key}", size)
    while True:
        store = door.store
        try:
            return store.append(tenant, new, ACT, idempotency=once)
        except (OutcomeUnknown, Unavailable, psycopg.OperationalError):
            time.sleep(0.02)
            door.renew(store)


def _write(door: Door, run: str, number: int) -> None:
    chance = random.Random(f"{run}-{number}")
    turn = 0
    while True:
        turn += 1
        key, size = f"{run}-{number}-{turn}", chance.choice((1, 1, 1, 2, 5, 30))
        tenant = f"kills-{chance.randrange(TENANTS)}"
        ack = Ack(tenant, key, size, ask(door, tenant, key, size))
        with _printing:  # a long line is written in pieces
            os.write(1, msgspec.json.encode(ack) + b"\n")
        time.sleep(0.01)


def main(arguments: Sequence[str]) -> None:
    """Write for ever."""
    url, run, threads = arguments
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    door = Door(url)
    for number in range(int(threads)):
        threading.Thread(target=_write, args=(door, run, number), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
