"""Finance and approver at the bank: a batch by two people, its file, the statement, the board."""

from __future__ import annotations

import re
from datetime import date

import httpx
import pytest

from api.sessions import COOKIE
from domain.payrun import ApprovePayRun, StartPayRun
from domain.run_findings import digest_of, to_acknowledge
from domain.run_step_facts import ReviewPayRun
from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from tests.workflows.company import by
from workflows import payouts, payrun, run_steps
from workflows.bank_books import payouts_of, read_batch

TODAY = date(2026, 11, 1)
SAME = {"Sec-Fetch-Site": "same-origin"}


def instructed(site: Site) -> str:
    """A posted run whose payouts are instructed, the next month that has none."""
    desk = site.desk
    month = next(
        month
        for month in (f"2026-{number:02}" for number in range(1, 11))
        if payrun.read_run(desk, TENANT, f"{month}-1", missing_ok=True).status == "none"
    )
    run = payrun.compute(
        desk, TENANT, StartPayRun(month=month), by("finance.zhao"), today=TODAY
    ).state
    found = run_steps.findings(desk, TENANT, run.run, ReviewPayRun(), TODAY)
    review = ReviewPayRun(
        digest=run.digest,
        findings_digest=digest_of(found),
        acknowledge=tuple(sorted(to_acknowledge(found))),
    )
    run_steps.review(desk, TENANT, run.run, review, by("finance.zhao"), today=TODAY)
    refused = tuple(
        one["contract"] for one in run.exceptions if one["code"].startswith(payrun.payrun.REFUSED)
    )
    approved = ApprovePayRun(digest=run.digest, leave_out=refused)
    payrun.approve(desk, TENANT, run.run, approved, by("approver.qian"))
    payrun.post(desk, TENANT, run.run, by("finance.zhao"))
    payouts.instruct_run(desk, TENANT, run.run, by("finance.zhao"))
    return run.run


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_batch_is_proposed_approved_by_another_sent_and_matched(
    visit: Visit, site: Site, lang: str
) -> None:
    run = instructed(site)
    finance, approver = visit("finance.zhao", lang=lang), visit("approver.qian", lang=lang)
    page = finance.go(f"/bank?run={run}")
    page.fill("[name='debtor.name']", "杭州星光传媒有限公司")
    page.fill("[name='debtor.account']", "310066001234567")
    page.fill("[name='debtor.bank']", "12")
    page.click("main form:has([value=propose]) button")
    assert page.input_value("[name='debtor.name']") == "杭州星光传媒有限公司"
    page.fill("[name='debtor.bank']", "102290000010")
    page.dblclick("main form:has([value=propose]) button")
    page.wait_for_url(re.compile("done=propose"))
    batch = f"{run}.b1"
    assert read_batch(site.desk, TENANT, batch).status == "proposed"
    assert page.locator("form:has([value=approve])").count() == 0, "not by finance"

    other = approver.go(f"/bank?run={run}")
    other.dblclick("form:has([value=approve]) button")
    other.wait_for_url(re.compile("done=approve"))
    approver.save(f"bank-approved-{lang}")

    page.reload()
    with page.expect_download() as file:
        page.click("form[action$='/file'] button")
    assert file.value.suggested_filename.startswith(batch)
    page.goto(f"{site.url}/bank?run={run}")
    page.dblclick("form:has([value=send]) button")
    page.wait_for_url(re.compile("done=send"))
    assert read_batch(site.desk, TENANT, batch).status == "sent"

    standing = list(payouts_of(site.desk, TENANT, run).values())
    lines = ["银行流水号,交易日期,借方发生额,贷方发生额,客户流水号"]
    lines += [
        f"{run}-{n},2026-11-02,{one.state.amount},,{one.state.end_to_end_id}"
        for n, one in enumerate(standing[1:])
    ]
    lines.append(f"{run}-X,2026-11-02,{standing[0].state.amount},,")
    page.goto(f"{site.url}/reconcile?run={run}")
    upload = {"name": "bank.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    page.set_input_files("[name=file]", upload)  # type: ignore[arg-type]
    page.fill("[name=account]", "310066001234567")
    page.click("form:has([value=statement]) button")
    page.wait_for_url(re.compile("done=statement"))
    page.dblclick("form:has([name=do][value=match]) button")
    page.wait_for_url(re.compile(f"done=match&settled={len(standing) - 1}"))
    row = page.locator(f"tr:has-text('{run}-X')")
    select = row.locator("select")
    select.select_option(standing[0].state.end_to_end_id)
    finance.save(f"reconcile-{lang}")
    select.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done=confirm"))
    page.click("form:has([name=do][value=match]) button")
    page.wait_for_url(re.compile("done=match&settled=1"))
    assert all(one.state.status == "settled" for one in payouts_of(site.desk, TENANT, run).values())


def test_who_proposed_a_batch_may_not_approve_it_by_a_form_either(site: Site) -> None:
    form = {"do": "approve", "batch": "2026-01-1.b1", "digest": "0" * 64}
    cookies = {COOKIE: site.cookie("finance.zhao")}
    address = f"{site.url}/bank?run=2025-12-1"
    sent = httpx.post(address, cookies=cookies, data=form, headers=SAME, timeout=60)
    assert sent.status_code == 403


def test_a_statement_that_is_none_is_refused_and_says_why(visit: Visit) -> None:
    finance = visit("finance.zhao")
    page = finance.go("/reconcile")
    upload = {"name": "x.csv", "mimeType": "text/csv", "buffer": b"nothing,here\n1,2\n"}
    page.set_input_files("[name=file]", upload)  # type: ignore[arg-type]
    page.fill("[name=account]", "310066001234567")
    page.click("form:has([value=statement]) button")
    assert page.locator(".alert-danger").count() == 1
    assert page.input_value("[name=account]") == "310066001234567"
