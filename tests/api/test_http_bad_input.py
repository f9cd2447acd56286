"""What nobody should send, and the answer to each: its own code, and nothing half done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import Response

from api.examples import SAMPLES
from tests.api.http_api import Api, activate, draft, person, raise_pay

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def api(shared_api: Api) -> Iterator[Api]:
    activate(shared_api)
    for code in ("sales", "fans_gained"):
        shared_api.made("/v1/metrics", {**SAMPLES["metric"], "metric": code})
    yield shared_api


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal, whose shape is the same everywhere."""
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code, problem
    assert problem["type"] == f"urn:tallystick:problem:{code}"
    assert problem["status"] == status
    assert problem["instance"] == f"urn:uuid:{answer.headers['tallystick-request']}"
    assert problem["title"] and problem["detail"] and problem["detail_zh"]
    assert len(answer.content) < 20_000
    return problem


def head(api: Api) -> int:
    return int(api.get("/v1/tenants/me").json()["head"])


def clauses(*drafts: dict[str, Any]) -> dict[str, Any]:
    return draft(7, person="P-0001", clauses=list(drafts))


def commission(**more: Any) -> dict[str, Any]:
    clause = {"kind": "commission", "rate": "5%", "base": "settled", **more}
    return {"key": "commission", "clause": clause}


