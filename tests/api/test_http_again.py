"""Requests sent again: the same answer to the same request, and never twice the deed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx import Response

from api.examples import SAMPLES
from tests.api.http_api import Api, activate, draft, person, raise_pay

SAME = ("etag", "tallystick-position", "location", "content-type")


def again(api: Api, path: str, body: dict[str, Any], **more: Any) -> tuple[Response, Response]:
    """One request twice under one key; the second has to answer as the first did."""
    first = api.post(path, body, key=f"key {path}".replace(" ", "-"), **more)
    head = api.get("/v1/tenants/me").json()["head"]
    second = api.post(path, body, key=f"key {path}".replace(" ", "-"), **more)
    assert first.status_code == second.status_code == 201, (first.text, second.text)
    assert second.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    for name in SAME:
        assert second.headers.get(name) == first.headers.get(name)
    assert api.get("/v1/tenants/me").json()["head"] == head
    return first, second


def test_every_kind_of_write_is_answered_the_same_again(api: Api) -> None:
    again(api, "/v1/persons", person())
    again(api, "/v1/contracts", draft())
    sent, _ = again(api, "/v1/contracts/C-0001/send", {})
    sha = sent.json()["contract"]["document_sha256"]
    body = {"party": "business_department", "signatory": "x", "document_sha256": sha}
    again(api, "/v1/contracts/C-0001/signatures", body)
    again(api, "/v1/metrics", SAMPLES["metric"])
    again(api, "/v1/templates", SAMPLES["template"])


def test_the_first_answer_stands_whatever_came_after(api: Api) -> None:
    contract = activate(api)
    path = f"/v1/contracts/{contract}/amendments"
    first = api.post(path, raise_pay(), key="one")
    api.made(path, raise_pay("A-2", "9500.00"))
    api.made("/v1/templates", SAMPLES["template"])
    second = api.post(path, raise_pay(), key="one")
    assert second.json() == first.json()
    assert api.get(f"/v1/contracts/{contract}").json()["version"] == 8


def test_a_key_of_another_request_is_refused(api: Api) -> None:
    contract = activate(api)
    path = f"/v1/contracts/{contract}/amendments"
    assert api.post(path, raise_pay(), key="one").status_code == 201
    others = [
        api.post(path, raise_pay(amount="9999.00"), key="one"),
        api.post("/v1/persons", person(2), key="one"),
        api.post(path, raise_pay(), key="one", role="admin"),
        api.post(path, raise_pay(), key="one", headers={"If-Match": '"7"'}),
    ]
    for other in others:
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    api.made("/v1/persons", person(2), key="x" * 200)
    longest = api.post("/v1/persons", person(3), key="x" * 199 + "y")
    assert longest.status_code == 201


def test_a_refused_request_may_be_mended_under_its_key(api: Api) -> None:
    contract = activate(api)
    path = f"/v1/contracts/{contract}/amendments"
    assert api.post(path, raise_pay(reason=""), key="one").status_code == 422
    assert api.post(path, raise_pay(), key="one").status_code == 201


def test_ten_at_once_under_one_key_do_it_once(api: Api) -> None:
    contract = activate(api)
    before = api.get("/v1/tenants/me").json()["head"]
    path = f"/v1/contracts/{contract}/amendments"
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: api.post(path, raise_pay(), key="one"), range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert api.get("/v1/tenants/me").json()["head"] == before + 1


def test_a_secret_is_shown_once_and_a_revoked_key_opens_nothing(api: Api) -> None:
    first = api.post("/v1/api-keys", SAMPLES["key"], role="admin", key="k")
    second = api.post("/v1/api-keys", SAMPLES["key"], role="admin", key="k")
    made, secret = first.json()["key"], first.json()["secret"]
    assert second.json() == {"receipts": [], "key": made}
    api.secrets["new"] = secret
    assert api.get("/v1/persons", role="new").status_code == 200
    listed = api.get("/v1/api-keys?limit=3", role="admin").json()
    rest = api.get(f"/v1/api-keys?cursor={listed['next']}&limit=500", role="admin").json()
    found = [*listed["items"], *rest["items"]]
    assert made["key_id"] in {key["key_id"] for key in found}
    assert secret not in str(found) and "hash" not in str(found)
    gone = api.call("DELETE", f"/v1/api-keys/{made['key_id']}", role="admin")
    assert gone.json()["key"]["revoked_by"] == "admin.one"
    assert api.get("/v1/persons", role="new").status_code == 401
    unknown = api.call("DELETE", "/v1/api-keys/0123456789abcdef", role="admin")
    assert unknown.status_code == 404


def test_another_tenant_is_opened_with_a_key_of_its_own(api: Api) -> None:
    activate(api)
    made = api.post("/v1/tenants", SAMPLES["tenant"] | {"tenant": "other"}, role="admin").json()
    api.secrets["other"] = made["secret"]
    me = api.get("/v1/tenants/me", role="other").json()
    assert (me["tenant"], me["roles"]) == ("other", ["admin"])
    assert api.get("/v1/contracts", role="other").json()["items"] == []
    assert api.get("/v1/contracts/C-0001", role="other").status_code == 404
    twice = api.post("/v1/tenants", SAMPLES["tenant"] | {"tenant": "other"}, role="admin")
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("role", ["finance", "admin"])
def test_a_run_is_not_computed_twice_after_a_cut_off(
    api: Api, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost after the run was computed: the same request finds that run."""
    activate(api)
    body = {"month": "2025-08"}
    with monkeypatch.context() as patch:
        patch.setattr("api.writes.Idempotency", broken)
        lost = api.post("/v1/pay-runs", body, role=role, key="run")
        assert lost.status_code == 500
    done = api.post("/v1/pay-runs", body, role=role, key="run")
    assert (done.status_code, done.json()["run"]["run"]) == (201, "2025-08-1")
    assert len(api.get("/v1/pay-runs", role=role).json()["items"]) == 1


class Lost(Exception):
    """The process was killed."""


def broken(key: str, fingerprint: bytes, answer: bytes = b"") -> Any:
    from ledger.idempotency import Idempotency

    if answer:
        raise Lost
    return Idempotency(key, fingerprint)
