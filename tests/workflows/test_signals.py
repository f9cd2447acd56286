"""Signals over contracts, careers and figures: they propose, somebody answers, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest

from domain.metric import DefineMetric
from domain.refusals import NotFound, WrongState
from domain.signals import DecideSignal, SetSignalRule
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import setup, signals

HOURS = {"hours": {"kind": "hours", "minimum_hours": "60"}}
DAY = date(2025, 5, 10)


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        for code in ("views_gained", "gift_income", "fan_answers", "average_viewers"):
            command = DefineMetric(
                metric=code, title_zh=code, title_en=code, unit="n", counts="as counted",
                effective=date(2024, 1, 1),
            )  # fmt: skip
            setup.define_metric(desk, TENANT, command, by("hr.lin"))
        yield made


def found(company: Company, day: date = DAY, known: int | None = None) -> list[tuple[str, str]]:
    every = signals.read_signals(company.desk, TENANT, day, known)
    return [(one.rule, one.subject) for one in every]


def test_hours_below_the_clause_of_a_whole_month(company: Company):
    company.hire("S1", HOURS)
    company.hire("S2", HOURS)
    company.hire("S3", HOURS)
    company.figures(("S1", "live_minutes", "2025-04-10", "3599"),
                    ("S2", "live_minutes", "2025-04-10", "3600"))  # fmt: skip
    assert found(company) == [("hours_short", "C-S1")]
    assert found(company, date(2025, 4, 30)) == [], "April was not over"


def test_a_month_that_began_with_the_contract_is_not_held_against_it(company: Company):
    company.hire("S1", HOURS, start="2025-04-02")
    company.figures(("S1", "live_minutes", "2025-04-10", "10"))
    assert found(company) == []


def test_an_agency_contract_that_fixes_hours_looks_like_employment(company: Company):
    company.hire("S1", HOURS, engagement="agency", character="business_income")
    company.hire("S2", HOURS)
    assert found(company) == [("looks_like_employment", "C-S1")]
    assert [one.team for one in signals.read_signals(company.desk, TENANT, DAY)] == ["Korean"]


def test_a_teams_traffic_of_four_falling_months(company: Company):
    for person, team in (("S1", "Korean"), ("S2", "French")):
        company.hire(
            person, {"c": {"kind": "training", "times_a_month": 1, "cost": "0"}}, team=team
        )
    rows = [
        (person, "views_gained", f"2025-0{month}-15", str(views))
        for person, falls in (("S1", 100), ("S2", -100))
        for month, views in enumerate((1000, 1000 - falls, 1000 - 2 * falls, 1000 - 3 * falls), 1)
    ]
    company.figures(*rows)
    assert found(company) == [("team_traffic", "Korean")]
    before = company.desk.store.head(TENANT)[0]
    company.figures(("S1", "views_gained", "2025-04-15", "5000"), row_id="late")
    assert found(company) == [], "a late figure is known now"
    assert found(company, known=before) == [("team_traffic", "Korean")]


def test_a_rule_that_is_off_says_nothing_from_its_day_on(company: Company):
    company.hire("S1", HOURS, engagement="agency", character="business_income")
    command = SetSignalRule(effective=date(2025, 5, 5), enabled=False)
    signals.set_rule(company.desk, TENANT, "looks_like_employment", command, by("lead.wu"))
    assert found(company) == []
    assert found(company, date(2025, 5, 4)) == [("looks_like_employment", "C-S1")]


def test_a_signal_is_answered_once_whoever_is_first(company: Company):
    company.hire("S1", HOURS, engagement="agency", character="business_income")
    (signal,) = signals.read_signals(company.desk, TENANT, DAY)
    said: list[str] = []
    ready = threading.Barrier(3)

    def answer(decision: str) -> None:
        ready.wait()
        try:
            signals.decide(
                company.desk, TENANT, signal,
                DecideSignal.model_validate({"decision": decision}), DAY, by("lead.wu"),
            )  # fmt: skip
            said.append("done")
        except WrongState:
            said.append("refused")

    threads = [
        threading.Thread(target=answer, args=[one]) for one in ("accepted", "dismissed", "accepted")
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["done", "refused", "refused"]
    (now,) = signals.read_signals(company.desk, TENANT, DAY)
    assert (now.decided_by, now.decision is None) == ("lead.wu", False)
    contract = company.desk.store.stream(TENANT, "contract/C-S1")
    assert contract[-1].name == "contract.activated.v1", "a signal acts on nothing"


def test_what_no_rule_says_cannot_be_answered(company: Company):
    with pytest.raises(NotFound):
        signals.read_signal(company.desk, TENANT, "team_traffic.2025-04.x", DAY)
