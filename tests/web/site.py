"""A served company for the tests of the pages, and browsers that look at it."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from api.app import create_app
from api.compose import following
from api.sessions import COOKIE, LASTING, password_hash
from ledger.accounts import AccountStore
from ledger.keys import KeyRing
from ledger.sealer import Sealer
from ledger.store import open_pool
from ledger.teams import TeamStore
from tests.api.http_api import desk_over
from workflows import demo, demo_people
from workflows.demo_company import TENANT
from workflows.desk import Desk
from workflows.imports import read_mapping

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "demo_data"
ARTEFACTS = ROOT / "tests" / "artefacts"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a long enough password"
PEOPLE = {
    "hr.lin": ["hr"],
    "hr.guo": ["hr"],
    "finance.zhao": ["finance"],
    "approver.qian": ["approver"],
    "lead.wu": ["lead"],
    "lead.chen": ["lead"],
    "auditor.sun": ["auditor"],
    "admin": ["admin"],
    "S0001": ["streamer"],
}
TEAMS = {"lead.wu": ["*"], "lead.chen": ["Chinese"]}
"""The teams of the business leads."""
EXPECTED = ("401", "403", "404", "409", "410", "422", "429")
"""Answers that say no: the browser reports each as a resource that failed to load."""


@dataclass
class Site:
    """The address of the served company, and what stands behind it."""

    url: str
    desk: Desk
    accounts: AccountStore

    def cookie(self, account: str) -> str:
        """A session of an account, begun without its password."""
        session, secret = self.accounts.begin(
            TENANT, account, device="test", at=datetime.now(UTC), lasting=LASTING
        )
        return f"{TENANT}.{session}.{secret}"


MASTER = secrets.token_bytes(32)
"""One key for every copy of the company that this process makes."""


def filled(database: str) -> None:
    """The sample company, with accounts, in a database of its own."""
    with open_pool(database, max_size=10) as pool:
        desk = desk_over(pool, MASTER)
        mapping = read_mapping(SAMPLE / "mapping.yaml")
        demo.fill(desk, SAMPLE / "sample", mapping, today=date(2026, 2, 15))
        demo_people.fill(desk)
        with TemporaryDirectory() as keys:
            Sealer(pool, KeyRing(Path(keys))).seal(TENANT)
        accounts = AccountStore.beside(desk.store)
        hashed = password_hash(PASSWORD)
        for account, roles in PEOPLE.items():
            accounts.put(TENANT, account, hashed, roles, by="test", at=datetime.now(UTC))
        teams = TeamStore.beside(desk.store)
        for lead, own in TEAMS.items():
            teams.put(TENANT, lead, own, by="test", at=datetime.now(UTC))


@contextmanager
def served(database: str) -> Iterator[Site]:
    """A filled company, served on a free port of this machine."""
    with open_pool(database, max_size=10) as pool:
        desk = desk_over(pool, MASTER)
        with following(desk.runner), listening(desk) as url:
            yield Site(url, desk, AccountStore.beside(desk.store))


@contextmanager
def listening(desk: Desk) -> Iterator[str]:
    """The app under uvicorn in a thread."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    config = uvicorn.Config(create_app(desk), log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass
class Visitor:
    """One person in a browser of their own; what the console said is kept."""

    site: Site
    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site.url + path)
        return self.page

    def save(self, name: str) -> None:
        """Keep a picture of the whole page for people to look at."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def overflow(self) -> int:
        """How many pixels the page is wider than the screen."""
        found: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found

    def listen(self, page: Page) -> None:
        """Keep what a page's console says."""
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))

    def _note(self, kind: str, text: str) -> None:
        refused = "Failed to load resource" in text and any(code in text for code in EXPECTED)
        if kind in ("error", "warning") and not refused:
            self.said.append(f"{kind}: {text}")


def visitor(
    browser: Browser,
    site: Site,
    account: str | None,
    *,
    width: int = 1280,
    lang: str = "zh",
    **more: Any,
) -> Visitor:
    """Somebody at a screen of a width; logged in where an account is named."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale="zh-CN", base_url=site.url, **more
    )
    context.set_default_timeout(30_000)
    cookies = [{"name": "lang", "value": lang, "url": site.url}]
    if account is not None:
        cookies.append({"name": COOKIE, "value": site.cookie(account), "url": site.url})
    context.add_cookies(cookies)  # type: ignore[arg-type]
    made = Visitor(site, context, context.new_page())
    made.listen(made.page)
    return made
