"""Finance and approver: a month computed, approved by another person, posted, paid, taken apart."""

from __future__ import annotations

import re

from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from workflows import payrun


def test_a_month_is_computed_approved_by_another_posted_and_taken_apart(
    visit: Visit, site: Site
) -> None:
    finance, approver = visit("finance.zhao"), visit("approver.qian")
    page = finance.go("/")
    page.click("text=2026年1月 已结束，可以算薪")
    page.fill("[name=month]", "2099-01")
    page.click("main form button >> nth=0")
    assert page.input_value("[name=month]") == "2099-01"
    assert page.locator(".field-error").count() == 1
    page.fill("[name=month]", "2026-01")
    page.dblclick("main form button >> nth=0")
    page.wait_for_url(re.compile("/pay/2026-01-1"))
    finance.save("run-computed")
    assert page.locator("button:has-text('审批通过')").count() == 0, "not by finance"

    for box in page.locator("[name=acknowledge]").all():
        box.check()
    page.click("button:has-text('已核对')")
    page.wait_for_url(re.compile("done=review"))

    other = approver.go("/")
    other.click("text=薪资批次 2026-01-1 待审批")
    other.click("button:has-text('审批通过')")
    other.wait_for_url(re.compile("done=approve"))
    assert "approver.qian" in other.inner_text(".steps-row")

    page.reload()
    page.click("button:has-text('过账')")
    page.wait_for_url(re.compile("done=post"))
    page.click("button:has-text('指示付款')")
    page.wait_for_url(re.compile("done=instruct"))
    finance.save("run-posted")
    page.click("button:has-text('标记为已付款')")
    page.wait_for_url(re.compile("done=paid"))
    run = payrun.read_run(site.desk, TENANT, "2026-01-1")
    assert (run.status, run.approved_by) == ("paid", "approver.qian")

    for verdict in page.locator("[name^='verdict:']").all():
        verdict.select_option("unpaid")
    page.click("button:has-text('完成对账')")
    page.wait_for_url(re.compile("done=reconcile"))
    page.click("button:has-text('关闭批次')")
    page.wait_for_url(re.compile("done=close"))
    finance.save("run-closed")

    page.click("section:has(#h-register) table a >> nth=0")
    page.click("details.line >> nth=0 >> summary")
    clause = page.locator("details.line >> nth=0 >> .fact >> nth=0")
    position = clause.inner_text().removeprefix("#")
    finance.save("payslip-open")
    clause.click()
    page.wait_for_url(f"**/facts/{position}")
    assert "叶哈希" in page.inner_text("main")
    [envelope] = site.desk.store.envelopes_after(TENANT, int(position) - 1, 1)
    from ledger.codec import leaf_hash

    assert leaf_hash(envelope).hex() in page.inner_text("main")
    finance.save("fact")


def test_who_computed_a_run_may_not_approve_it(visit: Visit, site: Site) -> None:
    """The domain says so, whatever roles somebody has; the page shows its sentence."""
    from datetime import UTC, datetime

    from api.sessions import password_hash
    from tests.web.site import PASSWORD

    both = ["finance", "approver"]
    site.accounts.put(
        TENANT, "both.roles", password_hash(PASSWORD), both, by="test", at=datetime.now(UTC)
    )
    run = next(
        f"2026-{number:02}-1"
        for number in range(1, 10)
        if payrun.read_run(site.desk, TENANT, f"2026-{number:02}-1", missing_ok=True).status
        == "none"
    )
    someone = visit("both.roles")
    page = someone.go("/pay")
    page.fill("[name=month]", run[:7])
    page.click("main form button >> nth=0")
    page.wait_for_url(re.compile(run))
    page.click("button:has-text('已核对')")
    if page.locator("[name=acknowledge]").count():
        assert "须逐类确认" in page.inner_text(".alert-danger")
        for box in page.locator("[name=acknowledge]").all():
            box.check()
        page.click("button:has-text('已核对')")
    page.wait_for_url(re.compile("done=review"))
    page.click("button:has-text('审批通过')")
    assert "计算人不能审批" in page.inner_text(".alert-danger")
    someone.save("run-separation")
    page.click("summary:has-text('退回')")
    page.fill("textarea[name=reason]", "计算人不能审批, 退回重算")
    page.click("details button:has-text('退回')")
    page.wait_for_url(re.compile("done=reject"))


def test_a_returned_payout_is_instructed_again_and_settled_once(visit: Visit) -> None:
    finance = visit("finance.zhao")
    page = finance.go("/payouts?status=returned")
    finance.save("payouts-returned")
    row = page.locator("tbody tr >> nth=0")
    payout = row.locator(".muted >> nth=0").inner_text()
    row.locator("summary").click()
    row.locator("[name=reason]").fill("账户已更正")
    row.locator("button:has-text('再次指示付款')").dblclick()
    page.wait_for_url(re.compile("done=again"))
    run, contract = payout.split(".")[:2]
    page.goto(f"{finance.site.url}/payouts?run={run}&contract={contract}")
    page.click("summary:has-text('记录到账')")
    page.fill("[name=bank_reference]", "B-0001")
    page.click("details[open] button")
    assert page.locator("details[open] [name=on]:invalid").count() == 1, "the day is asked for"
    page.fill("details[open] [name=on]", "2026-02-20")
    page.click("details[open] button")
    page.wait_for_url(re.compile("done=settle"))
    assert "B-0001" in page.inner_text("tbody")
