"""The business lead's journey: other weights are tried over real months, then they are a fact."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Visit
from tests.web.site import PASSWORD, TENANT, Site


@pytest.mark.parametrize(
    ("lang", "enter", "menu", "attempt", "gain"),
    [
        ("zh", "登录", "考核", "先试算", "增加的人数"),
        ("en", "Log in", "KPI", "Try it first", "Gain"),
    ],
)
def test_a_lead_tries_weights_over_the_real_past_and_changes_them(
    visit: Visit, site: Site, lang: str, enter: str, menu: str, attempt: str, gain: str
) -> None:
    lead = visit(None, lang=lang)
    page = lead.go("/login")
    page.fill("[name=account]", "lead.wu")
    page.fill("[name=password]", PASSWORD)
    page.click(f"main button:has-text('{enter}')")
    page.click(f".main-nav a:has-text('{menu}')")
    page.click("tbody a >> nth=0")
    page.fill("[name=weight] >> nth=0", "20")
    page.fill("[name=weight] >> nth=1", "55")
    page.wait_for_selector("[data-sum-of].loss:has-text('95%')")
    page.fill("[name=weight] >> nth=1", "60")
    page.wait_for_selector("[data-sum-of].gain:has-text('100%')")
    page.click(f"button:has-text('{attempt}')")
    page.wait_for_selector("[data-chart] canvas")
    assert gain in page.inner_text(".figures")
    assert page.locator("#h-people ~ .table-responsive tbody tr").count() > 2
    lead.save(f"lead-what-if-{lang}")
    again = page.inner_text(".figures")
    page.reload()
    assert page.inner_text(".figures") == again
    before = site.desk.store.head(TENANT)[0]
    page.fill("[name=effective]", "2026-05-02")
    page.fill("[name=reason]", f"涨粉优先 {lang}")
    page.click("main form button")
    assert page.input_value("[name=reason]") == f"涨粉优先 {lang}"
    assert site.desk.store.head(TENANT)[0] == before
    page.fill("[name=effective]", "2026-05-01" if lang == "zh" else "2026-06-01")
    page.dblclick("button.btn-primary")
    page.wait_for_url(re.compile("done=1"))
    assert site.desk.store.head(TENANT)[0] == before + 1
    assert f"涨粉优先 {lang}" in page.inner_text(".trail li >> nth=0")


def test_weights_that_do_not_sum_up_are_refused_in_the_form(visit: Visit) -> None:
    lead = visit("lead.wu")
    page = lead.go("/kpi/streamer-2025")
    page.fill("[name=weight] >> nth=0", "30")
    page.fill("[name=effective]", "2026-07-01")
    page.fill("[name=reason]", "写错了")
    page.click("button.btn-primary")
    assert "100" in page.inner_text(".alert-danger")
    assert page.input_value("[name=weight] >> nth=0") == "30"
    assert page.input_value("[name=reason]") == "写错了"


def test_a_scheme_is_defined_in_a_form(visit: Visit) -> None:
    lead = visit("lead.chen")
    page = lead.go("/kpi/new")
    page.fill("[name=scheme]", "chinese-2026")
    page.fill("[name=title]", "中文组考核")
    page.fill("[name=team]", "English")
    page.fill("[name=effective]", "2026-01-01")
    for name, value in (("metric", "sales"), ("weight", "100"), ("target", "5000"), ("cap", "1.5")):
        page.fill(f"[name={name}] >> nth=0", value)
    page.click("main form button")
    assert "不属于您负责的团队" in page.inner_text("main")
    page.fill("[name=team]", "Chinese")
    page.dblclick("main form button")
    page.wait_for_url(re.compile("done=1"))
    assert "100%" in page.inner_text("main")
