"""The service around the business: health, reads that wait, the docs page, errors without values."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.examples import SAMPLES
from tests.api.http_api import Api, activate, person


def test_without_a_database_the_app_describes_itself_and_nothing_more() -> None:
    client = TestClient(create_app())
    assert client.get("/health/live").status_code == 200
    assert client.get("/health").status_code == 503
    answer = client.get("/v1/contracts")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_database")
    assert answer.headers["retry-after"]
    assert client.get("/openapi.json").status_code == 200


def test_the_docs_page_asks_no_other_server() -> None:
    client = TestClient(create_app())
    page = client.get("/docs")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert linked
    for address in linked:
        assert address.startswith("/")
        assert client.get(address).status_code == 200
    assert "<script>" not in page.text
    assert client.get("/static/vendor/swagger-ui/LICENSE").status_code == 200
    assert client.get("/static/../app.py").status_code == 404


FILES = {"/v1/bank-statements": {"text/csv", "application/xml"}}
"""Writes whose body is a file as the bank made it: there is no JSON to show."""


def test_every_write_has_an_example_that_fits_and_every_problem_is_described() -> None:
    found = create_app().openapi()
    schemas = found["components"]["schemas"]
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/v1/"):
                continue
            assert operation["security"], path
            assert "application/problem+json" in operation["responses"]["422"]["content"]
            if method in ("post", "put") and path != "/v1/try/payslip":
                content = operation["requestBody"]["content"]
                if path in FILES:
                    assert set(content) == FILES[path]
                    continue
                media = content["application/json"]
                name = media.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
                assert "example" in media or schemas[name]["examples"], path


def test_the_examples_are_accepted_by_their_own_bodies() -> None:
    from api.routes import contract_acts, contracts, kpi_schemes, metrics, persons, templates

    for kind, name in (
        (persons.RegisterPersonRequest, "person"),
        (templates.TemplateRequest, "template"),
        (contracts.DraftRequest, "draft"),
        (contract_acts.AmendRequest, "amend"),
        (contract_acts.RenewRequest, "renew"),
        (kpi_schemes.SchemeRequest, "kpi_scheme"),
        (metrics.MetricRequest, "metric"),
    ):
        assert kind.model_validate(SAMPLES[name])  # type: ignore[attr-defined]


def test_a_read_waits_for_what_was_written(api: Api) -> None:
    made = api.post("/v1/persons", person())
    position = made.headers["tallystick-position"]
    found = api.get(f"/v1/persons?at_least={position}").json()
    assert [item["id"] for item in found["items"]] == ["P-0001"]


def test_a_halted_read_model_is_named_and_what_needs_it_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("林小满")

    monkeypatch.setattr("projections.directory._describe", broken)
    made = api.post("/v1/persons", person())
    assert made.status_code == 201
    refused = api.get("/v1/persons")
    assert (refused.status_code, refused.json()["code"]) == (503, "read_model_halted")
    assert refused.headers["retry-after"]
    health = api.client.get("/health")
    assert (health.status_code, health.json()["halted"]) == (503, ["directory"])
    assert "林小满" not in health.text
    assert api.get("/v1/persons/P-0001").status_code == 200


def test_an_error_of_ours_says_nothing_of_what_was_sent(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the name is 林小满")

    monkeypatch.setattr("api.routes.persons.setup.register_person", broken)
    answer = api.post("/v1/persons", person())
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "internal_error")
    said = capsys.readouterr()
    assert "林小满" not in answer.text + said.out + said.err
    assert problem["instance"].removeprefix("urn:uuid:") in said.out + said.err


def test_a_database_that_does_not_answer_is_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise psycopg.OperationalError("connection to 10.0.0.1 as secret failed")

    monkeypatch.setattr("api.routes.persons.setup.register_person", gone)
    answer = api.post("/v1/persons", person())
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"] and "secret" not in answer.text


def test_every_answer_carries_the_headers_that_keep_it_private(api: Api) -> None:
    contract = activate(api)
    for path in (f"/v1/contracts/{contract}", "/v1/nothing", "/health"):
        headers = api.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["tallystick-request"]
