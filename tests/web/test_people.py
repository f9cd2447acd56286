"""People on the pages: a step recorded without scripts, refused where it makes no sense."""

from __future__ import annotations

import re

from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from workflows import careers


def test_somebody_leaves_with_two_reasons_and_a_sealed_note(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin", java_script_enabled=False)
    page = hr.go("/persons/H1130")
    page.click("a:has-text('离开')")
    page.select_option("[name=why] >> nth=0", "targets")
    page.fill("[name=weight] >> nth=0", "70")
    page.select_option("[name=why] >> nth=1", "other_offer")
    page.fill("[name=weight] >> nth=1", "20")
    page.fill("[name='step.note']", "想去别的平台试试")
    page.click("button:has-text('记录')")
    assert "90%" in page.inner_text("[role=alert]")
    assert page.input_value("[name='step.note']") == "想去别的平台试试"
    page.fill("[name=weight] >> nth=1", "30")
    page.click("button:has-text('记录')")
    page.wait_for_url(re.compile("done=left"))
    assert "目标过高 70%、其他公司的机会 30%" in page.inner_text(".trail")
    assert "想去别的平台试试" not in page.content()
    assert careers.read(site.desk, TENANT, "H1130").stage == "left"


def test_the_back_button_and_a_second_press_record_nothing_twice(visit: Visit, site: Site) -> None:
    hr = visit("hr.lin")
    page = hr.go("/persons/H1131?step=moved")
    page.fill("[name='step.team']", "直播试验组")
    page.click("button:has-text('记录')")
    page.wait_for_url(re.compile("done=moved"))
    before = careers.read(site.desk, TENANT, "H1131").version
    page.go_back()
    page.click("button:has-text('记录')")
    page.wait_for_load_state()
    assert careers.read(site.desk, TENANT, "H1131").version == before


def test_an_auditor_sees_a_career_and_records_nothing(visit: Visit) -> None:
    auditor = visit("auditor.sun")
    page = auditor.go("/persons/H1001?step=left")
    assert page.locator("form[action='/persons/H1001']").count() == 0
    assert page.locator(".trail li").count() >= 1


def test_the_list_goes_on_to_the_next_page(visit: Visit) -> None:
    page = visit("lead.wu").go("/people?stage=active")
    first = page.inner_text("tbody tr:last-child th >> nth=-1")
    page.click("a[rel=next]")
    assert page.inner_text("tbody tr:last-child th >> nth=-1") > first


def test_the_page_of_leaving_finds_the_case_and_claims_no_cause(visit: Visit) -> None:
    page = visit("lead.wu").go(
        "/people/leaving?since=2025-01-01&until=2026-01-01&effective=2026-02-15"
    )
    said = page.inner_text(".alert-warning")
    for words in ("美妆一组", "12 人离开（30%）", "高 25%", "权重 10%", "不判断为什么"):
        assert words in said
    assert page.locator(".alert-warning").count() == 1


def test_a_signal_is_dismissed_with_a_reason_and_a_rule_switched_off(visit: Visit) -> None:
    lead = visit("lead.wu")
    page = lead.go("/people/signals?effective=2026-01-10")
    assert "美妆一组" in page.inner_text("main") and "安排粉丝互动培训" in page.inner_text("main")
    assert page.locator("button[name=decision]").count() == 0, "the past is only looked at"
    page = lead.go("/people/signals")
    page.click("button:has-text('自今天起停用 时长不足')")
    page.wait_for_url(re.compile("done=1"))
    assert page.locator("button:has-text('自今天起启用 时长不足')").count() == 1
    page.click("button:has-text('自今天起启用 时长不足')")
    page.wait_for_url(re.compile("done=1"))
    lead.save("signals-1280")