TIERED = {"mode": "marginal", "step": "percentage_point", "boundary": "above"}
GAP = [
    {"start": "0", "end": "1000", "rate": "1%"},
    {"start": "2000", "rate": "2%"},
]
WEIGHTS = [
    {"metric": "sales", "weight": "59.99%", "target": "1", "cap": "1"},
    {"metric": "fans_gained", "weight": "40%", "target": "1", "cap": "1"},
]
CONTRACTS, AMEND = "/v1/contracts", "/v1/contracts/C-0001/amendments"
BAD: dict[str, tuple[str, Any, int, str, str]] = {
    "unknown clause kind": (
        CONTRACTS,
        clauses({"key": "x", "clause": {"kind": "stock_options"}}),
        422,
        "unknown_clause_kind",
        "clauses.0.clause",
    ),
    "tiers with a gap": (CONTRACTS, clauses(commission(tiers=GAP, **TIERED)), 422, "bad_plan", ""),
    "a clause with two readings": (
        CONTRACTS,
        clauses(commission(tiers=[{"start": "100000", "rate": "1%"}])),
        422,
        "ambiguous_clause",
        "",
    ),
    "weights of 99.99 %": (
        "/v1/kpi-schemes",
        {**SAMPLES["kpi_scheme"], "metrics": WEIGHTS},
        422,
        "wrong_weights",
        "metrics",
    ),
    "a Buddhist year": (
        AMEND,
        raise_pay(effective="2568-09-01"),
        422,
        "date_not_gregorian",
        "effective",
    ),
    "a Republican year": (AMEND, raise_pay(effective="114-09-01"), 422, "not_a_date", "effective"),
    "a time for a day": (
        AMEND,
        raise_pay(effective="2025-09-01T00:00:00"),
        422,
        "not_a_date",
        "effective",
    ),
    "three decimals": (
        AMEND,
        raise_pay(amount="9000.005"),
        422,
        "too_many_decimals",
        "changes.0.clause.base_pay.amount",
    ),
    "an amount as an object": (
        AMEND,
        raise_pay(amount={"yuan": 1}),  # type: ignore[arg-type]
        422,
        "not_a_number",
        "changes.0.clause.base_pay.amount",
    ),
    "an amount beyond measure": (
        AMEND,
        raise_pay(amount="1000000000000"),
        422,
        "number_too_large",
        "changes.0.clause.base_pay.amount",
    ),
    "a number with a monstrous exponent": (
        AMEND,
        raise_pay(amount="1e-99999999"),
        422,
        "not_a_number",
        "",
    ),
    "the same in other digits": (
        AMEND,
        raise_pay(amount="0" * 60 + "１e-９９９９９９９９"),
        422,
        "not_a_number",
        "",
    ),
    "no reason": (AMEND, raise_pay(reason=""), 422, "invalid", "reason"),
    "an unknown field": (AMEND, raise_pay(efective="2025-09-01"), 422, "unknown_field", "efective"),
    "a missing field": (AMEND, {"reason": "x"}, 422, "missing_field", "amendment"),
    "a month that is not over": (
        "/v1/pay-runs",
        {"month": "2025-09"},
        422,
        "month_not_over",
        "month",
    ),
    "a month that is none": ("/v1/pay-runs", {"month": "2025-13"}, 422, "not_a_month", "month"),
    "NUL in a text": (AMEND, raise_pay(reason="a\0b"), 422, "bad_text", ""),
    "half a character": (AMEND, raise_pay(reason="\ud800"), 422, "bad_text", ""),
    "no object": (AMEND, ["a list"], 422, "invalid", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_each_has_its_own_answer(api: Api, name: str) -> None:
    path, body, status, code, field = BAD[name]
    before = head(api)
    role = "finance" if path == "/v1/pay-runs" else "hr"
    content = json.dumps(body)
    answer = api.call("POST", path, role=role, content=content, headers=JSON)
    problem = refused(answer, status, code)
    if field:
        assert problem["field"] == field
    assert head(api) == before


def test_a_clause_with_two_readings_is_shown_with_their_amounts(api: Api) -> None:
    body = clauses(commission(tiers=[{"start": "100000", "rate": "1%"}]))
    problem = refused(api.post(CONTRACTS, body), 422, "ambiguous_clause")
    assert len(problem["readings"]) >= 2


RAW: dict[str, tuple[bytes, int, str]] = {
    "NaN": (b'{"amount": NaN}', 422, "not_a_number"),
    "infinity": (b'{"amount": -Infinity}', 422, "not_a_number"),
    "a monstrous number": (b'{"amount": 1e999999999}', 422, "not_a_number"),
    "five thousand digits": (b'{"amount": ' + b"9" * 5000 + b"}", 422, "not_a_number"),
    "one name twice": (b'{"reason": "a", "reason": "b"}', 400, "duplicate_name"),
    "cut off": (b'{"amendment": "A-1", "effec', 400, "malformed_json"),
    "no JSON": (b"<xml/>", 400, "malformed_json"),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400, "malformed_json"),
    "GBK": ('{"reason": "年度"}'.encode("gbk"), 400, "not_utf8"),
    "too deep": (b"[" * 5000 + b"]" * 5000, 400, "too_deep"),
    "deeper than the parser": (b"[" * 200_000, 400, "too_deep"),
    "ten megabytes": (b'{"reason": "' + b"x" * 10_000_000 + b'"}', 413, "body_too_large"),
}


@pytest.mark.parametrize("name", RAW)
def test_a_body_that_is_no_strict_json_is_refused(api: Api, name: str) -> None:
    content, status, code = RAW[name]
    before = head(api)
    refused(api.call("POST", AMEND, content=content, headers=JSON), status, code)
    assert head(api) == before


def test_ten_megabytes_without_a_length_are_refused(api: Api) -> None:
    pieces = (b" " * 100_000 for _ in range(100))
    answer = api.call("POST", AMEND, content=pieces, headers=JSON)
    refused(answer, 413, "body_too_large")


def test_an_exact_number_is_taken_exactly(api: Api) -> None:
    amount = b"8000.10"
    body = json.dumps(raise_pay("A-exact", amount="AMOUNT")).encode()
    content = body.replace(b'"AMOUNT"', amount)
    answer = api.call("POST", AMEND, content=content, headers=JSON)
    assert answer.status_code == 201, answer.text
    assert answer.json()["contract"]["clauses"][-1]["clause"]["amount"] == "8000.10"


def test_an_emoji_in_a_name_is_a_name(api: Api) -> None:
    api.made("/v1/persons", person(77, personal={"name": "小满😀"}))
    assert api.get("/v1/persons/P-0077?personal=true").json()["personal"]["name"] == "小满😀"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"known": "2025-09-01T12:00:00"}, "naive_time"),
        ({"known": "yesterday"}, "bad_known"),
        ({"known": "999999999"}, "bad_known"),
        ({"known": "9" * 60}, "bad_known"),
        ({"known": "2099-01-01T00:00:00+08:00"}, "bad_known"),
        ({"known": "-1"}, "bad_known"),
        ({"effective": "2568-09-01"}, "date_not_gregorian"),
        ({"effective": "01/09/2025"}, "not_a_date"),
        ({"at_least": "999999999"}, "invalid"),
        ({"at_least": "-1"}, "invalid"),
    ],
)
def test_a_time_that_is_none_is_refused(api: Api, query: dict[str, str], code: str) -> None:
    refused(api.get("/v1/contracts/C-0001", params=query), 422, code)


