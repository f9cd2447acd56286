"""Take the pictures of docs/guide from a running demo, so that they stay true.

    make demo                                   # in one terminal
    .venv/bin/python scripts/take_pictures.py   # in another

It logs in with the demo's accounts and changes nothing. Needs Debian's chromium and
fonts-noto-cjk, and the `dev` dependencies.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "guide" / "pictures"
SIZE = {"width": 1200, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AMEND = "/contracts/C-0232/amend?op=change&key=commission&effective=2025-12-01"
WHAT_IF = (
    "/kpi/streamer-2025/what-if?metric=sales&weight=20&target=3000&cap=1.5"
    "&metric=fans_gained&weight=60&target=15000&cap=1.5"
    "&metric=live_minutes&weight=20&target=9000&cap=1.2"
)
SHOTS: dict[str, list[tuple[str, str, str]]] = {
    "hr.lin": [
        ("hr-home", "/", ""),
        ("hr-contract", "/contracts/C-0232?effective=2025-09-01", ""),
        ("hr-axes", "/contracts/C-0232?effective=2025-09-01", "#h-axes"),
        ("hr-then", "", ""),
        ("hr-amend", AMEND, ""),
        ("hr-cohort", "/contracts/cohort?team=Chinese", ""),
        ("hr-renewal", "/contracts/expiring?months=12&team=Chinese", ""),
    ],
    "finance.zhao": [
        ("finance-run", "/pay/2025-08-1", ""),
        ("finance-payslip", "/pay/2025-08-1/C-0232", ""),
        ("finance-payouts", "/payouts?status=returned", ""),
    ],
    "approver.qian": [("approver-run", "/pay/2025-12-1", "")],
    "lead.wu": [
        ("lead-kpi", "/kpi/streamer-2025", ""),
        ("lead-what-if", WHAT_IF, ""),
    ],
    "auditor.sun": [
        ("auditor-audit", "/audit?q=口头约定", ""),
        ("auditor-compare", "", ""),
        ("auditor-fact", "", ""),
    ],
}
"""Account → name of the picture, address, and what is scrolled to."""


def main() -> None:
    """Log in as each person and take the pictures."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--url", default="http://127.0.0.1:8400")
    asked.add_argument("--accounts", type=Path, default=ROOT / ".tallystick" / "demo-accounts.json")
    asked.add_argument("--chromium", default="/usr/bin/chromium")
    given = asked.parse_args()
    accounts = json.loads(given.accounts.read_text("utf-8"))
    passwords = {one["account"]: one["password"] for one in accounts}
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        for account, shots in SHOTS.items():
            _take(browser, given.url, account, passwords[account], shots)
        _take_streamer(browser, given.url, passwords["S0232"])
        _take_phone(browser, given.url, "hr.lin", passwords["hr.lin"])
        browser.close()


def _logged_in(browser: Browser, url: str, account: str, password: str, width: int) -> Page:
    size = {**SIZE, "width": width}
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, base_url=url, locale="zh-CN"
    )
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=account]", account)
    page.fill("[name=password]", password)
    page.click("main button")
    page.wait_for_selector("nav.main-nav")
    return page


def _take(
    browser: Browser, url: str, account: str, password: str, shots: list[tuple[str, str, str]]
) -> None:
    page = _logged_in(browser, url, account, password, SIZE["width"])
    for name, address, place in shots:
        page.goto(address or _raised(page, name))
        if page.locator("[data-chart]").count():
            page.wait_for_selector("[data-chart] canvas")
        if name == "finance-payslip":
            page.locator("details.line summary").first.click()
        if place:
            page.locator(place).scroll_into_view_if_needed()
            page.evaluate("place => document.querySelector(place).scrollIntoView()", place)
        page.screenshot(path=PICTURES / f"{name}.png")
        print(PICTURES / f"{name}.png")
    page.context.close()


def _take_streamer(browser: Browser, url: str, password: str) -> None:
    """A streamer's phone: the month, and a payslip."""
    page = _logged_in(browser, url, "S0232", password, 360)
    for name, address in (
        ("streamer-home", "/mine?month=2025-11"),
        ("streamer-payslip", "/mine/pay/2025-08-1/C-0232"),
    ):
        page.goto(address)
        page.screenshot(path=PICTURES / f"{name}.png")
        print(PICTURES / f"{name}.png")
    page.context.close()


def _raised(page: Page, name: str) -> str:
    """The addresses around the raise that was agreed in May and written down in August."""
    page.goto("/audit?q=口头约定")
    position = int(page.locator(".trail .fact").first.inner_text().removeprefix("#"))
    if name == "auditor-fact":
        return f"/facts/{position}"
    if name == "hr-then":
        return f"/contracts/C-0232?effective=2025-09-01&known={position - 1}"
    return (
        f"/contracts/C-0232/compare?effective_a=2025-06-15&known_a={position - 1}"
        f"&effective_b=2025-06-15&known_b={position}"
    )


def _take_phone(browser: Browser, url: str, account: str, password: str) -> None:
    page = _logged_in(browser, url, account, password, 360)
    page.goto("/contracts/C-0232?effective=2025-09-01")
    page.screenshot(path=PICTURES / "phone-contract.png")
    page.context.close()


if __name__ == "__main__":
    main()
