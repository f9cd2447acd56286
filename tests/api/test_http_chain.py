"""The main chain over HTTP: contract, amendment, weights, figures, pay run, payouts, history."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.examples import SAMPLES, TRY_EXAMPLE
from tests.api.http_api import Api, raise_pay

MONTH, RUN = "2025-08", "2025-08-1"


@pytest.fixture(scope="module")
def company(shared_api: Api) -> Api:
    """Two people on contracts from a template, a scheme, and figures of August."""
    api = shared_api
    for code, title in (("sales", "销售额"), ("fans_gained", "涨粉")):
        api.made(
            "/v1/metrics",
            {**SAMPLES["metric"], "metric": code, "title_zh": title, "title_en": code},
        )
    api.made("/v1/kpi-schemes", {**SAMPLES["kpi_scheme"], "team": None})
    api.made("/v1/templates", SAMPLES["template"])
    for number in (1, 2):
        person, contract = f"P-000{number}", f"C-000{number}"
        personal = {"name": "林小满 😀", "bank_account": "6222020000000000000"}
        api.made("/v1/persons", {"person": person, "personal": personal})
        body = {"contract": contract, "person": person, "number": f"HT-{number}"}
        made = api.made("/v1/contracts", {**SAMPLES["draft"], **body})
        assert made["contract"]["template_version"] == 1
        sent = api.made(f"/v1/contracts/{contract}/send")["contract"]
        text = api.get(f"/v1/contracts/{contract}/text").json()
        assert text["sha256"] == sent["document_sha256"] == text["sent_sha256"]
        for party in ("business_department", "company_seal", "streamer"):
            signed = {"party": party, "signatory": "x", "document_sha256": text["sha256"]}
            api.made(f"/v1/contracts/{contract}/signatures", signed)
        api.made(f"/v1/contracts/{contract}/activation")
    rows = [figure(1, "P-0001", "120000"), figure(2, "P-0002", "80000.50")]
    sent = api.call(
        "POST", "/v1/metric-batches?source=shop", content=json.dumps(rows), headers=JSON
    )
    assert sent.status_code == 201, sent.text
    return api


JSON = {"Content-Type": "application/json"}


def figure(number: int, person: str, value: str) -> dict[str, str]:
    return {
        "row_id": f"o-{number}",
        "person": person,
        "metric": "sales",
        "day": "2025-08-05",
        "value": value,
    }


def test_the_chain_from_contract_to_payout(company: Api) -> None:
    api = company
    raised = api.made("/v1/contracts/C-0001/amendments", raise_pay(effective="2025-08-01"))
    assert raised["contract"]["clauses"][-1]["key"] == "commission"
    weights = {**SAMPLES["kpi_weights"], "effective": "2025-08-01"}
    changed = api.made("/v1/kpi-schemes/beauty-2025/weights", weights, role="lead")
    assert changed["scheme"]["version"] == 2

    computed = api.made("/v1/pay-runs", {"month": MONTH}, role="finance", key="run-1")
    run = computed["run"]
    assert (run["run"], run["status"], run["payslips"]) == (RUN, "computed", 2)
    again = api.post("/v1/pay-runs", {"month": MONTH}, role="finance", key="run-1")
    assert again.json() == computed
    assert again.headers["idempotent-replayed"] == "true"

    slip = api.get(f"/v1/pay-runs/{RUN}/payslips/C-0001").json()["payslip"]
    amounts = {line["code"]: line["amount"] for line in slip["lines"]}
    assert (amounts["base_pay"], amounts["commission"]) == ("9000.00", "6200.00")
    register = api.get(f"/v1/pay-runs/{RUN}/payslips").json()["items"]
    assert [row["contract"] for row in register] == ["C-0001", "C-0002"]
    mine = api.get("/v1/contracts/C-0001/payslips").json()["items"]
    assert [row["run"] for row in mine] == [RUN]

    approval = {"digest": run["digest"], "reason": "looked at it"}
    path = f"/v1/pay-runs/{RUN}"
    early = api.post(f"{path}/approval", approval, role="approver")
    assert (early.status_code, early.json()["state"]) == (409, "computed")
    listed = api.get(f"{path}/exceptions", role="finance").json()
    review = {name: listed[name] for name in ("acknowledge", "findings_digest")}
    assert api.made(f"{path}/review", review, role="finance")["run"]["status"] == "reviewed"
    assert api.post(f"{path}/approval", approval, role="finance").status_code == 403
    approved = api.made(f"{path}/approval", approval, role="approver")
    assert approved["run"]["approved_by"] == "approver.one"
    assert api.made(f"{path}/posting", role="finance")["run"]["status"] == "posted"
    first = api.made(f"{path}/payouts", role="finance")
    assert (first["instructed"], first["already"]) == (2, 0)
    second = api.made(f"{path}/payouts", role="finance")
    assert (second["instructed"], second["already"]) == (0, 2)
    assert api.made(f"{path}/payment", role="finance")["run"]["status"] == "paid"
    pay_and_return(api)
    verdicts = {"verdicts": {two_of(api): "unpaid"}}
    assert api.made(f"{path}/reconciliation", verdicts, role="finance")["run"]["status"] == (
        "reconciled"
    )
    assert api.made(f"{path}/closing", role="finance")["run"]["status"] == "closed"
    look_back(api)


def two_of(api: Api) -> str:
    (row,) = api.get("/v1/payouts?status=instructed", role="finance").json()["items"]
    return row["payout"]


def pay_and_return(api: Api) -> None:
    found = api.get(f"/v1/payouts?run={RUN}", role="finance").json()
    one, two = (row["payout"] for row in found["items"])
    assert found["totals"]["instructed"]["payouts"] == 2
    wrong = {"bank_reference": "B-1", "on": "2025-09-10", "amount": "1.00"}
    assert api.post(f"/v1/payouts/{one}/settlement", wrong, role="finance").status_code == 422
    right = {"bank_reference": "B-1", "on": "2025-09-10"}
    api.made(f"/v1/payouts/{one}/settlement", right, role="finance")
    twice = api.post(f"/v1/payouts/{one}/instruction", role="finance")
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")
    back = {"reason_code": "account closed", "on": "2025-09-11"}
    api.made(f"/v1/payouts/{two}/return", back, role="finance")
    api.made(f"/v1/payouts/{two}/instruction", role="finance")
    shown = api.get(f"/v1/payouts/{two}", role="finance").json()
    assert [attempt["status"] for attempt in shown["attempts"]] == ["returned", "instructed"]
    open_ones = api.get("/v1/payouts?status=instructed", role="finance").json()["items"]
    assert [row["payout"] for row in open_ones] == [two]


def look_back(api: Api) -> None:
    history = api.get("/v1/contracts/C-0001/history").json()["items"]
    assert [item["version"] for item in history] == list(range(1, len(history) + 1))
    last = history[-1]
    assert last["name"] == "contract.clause_amended.v1"
    assert (last["actor"], last["reason"]) == ("hr.one", "yearly review")
    assert "8,000" in last["zh"] and "9,000" in last["zh"]

    query = {
        "effective_a": "2025-08-01",
        "known_a": last["position"] - 1,
        "effective_b": "2025-08-01",
        "known_b": last["position"],
    }
    found = api.get("/v1/contracts/C-0001/diff", params=query).json()
    [difference] = found["differences"]
    assert (difference["before"]["amount"], difference["after"]["amount"]) == ("8000.00", "9000.00")

    path = f"/v1/pay-runs/{RUN}/restatement"
    assert api.get(path).json()["restatement"]["items"] == []
    early = api.get(path, params={"known": last["position"]})
    assert early.status_code == 404, "the run was not known then"
    audit = api.get("/v1/audit", params={"q": "yearly review"}, role="auditor").json()["items"]
    assert [entry["position"] for entry in audit] == [last["position"]]
    assert api.get("/v1/audit?kind=payout&limit=2", role="auditor").json()["next"]
    status = api.get("/v1/status", role="auditor").json()
    assert (status["rows_recorded"], status["pay_runs"]) == (2, {"closed": 1})
    assert api.client.get("/health").json()["status"] == "ready"


def test_a_list_of_contracts_is_filtered_over_both_times(company: Api) -> None:
    found = company.get("/v1/contracts?team=beauty-1&status=active").json()
    assert [item["contract"] for item in found["items"]] == ["C-0001", "C-0002"]
    one = company.get("/v1/contracts/C-0001").json()
    assert found["items"][0]["clauses"] == one["clauses"]
    assert company.get("/v1/contracts?team=nobody").json()["items"] == []
    early = company.get("/v1/contracts?known=1").json()
    assert early["items"] == []


def test_a_cohort_is_looked_at_before_it_is_amended(company: Api) -> None:
    before = company.get("/v1/tenants/me").json()["head"]
    body = {**SAMPLES["cohort"], "effective": "2025-11-01", "until": "2025-12-01"}
    seen = company.post("/v1/amendments", {**body, "preview": True})
    assert (seen.status_code, seen.json()["accepted"]) == (200, 2)
    assert company.get("/v1/tenants/me").json()["head"] == before
    override = {"C-0002": {"changes": [{"op": "end", "key": "nothing"}]}}
    done = company.post(
        "/v1/amendments", {**body, "preview": False, "overrides": override}, key="co"
    )
    verdicts = {result["contract"]: result for result in done.json()["results"]}
    assert verdicts["C-0001"]["accepted"]
    assert verdicts["C-0002"]["refusal"]["code"] == "invalid"
    again = company.post(
        "/v1/amendments", {**body, "preview": False, "overrides": override}, key="co"
    )
    assert (again.json(), again.headers["idempotent-replayed"]) == (done.json(), "true")


def test_personal_data_is_shown_to_few(company: Api) -> None:
    shown = company.get("/v1/persons/P-0001?personal=true").json()
    assert shown["personal"]["name"] == "林小满 😀"
    refused = company.get("/v1/persons/P-0001?personal=true", role="auditor")
    assert refused.status_code == 403
    listed = company.get("/v1/persons?personal=true").json()["items"]
    assert [item["personal"]["name"] for item in listed] == ["林小满 😀", "林小满 😀"]
    assert company.get("/v1/persons?personal=true", role="lead").status_code == 403
    for path in ("/v1/persons/P-0001", "/v1/persons", "/v1/audit", "/v1/contracts/C-0001/history"):
        assert "林小满" not in company.get(path, role="auditor").text


def test_a_payslip_is_tried_and_nothing_is_written(company: Api) -> None:
    before = company.get("/v1/tenants/me").json()["head"]
    tried = company.post("/v1/try/payslip", TRY_EXAMPLE, role="lead")
    assert tried.status_code == 200, tried.text
    assert tried.json()["payslips"][0]["net"] == "6200.00"
    assert company.get("/v1/tenants/me").json()["head"] == before


def test_law_and_definitions_are_read_over_both_times(company: Api) -> None:
    tables = company.get("/v1/law-tables?effective=2025-08-01").json()["items"]
    assert tables
    table = tables[0]["table"]
    assert company.get(f"/v1/law-tables/{table}?effective=2025-08-01").json()["data"]
    gone = company.get(f"/v1/law-tables/{table}?effective=1995-08-01")
    assert (gone.status_code, gone.json()["code"]) == (422, "no_rule_covers")
    july = company.get("/v1/kpi-schemes/beauty-2025?effective=2025-07-01").json()
    assert july["in_month"]["metrics"][0]["weight"] in ("0.6", "0.60")
    before = company.get("/v1/kpi-schemes/beauty-2025?effective=2024-07-01").json()
    assert before["in_month"] is None
    assert company.get("/v1/metrics/sales").json()["in_force"]["unit"] == "CNY"
    assert company.get("/v1/templates?q=beauty").json()["items"][0]["id"] == "beauty-full-time"
    expiring = company.get("/v1/expiries?on=2025-12-15").json()["items"]
    assert [item["contract"] for item in expiring] == ["C-0001", "C-0002"]
    checked = company.get("/v1/contracts/C-0001/plan-check").json()
    assert isinstance(checked["findings"], list)


def test_a_contract_is_renewed_decided_taxed_and_ended(company: Api) -> None:
    path = "/v1/contracts/C-0002"
    company.made(f"{path}/expiry-decision", SAMPLES["expiry_decision"], role="lead")
    company.made(f"{path}/tax-character", SAMPLES["tax_character"], role="finance")
    renewed = company.made(f"{path}/renewal", SAMPLES["renew"])
    assert renewed["contract"]["fixed_terms"] == 2
    ended = company.made(f"{path}/ending", {**SAMPLES["end"], "effective": "2026-12-01"})
    assert ended["contract"]["status"] == "ended"
    refused = company.post(f"{path}/amendments", raise_pay("A-late"))
    problem: dict[str, Any] = refused.json()
    assert (refused.status_code, problem["code"], problem["state"]) == (409, "wrong_state", "ended")


def test_a_draft_is_cancelled(company: Api) -> None:
    draft = {**SAMPLES["draft"], "contract": "C-0009", "number": "HT-9"}
    company.made("/v1/contracts", draft)
    cancelled = company.made("/v1/contracts/C-0009/cancellation")
    assert cancelled["contract"]["status"] == "cancelled"


def test_a_tax_profile_and_personal_data_are_set(company: Api) -> None:
    answer = company.put("/v1/persons/P-0002/tax-profile", SAMPLES["tax_profile"], role="finance")
    assert answer.status_code == 200, answer.text
    answer = company.put("/v1/persons/P-0002/personal-data", SAMPLES["personal_data"])
    assert answer.status_code == 200, answer.text
    assert company.get("/v1/persons/P-0002?effective=2025-02-01").json()["tax_profile"]
