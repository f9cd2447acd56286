"""Onboarding: hours of steps, medians and deciles, who waits beyond a limit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.career import Career, evolve
from domain.career_commands import CareerStep
from domain.career_steps import step
from domain.facts import Act, Fact, Place
from domain.onboarding import (
    SetStepLimits,
    StepLimits,
    hours_of,
    set_limits,
    spread,
    timed,
    waiting,
)
from domain.onboarding import evolve as evolve_limits
from domain.refusals import Invalid

READ = TypeAdapter(CareerStep).validate_python
ACT = Act(actor="hr.lin", at=datetime(2025, 9, 1, tzinfo=UTC))
NOON = datetime(2025, 3, 3, 4, tzinfo=UTC)


def going(*said: tuple[str, float, dict[str, object]]) -> tuple[Career, list[Fact]]:
    """Steps so many hours after noon of 3 March."""
    state, made = Career(), []
    for kind, hours, more in said:
        at = (NOON + timedelta(hours=hours)).isoformat()
        for fact in step(state, "P-1", READ({"kind": kind, "at": at, **more}), ACT):
            state = evolve(state, fact, Place(version=state.version + 1))
            made.append(fact)
    return state, made


ROUND: list[tuple[str, float, dict[str, object]]] = [
    ("candidate", 0, {"team": "beauty-1"}),
    ("interview", 24, {"outcome": "open"}),
    ("interview", 30, {}),
    ("offer", 54, {"engagement": "agency"}),
    ("contract_sent", 55.5, {"template": "agency", "template_version": 2}),
    ("signed", 60, {"way": "electronic"}),
    ("active", 108, {}),
]


def test_each_step_takes_the_hours_since_the_one_before_it():
    _, facts = going(*ROUND)
    found = {one.step: one for one in timed("P-1", [facts])}
    assert {step: str(one.hours) for step, one in found.items()} == {
        "interview": "30", "offer": "24", "contract_sent": "1.5", "signed": "4.5", "active": "48",
    }  # fmt: skip
    assert (found["signed"].template, found["signed"].way) == ("agency v2", "electronic")
    assert found["active"].team == "beauty-1"


@given(st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=60))
def test_median_and_decile_are_of_the_times_themselves(hours: list[Decimal]):
    found = spread(hours)
    assert found.count == len(hours)
    assert sum(one <= found.median for one in hours) * 2 >= len(hours)
    assert sum(one >= found.median for one in hours) * 2 >= len(hours)
    assert found.p90 in hours
    assert sum(one <= found.p90 for one in hours) * 10 >= 9 * len(hours)
    assert found.few == (len(hours) < 5)


def test_median_and_decile_by_hand():
    found = spread([Decimal(n) for n in (10, 1, 2, 3, 4, 5, 6, 7, 8, 9)])
    assert (found.median, found.p90) == (Decimal("5.5"), 9)


@pytest.mark.parametrize(
    ("hours", "level"),
    [(71, "in_time"), (72, "in_time"), (73, "late"), (144, "late"), (145, "escalated")],
)
def test_a_candidate_waits_72_hours_and_then_escalates(hours: int, level: str):
    state, _ = going(*ROUND[:1])
    (found,) = waiting([state], StepLimits(), NOON + timedelta(hours=hours))
    assert (found.stage, found.limit, found.level) == ("candidate", 72, level)


def limits(*said: tuple[str, dict[str, int]]) -> StepLimits:
    state = StepLimits()
    for effective, hours in said:
        command = SetStepLimits.model_validate({"effective": effective, "limits": hours})
        for fact in set_limits(command):
            state = evolve_limits(state, fact, Place())
    return state


def test_limits_are_those_of_the_day():
    state = limits(("2025-03-04", {"candidate": 10}), ("2025-04-01", {"signed": 1}))
    assert state.on(date(2025, 3, 3))["candidate"] == 72
    assert state.on(date(2025, 4, 1))["candidate"] == 10
    assert (state.on(date(2025, 4, 1))["signed"], state.on(date(2025, 3, 31))["signed"]) == (1, 168)


def test_nobody_waits_who_works_or_has_gone():
    worker, _ = going(*ROUND)
    gone, _ = going(ROUND[0], ("withdrawn", 5, {"by": "company"}))
    assert waiting([worker, gone], StepLimits(), NOON + timedelta(days=90)) == []


def test_the_one_furthest_past_its_limit_comes_first():
    fresh, _ = going(*ROUND[:2])
    stale, _ = going(*ROUND[:5])
    found = waiting([fresh, stale], StepLimits(), NOON + timedelta(hours=250))
    assert [one.stage for one in found] == ["contract_sent", "interview"]


def test_a_limit_for_a_stage_nobody_waits_at_is_refused():
    with pytest.raises(Invalid, match="active"):
        limits(("2025-03-04", {"active": 5}))


def test_hours_are_exact_to_a_hundredth():
    assert hours_of(timedelta(hours=1, minutes=30)) == Decimal("1.5")
    assert hours_of(timedelta(seconds=35)) == 0
