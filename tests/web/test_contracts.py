"""The list of contracts and what is done with many: columns, export, cohorts, templates, drafts."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from api.pages import works
from api.sessions import COOKIE
from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from workflows import contracts


def test_columns_are_chosen_and_stay_in_the_address(visit: Visit) -> None:
    hr = visit("hr.lin")
    page = hr.go("/contracts")
    page.click("summary:has-text('选择列')")
    page.check("[name=col][value=clauses]")
    page.wait_for_selector("#rows .said-list")
    assert "col=clauses" in page.url
    page.reload()
    assert page.locator("#rows .said-list").count() > 5


@pytest.fixture(scope="module")
def exported(site: Site) -> CalamineWorkbook:
    with httpx.Client(base_url=site.url, cookies={COOKIE: site.cookie("hr.lin")}) as client:
        answer = client.get("/contracts/export.xlsx?team=Chinese&effective=2025-09-01&known=500")
    assert answer.status_code == 200
    assert "contracts-2025-09-01-500.xlsx" in answer.headers["content-disposition"]
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content))


def test_the_export_holds_what_the_list_shows_and_says_what_was_asked(
    exported: CalamineWorkbook,
) -> None:
    rows = exported.get_sheet_by_index(0).to_python()
    assert rows[0][:3] == ["合同", "合同文本编号", "人员"]
    assert [row[0] for row in rows[1:]] == ["C-0111", "C-0121", "C-0138", "C-0146"]
    said = dict(row[:2] for row in exported.get_sheet_by_index(1).to_python())
    assert (said["生效日"], said["截至（所知）"], said["行数"]) == ("2025-09-01", "#500", "4")
    assert said["team"] == "Chinese"


def test_a_cohort_is_previewed_amended_and_each_contract_has_its_verdict(
    visit: Visit, site: Site
) -> None:
    hr = visit("hr.lin")
    page = hr.go("/contracts?team=Chinese")
    for contract in ("C-0138", "C-0146"):
        page.check(f"[name=contract][value={contract}]")
    page.click("text=变更勾选的合同")
    page.click("tr:has-text('training') button[value=change]")
    page.fill("[name='clause.times_a_month']", "3")
    page.fill("[name=effective]", "2026-03-01")
    page.click("button[value=preview]")
    assert page.input_value("[name='clause.times_a_month']") == "3"  # the reason is missing
    page.fill("[name=reason]", "统一培训安排")
    page.click("button[value=preview]")
    page.wait_for_selector(".figures")
    assert page.locator("tbody tr").count() == 2
    assert "3" in page.inner_text("tbody tr >> nth=0")
    hr.save("cohort-preview")
    before = site.desk.store.head(TENANT)[0]
    page.dblclick("button[value=send]")
    page.wait_for_selector(".alert-success")
    hr.save("cohort-done")
    assert site.desk.store.head(TENANT)[0] == before + 2
    for contract in ("C-0138", "C-0146"):
        facts = site.desk.store.stream(TENANT, f"contract/{contract}")
        assert (facts[-1].reason, facts[-1].actor) == ("统一培训安排", "hr.lin")
    page.go_back()
    page.wait_for_load_state()
    if page.locator("button[value=send]").count():
        page.click("button[value=send]")
        page.wait_for_selector(".alert-success")
    assert site.desk.store.head(TENANT)[0] == before + 2


def test_a_cohort_says_why_a_contract_is_refused_and_takes_the_others(visit: Visit) -> None:
    hr = visit("hr.lin", java_script_enabled=False)
    page = hr.go("/contracts/cohort?contract=C-0061&contract=C-0235")
    page.click("tr:has-text('base_pay') button[value=end]")  # only one of them has it
    page.fill("[name=effective]", "2026-04-01")
    page.fill("[name=reason]", "改为纯提成")
    page.click("button[value=preview]")
    assert "1" in page.inner_text(".figure >> nth=1")
    assert "C-0235" in page.inner_text("tbody tr >> nth=0")
    page.click("button[value=send]")
    assert "1 份合同的变更已记录" in page.inner_text("main")
    page.click("text=再次提交被拒绝的 1 份")
    assert page.input_value("[name=reason]") == "改为纯提成"


def test_long_work_shows_how_far_it_is_and_then_what_came_of_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    amend = contracts.amend_cohort

    def slowly(*given: Any, **more: Any) -> Any:
        go_on.wait(30)
        return amend(*given, **more)

    monkeypatch.setattr(works, "AT_ONCE", 0.01)
    monkeypatch.setattr(contracts, "amend_cohort", slowly)
    hr = visit("hr.lin")
    page = hr.go("/contracts/cohort?contract=C-0099&contract=C-0148")
    page.click("tr:has-text('flexible_schedule') button[value=change]")
    page.fill("[name='clause.notice_hours']", "48")
    page.fill("[name=reason]", "提前两天通知")
    page.click("button[value=preview]")
    page.wait_for_selector("progress")
    assert "0 / 2" in page.inner_text("[data-says]")
    hr.save("cohort-working")
    address = page.url
    go_on.set()
    page.wait_for_selector(".figures")
    assert page.url == address
    assert page.locator("tbody tr").count() == 2


def test_a_cohort_of_somebody_else_is_not_shown(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin")
    page = hr.go("/contracts/cohort?contract=C-0082")
    page.click("tr:has-text('commission') button[value=change]")
    page.fill("[name=reason]", "只是看看")
    page.click("button[value=preview]")
    page.wait_for_url(re.compile("/contracts/cohort/[0-9a-f]{32}"))
    with httpx.Client(base_url=site.url, cookies={COOKIE: site.cookie("hr.guo")}) as client:
        assert client.get(page.url).status_code == 404
        work = page.url.rsplit("/", 1)[1]
        assert client.get(f"/works/{work}/events").status_code == 404
    events = httpx.get(f"{site.url}/works/{work}/events", cookies={COOKIE: site.cookie("hr.lin")})
    assert events.status_code == 404 or '"over": true' in events.text


def test_a_template_gets_a_next_version_and_a_contract_is_drafted_from_it(
    visit: Visit, site: Site
) -> None:
    hr = visit("hr.lin")
    page = hr.go("/templates")
    page.click("text=新建模板")
    page.fill("[name=template]", "weekend")
    page.fill("[name=title]", "周末主播协议")
    page.select_option("[name=engagement]", "part_time")
    page.select_option("[name=add_kind]", "commission")
    page.click("button[value=add]")
    page.fill("[name='c.0.clause.rate']", "{{rate}}")
    page.select_option("[name='c.0.clause.base']", "settled")
    page.select_option("[name=add_kind]", "sessions")
    page.click("button[value=add]")
    assert page.input_value("[name='c.0.clause.rate']") == "{{rate}}"
    page.click("button[value='drop.1']")
    hr.save("template-new")
    page.dblclick("button[value=send]")
    page.wait_for_selector(".alert-success")
    assert "rate" in page.inner_text("main")
    page.click("text=编辑为新版本")
    page.fill("[name=title]", "周末主播协议（2026）")
    page.click("button[value=send]")
    page.wait_for_selector(".alert-success")
    assert "v2" in page.inner_text("main")
    page.click(".heading-side >> text=从模板起草")
    page.fill("[name=contract]", "C-WEEKEND")
    page.fill("[name=number]", "XG-2026-W1")
    page.fill("[name=person]", "NOBODY")
    page.fill("[name=team]", "Chinese")
    page.fill("[name=start]", "2026-03-01")
    page.fill("[name=last_day]", "2026-12-31")
    page.fill("[name='v.rate']", "7%")
    page.click("button[value=send]")
    assert "没有人员" in page.inner_text(".form-field:has([name=person])")
    assert page.input_value("[name='v.rate']") == "7%"
    page.fill("[name=person]", "S0111")
    hr.save("draft-form")
    page.dblclick("button[value=send]")
    page.wait_for_url(re.compile("done=draft"))
    assert "7%" in page.inner_text(".clause")
    state = contracts.read(site.desk, TENANT, "C-WEEKEND")
    assert (state.template, state.template_version, str(state.end)) == ("weekend", 2, "2027-01-01")


def test_the_renewal_desk_shows_three_months_and_records_the_decision(
    visit: Visit, site: Site
) -> None:
    lead = visit("lead.wu")
    page = lead.go("/contracts/expiring?months=12")
    case = "section:has(#h-C-0016)"
    assert page.locator(f"{case} tbody tr").count() == 3
    assert "实发" not in page.inner_text(case)  # a lead reads no pay
    page.fill(f"{case} [name=reason]", "表现稳定")
    page.dblclick(f"{case} button[value=renew]")
    page.wait_for_selector(".alert-success")
    facts = site.desk.store.stream(TENANT, "contract/C-0016")
    assert [fact.name for fact in facts].count("contract.expiry_decided.v1") == 1
    hr = visit("hr.lin")
    page = hr.go("/contracts/expiring?months=12")
    assert "实发" in page.inner_text(case)
    page.click(f"{case} a:has-text('续签')")
    page.fill("[name=last_day]", "2026-12-01")
    page.fill("[name=reason]", "续签一年")
    page.click("button:has-text('确认续签')")
    assert "须晚于" in page.inner_text(".form-field:has([name=last_day])")
    assert page.input_value("[name=reason]") == "续签一年"
    page.fill("[name=last_day]", "2027-12-31")
    page.dblclick("button:has-text('确认续签')")
    page.wait_for_url(re.compile("done=renew"))
    assert str(contracts.read(site.desk, TENANT, "C-0016").end) == "2028-01-01"
