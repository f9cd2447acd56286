"""One-off payments over HTTP and on the command line, and the run that pays them."""

from __future__ import annotations

from tests.api.cli_support import Line, line
from tests.api.http_api import Api, activate

__all__ = ["line"]
BONUS = {
    "one_off": "B-1",
    "contract": "C-0001",
    "kind": "annual_bonus",
    "month": "2025-07",
    "amount": "36000.00",
    "reason": "bonus of 2024",
}


def test_a_bonus_is_agreed_chosen_for_and_withdrawn(api: Api) -> None:
    activate(api)
    agreed = api.made("/v1/one-offs", BONUS, role="hr", key="b")
    assert agreed["one_off"]["amount"] == "36000.00"
    assert api.made("/v1/one-offs", BONUS, role="hr", key="b") == agreed, "the same again"
    assert api.post("/v1/one-offs", BONUS).status_code == 409
    chosen = api.made("/v1/one-offs/B-1/tax-choice", {"way": "merged", "year": 2025})
    assert chosen["one_off"]["way"] == "merged"
    [one] = api.get("/v1/one-offs", role="auditor").json()["items"]
    assert (one["one_off"], one["paid"]) == ("B-1", False)
    api.made("/v1/one-offs/B-1/withdrawal")
    again = api.post("/v1/one-offs/B-1/tax-choice", {"way": "merged", "year": 2025})
    assert again.status_code == 409


def test_what_cannot_be_agreed_says_why(api: Api) -> None:
    activate(api)
    for change, status in (
        ({"amount": None}, 422),
        ({"amount": "-1"}, 422),
        ({"amount": "1e3"}, 422),
        ({"reason": " "}, 422),
        ({"contract": "C-9"}, 404),
        ({"kind": "severance", "amount": None}, 422),
        ({"month": "2025-13"}, 422),
    ):
        answer = api.post("/v1/one-offs", {**BONUS, **change})
        assert answer.status_code == status, (change, answer.text)
        assert answer.json()["do"]


def test_the_command_line_agrees_and_runs_beside_the_month(line: Line) -> None:
    line.active_contract()
    said = ("--contract", "C-1", "--kind", "award", "--month", "2025-01", "--amount", "500")
    line.run("pay", "one-off", "A-1", *said, "--reason", "gala", "--actor", "hr")
    assert "waits" not in line.run("pay", "one-offs").output
    run = line.json("pay", "compute", "2025-01", "--off-cycle", "one_offs", "--actor", "fin")
    assert (run["run"], run["off_cycle"], run["gross"]) == ("2025-01-1", "one_offs", "500")
    refused = line.json("pay", "compute", "2025-01", "--contract", "C-1", code=1)
    assert "off_cycle" in refused["detail"]
