"""/metrics: what it says, what it must not say, and who may read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.measures_stand import group_sizes
from api.settings import SettingError, Settings
from tests.api.http_api import NOW, TENANT, Api, activate, person, raise_pay

LOCAL = ("127.0.0.1", 50000)
TOKEN = "aVeryLongTokenOfLetters1234"
Labels = frozenset[tuple[str, str]]


def scraped(api: Api, client: TestClient | None = None) -> dict[str, dict[Labels, float]]:
    """Sample name → labels → value."""
    answer = (client or here(api)).get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def here(api: Api) -> TestClient:
    return TestClient(api.app, base_url="http://127.0.0.1:8400", client=LOCAL)


def of(**labels: str) -> Labels:
    return frozenset(labels.items())


def with_token(api: Api, tmp_path: Path) -> TestClient:
    settings = Settings.from_env(
        {"TALLYSTICK_HOME": str(tmp_path), "TALLYSTICK_METRICS_TOKEN": TOKEN}
    )
    app = create_app(api.desk, settings, clock=lambda: NOW)
    return TestClient(app, base_url="http://127.0.0.1:8400", client=LOCAL)


def test_heads_and_lags_move_with_what_is_recorded(api: Api) -> None:
    api.made("/v1/persons", person())
    head = api.desk.store.head(TENANT)[0]
    found = scraped(api)
    assert found["tallystick_head_position"][of(tenant=TENANT)] == head
    behind = of(tenant=TENANT, read_model="directory")
    assert found["tallystick_read_model_lag_facts"][behind] == head
    assert found["tallystick_read_model_lag_seconds"][behind] > 0
    api.desk.runner.catch_up(TENANT)
    found = scraped(api)
    models = {of(tenant=TENANT, read_model=name) for name in api.desk.runner.models}
    for name in ("facts", "seconds"):
        assert found[f"tallystick_read_model_lag_{name}"] == dict.fromkeys(models, 0)
    assert found["tallystick_read_model_halted"] == dict.fromkeys(models, 0)
    assert found["tallystick_database_up"][of()] == 1


def test_a_halted_read_model_shows_and_its_lag_grows(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("林小满")

    api.desk.runner.catch_up(TENANT)
    monkeypatch.setattr("projections.directory._describe", broken)
    api.made("/v1/persons", person())
    api.desk.runner.catch_up(TENANT)
    found = scraped(api)
    model = of(tenant=TENANT, read_model="directory")
    assert found["tallystick_read_model_halted"][model] == 1
    assert found["tallystick_read_model_lag_facts"][model] == 1
    shown = api.get("/v1/status").json()["read_models"]
    assert [one["lag"] for one in shown if one["halted"]] == [1]
    assert {one["lag_seconds"] for one in shown} <= {0, 1, 2, 3}
    assert api.client.get("/health/ready").status_code == 503


def test_requests_are_counted_by_the_template_of_their_route(api: Api) -> None:
    contract = activate(api)
    api.post(f"/v1/contracts/{contract}/amendments", raise_pay())
    api.get("/v1/nothing-of-林小满")
    api.get("/static/nothing.js")
    api.call("BREW", f"/v1/contracts/{contract}")
    counts = scraped(api)["tallystick_http_request_seconds_count"]
    route = "/v1/contracts/{contract}/amendments"
    assert counts[of(method="POST", route=route, status="201")] == 1
    assert counts[of(method="GET", route="none", status="404")] >= 1
    assert {dict(labels)["method"] for labels in counts} <= {"GET", "POST", "other"}


def test_refusals_are_counted_by_code_and_tenant(api: Api) -> None:
    api.client.get("/v1/contracts")
    api.get("/v1/contracts/C-9999")
    api.get("/v1/contracts/C-9998")
    api.post("/v1/persons", {"person": 1})
    found = scraped(api)["tallystick_refusals_total"]
    assert found[of(tenant="", code="unauthorized")] == 1
    assert found[of(tenant=TENANT, code="not_found")] == 2
    assert api.get("/v1/status").json()["refusals"]["not_found"] == 2


def test_nothing_that_was_sent_stands_in_it(api: Api) -> None:
    contract = activate(api)
    api.post(f"/v1/contracts/{contract}/amendments", raise_pay(reason="林小满 asked"))
    api.get(f"/v1/contracts/{contract}?known=林小满")
    text = here(api).get("/metrics").text
    for sent in ("林小满", "P-0001", contract, "HT-0001", "hr.one", "beauty"):
        assert sent not in text


def test_groups_and_connections(api: Api) -> None:
    before = scraped(api)
    api.made("/v1/persons", person())
    after = scraped(api)
    name = "tallystick_append_group_requests_count"
    assert after[name][of()] == before[name][of()] + 1
    assert after["tallystick_pool_connections_max"][of()] == 12
    assert after["tallystick_pool_connections"][of()] >= 1
    assert after["tallystick_pool_connections_in_use"][of()] >= 0


def test_the_buckets_of_groups_add_up() -> None:
    family = group_sizes({1: 5, 3: 2, 64: 1})
    found = {s.labels.get("le", s.name): s.value for s in family.samples}
    assert [found[bound] for bound in ("1", "2", "4", "32", "64", "+Inf")] == [5, 5, 7, 7, 8, 8]
    assert found["tallystick_append_group_requests_sum"] == 5 + 6 + 64


def test_a_database_that_does_not_answer_leaves_the_rest(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> list[str]:
        raise psycopg.OperationalError("connection to 10.0.0.1 as secret failed")

    monkeypatch.setattr(type(api.desk.store), "tenants", gone)
    found = scraped(api)
    assert found["tallystick_database_up"][of()] == 0
    assert "tallystick_head_position" not in found
    assert "tallystick_pool_connections" in found


def strangers(api: Api) -> list[tuple[TestClient, dict[str, str]]]:
    return [
        (TestClient(api.app, base_url="http://127.0.0.1", client=("10.1.2.3", 5)), {}),
        (TestClient(api.app, base_url="http://tally.example", client=LOCAL), {}),
        (here(api), {"X-Forwarded-For": "127.0.0.1"}),
        (here(api), {"Forwarded": "for=127.0.0.1"}),
        (here(api), {"Host": "["}),
    ]


def test_without_a_token_only_this_machine_may_read_it(api: Api) -> None:
    for client, headers in strangers(api):
        answer = client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), headers


def test_with_a_token_everybody_needs_it_and_a_key_is_none(api: Api, tmp_path: Path) -> None:
    client = with_token(api, tmp_path)
    assert client.get("/metrics").status_code == 403
    for wrong in (f"Bearer {TOKEN}x", TOKEN, f"Bearer {api.secrets['admin']}"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 403
    good = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "10.1.2.3"}
    assert client.get("/metrics", headers=good).status_code == 200


@pytest.mark.parametrize("text", ["short", "with spaces between words", "密钥" * 20])
def test_a_weak_token_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_env({"TALLYSTICK_METRICS_TOKEN": text})
    assert text not in str(caught.value)


def test_without_a_database_there_are_still_measures() -> None:
    client = TestClient(create_app(), base_url="http://localhost", client=LOCAL)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "tallystick_head_position" not in answer.text
