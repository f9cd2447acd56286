"""What-if over HTTP and on the command line: the same answer, and nothing is written."""

from __future__ import annotations

from tests.api.cli_support import Line, line
from tests.api.http_api import TENANT, Api, activate

__all__ = ["line"]
RAISE = {"base_pay": {"amount": "9000"}}


def test_a_lead_asks_what_a_raise_would_have_cost(api: Api) -> None:
    activate(api)
    head = api.desk.store.head(TENANT)
    body = {"first": "2025-06", "last": "2025-07", "parameters": RAISE}

    answer = api.post("/v1/try/what-if", body, role="lead")

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["sums"]["difference"] == "2000.00"
    assert found["people"][0]["person"] == "P-0001"
    assert answer.headers["tallystick-position"] == str(found["known"])
    assert api.desk.store.head(TENANT) == head


def test_what_an_amendment_would_have_paid_is_given_line_by_line(api: Api) -> None:
    activate(api)
    body = {"contract": "C-0001", "parameters": RAISE, "months": 2}
    found = api.post("/v1/try/amendment", body).json()
    assert found["sums"]["difference"] == "2000.00"
    month = found["people"][0]["months"][0]
    assert [line["amount"] for line in month["lines"]] == ["9000.00"]


def test_bad_questions_are_refused_with_their_field(api: Api) -> None:
    activate(api)
    for said in (
        {},
        {"parameters": {"base_pay": {"amount": 1.5}}, "last": "2025-05"},
        {"weights": {"live": []}},
        {"changes": [{"op": "end", "key": "base_pay"}], "last": "2029-01"},
    ):
        body = {"first": "2025-06", "last": "2025-06", **said}
        answer = api.post("/v1/try/what-if", body)
        assert answer.status_code == 422, answer.text
    wrong = {"first": "2025-06", "last": "2025-06", "parameters": {"base_pay": {"amont": "1"}}}
    answer = api.post("/v1/try/what-if", wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert api.post("/v1/try/what-if?known=999999", wrong).status_code == 422


def test_the_command_line_gives_the_same(line: Line) -> None:
    line.active_contract()
    said = line.json(
        "what-if", "--first", "2025-06", "--last", "2025-07", "--set", "base.amount=9000"
    )
    assert said["sums"]["difference"] == "2000"
    of_one = line.json("what-if", "--contract", "C-1", "--months", "2", "--set", "base.amount=9000")
    assert of_one["sums"]["difference"] == "2000"
    shown = line.run("what-if", "--contract", "C-1", "--set", "base.amount=7000").output
    assert "lose           1 people" in shown
    assert "behaviour is held fixed" in shown
