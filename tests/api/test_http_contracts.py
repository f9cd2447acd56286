"""Contracts over HTTP: drafted, signed, amended, and read over two times."""

from __future__ import annotations

from tests.api.http_api import Api, activate, raise_pay


def test_an_amendment_is_read_as_it_stood_before_and_after(api: Api) -> None:
    contract = activate(api)
    before = api.get("/v1/tenants/me").json()["head"]
    done = api.post(f"/v1/contracts/{contract}/amendments", raise_pay())
    assert done.status_code == 201, done.text
    receipt = done.json()["receipts"][0]
    assert done.headers["etag"] == f'"{receipt["version"]}"'
    assert done.headers["tallystick-position"] == str(receipt["position"])

    def amount(**query: object) -> str:
        answer = api.get(f"/v1/contracts/{contract}", params=query)
        assert answer.status_code == 200, answer.text
        [clause] = answer.json()["clauses"]
        return str(clause["clause"]["amount"])

    assert amount(effective="2025-08-31") == "8000.00"
    assert amount(effective="2025-09-01") == "9000.00"
    assert amount(effective="2025-09-01", known=before) == "8000.00"
    assert amount() == "9000.00"


def test_a_read_says_which_version_and_position_it_is_true_of(api: Api) -> None:
    contract = activate(api)
    head = api.get("/v1/tenants/me").json()["head"]
    now = api.get(f"/v1/contracts/{contract}")
    assert (now.headers["etag"], now.headers["tallystick-position"]) == ('"6"', str(head))
    early = api.get(f"/v1/contracts/{contract}?known={head - 1}")
    assert (early.headers["etag"], early.json()["status"]) == ('"5"', "signed")
    assert early.headers["tallystick-position"] == str(head - 1)


def test_each_clause_names_the_fact_that_made_it(api: Api) -> None:
    contract = activate(api)
    made = api.made(f"/v1/contracts/{contract}/amendments", raise_pay())["receipts"][0]
    [clause] = api.get(f"/v1/contracts/{contract}").json()["clauses"]
    assert (clause["position"], clause["version"]) == (made["position"], made["version"])
    assert "9,000.00" in clause["zh"] and "9,000.00" in clause["en"]
    [old] = api.get(f"/v1/contracts/{contract}?effective=2025-02-01").json()["clauses"]
    assert (old["start"], old["end"], old["version"]) == ("2025-01-01", "2025-09-01", 1)
