"""A whole command over HTTP beside an empty endpoint that does one raw insert.

    .venv/bin/python bench/bench_http.py [--rounds 5] [--clients 8]

`ours` is what HR does: `POST /v1/contracts/{id}/amendments` with a key of its own, If-Match absent,
on a service as `tallystick serve` runs it (who calls, load, plan check, decide, append, answer with
the whole contract). `empty endpoint` is a FastAPI app whose one function puts the body it got into
a table of one column without an index. Both are served by uvicorn in a process of their own with
the same settings and as many connections, durable, to the same clients over kept connections.
`… and read models` is ours while the same process also keeps all read models up to date.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec
import psycopg
import uvicorn
from fastapi import Body, FastAPI

from api import compose, logs
from api.app import create_app
from api.serve import BACKLOG, listening
from api.settings import Settings
from bench import harness
from bench.bench_payrun import act, contract
from domain.metric import DefineMetric
from domain.tenant import OpenTenant
from ledger.access import AccessStore
from ledger.store import open_pool
from workflows import setup
from workflows.desk import Ask, Desk

TENANT = "bench"

CLIENTS, EACH = 8, 40
CONTRACTS = 800
POOL = 8
KINDS = {"ours": "ours", "ours and read models": "following", "empty endpoint": "empty"}


class Client:
    """One kept connection that sends a request and reads the answer, with as little work as can
    be: what the client costs is in both figures."""

    def __init__(self, port: int, secret: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._secret = secret

    def post(self, path: str, key: str, body: bytes) -> None:
        """Send one request. Anything but 201 ends the benchmark."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self._secret}\r\nIdempotency-Key: {key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        lines, _, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines.split(b"\r\n")[1:])
        missing = int(fields[b"content-length"]) - len(rest)
        while missing > 0:
            part = self._received()
            rest += part
            missing -= len(part)
        if not lines.startswith(b"HTTP/1.1 201"):
            raise RuntimeError((lines + b"\n" + rest).decode())

    def _received(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise RuntimeError("the server hung up")
        return part


class Load:
    """Clients on one server, each amending the next of its own contracts at every call."""

    def __init__(self, port: int, secret: str, clients: int) -> None:
        self._clients = [Client(port, secret) for _ in range(clients)]
        self._sent = [0] * clients
        self._port = port

    def run(self) -> None:
        """Every client sends its requests, all at once."""
        with ThreadPoolExecutor(len(self._clients)) as threads:
            list(threads.map(self._client, range(len(self._clients))))

    def _client(self, number: int) -> None:
        mine = range(number, CONTRACTS, len(self._clients))
        for _ in range(EACH):
            turn = self._sent[number] = self._sent[number] + 1
            name = f"A-{self._port}-{number}-{turn}"
            contract = f"C-{mine[turn % len(mine)]:05}"
            body = msgspec.json.encode(_amendment(name, 8000 + turn))
            self._clients[number].post(f"/v1/contracts/{contract}/amendments", name, body)


def fill(conninfo: str, contracts: int) -> str:
    """A company with so many contracts in force, and the secret of a key that may amend them."""
    with open_pool(conninfo) as pool:
        desk = _desk(pool)
        setup.open_tenant(desk, OpenTenant(tenant=TENANT, name="Bench"), act("admin"))
        for code in ("sales", "fans_gained"):
            metric = DefineMetric(
                metric=code, title_zh=code, title_en=code, unit="1", counts="all",
                effective=date(2025, 1, 1),
            )  # fmt: skip
            setup.define_metric(desk, TENANT, metric, Ask(act("hr")))
        new = [fact for number in range(contracts) for fact in contract(number)]
        desk.store.append(TENANT, new, act("hr"))
        desk.runner.catch_up(TENANT)
        access = AccessStore.beside(desk.store)
        return access.issue(TENANT, "hr.one", ["hr"], by="bench", at=datetime.now(UTC))[1]


def _desk(pool: Any) -> Desk:
    return compose.build(pool, Settings.from_env({"TALLYSTICK_MASTER_KEY": "A" * 43 + "="}))


def _amendment(name: str, amount: int) -> dict[str, Any]:
    clause = {"kind": "base_pay", "amount": f"{amount}.00", "proration": "calendar_days"}
    return {
        "amendment": name,
        "effective": "2025-09-01",
        "reason": "yearly review, agreed with the lead",
        "changes": [{"op": "change", "key": "base", "clause": clause}],
    }


@contextmanager
def served(kind: str, conninfo: str) -> Iterator[int]:
    """A server of that kind in a process of its own; its port."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", kind, conninfo],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)


def serve(kind: str, conninfo: str) -> None:
    """In the server's process: print the port, serve until ended."""
    with ExitStack() as stack:
        app = stack.enter_context(_empty(conninfo) if kind == "empty" else _ours(kind, conninfo))
        listener = stack.enter_context(listening("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=600,  # connections are kept while the others have their turn
        )
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _ours(kind: str, conninfo: str) -> Iterator[Any]:
    logs.configure("warning")
    with open_pool(conninfo, max_size=POOL) as pool, ExitStack() as stack:
        desk = _desk(pool)
        if kind == "following":
            stack.enter_context(compose.following(desk.runner))
        yield create_app(desk)


@contextmanager
def _empty(conninfo: str) -> Iterator[Any]:
    app = FastAPI(docs_url=None, redoc_url=None, telemetry={"logs": False})
    with open_pool(conninfo, max_size=POOL) as pool:

        @app.post("/v1/contracts/{contract}/amendments", status_code=201)
        def insert(contract: str, body: dict[str, Any] = Body()) -> dict[str, Any]:
            with pool.connection() as connection:
                envelope = msgspec.json.encode(body)
                connection.execute("INSERT INTO bench.bare VALUES (%b)", [envelope])
            return {"contract": contract}

        yield app


def main(rounds: int = 5, clients: int = CLIENTS) -> list[dict[str, Any]]:
    """Requests a second, ours beside the empty endpoint."""
    with harness.database() as conninfo, ExitStack() as stack:
        secret = fill(conninfo, CONTRACTS)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
            connection.execute("CREATE TABLE IF NOT EXISTS bench.bare (envelope bytea NOT NULL)")
        cases: dict[str, harness.Case] = {}
        for name, kind in KINDS.items():
            load = Load(stack.enter_context(served(kind, conninfo)), secret, clients)
            cases[name] = lambda run=load.run: harness.timed(run)
        taken = harness.interleaved(cases, rounds)
        name = f"a command over HTTP, {clients} clients"
        amount = clients * EACH
        with_models = taken.pop("ours and read models")
        alone = harness.compared(name, "requests/s", amount, taken)
        taken["ours"] = with_models
        return alone + harness.compared(f"{name}, read models too", "requests/s", amount, taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "CONNINFO"))
    asked = parser.parse_args()
    if asked.serve:
        serve(*asked.serve)
    else:
        for result in main(asked.rounds, asked.clients):
            print({name: value for name, value in result.items() if name != "rounds"})
