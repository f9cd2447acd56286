"""A streamer's own: links that let in, and contracts and payslips that nobody else's key opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.entry import LinkOver, enter, issue_link
from api.sessions import TooManyTries, open_session
from domain.contract_facts import SIGNING_ORDER
from domain.facts import Act
from domain.payrun import ApprovePayRun, StartPayRun
from domain.refusals import Invalid, NotFound, WrongState
from ledger.access import AccessStore
from ledger.accounts import AccountStore
from ledger.entry_links import EntryLinks
from ledger.store import open_pool
from tests.api.http_api import NOW, TENANT, Api, activate, draft, person
from workflows import payrun, run_steps
from workflows.desk import Ask

OWN, OTHER = "P-0001", "P-0002"
LATER = datetime(2025, 9, 15, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def company(shared_database: str) -> Iterator[Api]:
    """Two streamers with a posted month each, and a third whose contract waits for a signature."""
    with open_pool(shared_database) as pool:
        api = Api(pool)
        activate(api, 1)
        activate(api, 2)
        api.made("/v1/persons", person(3))
        api.made("/v1/contracts", draft(3))
        api.made("/v1/contracts", draft(4, person=OWN))
        _posted(api)
        access = AccessStore.beside(api.desk.store)
        for name in (OWN, OTHER, "P-0003"):
            api.secrets[name] = access.issue(TENANT, name, ["streamer"], by="admin", at=NOW)[1]
        yield api


def _posted(api: Api) -> None:
    from domain.run_findings import to_acknowledge
    from domain.run_step_facts import ReviewPayRun

    finance = Ask(Act(actor="finance.one", at=NOW, reason="pay"))
    started = StartPayRun(month="2025-08")
    run = payrun.compute(api.desk, TENANT, started, finance, today=date(2025, 9, 15)).state
    found = run_steps.findings(api.desk, TENANT, run.run, ReviewPayRun(), date(2025, 9, 15))
    from domain.run_findings import digest_of

    review = ReviewPayRun(
        digest=run.digest,
        findings_digest=digest_of(found),
        acknowledge=tuple(sorted(to_acknowledge(found))),
    )
    run_steps.review(api.desk, TENANT, run.run, review, finance, today=date(2025, 9, 15))
    approver = Ask(Act(actor="approver.one", at=NOW, reason="good"))
    payrun.approve(api.desk, TENANT, run.run, ApprovePayRun(digest=run.digest), approver)
    payrun.post(api.desk, TENANT, run.run, finance)


def test_a_streamer_sees_the_own_contracts_and_posted_payslips_alone(company: Api) -> None:
    mine = company.get("/v1/mine", role=OWN).json()
    assert mine["person"] == OWN
    assert [one["contract"] for one in mine["contracts"]] == ["C-0001"], "a draft is not shown"
    assert [(one["run"], one["contract"]) for one in mine["payslips"]] == [("2025-08-1", "C-0001")]
    slip = company.get("/v1/mine/payslips/2025-08-1/C-0001", role=OWN).json()["statement"]
    assert slip["payslip"]["net"] == mine["payslips"][0]["net"]
    whole = company.get("/v1/mine/contracts/C-0001", role=OWN).json()
    assert "底薪" in whole["text"]


READS = (
    "/v1/mine/contracts/{contract}",
    "/v1/mine/contracts/{contract}/month",
    "/v1/mine/contracts/{contract}/month?month=2025-08",
    "/v1/mine/payslips/2025-08-1/{contract}",
    "/v1/mine/payslips/2025-08-1/{contract}?format=html",
    "/v1/mine/payslips/2025-08-1/{contract}?format=pdf",
)


@pytest.mark.parametrize("path", READS)
def test_ids_of_others_are_as_if_they_were_not_there(company: Api, path: str) -> None:
    """Another's contract, a draft and an id that nobody has are answered in the same words."""
    answers = [
        company.get(path.format(contract=contract), role=OWN)
        for contract in ("C-0002", "C-0003", "C-0004", "C-9999")
    ]
    assert {answer.status_code for answer in answers} == {404}
    said = {answer.json()["detail"].replace(str(n), "") for n, answer in enumerate(answers)}
    assert len({text[:20] for text in said}) == 1
    for contract in ("C-0002", "C-0003", "C-0004", "C-9999"):
        text = company.get(path.format(contract=contract), role=OWN).text
        assert OTHER not in text


def test_answers_and_signatures_for_others_are_refused_and_record_nothing(company: Api) -> None:
    before = company.desk.store.head(TENANT)[0]
    dispute = {"dispute": "D-X", "line": 1, "statement": "不是我的"}
    for contract in ("C-0002", "C-0003", "C-9999"):
        slip = f"/v1/mine/payslips/2025-08-1/{contract}"
        sign = f"/v1/mine/contracts/{contract}/signature"
        assert company.post(f"{slip}/confirmation", role=OWN).status_code == 404
        assert company.post(f"{slip}/disputes", dispute, role=OWN).status_code == 404
        body = {"document_sha256": "0" * 64}
        assert company.post(sign, body, role=OWN).status_code == 404
    for path in ("/v1/contracts/C-0001", "/v1/persons/P-0001", "/v1/pay-runs"):
        assert company.get(path, role=OWN).status_code == 403, "and the staff's doors stay shut"
    assert company.desk.store.head(TENANT)[0] == before


