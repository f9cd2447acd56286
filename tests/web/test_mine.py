"""The streamer's journey on a phone: let in by a link, the month, a statement, a signature."""

from __future__ import annotations

import re

import httpx
import pytest

from api.sessions import COOKIE
from domain.contract_commands import DraftContract, SendContract, SignContract
from tests.web.conftest import Visit
from tests.web.site import TENANT, Site, Visitor
from tests.web.test_pages import violations
from tests.workflows.company import by
from workflows import contracts, disputes

SAME = {"Sec-Fetch-Site": "same-origin"}
WORDS = {
    "zh": {"why": "为什么是这个数", "agree": "确认无误", "dispute": "对这一行有异议"},
    "en": {"why": "Why this sum", "agree": "I agree", "dispute": "I do not agree with this line"},
}


def fits(someone: Visitor, name: str) -> None:
    someone.save(name)
    assert someone.overflow() <= 0
    assert violations(someone.page) == []


def link_for(visit: Visit, person: str, uses: str = "1") -> str:
    """What HR copies from the page."""
    hr = visit("hr.lin")
    page = hr.go(f"/links?person={person}")
    page.fill("[name=uses]", uses)
    page.dblclick("main form button >> nth=0")
    return page.inner_text(".alert-success code")


def test_a_link_lets_a_streamer_in_once(visit: Visit) -> None:
    address = link_for(visit, "S0232")
    phone, other = visit(None, width=360, has_touch=True), visit(None, width=360)
    phone.page.goto(address)
    fits(phone, "enter-360")
    phone.page.dblclick("main form button")
    phone.page.wait_for_url("**/mine")
    other.page.goto(address)
    other.page.click("main form button")
    assert "已使用" in other.page.inner_text(".alert-danger")
    hr = visit("hr.lin", lang="en", width=360, color_scheme="dark")
    page = hr.go("/links?person=S0232")
    fits(hr, "links-360-dark-en")
    page.click("button:has-text('Revoke') >> nth=0")
    page.wait_for_url("**done=revoke")
    phone.go("/mine")
    phone.page.wait_for_url("**/login**")


@pytest.mark.parametrize(("lang", "contract"), [("zh", "C-0232"), ("en", "C-0235")])
def test_a_streamer_reads_why_disputes_a_line_and_agrees(
    visit: Visit, site: Site, lang: str, contract: str
) -> None:
    person, words = contract.replace("C-", "S"), WORDS[lang]
    phone = visit(None, width=360, lang=lang, color_scheme="dark" if lang == "en" else "light")
    phone.page.goto(link_for(visit, person))
    phone.page.click("main form button")
    phone.page.wait_for_url("**/mine")
    fits(phone, f"mine-360-{lang}")
    page = phone.go("/mine?month=2025-08")
    assert page.locator(".tiles >> nth=0 >> dd").count() >= 3
    page.click(f"text={words['why']}")
    page.wait_for_url(re.compile(f"/mine/pay/2025-12-1/{contract}"))
    fits(phone, f"mine-slip-360-{lang}")
    page.click(f"summary:has-text('{words['dispute']}') >> nth=0")
    page.fill("details[open] textarea", "退货不是我的直播间")
    page.fill("details[open] [name=expected]", "a lot")
    page.click("details[open] button")
    assert page.input_value("details[open] textarea") == "退货不是我的直播间"
    page.fill("details[open] [name=expected]", "1,234.56")
    page.dblclick("details[open] button")
    page.wait_for_url("**done=dispute")
    said = disputes.read_answers(site.desk, TENANT, "2025-12-1", contract)
    [one] = said.disputes.values()
    assert (one.by, str(one.expected), one.line) == (person, "1234.56", 1)
    assert page.locator(f"button:has-text('{words['agree']}')").count() == 0
    phone.go(f"/mine/pay/2025-11-1/{contract}")
    page.dblclick(f"button:has-text('{words['agree']}')")
    page.wait_for_url("**done=confirm")
    said = disputes.read_answers(site.desk, TENANT, "2025-11-1", contract)
    assert said.confirmed_by == person
    phone.go(f"/mine/contracts/{contract}")
    fits(phone, f"mine-contract-360-{lang}")


def test_a_streamer_signs_on_the_phone(visit: Visit, site: Site) -> None:
    draft = DraftContract.model_validate(
        {
            "contract": "C-SIGN", "person": "S0001", "number": "XG-2026-SIGN",
            "engagement": "part_time", "character": "labour_remuneration",
            "start": "2026-03-01", "end": "2027-03-01", "team": "Chinese",
            "clauses": [
                {"key": "pay", "clause": {"kind": "commission", "rate": "8%", "base": "settled"}}
            ],
        }
    )  # fmt: skip
    desk = site.desk
    contracts.draft(desk, TENANT, draft, {}, by("hr.lin"))
    sent = contracts.act_on(desk, TENANT, "C-SIGN", SendContract(), by("hr.lin")).state
    phone = visit("S0001", width=360)
    page = phone.go("/mine")
    page.click("text=合同 XG-2026-SIGN 等您签署")
    assert page.locator("[name=agree]").count() == 0, "it is not the streamer's turn yet"
    for party, who in (("business_department", "lead.wu"), ("company_seal", "starlight")):
        command = SignContract(party=party, signatory=who, document_sha256=sent.document_sha256)
        contracts.act_on(desk, TENANT, "C-SIGN", command, by("hr.lin"))
    page.reload()
    fits(phone, "mine-sign-360")
    page.click("button:has-text('签署')")
    assert page.locator("[name=agree]:invalid").count() == 1, "agreeing is asked for"
    page.check("[name=agree]")
    page.dblclick("button:has-text('签署')")
    page.wait_for_url("**done=sign")
    state = contracts.read(desk, TENANT, "C-SIGN")
    assert state.status == "signed"
    record = desk.store.stream(TENANT, "contract/C-SIGN")[-1]
    assert (record.actor, record.fact.signatory) == ("S0001", "S0001")  # type: ignore[attr-defined]
    assert "session" in record.fact.evidence  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path",
    [
        "/mine/contracts/C-0232",
        "/mine/contracts/C-NONE",
        "/mine/pay/2025-08-1/C-0232",
        "/mine/pay/2025-08-1/C-0232/statement.pdf",
        "/mine/pay/2099-01-1/C-0001",
    ],
)
def test_pages_of_others_are_not_there(site: Site, path: str) -> None:
    cookies = {COOKIE: site.cookie("S0001")}
    answer = httpx.get(site.url + path, cookies=cookies)
    assert answer.status_code == 404
    assert "S0232" not in answer.text
    if not path.endswith("pdf"):
        before = site.desk.store.head(TENANT)[0]
        form = {"do": "confirm", "document": "0" * 64, "once": "0" * 32}
        sent = httpx.post(site.url + path, cookies=cookies, data=form, headers=SAME)
        assert sent.status_code == 404
        assert site.desk.store.head(TENANT)[0] == before


@pytest.mark.parametrize("path", ["/contracts", "/contracts/C-0001", "/pay/2025-08-1/C-0001"])
def test_the_pages_of_the_staff_are_not_a_streamers(site: Site, path: str) -> None:
    answer = httpx.get(site.url + path, cookies={COOKIE: site.cookie("S0001")})
    assert answer.status_code == 403


def test_the_first_page_of_a_streamer_is_the_own_pay(visit: Visit) -> None:
    phone = visit("S0001", width=360, java_script_enabled=False)
    phone.go("/")
    phone.page.wait_for_url("**/mine")
    assert "S0001" in phone.page.inner_text("h1")
