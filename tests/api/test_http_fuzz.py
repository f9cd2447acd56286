"""Whatever is sent, nothing answers 500: valid bodies spoiled at any place, and any JSON at all."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.examples import SAMPLES, TRY_EXAMPLE
from tests.api.http_api import Api, activate, draft, raise_pay

ENDPOINTS: dict[str, tuple[str, str, str, Any]] = {
    "person": ("POST", "/v1/persons", "hr", SAMPLES["person"]),
    "template": ("POST", "/v1/templates", "hr", SAMPLES["template"]),
    "draft": ("POST", "/v1/contracts", "hr", draft(1)),
    "amend": ("POST", "/v1/contracts/C-0001/amendments", "hr", raise_pay()),
    "cohort": ("POST", "/v1/amendments", "hr", SAMPLES["cohort"]),
    "scheme": ("POST", "/v1/kpi-schemes", "hr", SAMPLES["kpi_scheme"]),
    "metric": ("POST", "/v1/metrics", "hr", SAMPLES["metric"]),
    "profile": ("PUT", "/v1/persons/P-0001/tax-profile", "hr", SAMPLES["tax_profile"]),
    "law": ("POST", "/v1/law-tables", "finance", SAMPLES["law_table"]),
    "run": ("POST", "/v1/pay-runs", "finance", SAMPLES["pay_run"] | {"month": "2025-01"}),
    "try": ("POST", "/v1/try/payslip", "hr", TRY_EXAMPLE),
    "key": ("POST", "/v1/api-keys", "admin", SAMPLES["key"]),
}
text = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "\0",
        "%",
        "NaN",
        "1e400",
        "-0",
        "0.001",
        "５",
        "999999999999.99",
        "2025-02-30",
        "2025-09-01",
        "{{x}}",
        "' OR 1=1",
        "../..",
        "base_pay",
        "P-0001",
        "😀" * 20,
        "x" * 5000,
    ]
)
leaf = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | text
value = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(text | st.sampled_from(["kind", "amount", "tiers"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(body: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    found = [before] if before else []
    if isinstance(body, dict):
        for name, inner in body.items():
            found += paths(inner, (*before, name))
    if isinstance(body, list):
        for number, inner in enumerate(body):
            found += paths(inner, (*before, number))
    return found


@st.composite
def spoiled(draw: st.DrawFn, body: Any) -> Any:
    """The body with one to three places changed, taken out or added."""
    made = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        found = paths(made)
        if not found:
            return draw(value)
        *way, last = draw(st.sampled_from(found))
        holder = made
        for step in way:
            holder = holder[step]
        act = draw(st.sampled_from(["change", "take", "add"]))
        if act == "take":
            del holder[last]
        elif act == "add" and isinstance(holder, dict):
            holder[draw(text)] = draw(value)
        else:
            holder[last] = draw(value)
    return made


@pytest.fixture(scope="module")
def api(shared_api: Api) -> Api:
    activate(shared_api)
    return shared_api


@pytest.mark.parametrize("name", ENDPOINTS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_nothing_that_is_sent_breaks_the_service(api: Api, name: str, data: st.DataObject) -> None:
    method, path, role, sample = ENDPOINTS[name]
    body = data.draw(spoiled(sample) | value)
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    headers = {"Content-Type": "application/json"}
    answer = api.call(method, path, role=role, content=content, headers=headers)
    assert answer.status_code < 500, (body, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.binary(max_size=200) | value.map(lambda v: json.dumps(v).encode("utf-8", "ignore")))
def test_bytes_that_are_no_batch_break_nothing(api: Api, data: bytes) -> None:
    for media in ("application/json", "application/x-ndjson", "text/csv"):
        headers = {"Content-Type": media}
        path = "/v1/metric-batches?source=fuzz"
        answer = api.call("POST", path, content=data, headers=headers)
        assert answer.status_code < 500, answer.text


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(
        ["effective", "known", "at_least", "limit", "cursor", "q", "status", "team", "since"]
    ),
    said=st.text(max_size=30) | text,
    path=st.sampled_from(["contracts", "contracts/C-0001", "audit", "persons", "law-tables"]),
)
def test_no_query_breaks_a_read(api: Api, name: str, said: str, path: str) -> None:
    said = said.encode("utf-8", "ignore").decode()
    answer = api.get(f"/v1/{path}", params={name: said})
    assert answer.status_code < 500, answer.text


def test_after_all_that_the_read_models_still_follow(api: Api) -> None:
    head = api.get("/v1/tenants/me").json()["head"]
    answer = api.get(f"/v1/status?at_least={head}")
    assert answer.status_code == 200, answer.text
    assert not any(model["halted"] for model in answer.json()["read_models"])
    assert api.client.get("/health").status_code == 200