def test_a_line_is_disputed_and_the_payslip_confirmed_when_it_is_answered(company: Api) -> None:
    slip = "/v1/mine/payslips/2025-08-1/C-0002"
    said = {"dispute": "D-1", "line": 1, "statement": "少算了两天", "expected": "8500.00"}
    first = company.post(f"{slip}/disputes", said, role=OTHER, key="dispute-1")
    assert first.status_code == 201
    again = company.post(f"{slip}/disputes", said, role=OTHER, key="dispute-1")
    assert again.json() == first.json()
    assert company.post(f"{slip}/confirmation", role=OTHER).status_code == 409
    answer = {"outcome": "rejected", "answer": "考勤记录一致"}
    company.made(
        "/v1/pay-runs/2025-08-1/payslips/C-0002/disputes/D-1/resolution", answer, role="finance"
    )
    company.made(f"{slip}/confirmation", role=OTHER)
    answers = company.get(slip, role=OTHER).json()["answers"]
    assert answers["confirmed_by"] == OTHER
    assert answers["disputes"]["D-1"]["answer"] == "考勤记录一致"


def test_the_streamer_signs_last_and_only_the_document_that_was_sent(company: Api) -> None:
    sent = company.made("/v1/contracts/C-0003/send")["contract"]
    sign = "/v1/mine/contracts/C-0003/signature"
    body = {"document_sha256": sent["document_sha256"]}
    assert company.post(sign, body, role="P-0003").status_code == 409, "others sign first"
    for party in SIGNING_ORDER[:-1]:
        company.made(
            "/v1/contracts/C-0003/signatures", {**body, "party": party, "signatory": f"{party}.one"}
        )
    wrong = company.post(sign, {"document_sha256": "f" * 64}, role="P-0003")
    assert 400 <= wrong.status_code < 500
    company.made(sign, body, role="P-0003")
    record = company.desk.store.stream(TENANT, "contract/C-0003")[-1]
    assert (record.actor, record.fact.signatory) == ("P-0003", "P-0003")  # type: ignore[attr-defined]
    assert record.fact.document_sha256 == sent["document_sha256"]  # type: ignore[attr-defined]


# Links


def let_in(api: Api, text: str, once: str = "form-1", at: datetime = LATER, **more: Any) -> str:
    given = {"address": "127.0.0.1", "device": "phone", **more}
    return enter(api.desk, text, once, at=at, **given)


def linked(api: Api, **more: Any) -> str:
    given = {"days": 3, "uses": 1, "by": "hr.one", "at": NOW, **more}
    return issue_link(api.desk, TENANT, OWN, **given)[1]


def test_a_link_lets_in_as_often_as_it_says_and_a_form_sent_twice_counts_once(
    company: Api,
) -> None:
    text = linked(company)
    accounts = AccountStore.beside(company.desk.store)
    opened = open_session(accounts, let_in(company, text), LATER)
    assert opened is not None
    assert (opened.session.account, opened.roles) == (OWN, ("streamer",))
    assert let_in(company, text, at=LATER + timedelta(seconds=5))
    with pytest.raises(LinkOver):
        let_in(company, text, "another form", LATER + timedelta(seconds=6))
    with pytest.raises(LinkOver):
        let_in(company, text, at=LATER + timedelta(minutes=3))


def test_a_link_ends_and_a_revoked_one_ends_its_sessions(company: Api) -> None:
    accounts, links = AccountStore.beside(company.desk.store), EntryLinks.beside(company.desk.store)
    with pytest.raises(LinkOver):
        let_in(company, linked(company, days=1), at=NOW + timedelta(days=1))
    text = linked(company, uses=2)
    cookie = let_in(company, text)
    assert open_session(accounts, cookie, LATER)
    links.revoke(TENANT, text.split(".")[1], by="hr.one", at=LATER)
    assert open_session(accounts, cookie, LATER) is None
    with pytest.raises(LinkOver):
        let_in(company, text, "another form")


def test_a_guessed_link_opens_nothing_and_guessing_has_to_wait(company: Api) -> None:
    text = linked(company, uses=20)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    for _ in range(50):
        with pytest.raises(LinkOver):
            let_in(company, wrong, address="127.0.0.9")
    with pytest.raises(TooManyTries):
        let_in(company, text, address="127.0.0.9")
    assert let_in(company, text, address="127.0.0.8"), "another address is not slowed down"
    for malformed in ("", "x", text.replace(TENANT, "nobody"), text + "x"):
        with pytest.raises(LinkOver):
            let_in(company, malformed)


def test_links_are_made_for_registered_persons_within_bounds(company: Api) -> None:
    with pytest.raises(NotFound):
        issue_link(company.desk, TENANT, "P-9999", days=3, uses=1, by="hr.one", at=NOW)
    for more in ({"days": 0}, {"days": 31}, {"uses": 0}, {"uses": 21}):
        with pytest.raises(Invalid):
            linked(company, **more)
    accounts = AccountStore.beside(company.desk.store)
    accounts.put(TENANT, "P-0003", "x", ["hr"], by="admin", at=NOW)
    with pytest.raises(WrongState):
        issue_link(company.desk, TENANT, "P-0003", days=3, uses=1, by="hr.one", at=NOW)


def test_a_link_is_shown_once_and_kept_as_a_digest(company: Api) -> None:
    made = company.made(f"/v1/persons/{OWN}/links", {"days": 2}, key="link-1")
    secret = made["address"].rpartition(".")[2]
    again = company.post(f"/v1/persons/{OWN}/links", {"days": 2}, key="link-1").json()
    assert "address" not in again
    assert again["link"] == made["link"]
    assert secret not in company.get(f"/v1/persons/{OWN}/links").text
    with company.pool.connection() as connection:
        rows = connection.execute("SELECT entry_link::text FROM access.entry_link").fetchall()
    assert all(secret not in row[0] for row in rows)
    link = made["link"]["link_id"]
    gone = company.call("DELETE", f"/v1/links/{link}").json()["link"]
    assert gone["revoked_by"] == "hr.one"
    assert company.call("DELETE", "/v1/links/0000000000000000").status_code == 404
