"""The list of contracts as a page beside the API call behind it, over 10,000 contracts.

    .venv/bin/python bench/bench_pages.py [--rounds 5] [--contracts 10000]

`ours` is the page a person opens (`GET /contracts`, a session in a cookie, 50 rows as HTML with
filters and menu); `rows` is what comes while one types in the filters. The reference is the call
of the HTTP interface with the same rows (`GET /v1/contracts?limit=50&clauses=false`). Both are
asked of one server as `tallystick serve` runs it, over one kept connection each, one after the
other. A page may take 1.5 times as long as its call: a ratio of 0.667 or more.
"""

from __future__ import annotations

import argparse
import http.client
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.sessions import COOKIE, LASTING, password_hash
from bench import harness
from bench.bench_http import TENANT, fill, served
from ledger.accounts import AccountStore
from ledger.store import open_pool

EACH = 40
CONTRACTS = 10_000
SEARCH = "q=C-09"
CALLS = {
    "first page": ("/v1/contracts?limit=50&clauses=false", "/contracts", {}),
    "searched": (f"/v1/contracts?limit=50&clauses=false&{SEARCH}", f"/contracts?{SEARCH}", {}),
    "rows while typing": (
        f"/v1/contracts?limit=50&clauses=false&{SEARCH}",
        f"/contracts?{SEARCH}",
        {"HX-Request": "true"},
    ),
}
"""Name → the call, the page, and headers of the page."""


def session(conninfo: str) -> str:
    """An account of HR in the filled company, and the cookie of its session."""
    now = datetime.now(UTC)
    with open_pool(conninfo) as pool:
        accounts = AccountStore(pool)
        hashed = password_hash("a long enough password")
        accounts.put(TENANT, "hr.one", hashed, ["hr"], by="bench", at=now)
        number, secret = accounts.begin(TENANT, "hr.one", device="bench", at=now, lasting=LASTING)
    return f"{COOKIE}={TENANT}.{number}.{secret}"


def getting(port: int, path: str, headers: dict[str, str]) -> Callable[[], None]:
    """Asks for an address so many times over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def get() -> None:
        for _ in range(EACH):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or b"C-0" not in body:
                raise RuntimeError(f"{path} answered {answer.status}")

    return get


def main(rounds: int = 5, contracts: int = CONTRACTS) -> list[dict[str, Any]]:
    """Fill a company, serve it, and take turns."""
    results: list[dict[str, Any]] = []
    with harness.database() as conninfo:
        secret = fill(conninfo, contracts)
        cookie = session(conninfo)
        with served("ours", conninfo) as port:
            for name, (call, path, more) in CALLS.items():
                api = getting(port, call, {"Authorization": f"Bearer {secret}"})
                page = getting(port, path, {"Cookie": cookie, **more})
                cases = {
                    "ours": lambda page=page: harness.timed(page),
                    "the API call behind it": lambda api=api: harness.timed(api),
                }
                taken = harness.interleaved(cases, rounds)
                results += harness.compared(
                    f"page of contracts, {name}, of {contracts:,}", "requests/s", EACH, taken
                )
    return results


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--contracts", type=int, default=CONTRACTS)
    asked = given.parse_args()
    for one in main(asked.rounds, asked.contracts):
        print(
            f"{one['name']}: page {one['ours']:,.0f}/s, call {one['reference']:,.0f}/s, "
            f"the page takes {1 / one['ratio']:.2f} × as long"
        )