def test_known_is_a_position_or_a_time_with_its_zone(api: Api) -> None:
    now = datetime.now(UTC)
    api.now = now.replace(year=now.year + 1)  # the database's clock records the real time
    try:
        for known in ("1", now.isoformat(), now.isoformat().replace("+", " ")):
            answer = api.client.get(
                f"/v1/contracts?known={known}",
                headers={"Authorization": f"Bearer {api.secrets['hr']}"},
            )
            assert answer.status_code == 200, answer.text
    finally:
        api.now = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)
    missing = api.get("/v1/contracts/C-0001?known=1")
    refused(missing, 404, "not_found")


def test_unknown_addresses_methods_and_types_are_problems(api: Api) -> None:
    refused(api.get("/v1/nothing"), 404, "not_found")
    refused(api.get("/v1/contracts/C-404"), 404, "not_found")
    answer = api.call("DELETE", "/v1/contracts/C-0001")
    refused(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]
    form = api.call("POST", AMEND, content="a=b", headers={"Content-Type": "text/plain"})
    refused(form, 415, "unsupported_media_type")
    bare = api.call("POST", AMEND, content=b"{}", headers={"Content-Type": ""})
    refused(bare, 415, "unsupported_media_type")
    refused(api.get("/v1/contracts/%00"), 422, "invalid")
    refused(api.get("/v1/contracts?q=%00"), 422, "invalid")


def test_a_body_that_is_not_right_is_told_in_both_languages_and_once(api: Api) -> None:
    change = {"op": "add", "key": "x", "clause": {"kind": "bonus_magic"}}
    problem = refused(api.post(AMEND, raise_pay(changes=[change])), 422, "unknown_clause_kind")
    (error,) = problem["errors"]
    assert error["field"] == "changes.0.clause"
    assert "'bonus_magic' is no kind" in error["message"] and "custom" in error["message"]
    assert error["message_zh"] == "没有这种条款类型"
    assert problem["detail_zh"] == "changes.0.clause：没有这种条款类型"
    empty = refused(api.post(AMEND, raise_pay(changes=[])), 422, "invalid")
    assert [one["field"] for one in empty["errors"]] == ["changes"]


def test_a_huge_value_is_not_sent_back(api: Api) -> None:
    kind = {"key": "x", "clause": {"kind": "k" * 500_000}}
    many = [{"key": f"K{number}", "clause": 1} for number in range(200)]
    problem = refused(api.post(CONTRACTS, clauses(kind)), 422, "unknown_clause_kind")
    assert len(problem["errors"][0]["message"]) <= 300
    problem = refused(api.post(CONTRACTS, clauses(*many)), 422, "invalid")
    assert (len(problem["errors"]), problem["more_errors"] > 0) == (20, True)


def test_a_header_that_cannot_be_read_is_refused(api: Api) -> None:
    for headers in ({"Idempotency-Key": "a b"}, {"Idempotency-Key": "x" * 201}):
        refused(api.post(AMEND, raise_pay(), headers=headers), 422, "bad_header")
    refused(api.post(AMEND, raise_pay(), headers={"If-Match": "three"}), 422, "bad_header")


def test_of_two_amendments_at_once_on_one_version_one_wins(api: Api) -> None:
    contract = activate(api, 21)
    version = api.get(f"/v1/contracts/{contract}").headers["etag"]

    def amend(number: int) -> Response:
        body = raise_pay(f"A-{number}", f"{9000 + number}.00", effective=f"2025-1{number % 2}-01")
        path = f"/v1/contracts/{contract}/amendments"
        return api.post(path, body, headers={"If-Match": version})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(amend, range(8)))
    won = [answer for answer in answers if answer.status_code == 201]
    assert len(won) == 1
    present = won[0].json()["receipts"][0]["version"]
    for answer in answers:
        if answer not in won:
            problem = refused(answer, 409, "stale_version")
            assert problem["current_version"] == present
    stale = api.post(
        f"/v1/contracts/{contract}/amendments", raise_pay("A-9"), headers={"If-Match": version}
    )
    assert refused(stale, 409, "stale_version")["current_version"] == present
