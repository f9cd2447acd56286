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
