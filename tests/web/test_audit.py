"""The auditor's journey: a contract as of two times, what differed, and the facts behind it."""

from __future__ import annotations

from tests.web.conftest import Visit
from tests.web.site import TENANT, Site


def test_an_auditor_looks_at_a_contract_as_of_two_times(visit: Visit, site: Site) -> None:
    [raised] = [
        fact.position
        for fact in site.desk.store.stream(TENANT, "contract/C-0232")
        if fact.name == "contract.clause_amended.v1"
    ]
    auditor = visit("auditor.sun")
    page = auditor.go("/audit")
    auditor.save("audit")
    page.fill("form[action='/time-machine'] [name=contract]", "C-0232")
    page.fill("form[action='/time-machine'] [name=effective]", "2025-06-15")
    page.fill("form[action='/time-machine'] [name=known]", str(raised - 1))
    page.click("form[action='/time-machine'] button")
    assert "按已结算直播间销售额的8%" in page.inner_text("#h-clauses >> xpath=..")
    page.go_back()
    page.goto(f"{site.url}/contracts/C-0232?effective=2025-06-15&known={raised}")
    assert "按已结算直播间销售额的9%" in page.inner_text("#h-clauses >> xpath=..")
    auditor.save("contract-two-times")
    page.click("text=变更条款") if page.locator("a:has-text('变更条款')").count() else None
    assert "/amend" not in page.url, "an auditor writes nothing"

    page.goto(
        f"{site.url}/contracts/C-0232/compare?effective_a=2025-06-15&known_a={raised - 1}"
        f"&effective_b=2025-06-15&known_b={raised}"
    )
    assert "1 处不同" in page.inner_text("h2 >> nth=0")
    assert "0.08 → 0.09" in page.inner_text("main")
    auditor.save("compare")
    page.click("main .fact >> nth=1")
    page.wait_for_url(f"**/facts/{raised}")
    assert "五月口头约定" in page.inner_text("main")


def test_an_address_shows_the_same_thing_to_a_colleague(visit: Visit) -> None:
    first, second = visit("auditor.sun"), visit("lead.wu")
    address = "/contracts/C-0232?effective=2025-06-15&known=300"
    texts = []
    for someone in (first, second):
        page = someone.go(address)
        texts.append(page.inner_text("#h-clauses >> xpath=..").replace("#", ""))
    assert texts[0] == texts[1]


def test_the_picture_of_two_axes_leads_to_what_was_known_then(visit: Visit) -> None:
    auditor = visit("auditor.sun")
    page = auditor.go("/contracts/C-0232?effective=2025-06-15")
    areas = page.locator("svg.axes a")
    assert areas.count() >= 2
    areas.nth(0).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**effective=2025-01-01**")
    assert "known=" in page.url


def test_an_auditor_sees_no_personal_data(visit: Visit, site: Site) -> None:
    auditor, hr = visit("auditor.sun"), visit("hr.lin")
    path = "/contracts/C-0232?effective=2025-06-15"
    seen = [someone.go(path).inner_text("main .sub") for someone in (auditor, hr)]
    assert seen[0].strip() == "人员 S0232"
    assert len(seen[1]) > len(seen[0])


def test_history_is_searched_and_paged(visit: Visit) -> None:
    auditor = visit("auditor.sun")
    page = auditor.go("/audit?q=口头约定")
    assert page.locator(".trail li").count() == 1
    page.goto(f"{auditor.site.url}/audit?kind=payslip")
    first = page.inner_text(".trail li >> nth=0")
    page.click("text=下一页")
    assert page.inner_text(".trail li >> nth=0") != first
    page.go_back()
    assert page.inner_text(".trail li >> nth=0") == first


def test_a_lead_changes_weights_and_wrong_ones_stay_in_the_form(visit: Visit) -> None:
    lead = visit("lead.wu")
    page = lead.go("/kpi")
    page.click("tbody a >> nth=0")
    page.fill("[name=effective]", "2026-04-01")
    page.fill("[name=weight] >> nth=0", "39.99%")
    page.fill("[name=reason]", "春季重点")
    page.click("form.card button.btn-primary")
    assert "99.99%" in page.inner_text(".alert-danger")
    assert page.input_value("[name=weight] >> nth=0") == "39.99%"
    lead.save("kpi-wrong")
    page.fill("[name=weight] >> nth=0", "30")
    page.fill("[name=weight] >> nth=1", "50")
    page.click("form.card button.btn-primary")
    page.wait_for_url("**done=1")
    assert "春季重点" in page.inner_text(".trail")
    lead.save("kpi")
