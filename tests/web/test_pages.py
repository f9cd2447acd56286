"""Every page, with every role, on screen and phone, light and dark, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from api.pages.site import ROUTERS
from api.pages.visit import Seen
from api.sessions import COOKIE
from domain.roles import may
from tests.web.conftest import Visit
from tests.web.site import PEOPLE, TENANT, Site, Visitor, visitor

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WEIGHTS = (
    "metric=sales&weight=20&target=3000&cap=1.5&metric=fans_gained&weight=60&target=15000&cap=1.5"
    "&metric=live_minutes&weight=20&target=9000&cap=1.2&first=2025-11&last=2025-12"
)
PAGES = {
    "home": "/",
    "contracts": "/contracts?effective=2025-09-01",
    "contracts-none": "/contracts?q=nothing-like-this",
    "contracts-columns": "/contracts?col=team&col=signed&col=clauses&col=version",
    "expiring": "/contracts/expiring?months=12",
    "renew": "/contracts/C-0002/renew",
    "draft": "/contracts/new?template=full-time",
    "cohort-choose": "/contracts/cohort?team=Chinese",
    "templates": "/templates",
    "template": "/templates/full-time",
    "template-edit": "/templates/full-time/new",
    "contract": "/contracts/C-0232?effective=2025-09-01",
    "contract-cohort": "/contracts/C-0001?effective=2025-11-01",
    "contract-text": "/contracts/C-0232/text",
    "contract-compare": "/contracts/C-0232/compare?effective_a=2025-04-01&effective_b=2025-09-01",
    "contract-amend": "/contracts/C-0232/amend?op=change&key=commission&effective=2025-09-01",
    "contract-amend-choose": "/contracts/C-0232/amend?effective=2025-09-01",
    "people": "/people?stage=active&effective=2026-02-15",
    "people-onboarding": "/people/onboarding?since=2025-01-01&until=2026-01-01",
    "people-leaving": "/people/leaving?since=2025-01-01&until=2026-01-01&effective=2026-02-15",
    "people-leaving-scheme": "/people/leaving?by=scheme&since=2025-01-01&until=2026-01-01",
    "people-scores": "/people/scores",
    "people-signals": "/people/signals?effective=2026-01-10",
    "person": "/persons/H1030",
    "person-leaves": "/persons/H1031?step=left",
    "kpi-list": "/kpi",
    "kpi-scheme": "/kpi/streamer-2025",
    "kpi-new": "/kpi/new",
    "kpi-what-if": f"/kpi/streamer-2025/what-if?{WEIGHTS}",
    "figures": "/figures",
    "pay": "/pay",
    "pay-run": "/pay/2025-08-1",
    "payslip": "/pay/2025-08-1/C-0232",
    "payslip-wages": "/pay/2025-12-1/C-0003",
    "payouts": "/payouts?status=returned",
    "bank": "/bank?run=2025-12-1",
    "reconcile": "/reconcile?run=2025-12-1",
    "integrity": "/integrity",
    "proof": "/facts/300/proof",
    "restatement": "/restatements/2025-05-1",
    "audit-compare": "/audit/compare?effective_a=2025-06-15&known_a=700&effective_b=2025-06-15",
    "journal": "/journal/2025-08-1",
    "keys": "/keys",
    "audit": "/audit",
    "fact": "/facts/300",
    "persons": "/persons",
    "person-data": "/persons/S0001/data",
    "reads": "/reads?kind=pay",
    "grants": "/grants",
    "status": "/status",
    "me": "/me",
    "accounts": "/accounts",
    "teams": "/teams",
    "missing": "/there-is-no-such-page",
}


@cache
def axe() -> str:
    return AXE.read_text("utf-8")


def violations(page: object) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, with the elements."""
    page.evaluate(axe())  # type: ignore[attr-defined]
    found = page.evaluate(  # type: ignore[attr-defined]
        """() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
            "wcag22aa"], resultTypes: ["violations"]})"""
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def screens(browser: Browser, site: Site) -> Iterator[dict[str, Visitor]]:
    """A screen in Chinese, and a phone in English in the dark; each keeps its browser."""
    made = {
        "1280": visitor(browser, site, "admin"),
        "360-dark-en": visitor(browser, site, "admin", width=360, color_scheme="dark", lang="en"),
    }
    yield made
    for one in made.values():
        one.context.close()


@pytest.mark.parametrize("screen", ["1280", "360-dark-en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_screen_and_everybody(
    screens: dict[str, Visitor], name: str, screen: str
) -> None:
    someone = screens[screen]
    someone.said.clear()
    someone.go(PAGES[name])
    someone.page.wait_for_selector("[data-events]", state="detached")
    if someone.page.locator("[data-chart]").count():
        someone.page.wait_for_selector("[data-chart] canvas")
    someone.save(f"{name}-{screen}")
    assert someone.overflow() <= 0
    assert violations(someone.page) == []
    assert someone.said == []


def test_a_batch_and_its_rejected_rows(visit: Visit) -> None:
    someone = visit("auditor.sun")
    page = someone.go("/figures")
    page.click("tbody a >> nth=0")
    someone.save("batch-1280")
    page.click("a:has-text('拒收行')")
    someone.save("batch-rejected-1280")
    assert someone.overflow() <= 0
    assert violations(page) == []


def test_the_keyboard_reaches_the_content_and_the_menu(visit: Visit) -> None:
    someone = visit("hr.lin")
    page = someone.go("/contracts")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_list_follows_what_is_typed(visit: Visit) -> None:
    someone = visit("hr.lin")
    page = someone.go("/contracts?effective=2025-09-01")
    page.fill("[name=q]", "0232")
    page.wait_for_selector("#rows tbody tr:nth-child(2)", state="detached")
    assert "q=0232" in page.url


FILES = (".xlsx", ".pdf", ".csv", ".tlog", "/bundle", "/file")
"""Addresses that answer with a file."""


def addresses(method: str = "GET") -> list[tuple[str, str | None]]:
    """Path and act of every page that is looked at, or of every form that is sent."""
    found = []
    for router in ROUTERS[1:]:
        for route in router.routes:
            [act] = [
                one.call.act for one in route.dependant.dependencies if isinstance(one.call, Seen)
            ]  # type: ignore[attr-defined]
            if method in route.methods:  # type: ignore[attr-defined]
                found.append((route.path, act))  # type: ignore[attr-defined]
    return found


def real(site: Site, path: str) -> str:
    batch = site.desk.figures.batches(TENANT)[0].batch
    values = {
        "contract": "C-0232", "run": "2025-08-1", "scheme": "streamer-2025",
        "batch": batch, "position": "300", "template": "full-time", "work": "0" * 32,
        "person": "H1030", "size": "1",
    }  # fmt: skip
    if path.startswith("/mine"):
        values["contract"] = "C-0001"
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    query = {
        "/time-machine": "?contract=C-0232",
        "/bundle": "?contract=C-0232",
        "/kpi/streamer-2025/what-if": f"?{WEIGHTS}",
    }
    return path + query.get(path, "")


EVERYWHERE = [account for account in PEOPLE if account != "lead.chen"]
"""Those who are not limited to a team."""


@pytest.mark.parametrize("account", EVERYWHERE)
def test_every_page_lets_in_whom_the_table_says(site: Site, account: str) -> None:
    cookies = {COOKIE: site.cookie(account)}
    with httpx.Client(base_url=site.url, cookies=cookies, timeout=60) as client:
        for path, act in addresses():
            answer = client.get(real(site, path))
            allowed = act is None or may(PEOPLE[account], act)
            expected = (
                (200, 303, *((404,) if "{work}" in path or "{size}" in path else ()))
                if allowed
                else (403,)
            )
            assert answer.status_code in expected, (path, act, answer.status_code)
            kind = answer.headers.get("content-type", "text/html")
            assert "text/html" in kind or path.endswith(FILES)


@pytest.mark.parametrize("account", EVERYWHERE)
def test_every_form_is_taken_from_whom_the_table_says(site: Site, account: str) -> None:
    before = site.desk.store.head(TENANT)[0]
    same = {"Sec-Fetch-Site": "same-origin"}
    cookies = {COOKIE: site.cookie(account)}
    with httpx.Client(base_url=site.url, cookies=cookies, headers=same) as client:
        for path, act in addresses("POST"):
            answer = client.post(real(site, path).partition("?")[0], data={"once": ""})
            allowed = act is None or may(PEOPLE[account], act)
            # A form may ask for a further act of its own: who may only look is refused there.
            assert allowed or answer.status_code == 403, (path, act, answer.status_code)
            assert answer.status_code < 500, path
    assert site.desk.store.head(TENANT)[0] == before


def test_a_lead_of_one_team_sees_that_team_alone(site: Site) -> None:
    with httpx.Client(base_url=site.url, cookies={COOKIE: site.cookie("lead.chen")}) as client:
        listed = client.get("/contracts").text
        assert "C-0111" in listed
        assert "C-0232" not in listed
        desk = client.get("/contracts/expiring?months=12").text
        assert "C-0111" in desk
        assert "C-0232" not in desk
        tried = client.get(f"/kpi/streamer-2025/what-if?{WEIGHTS}").text
        assert "S0121" in tried
        assert "S0003" not in tried
        for path, _ in addresses():
            if "{contract}" in path:
                assert client.get(real(site, path)).status_code == 403, path


def test_every_page_sends_strangers_to_the_login(site: Site) -> None:
    for path, _ in addresses():
        answer = httpx.get(site.url + real(site, path))
        assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login"), path


@pytest.mark.parametrize(
    "path",
    [
        "/contracts/C-0232?effective=yesterday",
        "/contracts/C-0232?known=999999999",
        "/contracts/C-0232?known=2025-09-01T10:00:00",
        "/contracts?cursor=nonsense",
        "/contracts?effective=2568-09-01",
        "/contracts/C-NONE",
        "/contracts/..%2f..%2fetc",
        "/facts/0",
        "/facts/99999999",
        "/pay/2025-08-1/C-NONE",
        "/pay/none",
        "/figures/none",
        "/kpi/none",
        "/persons/none",
        "/people?page=0",
        "/people/leaving?by=zodiac",
        "/people/leaving?since=2025-02-01&until=2025-01-01",
        "/people/onboarding?changed_on=once",
        "/audit?since=never",
        "/contracts?q=%00",
        "/contracts/C-0232/amend?op=add&kind=nothing",
    ],
)
def test_a_bad_address_is_answered_with_a_page_that_says_why(site: Site, path: str) -> None:
    cookies = {COOKIE: site.cookie("admin")}
    answer = httpx.get(site.url + path, cookies=cookies, headers={"Accept": "text/html"})
    assert 400 <= answer.status_code < 500, (path, answer.status_code)
    assert 'role="alert"' in answer.text
