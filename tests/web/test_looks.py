"""A contract at two times: dates and sliders, what differs from now, and what pay it would make."""

from __future__ import annotations

import re

import httpx
import pytest

from api.sessions import COOKIE
from tests.web.conftest import Visit
from tests.web.site import PASSWORD, TENANT, Site


def raised(site: Site) -> int:
    """The position of the raise that was agreed in May and written down in August."""
    facts = site.desk.store.stream(TENANT, "contract/C-0232")
    return next(one.position for one in facts if one.name == "contract.clause_amended.v1")


def test_what_differs_from_now_is_marked_with_what_it_says_now(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin")
    page = hr.go(f"/contracts/C-0232?effective=2025-09-01&known={raised(site) - 1}")
    marked = page.inner_text(".clause.differs")
    assert "8%" in marked
    assert "现在所知" in marked
    assert "9%" in marked
    assert page.locator(".clause.differs").count() == 1
    hr.save("contract-differs")
    page.goto(f"{site.url}/contracts/C-0232?effective=2025-09-01&known={raised(site)}")
    assert page.locator(".clause.differs").count() == 0


def test_a_slider_goes_to_an_address_with_both_times(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin")
    page = hr.go("/contracts/C-0232?effective=2025-09-01")
    page.focus("#slide-step")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"effective=2025-09-01&known=\d+"))
    assert "8%" in page.inner_text(".clause.differs")
    first = site.desk.store.stream(TENANT, "contract/C-0232")[0].position
    page.focus("#slide-step")
    page.keyboard.press("Home")
    page.wait_for_url(re.compile(f"known={first}"))
    page.focus("#slide-day")
    page.keyboard.press("Home")
    page.wait_for_url(re.compile(f"effective=2025-01-01&known={first}"))


def test_sliders_work_without_javascript(visit: Visit) -> None:
    hr = visit("hr.lin", java_script_enabled=False)
    page = hr.go("/contracts/C-0232?effective=2025-09-01")
    page.focus("#slide-step")
    page.keyboard.press("Home")
    page.click(".slider-go")
    assert re.search(r"effective=2025-09-01&known=\d+", page.url)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hr_logs_in_amends_and_sees_first_what_three_months_would_have_paid(
    visit: Visit, site: Site, lang: str
) -> None:
    hr = visit(None, lang=lang)
    page = hr.go("/login")
    page.fill("[name=account]", "hr.guo")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.click(".main-nav a >> nth=1")
    page.fill("[name=q]", "0027")
    page.wait_for_selector("#rows tbody tr:nth-child(2)", state="detached")
    page.click("#rows tbody a")
    page.click(".heading-side a.btn-primary")
    page.click("a.btn-primary:has-text('base_pay')")
    page.fill("[name='clause.amount']", "7500" if lang == "zh" else "7600")
    page.fill("[name=effective]", "2026-03-01")
    page.fill("[name=reason]", f"调薪 {lang}")
    page.click("button[value=preview]")
    pay = page.inner_text("section:has(#h-pay)")
    assert "+500.00" in pay or "+100.00" in pay or "+600.00" in pay, pay
    assert "base_pay" in pay
    hr.save(f"amend-pay-{lang}")
    page.dblclick("button[value=send]")
    page.wait_for_url(re.compile("done=amend"))
    assert f"调薪 {lang}" in page.inner_text(".trail li >> nth=0")


def test_what_a_reader_of_pay_was_shown_is_written_down(visit: Visit, site: Site) -> None:
    cookies = {COOKIE: site.cookie("hr.lin")}
    with httpx.Client(base_url=site.url, cookies=cookies) as client:
        assert client.get("/contracts/expiring?months=12").status_code == 200
    with httpx.Client(base_url=site.url, cookies={COOKIE: site.cookie("auditor.sun")}) as client:
        assert "renewals" in client.get("/reads").text


@pytest.mark.parametrize(
    ("account", "shows"),
    [
        ("hr.lin", ["待发出签署", "在期合同"]),
        ("finance.zhao", ["可以算薪", "退回"]),
        ("lead.chen", ["团队：Chinese"]),
        ("auditor.sun", ["账本事实"]),
    ],
)
def test_the_first_page_says_what_waits_for_each_role(
    visit: Visit, site: Site, account: str, shows: list[str]
) -> None:
    from domain.contract_commands import DraftContract
    from tests.workflows.company import by
    from workflows import contracts

    draft = {
        "contract": "C-WAITS", "person": "S0111", "number": "XG-W", "engagement": "part_time",
        "character": "labour_remuneration", "start": "2026-03-01", "team": "Chinese",
        "clauses": [{"key": "secret", "clause": {
            "kind": "confidentiality", "text_zh": "保密", "text_en": "Confidential"}}],
    }  # fmt: skip
    if "contract/C-WAITS" not in {
        one.stream for one in site.desk.store.facts_after(TENANT, 0, 5000)
    }:
        contracts.draft(site.desk, TENANT, DraftContract.model_validate(draft), {}, by("hr.lin"))
    someone = visit(account)
    page = someone.go("/")
    text = page.inner_text("main")
    for one in shows:
        assert one in text
    if page.locator("[data-chart]").count():
        page.wait_for_selector("[data-chart] canvas")
    someone.save(f"home-{account}")
