"""Careers and competence models over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.http_api import Api, person

TAGS = [
    {"tag": "live_experience", "title_zh": "直播经验", "title_en": "Live", "weight": "60%"},
    {"tag": "fan_cases", "title_zh": "粉丝案例", "title_en": "Fans", "weight": "40%", "full": "10"},
]


def step(api: Api, kind: str, **said: Any) -> Any:
    body = {"step": {"kind": kind, **said}, "reason": "spring hiring"}
    return api.post("/v1/persons/P-0001/career", body)


def hired(api: Api) -> None:
    api.made("/v1/persons", person())
    for kind, said in (
        ("candidate", {"team": "beauty-1", "track": "beauty", "on": "2025-03-03"}),
        ("interview", {"on": "2025-03-05", "note": "试播自然"}),
        ("offer", {"on": "2025-03-06", "engagement": "full_time"}),
        ("contract_sent", {"on": "2025-03-07"}),
        ("signed", {"on": "2025-03-10"}),
        ("active", {"on": "2025-03-17"}),
    ):
        answer = step(api, kind, **said)
        assert answer.status_code == 201, answer.text


def test_a_person_is_hired_step_by_step_and_read_at_two_times(api: Api) -> None:
    hired(api)
    found = api.get("/v1/persons/P-0001/career").json()
    assert (found["career"]["stage"], found["career"]["team"]) == ("active", "beauty-1")
    assert len(found["steps"]) == 6
    second = found["steps"][1]
    known = f"/v1/persons/P-0001/career?known={second['position']}"
    assert api.get(known).json()["career"]["stage"] == "interview"
    assert "notes" not in found
    assert "试播自然" not in api.get("/v1/persons/P-0001/career").text


def test_notes_are_opened_for_roles_that_may_see_personal_data(api: Api) -> None:
    hired(api)
    path = "/v1/persons/P-0001/career?personal=true"
    assert api.get(path).json()["notes"] == {"2": "试播自然"}
    assert api.get(path, role="auditor").status_code == 403
    assert api.get(path, role="lead").status_code == 403


def test_an_order_that_makes_no_sense_is_refused_with_what_may_follow(api: Api) -> None:
    api.made("/v1/persons", person())
    answer = step(api, "active")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert answer.json()["may_follow"] == ["signed"]
    assert (
        api.post("/v1/persons/P-9/career", {"step": {"kind": "moved", "team": "x"}}).status_code
        == 404
    )
    assert step(api, "flew").status_code == 422


def test_a_step_sent_twice_under_one_key_is_one_fact(api: Api) -> None:
    api.made("/v1/persons", person())
    body = {"step": {"kind": "candidate", "team": "beauty-1", "on": "2025-03-03"}}
    first = api.post("/v1/persons/P-0001/career", body, key="k-1")
    again = api.post("/v1/persons/P-0001/career", body, key="k-1")
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.get("/v1/careers").json()["counts"] == {"candidate": 1}


def test_leaving_tells_the_trail_its_reasons_and_not_its_note(api: Api) -> None:
    hired(api)
    reasons = [{"reason": "targets", "weight": "70%"}, {"reason": "pay_rules", "weight": "30%"}]
    answer = step(api, "left", on="2025-09-01", reasons=reasons, note="指标太高, 撑不住")
    assert answer.status_code == 201, answer.text
    trail = api.get("/v1/audit?person=P-0001").json()["items"]
    told = [entry["zh"] for entry in trail if entry["kind"] == "career.left"]
    assert told == ["离开（本人提出）：目标过高 70%、薪资规则或考核权重不认可 30%"]
    assert "撑不住" not in api.get("/v1/audit?person=P-0001").text


def test_a_match_score_is_explained_line_by_line(api: Api) -> None:
    api.made("/v1/persons", person())
    model = {"track": "beauty", "title": "美妆", "effective": "2025-01-01", "tags": TAGS}
    made = api.made("/v1/competence-models", model)
    assert made["model"]["versions"][0]["number"] == 1
    marks = {"track": "beauty", "marks": {"live_experience": "80", "fan_cases": "5"}}
    answer = api.made("/v1/persons/P-0001/assessments", marks, role="lead")
    assert answer["match"]["score"] in ("68", "68.0")
    lines = api.get("/v1/persons/P-0001/match").json()["lines"]
    assert [line["en"] for line in lines][1] == "Fans: weight 40 % × 5 / 10 = 20 points"
    assert api.get("/v1/competence-models/beauty?effective=2024-12-31").json()["in_force"] is None
    wrong = {**model, "tags": TAGS[:1]}
    assert api.post("/v1/competence-models", wrong).json()["code"] == "wrong_weights"


def test_histories_sent_twice_under_one_key_give_the_first_answer(api: Api) -> None:
    start = {"kind": "active", "taken_over": True, "team": "games", "engagement": "agency"}
    history = {
        "person": "P-7",
        "personal": {"name": "韩一"},
        "steps": [{**start, "on": "2024-01-01"}],
    }
    body = {"histories": [history, {"person": "P-8", "steps": []}]}
    first = api.post("/v1/careers/import", body, key="h-1")
    assert first.status_code == 201, first.text
    assert (first.json()["imported"]["recorded"], first.json()["imported"]["facts"]) == (1, 2)
    assert first.json()["imported"]["rejected"][0]["code"] == "not_found"
    assert api.post("/v1/careers/import", body, key="h-1").json() == first.json()
    assert api.get("/v1/careers?team=games").json()["people"][0]["person"] == "P-7"


def stayed(number: int, team: str, left: str | None = None, **more: Any) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {"kind": "active", "taken_over": True, "team": team, "engagement": "full_time",
         "on": "2024-06-01", **more}
    ]  # fmt: skip
    if left:
        steps.append({"kind": "left", "on": left, "reasons": [{"reason": "targets"}]})
    return {"person": f"{team}-{number}", "personal": {"name": "韩一"}, "steps": steps}


def test_leaving_by_team_has_curves_and_reasons_as_known_then(api: Api) -> None:
    before = api.get("/v1/people/leaving").json()
    assert before["groups"] == []
    sent = [stayed(n, "games", f"2025-0{n + 1}-01" if n < 6 else None) for n in range(20)]
    sent += [stayed(n, "food") for n in range(20)]
    known = api.made("/v1/careers/import", {"histories": sent})["imported"]["receipts"][-1]
    found = api.get("/v1/people/leaving?since=2025-01-01&until=2026-01-01").json()
    games = {one["group"]: one for one in found["groups"]}["games"]
    assert (games["people"], games["left"], games["share"]["value"]) == (19, 5, "0.263158")
    assert games["curve"]["points"][-1]["share"] == "0.700000"
    assert games["reasons"] == [{"reason": "targets", "people": 5, "weight": "5"}]
    then = api.get(f"/v1/people/leaving?known={known['position'] - 70}").json()
    assert sum(one["curve"]["stays"] for one in then["groups"]) < 20


def test_a_report_refuses_a_window_that_is_none(api: Api) -> None:
    for path in ("leaving", "teams", "funnel"):
        answer = api.get(f"/v1/people/{path}?since=2025-03-01&until=2025-03-01")
        assert (answer.status_code, answer.json()["field"]) == (422, "since")
    assert api.get("/v1/people/leaving?by=zodiac").status_code == 422
    assert api.get("/v1/people/weight-changes/none").status_code == 404
    assert api.get("/v1/people/weight-changes/none?months=0").status_code == 422


def test_teams_without_anybody_are_an_empty_report(api: Api) -> None:
    assert api.get("/v1/people/teams").json()["teams"] == []


def test_limits_are_set_from_a_day_on_and_waits_are_held_against_them(api: Api) -> None:
    api.made("/v1/persons", person())
    step(api, "candidate", team="beauty-1", at="2025-09-14T12:00:00+08:00")
    (one,) = api.get("/v1/people/waiting").json()["items"]
    assert (one["hours"], one["limit"], one["level"]) == ("24", 72, "in_time")
    body = {"effective": "2025-09-01", "limits": {"candidate": 10}}
    assert api.put("/v1/people/step-limits", body).json()["limits"]["candidate"] == 10
    (one,) = api.get("/v1/people/waiting").json()["items"]
    assert one["level"] == "escalated"
    assert api.put("/v1/people/step-limits", body, role="lead").status_code == 403
    wrong = {**body, "limits": {"candidate": 0}}
    assert api.put("/v1/people/step-limits", wrong).status_code == 422


def test_onboarding_and_foretelling_of_nobody_are_empty(api: Api) -> None:
    assert api.get("/v1/people/onboarding").json()["rows"] == []
    assert api.get("/v1/people/foretold").json()["items"] == []


def test_a_signal_is_read_switched_and_answered(api: Api) -> None:
    from tests.api.http_api import activate

    hours = {"key": "hours", "clause": {"kind": "hours", "minimum_hours": "60"}}
    activate(api, 1, engagement="agency", character="business_income", clauses=[hours])
    (signal,) = api.get("/v1/people/signals").json()["items"]
    assert (signal["rule"], signal["subject"]) == ("looks_like_employment", "C-0001")
    path = f"/v1/people/signals/{signal['signal']}/decision"
    assert api.post(path, {"decision": "accepted"}).json()["field"] == "reason"
    body = {"decision": "accepted", "reason": "法务复核"}
    other = {"teams": ["games"]}
    assert api.put("/v1/team-scopes/lead.one", other, role="admin").status_code == 200
    assert api.get("/v1/people/signals", role="lead").json()["items"] == []
    assert api.post(path, body, role="lead").json()["code"] == "other_team"
    own = {"teams": [signal["team"]]}
    assert api.put("/v1/team-scopes/lead.one", own, role="admin").status_code == 200
    assert len(api.get("/v1/people/signals", role="lead").json()["items"]) == 1
    assert api.post(path, body, role="auditor").status_code == 403
    assert api.made(path, body, role="lead", key="d-1")["decision"] == "accepted"
    assert api.post(path, body, role="lead", key="d-1").headers["Idempotent-Replayed"] == "true"
    assert api.post(path, body).status_code == 409
    (now,) = api.get("/v1/people/signals").json()["items"]
    assert (now["decision"], now["decided_by"]) == ("accepted", "lead.one")
    off = {"effective": "2025-09-01", "enabled": False}
    rule = api.put("/v1/people/signal-rules/looks_like_employment", off).json()["rule"]
    assert rule["enabled"] is False
    assert api.get("/v1/people/signals").json()["items"] == []
    assert api.get("/v1/people/signals?effective=2025-08-31").json()["items"] != []
    assert api.put("/v1/people/signal-rules/horoscope", off).status_code == 422
    assert len(api.get("/v1/people/signal-rules").json()["items"]) == 4


def test_attendance_is_entered_imported_and_read_by_month(api: Api) -> None:
    api.made("/v1/persons", person())
    leave = {"kind": "leave", "entry": "L-1", "start": "2025-03-10", "last": "2025-03-11", "leave": "unpaid"}  # fmt: skip
    path = "/v1/persons/P-0001/attendance"
    assert len(api.made(path, {"entry": leave}, key="a-1")["entries"]) == 1
    assert api.post(path, {"entry": leave}, key="a-1").headers["Idempotent-Replayed"] == "true"
    assert api.post(path, {"entry": leave}).status_code == 409
    over = {"kind": "overtime", "entry": "O-1", "day": "2025-03-08", "hours": "3", "overtime": "rest_day"}  # fmt: skip
    rows = [
        {"person": "P-0001", "entry": over},
        {"person": "P-9", "entry": over},
        {"person": "P-0001", "entry": {**over, "entry": "O-2", "hours": "30"}},
    ]
    done = api.made("/v1/attendance/import", {"rows": rows}, key="i-1")["imported"]
    assert (done["recorded"], [one["code"] for one in done["rejected"]]) == (1, ["not_found", "invalid"])  # fmt: skip
    assert api.made("/v1/attendance/import", {"rows": rows}, key="i-1")["imported"] == done
    found = api.get(f"{path}?month=2025-03", role="finance").json()
    assert found["attendance"]["leave_days"] == {"unpaid": "2"}
    assert found["attendance"]["overtime_hours"] == {"rest_day": "3"}
    assert [one["day"] for one in found["attendance"]["unpaid"]] == ["2025-03-10", "2025-03-11"]
    assert len(found["entries"]) == 2
    assert api.get(f"{path}?month=2025-13").status_code == 422
    assert api.get("/v1/persons/P-9/attendance").status_code == 404
    withdrawn = {"entry": {"kind": "withdraw", "entry": "L-1"}}
    assert len(api.made(path, withdrawn)["entries"]) == 1
