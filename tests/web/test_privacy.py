"""Personal data on the pages: shown when asked, held, restricted, erased by two people, granted."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from api.sessions import COOKIE
from domain.person import PersonalData, RegisterPerson
from ledger.read_log import ReadLog
from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from tests.web.test_pages import violations
from tests.workflows.company import by
from workflows import setup
from workflows.demo_company import personal


def test_a_person_is_shown_when_asked_and_that_is_on_the_auditors_page(
    visit: Visit, site: Site
) -> None:
    name = personal(1)["name"]
    page = visit("hr.lin").go("/persons/S0001/data")
    assert name not in page.content()
    page.fill("[name=purpose]", "visa letter")
    page.click("button[value=show]")
    assert name in page.content()
    someone = visit("auditor.sun")
    page = someone.go("/reads?person=S0001&kind=personal")
    row = page.inner_text("tbody tr >> nth=0")
    assert "hr.lin" in row and "visa letter" in row and name not in page.content()
    someone.save("reads-1280")
    assert violations(page) == []


def test_a_candidate_is_held_restricted_and_erased_by_two_people(visit: Visit, site: Site) -> None:
    data = PersonalData(name="鲁智深")
    setup.register_person(
        site.desk, TENANT, RegisterPerson(person="K-1", personal=data), by("hr.lin")
    )
    lin, guo = visit("hr.lin"), visit("hr.guo")
    page = lin.go("/persons/K-1/data")
    page.fill("form:has(button[value=hold]) [name=hold]", "H-1")
    page.fill("form:has(button[value=hold]) [name^=reason]", "labour dispute")
    page.click("button[value=hold]")
    assert "H-1" in page.content()
    page.fill("form:has(button[value=restrict]) [name^=reason]", "asked by letter")
    page.click("button[value=restrict]")
    assert "已限制处理" in page.content()
    assert page.locator("button[value=show]").count() == 0
    lin.save("person-restricted-1280")
    assert violations(page) == []
    page.fill("form:has(button[value=erase]) [name^=reason]", "asked by letter")
    page.click("button[value=erase]")
    assert "不同的人" in page.inner_text("[role=alert]")
    page = guo.go("/persons/K-1/data")
    page.fill("form:has(button[value=erase]) [name^=reason]", "asked by letter")
    page.click("button[value=erase]")
    assert "保全" in page.inner_text("[role=alert]")
    page.fill("form:has(button[value=unhold]) [name^=reason] >> nth=0", "settled")
    page.click("button[value=unhold]")
    page.fill("form:has(button[value=erase]) [name^=reason]", "asked by letter")
    page.click("button[value=erase]")
    assert "保存期限未满" in page.inner_text("[role=alert]"), "candidates are kept for six months"


def test_a_grant_is_given_and_withdrawn_on_the_page(visit: Visit, site: Site) -> None:
    someone = visit("hr.lin")
    page = someone.go("/grants")
    page.fill("[name=grant]", "G-1")
    page.fill("[name=grantee]", "auditor.sun")
    page.fill("[name=persons]", "S0001 S0002")
    page.check("[name=field][value=name]")
    page.fill("[name=until]", datetime.now(UTC).date().isoformat())
    page.fill("[name=reason]", "annual audit")
    page.click("form:has([name=persons]) button.btn-primary")
    assert "auditor.sun" in page.inner_text("tbody")
    someone.save("grants-1280")
    assert violations(page) == []
    auditor = visit("auditor.sun")
    shown = auditor.go("/persons/S0001/data")
    shown.click("button[value=show]")
    assert personal(1)["name"] in shown.content()
    assert personal(1)["phone"] not in shown.content()
    last = ReadLog(site.desk.store._pool).entries(TENANT, actor="auditor.sun", kind="personal")[0]
    assert last.purpose == "grant:G-1"
    page.click("button[value=withdraw]")
    shown = auditor.go("/persons/S0001/data")
    shown.click("button[value=show]")
    assert "授权" in shown.inner_text("[role=alert]")


def test_pages_that_show_pay_write_that_down(site: Site) -> None:
    """A page with a payslip, a register, payouts or facts about pay, before it is answered."""
    log = ReadLog(site.desk.store._pool)
    cookies = {COOKIE: site.cookie("admin")}
    with httpx.Client(base_url=site.url, cookies=cookies, timeout=60) as client:
        for path, about in {
            "/pay/2025-08-1": "payrun/2025-08-1",
            "/pay/2025-08-1/C-0232": "payslip/2025-08-1/C-0232",
            "/payouts": "payouts",
            "/contracts/C-0232": "contract/C-0232",
            "/audit?kind=payslip": "audit",
        }.items():
            before = len(log.entries(TENANT, actor="admin", kind="pay", limit=10_000))
            assert client.get(path).status_code == 200
            found = log.entries(TENANT, actor="admin", kind="pay", limit=10_000)
            assert (len(found) > before, found[0].about, found[0].via) == (True, about, "page")
