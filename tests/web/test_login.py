"""Logging in and out: passwords, sessions that can be revoked, forms from other sites."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.sessions import (
    COOKIE,
    DEMO_FILE,
    DEMO_ROLES,
    DemoAccount,
    ensure_demo_accounts,
    password_hash,
)
from tests.web.conftest import Visit
from tests.web.site import PASSWORD, TENANT, Site

SAME = {"Sec-Fetch-Site": "same-origin"}


def test_somebody_logs_in_sees_the_company_and_logs_out(visit: Visit) -> None:
    someone = visit(None)
    page = someone.go("/contracts/C-0001?effective=2025-09-01")
    page.wait_for_url("**/login?**")
    someone.save("login")
    page.fill("[name=account]", "hr.lin")
    page.fill("[name=password]", "not this one, surely")
    page.click("main button")
    assert "账号或密码不正确" in page.inner_text("main")
    assert page.input_value("[name=account]") == "hr.lin"
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/contracts/C-0001?effective=2025-09-01")
    [cookie] = [one for one in someone.context.cookies() if one["name"] == COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.click("header form button")
    page.wait_for_url("**/login")
    someone.go("/contracts")
    page.wait_for_url("**/login?**")


def test_a_wrong_password_makes_the_next_try_wait(site: Site, visit: Visit) -> None:
    site.accounts.put(
        TENANT, "slow.guess", password_hash(PASSWORD), ["hr"], by="test", at=datetime.now(UTC)
    )
    someone = visit(None)
    page = someone.go("/login")
    for number in range(6):
        page.fill("[name=account]", "slow.guess")
        page.fill("[name=password]", f"guess number {number}")
        page.click("main button")
    assert "密码错误次数过多" in page.inner_text("main")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    assert "密码错误次数过多" in page.inner_text("main"), "the right one has to wait too"
    someone.save("login-throttled")


def test_a_session_that_is_revoked_opens_nothing_and_no_typing_is_lost(
    site: Site, visit: Visit
) -> None:
    hr = visit("hr.guo")
    page = hr.go("/contracts/C-0013/amend?op=end&key=confidentiality&effective=2025-12-01")
    page.fill("[name=reason]", "会话中断也不丢失")
    site.accounts.revoke(TENANT, "hr.guo", by="admin", at=datetime.now(UTC))
    page.click("button[value=preview]")
    assert "已保留" in page.inner_text("main")
    hr.save("session-revoked")
    page.fill("[name=account]", "hr.guo")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.click("main button")
    assert "会话中断也不丢失" in page.inner_text("main")
    assert "确认变更" in page.inner_text("h1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (SAME, 401),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(site: Site, headers: dict[str, str], status: int) -> None:
    form = {"account": "nobody.here", "password": "wrong"}
    answer = httpx.post(f"{site.url}/login", data=form, headers=headers)
    assert answer.status_code == status


def test_a_browser_that_names_only_the_origin_is_taken_at_its_word(site: Site) -> None:
    form = {"account": "somebody.else", "password": "wrong"}
    assert (
        httpx.post(f"{site.url}/login", data=form, headers={"Origin": site.url}).status_code == 401
    )


def test_every_page_has_the_headers_that_guard_it(site: Site) -> None:
    headers = httpx.get(f"{site.url}/login").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "address", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example"]
)
def test_logging_in_leads_to_no_other_site(site: Site, address: str) -> None:
    form = {"account": "admin", "password": PASSWORD, "next": address}
    answer = httpx.post(f"{site.url}/login", data=form, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_accounts_are_made_and_stopped_by_an_administrator(site: Site, visit: Visit) -> None:
    admin = visit("admin")
    page = admin.go("/accounts")
    page.fill("form [name=account]:not([type=hidden])", "hr.new")
    page.check("[name=role][value=hr]")
    page.click("main form.card button")
    password = page.inner_text(".alert-success code")
    form = {"account": "hr.new", "password": password}
    assert httpx.post(f"{site.url}/login", data=form, headers=SAME).status_code == 303
    page.click("tr:has-text('hr.new') button[value=disable]")
    page.wait_for_url("**/accounts?done=1")
    assert httpx.post(f"{site.url}/login", data=form, headers=SAME).status_code == 401


def test_a_password_is_changed_and_other_sessions_end(site: Site, visit: Visit) -> None:
    site.accounts.put(
        TENANT, "hr.changes", password_hash(PASSWORD), ["hr"], by="test", at=datetime.now(UTC)
    )
    here, there = visit("hr.changes"), visit("hr.changes")
    page = here.go("/me")
    page.fill("[name=password]", "not this one, surely")
    page.fill("[name=new_password]", "a new and longer password")
    page.click("button:has-text('修改密码')")
    assert "账号或密码不正确" in page.inner_text("main")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=new_password]", "a new and longer password")
    page.click("button:has-text('修改密码')")
    page.wait_for_url("**done=password")
    there.go("/contracts")
    there.page.wait_for_url("**/login?**")


def test_the_demo_has_an_account_for_each_role_and_keeps_it(site: Site, tmp_path: Path) -> None:
    def made() -> list[DemoAccount]:
        return ensure_demo_accounts(site.accounts, TENANT, tmp_path, at=datetime.now(UTC))

    before = {one.account: one.roles for one in site.accounts.accounts(TENANT)}
    try:
        first = made()
        assert [one.account for one in first] == list(DEMO_ROLES)
        assert (tmp_path / DEMO_FILE).stat().st_mode & 0o777 == 0o600
        assert made() == first, "good passwords stay"
        (tmp_path / DEMO_FILE).unlink()
        second = made()
        assert [one.password for one in second] != [one.password for one in first]
        form = {
            "account": "auditor.sun",
            "password": {one.account: one.password for one in second}["auditor.sun"],
        }
        assert httpx.post(f"{site.url}/login", data=form, headers=SAME).status_code == 303
    finally:
        for account in DEMO_ROLES:
            hashed = password_hash(PASSWORD)
            roles = before.get(account, (DEMO_ROLES[account],))
            site.accounts.put(TENANT, account, hashed, roles, by="test", at=datetime.now(UTC))
