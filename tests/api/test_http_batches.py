"""Figures over HTTP: as they arrive, in three formats, cut off, repeated, and paged through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from api.examples import SAMPLES
from tests.api.http_api import Api, person

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"


@pytest.fixture
def company(api: Api) -> Api:
    """A person and a metric."""
    api.made("/v1/persons", person())
    api.made("/v1/metrics", SAMPLES["metric"])
    return api


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "row_id": f"r{number}",
        "person": "P-0001",
        "metric": "sales",
        "day": "2025-03-01",
        "value": "10.50",
        **more,
    }


def send(api: Api, content: Any, media: str, query: str = "source=shop", **more: Any) -> Any:
    headers = {"Content-Type": media}
    return api.call("POST", f"/v1/metric-batches?{query}", content=content, headers=headers, **more)


def ndjson(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(item).encode() for item in rows)


def csv(rows: list[dict[str, Any]]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(str(v) for v in item.values()) for item in rows)]
    return "\n".join(lines).encode()


def test_three_formats_are_one_batch(company: Api) -> None:
    rows = [row(1), row(2, value="-3.25"), row(3, person="nobody")]
    first = send(company, json.dumps(rows), JSON)
    assert first.status_code == 201, first.text
    batch = first.json()["batch"]
    assert (batch["rows"], batch["rejected"]) == (2, 1)
    assert batch["rejected_by_code"] == {"unknown_person": 1}
    assert batch["sums"] == {"sales": "7.25"}
    for content, media in ((ndjson(rows), NDJSON), (json.dumps(rows), JSON)):
        again = send(company, content, media)
        assert again.status_code == 201
        assert again.json()["receipts"] == first.json()["receipts"]
        assert again.headers["idempotent-replayed"] == "true"
    taken = csv([row(1), row(2, value="-3.25")])
    assert send(company, taken, CSV).json()["batch"]["rows"] == 2
    path = f"/v1/metric-batches/{batch['batch']}"
    assert company.get(path).json()["batch"]["sums"] == batch["sums"]
    rejected = company.get(f"{path}/rejected-rows").json()["items"]
    assert [(item["row_no"], item["code"]) for item in rejected] == [(3, "unknown_person")]
    shown = company.get(f"{path}/rows?limit=1").json()
    assert [item["row_id"] for item in shown["items"]] == ["r1"]
    rest = company.get(f"{path}/rows?cursor={shown['next']}").json()
    assert [item["row_id"] for item in rest["items"]] == ["r2"]
    assert len(company.get("/v1/metric-batches").json()["items"]) == 2


def test_a_key_covers_the_rows_and_the_source(company: Api) -> None:
    first = send(company, ndjson([row(1)]), NDJSON, key="b")
    again = send(company, ndjson([row(1)]), NDJSON, key="b")
    assert again.json() == first.json()
    other = send(company, ndjson([row(2)]), NDJSON, key="b")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(company.get("/v1/metric-batches").json()["items"]) == 1


@pytest.mark.parametrize(
    ("content", "media", "query", "status", "code"),
    [
        (b"", NDJSON, "source=shop", 422, "invalid"),
        (b"[" + ndjson([row(1)]), JSON, "source=shop", 422, "invalid"),
        (b"{}", JSON, "source=shop", 422, "invalid"),
        (b"<xml/>", "application/xml", "source=shop", 415, "unsupported_media_type"),
        (ndjson([row(1)]), NDJSON, "source=a%20b", 422, "invalid"),
        (ndjson([row(1)]), NDJSON, "", 422, "missing_field"),
        (ndjson([row(1)]), NDJSON, "source=shop&declared=2", 422, "invalid"),
        (ndjson([row(1)]), NDJSON, "source=shop&declared=0", 422, "invalid"),
    ],
)
def test_what_is_no_batch_is_refused_and_leaves_nothing(
    company: Api, content: bytes, media: str, query: str, status: int, code: str
) -> None:
    answer = send(company, content, media, query)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert company.get("/v1/metric-batches").json()["items"] == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1e400", "10,50", True, None, {}])
def test_a_value_that_is_no_number_is_a_rejected_row(company: Api, value: Any) -> None:
    answer = send(company, json.dumps([row(1), row(2, value=value)]), JSON)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["batch"]["rows"], answer.json()["batch"]["rejected"]) == (1, 1)


def test_an_upload_that_is_cut_off_leaves_nothing_and_can_be_sent_again(company: Api) -> None:
    """The client goes away in the middle: the app hears it and keeps nothing."""
    whole = ndjson([row(number) for number in range(2000)])
    statuses = anyio.run(cut_off, company, whole[: len(whole) // 2])
    assert statuses in ([], [400])
    assert company.get("/v1/metric-batches").json()["items"] == []
    assert send(company, whole, NDJSON).json()["batch"]["rows"] == 2000


async def cut_off(api: Api, content: bytes) -> list[int]:
    """Send a part of a body to the app and disconnect."""
    messages = iter(
        [
            {"type": "http.request", "body": content, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    statuses = []

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def answer(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [
        (b"authorization", f"Bearer {api.secrets['hr']}".encode()),
        (b"content-type", NDJSON.encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/metric-batches",
        "raw_path": b"/v1/metric-batches",
        "query_string": b"source=shop",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    await api.app(scope, receive, answer)
    return statuses


def test_a_batch_larger_than_an_ordinary_body_is_taken(company: Api) -> None:
    def rows() -> Iterator[bytes]:
        for first in range(0, 20_000, 1000):
            yield ndjson([row(number) for number in range(first, first + 1000)]) + b"\n"

    answer = send(company, rows(), NDJSON, "source=shop&declared=20000")
    assert answer.status_code == 201, answer.text
    assert answer.json()["batch"]["rows"] == 20_000


def test_pages_stay_as_they_were_while_more_is_recorded(company: Api) -> None:
    for number in range(2, 12):
        company.made("/v1/persons", person(number))
    seen: list[str] = []
    cursor, added = "", 100
    while True:
        page = company.get(f"/v1/persons?limit=3{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        added += 1
        company.made("/v1/persons", person(added))
        if page["next"] is None or page["items"][-1]["id"] > "P-0011":
            break
        cursor = f"&cursor={page['next']}"
    first = [name for name in seen if name <= "P-0011"]
    assert first == [f"P-{number:04d}" for number in range(1, 12)]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("path", ["persons", "contracts", "metric-batches", "audit", "templates"])
def test_a_cursor_of_another_list_and_a_wild_limit_are_refused(company: Api, path: str) -> None:
    for cursor in ("nonsense", "W10", "bnVsbA", "WzEsMiwzLDRd", "%00", "😀"):
        answer = company.get(f"/v1/{path}?cursor={cursor}", role="hr")
        assert answer.status_code == 422, (cursor, answer.text)
    for limit in ("0", "501", "-1", "many"):
        assert company.get(f"/v1/{path}?limit={limit}").status_code == 422
