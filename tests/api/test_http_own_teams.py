"""A business lead sees and decides on own teams alone; who gives them is an administrator."""

from __future__ import annotations

import pytest

from domain.roles import is_limited_to_teams
from tests.api.http_api import NOW, Api
from tests.api.test_http_roles import routes

OWN, OTHER = "C-OWN", "C-OTHER"
SCHEME = {
    "title": "月度考核",
    "effective": "2025-01-01",
    "metrics": [{"metric": "sales", "weight": "100%", "target": "1000", "cap": "1.5"}],
}


@pytest.fixture(scope="module")
def company(shared_api: Api) -> Api:
    """Two teams with a contract and a scheme each, and a lead of one of them."""
    api = shared_api
    metric = {"metric": "sales", "title_zh": "销售额", "title_en": "Sales", "unit": "CNY",
              "aggregation": "sum", "counts": "Settled orders", "effective": "2024-01-01"}  # fmt: skip
    api.made("/v1/metrics", metric, role="hr")
    for contract, person, team in ((OWN, "P-OWN", "美妆一组"), (OTHER, "P-OTHER", "服饰二组")):
        api.made("/v1/persons", {"person": person, "personal": {"name": "林小满"}})
        clause = {"kind": "base_pay", "amount": "8000.00", "proration": "workdays_actual"}
        draft = {
            "contract": contract, "person": person, "number": f"HT-{contract}", "team": team,
            "engagement": "full_time", "character": "wages", "start": "2025-01-01",
            "end": "2025-10-01", "clauses": [{"key": "base_pay", "clause": clause}],
        }  # fmt: skip
        api.made("/v1/contracts", draft)
        api.made("/v1/kpi-schemes", {**SCHEME, "scheme": f"K-{person[2:]}", "team": team})
    api.made("/v1/kpi-schemes", {**SCHEME, "scheme": "K-all"})
    body = {"teams": ["美妆一组"], "reason": "负责人"}
    assert api.put("/v1/team-scopes/lead.one", body, role="admin").status_code == 200
    return api


def test_lists_show_own_teams_alone(company: Api) -> None:
    contracts = company.get("/v1/contracts", role="lead").json()["items"]
    assert [one["contract"] for one in contracts] == [OWN]
    persons = company.get("/v1/persons", role="lead").json()["items"]
    assert [one["id"] for one in persons] == ["P-OWN"]
    schemes = company.get("/v1/kpi-schemes", role="lead").json()["items"]
    assert [one["id"] for one in schemes] == ["K-OWN", "K-all"]


def test_hr_sees_all_teams(company: Api) -> None:
    found = company.get("/v1/contracts", role="hr").json()["items"]
    assert [one["contract"] for one in found] == [OTHER, OWN]


def test_every_address_of_another_teams_contract_person_or_scheme_is_refused(company: Api) -> None:
    names = {"contract": OTHER, "person": "P-OTHER", "scheme": "K-OTHER"}
    asked = [
        (method, path)
        for method, path, act in routes()
        if any(f"{{{name}}}" in path for name in names)
    ]
    assert len(asked) > 15
    for method, path in asked:
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)
        path = path.replace("{run}", "2025-01-1")
        answer = company.call(method, path, role="lead")
        assert answer.status_code == 403, (method, path, answer.text)


def test_own_contract_is_read_and_the_scheme_of_all_is_read_but_not_changed(company: Api) -> None:
    assert company.get(f"/v1/contracts/{OWN}", role="lead").status_code == 200
    assert company.get("/v1/kpi-schemes/K-all", role="lead").status_code == 200
    change = {"effective": "2025-10-01", "metrics": SCHEME["metrics"], "reason": "试"}
    refused = company.post("/v1/kpi-schemes/K-all/weights", change, role="lead")
    assert (refused.status_code, refused.json()["code"]) == (403, "other_team")
    assert company.post("/v1/kpi-schemes/K-OWN/weights", change, role="lead").status_code == 201
    for team in ("服饰二组", None):
        scheme = {**SCHEME, "scheme": "K-new", "team": team}
        assert company.post("/v1/kpi-schemes", scheme, role="lead").status_code == 403


def test_a_lead_without_teams_sees_nothing(company: Api) -> None:
    access = company.app.state.service.readers.access
    _, secret = access.issue(company.tenant, "lead.new", ["lead"], by="operator", at=NOW)
    headers = {"Authorization": f"Bearer {secret}"}
    assert company.client.get("/v1/contracts", headers=headers).json()["items"] == []
    assert company.client.get(f"/v1/contracts/{OWN}", headers=headers).status_code == 403


def test_the_scopes_are_listed(company: Api) -> None:
    [found] = company.get("/v1/team-scopes", role="admin").json()["items"]
    assert (found["actor"], found["teams"], found["set_by"]) == (
        "lead.one", ["美妆一组"], "admin.one",
    )  # fmt: skip


def test_whoever_has_another_role_of_the_staff_is_not_limited() -> None:
    assert is_limited_to_teams(["lead"])
    assert is_limited_to_teams(["lead", "streamer"])
    assert not is_limited_to_teams(["lead", "hr"])
    assert not is_limited_to_teams(["streamer"])


def test_a_lead_sees_candidates_of_own_teams_and_those_of_no_team_yet(company: Api) -> None:
    for person in ("P-NEW", "P-CAND"):
        company.made("/v1/persons", {"person": person, "personal": {"name": "陈一诺"}})
    entered = {"kind": "candidate", "team": "服饰二组", "track": "beauty", "source": "referral"}
    made = company.post("/v1/persons/P-CAND/career", {"step": entered, "reason": "应聘"})
    assert made.status_code == 201, made.text
    assert company.get("/v1/persons/P-NEW", role="lead").status_code == 200
    assert company.get("/v1/persons/P-CAND", role="lead").status_code == 403
    listed = company.get("/v1/careers", role="lead").json()
    assert [one["person"] for one in listed["people"]] == []
    assert [one["person"] for one in company.get("/v1/careers").json()["people"]] == ["P-CAND"]
    waits = company.get("/v1/people/waiting", role="lead").json()["items"]
    assert waits == []
