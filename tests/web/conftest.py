"""Fixtures of the browser tests: one served company and one browser for each test process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.web.site import CHROMIUM, FLAGS, Site, Visitor, filled, served, visitor

Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a web test."""
    for item in items:
        if "tests/web" in str(item.path):
            item.add_marker(pytest.mark.web)


@pytest.fixture(scope="session")
def company(server: str, template: str) -> Iterator[str]:
    """Name of a database with the sample company; filled once, copied for each module."""
    with _copy(server, "tallystick_company", template) as conninfo:
        filled(conninfo)
        yield "tallystick_company"


@pytest.fixture(scope="module")
def site(server: str, company: str) -> Iterator[Site]:
    """The sample company, served; the tests of one module share it, and no other's."""
    with _copy(server, "tallystick_web", company) as conninfo, served(conninfo) as found:
        yield found


@contextmanager
def _copy(server: str, name: str, of: str) -> Iterator[str]:
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(of)))
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium: nothing is downloaded."""
    return {"executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture(scope="session")
def browser(browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """One browser for all tests of a process."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(**browser_type_launch_args)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """`visit("hr.lin")`: somebody with a browser of their own; no console may say an error."""
    made: list[Visitor] = []

    def visiting(account: str | None, **more: Any) -> Visitor:
        made.append(visitor(browser, site, account, **more))
        return made[-1]

    yield visiting
    said = [line for one in made for line in one.said]
    for one in made:
        one.context.close()
    assert said == []
