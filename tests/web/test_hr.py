"""HR's journeys: a clause amended and its trail, others in the way, drafts on their way."""

from __future__ import annotations

import re

from domain.contract_commands import DraftContract
from tests.web.conftest import Visit
from tests.web.site import TENANT, Site, Visitor
from tests.workflows.company import by
from workflows import contracts

AMEND = "/contracts/C-0235/amend"


def opened(someone: Visitor, contract: str, key: str, effective: str = "2025-12-01") -> None:
    someone.go(f"/contracts/{contract}/amend?op=change&key={key}&effective={effective}")


def test_hr_amends_a_clause_and_shows_who_agreed_to_what(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin")
    page = hr.go("/contracts?effective=2025-12-01&q=0235")
    page.click("text=C-0235")
    page.click("text=变更条款")
    page.fill("[name=effective] >> nth=0", "2025-12-01")
    hr.save("amend-choose")
    page.click("main form >> nth=0 >> button")
    page.click("a.btn-primary:has-text('commission')")
    page.fill("[name='clause.rate']", "六个点")
    page.fill("[name=reason]", "年终奖励方案")
    page.click("button[value=preview]")
    assert "请填写数字" in page.inner_text(".form-field:has([name='clause.rate'])")
    assert page.input_value("[name=reason]") == "年终奖励方案"
    page.fill("[name='clause.rate']", "6%")
    page.wait_for_selector("#peek .change-new")
    assert "6%" in page.inner_text("#peek .change-new")
    hr.save("amend-form")
    page.click("button[value=preview]")
    assert "8%" in page.inner_text(".change-old")
    assert "6%" in page.inner_text(".change-new")
    hr.save("amend-confirm")
    page.dblclick("button[value=send]")
    page.wait_for_url(re.compile("done=amend"))
    trail = page.inner_text(".trail li >> nth=0")
    assert "提成由8%变为6%" in trail
    assert "hr.lin" in trail
    assert "年终奖励方案" in trail
    assert "自 2025年12月1日 起生效" in trail
    hr.save("contract-amended")
    state = contracts.read(site.desk, TENANT, "C-0235")
    facts = site.desk.store.stream(TENANT, "contract/C-0235")
    assert [fact.name for fact in facts].count("contract.clause_amended.v1") == 1
    assert state.terms[-1].data["rate"] == "0.06"


def test_going_back_and_sending_again_records_nothing_twice(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin")
    opened(hr, "C-0283", "commission")
    page = hr.page
    page.fill("[name='clause.rate']", "9.5%")
    page.fill("[name=reason]", "一次")
    page.click("button[value=preview]")
    page.click("button[value=send]")
    page.wait_for_url(re.compile("done=amend"))
    before = site.desk.store.head(TENANT)[0]
    page.reload()
    page.go_back()
    page.wait_for_load_state()
    if page.locator("button[value=send]").count():
        page.click("button[value=send]")
        page.wait_for_load_state()
    assert site.desk.store.head(TENANT)[0] == before


def test_somebody_else_was_first_and_nothing_typed_is_lost(visit: Visit) -> None:
    slow, quick = visit("hr.lin"), visit("hr.guo")
    opened(slow, "C-0050", "base_pay")
    slow.page.fill("[name='clause.amount']", "9000")
    slow.page.fill("[name=reason]", "慢的人写的原因")
    opened(quick, "C-0050", "base_pay")
    quick.page.fill("[name='clause.amount']", "8500")
    quick.page.fill("[name=reason]", "快的人先提交")
    quick.page.click("button[value=preview]")
    quick.page.click("button[value=send]")
    quick.page.wait_for_url(re.compile("done=amend"))
    slow.page.click("button[value=preview]")
    text = slow.page.inner_text("main")
    assert "被他人修改" in text
    assert "快的人先提交" in text
    assert slow.page.input_value("[name='clause.amount']") == "9000"
    assert slow.page.input_value("[name=reason]") == "慢的人写的原因"
    slow.save("amend-stale")
    slow.page.click("button[value=preview]")
    assert "8,500" in slow.page.inner_text(".change-old")
    slow.page.click("button[value=send]")
    slow.page.wait_for_url(re.compile("done=amend"))


def test_stale_at_the_last_moment(visit: Visit) -> None:
    slow, quick = visit("hr.lin"), visit("hr.guo")
    for one, amount in ((slow, "9100"), (quick, "9200")):
        opened(one, "C-0061", "base_pay")
        one.page.fill("[name='clause.amount']", amount)
        one.page.fill("[name=reason]", f"改为 {amount}")
        one.page.click("button[value=preview]")
    quick.page.click("button[value=send]")
    quick.page.wait_for_url(re.compile("done=amend"))
    slow.page.click("button[value=send]")
    slow.page.wait_for_selector(".alert-danger")
    assert "改为 9200" in slow.page.inner_text("main")
    assert slow.page.input_value("[name='clause.amount']") == "9100"


def test_the_plan_check_speaks_before_anything_is_sent(visit: Visit) -> None:
    hr = visit("hr.lin")
    opened(hr, "C-0125", "commission")
    page = hr.page
    page.fill("[name='clause.tiers.0.start']", "5000")
    page.fill("[name='clause.tiers.0.end']", "8000")
    page.fill("[name='clause.tiers.1.start']", "9000")
    page.fill("[name='clause.tiers.1.rate']", "2%")
    page.fill("[name=reason]", "试一试")
    page.click("button[value=preview]")
    text = page.inner_text("main")
    assert "8,000" in text
    assert "9,000" in text
    assert page.input_value("[name='clause.tiers.1.start']") == "9000"
    hr.save("amend-plan-check")


def test_without_javascript_everything_works(visit: Visit) -> None:
    hr = visit("hr.lin", java_script_enabled=False)
    page = hr.go("/contracts?q=0111&effective=2025-12-01")
    page.click("text=C-0111")
    opened(hr, "C-0111", "training")
    page.fill("[name='clause.times_a_month']", "2")
    page.fill("[name=reason]", "没有脚本也能变更")
    page.click("button[value=preview]")
    page.click("button[value=send]")
    page.wait_for_url(re.compile("done=amend"))
    assert "没有脚本也能变更" in page.inner_text(".trail li >> nth=0")


def test_a_draft_is_sent_signed_and_put_in_force(visit: Visit, site: Site) -> None:
    draft = DraftContract.model_validate(
        {
            "contract": "C-NEW1",
            "person": "S0111",
            "number": "XG-2026-NEW1",
            "engagement": "part_time",
            "character": "labour_remuneration",
            "start": "2026-03-01",
            "end": "2027-03-01",
            "team": "Chinese",
            "clauses": [
                {"key": "pay", "clause": {"kind": "commission", "rate": "8%", "base": "settled"}}
            ],
        }
    )
    contracts.draft(site.desk, TENANT, draft, {}, by("hr.lin"))
    hr = visit("hr.lin")
    page = hr.go("/contracts/C-NEW1")
    page.dblclick("button:has-text('发出签署')")
    page.wait_for_url(re.compile("done=send"))
    for party in ("manager.zhang", "starlight", "S0111"):
        page.fill("[name=signatory]", party)
        page.dblclick("button:has-text('记录签署')")
        page.wait_for_url(re.compile("done=sign"))
        page.goto(f"{site.url}/contracts/C-NEW1")
    page.dblclick("button:has-text('使合同生效')")
    page.wait_for_url(re.compile("done=activate"))
    assert "生效" in page.inner_text(".facts-list >> nth=0")
    facts = [fact.name for fact in site.desk.store.stream(TENANT, "contract/C-NEW1")]
    assert len(facts) == len(set(facts)) + 2  # three parties signed, all else was done once


def test_a_lost_connection_in_the_middle_loses_nothing(visit: Visit) -> None:
    hr = visit("hr.lin")
    opened(hr, "C-0121", "base_pay")
    page = hr.page
    page.fill("[name='clause.amount']", "8800")
    page.fill("[name=reason]", "断线重试")
    page.click("button[value=preview]")
    hr.context.set_offline(True)
    page.click("button[value=send]", no_wait_after=True)
    page.wait_for_timeout(300)
    hr.context.set_offline(False)
    page.go_back()
    page.wait_for_load_state()
    hr.said.clear()  # the browser says that it was offline
    if not page.locator("button[value=send]").count():
        page.click("button[value=preview]")
    page.click("button[value=send]")
    page.wait_for_url(re.compile("done=amend"))
    assert page.inner_text(".trail").count("断线重试") == 1
