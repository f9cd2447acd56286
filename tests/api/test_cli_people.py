"""`tallystick career|competence` over a real database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.cli_support import line

__all__ = ["line"]
pytestmark = pytest.mark.postgres

MODEL = {
    "track": "beauty",
    "title": "美妆主播",
    "effective": "2025-01-01",
    "tags": [
        {"tag": "live_experience", "title_zh": "直播经验", "title_en": "Live", "weight": "60%"},
        {"tag": "product_test", "title_zh": "产品", "title_en": "Products", "weight": "40%"},
    ],
}


def test_a_person_is_hired_assessed_and_leaves_from_the_terminal(line: Any) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    line.run("person", "register", "--id", "P-1", "--name", "张三")
    line.run("career", "record", "P-1", "candidate", "--team", "beauty-1", "--on", "2025-03-03")
    line.run(
        "career", "record", "P-1", "interview", "--on", "2025-03-04", "--set", "outcome=passed"
    )
    line.run("career", "record", "P-1", "offer", "--on", "2025-03-05", "--set", "engagement=agency")
    line.run("career", "record", "P-1", "contract_sent", "--on", "2025-03-06")
    line.run("career", "record", "P-1", "signed", "--on", "2025-03-07")
    line.run("career", "record", "P-1", "active", "--on", "2025-03-08")
    why = ("--why", "targets=70%", "--why", "pay_amount=30%")
    left = line.json("career", "record", "P-1", "left", "--on", "2025-06-01", *why)
    assert left["version"] == 7
    shown = line.run("career", "show", "P-1").stdout
    assert "left" in shown and "2025-06-01" in shown
    rows = line.json("career", "funnel", "--since", "2025-03-01", "--until", "2025-04-01")["items"]
    assert [row["rounds"] for row in rows] == [1] * 6
    assert line.json("career", "list", "--stage", "left")["people"][0]["person"] == "P-1"
    refused = line.json("career", "record", "P-1", "moved", "--team", "x", code=1)
    assert refused["code"] == "wrong_state"

    line.run("competence", "define", "--file", "-", input=MODEL)
    line.run("career", "assess", "P-1", "--track", "beauty", "--mark", "live_experience=50")
    assert "30.00 of 100" in line.run("career", "match", "P-1").stdout
    assert "Products" in line.run("competence", "show", "beauty").stdout


def test_histories_come_from_a_file(line: Any) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    start = {"kind": "active", "taken_over": True, "team": "games", "engagement": "agency"}
    history = {
        "person": "P-7",
        "personal": {"name": "韩一"},
        "steps": [{**start, "on": "2024-01-01"}],
    }
    done = line.run("career", "import", "-", input={"histories": [history, {"person": "!"}]})
    assert "1 recorded (2 facts), 1 rejected" in done.stdout
    assert line.json("career", "import", "-", input={"people": []}, code=1)["code"] == "invalid"


def test_reports_about_people_are_tables_and_sentences(line: Any) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    base = {"team": "games", "engagement": "agency"}
    left = {"kind": "left", "on": "2025-03-01", "reasons": [{"reason": "targets"}]}
    start = {"kind": "active", "taken_over": True, **base, "on": "2024-01-01"}
    sent = [
        {"person": f"P-{n}", "personal": {"name": "韩一"}, "steps": [start, left][: 1 + (n < 2)]}
        for n in range(4)
    ]
    hired = [
        {"kind": "candidate", "team": "games", "on": "2025-02-01"},
        {"kind": "interview", "on": "2025-02-03"},
    ]
    sent.append({"person": "P-9", "personal": {"name": "韩二"}, "steps": hired})
    line.run("career", "import", "-", input=sent)
    window = ("--since", "2025-01-01", "--until", "2026-01-01")
    assert "too few" in line.run("people", "leaving", *window).stdout
    assert "50.0 %" in line.run("people", "teams", *window).stdout
    assert "interview takes longest, 48 hours" in line.run("people", "onboarding", *window).stdout
    assert "escalated" in line.run("people", "waiting").stdout
    line.run("people", "limits", "--effective", "2025-01-01", "--hours", "interview=8784")
    assert line.json("people", "foretold")["items"] == []
    assert line.json("people", "weights", "none", code=1)["code"] == "not_found"


def test_rules_are_read_and_switched_from_the_terminal(line: Any) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    assert "hours_short (on)" in line.run("people", "rules").stdout
    line.run("people", "rule", "hours_short", "--off", "--effective", "2025-01-01")
    assert "hours_short (off)" in line.run("people", "rules").stdout
    line.run("people", "rule", "hours_short", "--effective", "2025-02-01", "--set", "share=0.8")
    assert "below 80 % of" in line.run("people", "rules").stdout
    assert "No rule says anything" in line.run("people", "signals").stdout
    refused = line.json("people", "answer", "x", "accepted", "--reason", "y", code=1)
    assert refused["code"] == "not_found"


def test_attendance_from_the_terminal(line: Any) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    line.run("person", "register", "--id", "P-1", "--name", "张三")
    days = ("--start", "2025-03-10", "--last", "2025-03-11", "--leave", "unpaid")
    line.run("attendance", "record", "P-1", "leave", "--entry", "L-1", *days)
    over = {"kind": "overtime", "entry": "O-1", "day": "2025-03-08", "hours": "3"}
    sent = [{"person": "P-1", "entry": over}, {"person": "P-1", "entry": over}]
    assert "1 recorded, 1 rejected" in line.run("attendance", "import", "-", input=sent).stdout
    found = line.json("attendance", "month", "P-1", "2025-03")
    assert (found["leave_days"], found["overtime_hours"]) == ({"unpaid": "2"}, {"workday": "3"})
    assert "unpaid 2" in line.run("attendance", "month", "P-1", "2025-03").stdout
    assert line.json("attendance", "month", "P-1", "March", code=1)["field"] == "month"
