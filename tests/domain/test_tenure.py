"""Stays: a move ends the watch, a leaving ends the stay, a version begins a new clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.career import Career, evolve
from domain.career_commands import CareerStep
from domain.career_steps import step
from domain.facts import Act, Fact, Place
from domain.tenure import by_engagement, by_scheme, by_team, exposure, spells, stays, team_on

READ = TypeAdapter(CareerStep).validate_python
DAY = date(2026, 1, 31)
ACT = Act(actor="hr.lin", at=datetime(2026, 1, 31, 4, tzinfo=UTC))
WHY = [{"reason": "targets"}]


def career(*said: tuple[str, str, dict[str, Any]]) -> list[Fact]:
    """The facts of steps: kind, day, and what else is said."""
    state, made = Career(), []
    for kind, day, more in said:
        for fact in step(state, "P-1", READ({"kind": kind, "on": day, **more}), ACT):
            state = evolve(state, fact, Place(version=state.version + 1))
            made.append(fact)
    return made


def started(day: str, team: str = "games", **more: Any) -> tuple[str, str, dict[str, Any]]:
    taken = {"taken_over": True, "engagement": "agency", "scheme": "s"}
    return ("active", day, {**taken, "team": team, **more})


def cut(facts: list[Fact], split: Any, day: date = DAY) -> list[tuple[str, str, int, bool]]:
    found = stays(spells("P-1", facts, day), split, day)
    return [(one.group, one.start.isoformat(), one.days, one.left) for one in found]


def test_somebody_who_is_still_here_is_censored_on_the_day_of_the_look():
    assert cut(career(started("2026-01-01")), by_team) == [("games", "2026-01-01", 31, False)]


def test_a_leaving_ends_a_stay_and_carries_its_reasons():
    facts = career(started("2026-01-01"), ("left", "2026-01-11", {"reasons": WHY}))
    assert cut(facts, by_team) == [("games", "2026-01-01", 10, True)]
    (stay,) = stays(spells("P-1", facts, DAY), by_team, DAY)
    assert [one.reason for one in stay.reasons] == ["targets"]


def test_a_move_censors_the_old_team_and_not_the_kind_of_contract():
    facts = career(
        started("2026-01-01"),
        ("moved", "2026-01-11", {"team": "food"}),
        ("left", "2026-01-21", {"reasons": WHY}),
    )
    assert cut(facts, by_team) == [
        ("games", "2026-01-01", 10, False),
        ("food", "2026-01-11", 10, True),
    ]
    assert cut(facts, by_engagement) == [("agency", "2026-01-01", 20, True)]


def test_another_scheme_in_the_same_team_does_not_cut_the_stay():
    facts = career(started("2026-01-01"), ("moved", "2026-01-11", {"team": "games", "scheme": "t"}))
    assert cut(facts, by_team) == [("games", "2026-01-01", 31, False)]


def test_a_rehired_person_has_two_stays():
    facts = career(
        started("2025-12-01"),
        ("left", "2025-12-11", {"reasons": WHY}),
        ("rehired", "2026-01-21", {"team": "games", "engagement": "agency"}),
    )
    assert [one[1:] for one in cut(facts, by_team)] == [
        ("2025-12-01", 10, True),
        ("2026-01-21", 11, False),
    ]


def test_the_clock_of_a_scheme_version_begins_with_it():
    versions = {"s": [date(2025, 1, 1), date(2026, 1, 11)]}
    facts = career(started("2026-01-01"), ("left", "2026-01-21", {"reasons": WHY}))
    assert cut(facts, by_scheme(versions)) == [
        ("s @ 2025-01-01", "2026-01-01", 10, False),
        ("s @ 2026-01-11", "2026-01-11", 10, True),
    ]
    assert cut(facts, by_scheme({})) == []


def test_what_happens_after_the_look_is_not_seen():
    facts = career(started("2026-01-01"), ("left", "2026-02-20", {"reasons": WHY}))
    assert cut(facts, by_team) == [("games", "2026-01-01", 31, False)]
    assert cut(facts, by_team, date(2025, 12, 31)) == []


@pytest.mark.parametrize(
    ("since", "until", "seen"),
    [
        ("2026-01-01", "2026-02-01", (1, 10, 1)),
        ("2026-01-01", "2026-01-11", (1, 10, 1)),
        ("2026-01-01", "2026-01-10", (1, 9, 0)),
        ("2026-01-11", "2026-02-01", (0, 0, 0)),
    ],
)
def test_a_leaving_belongs_to_the_window_of_the_last_day(since: str, until: str, seen: Any):
    facts = career(started("2026-01-01"), ("left", "2026-01-11", {"reasons": WHY}))
    found = exposure(
        stays(spells("P-1", facts, DAY), by_team, DAY),
        date.fromisoformat(since),
        date.fromisoformat(until),
    )
    assert (found.people, found.days, found.left) == seen


def test_who_works_where_on_a_day():
    facts = career(started("2026-01-01"), ("moved", "2026-01-11", {"team": "food"}))
    every = spells("P-1", facts, DAY)
    assert team_on(every, date(2026, 1, 10)) == {"P-1": "games"}
    assert team_on(every, date(2026, 1, 11)) == {"P-1": "food"}
    assert team_on(every, date(2025, 12, 31)) == {}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40)), max_size=6), st.booleans())
@settings(deadline=None)
def test_stays_in_teams_add_up_to_the_days_worked(moves: list[tuple[str, int]], leaves: bool):
    day, steps, team = date(2025, 1, 1), [started("2025-01-01", "a")], "a"
    for name, after in moves:
        day += timedelta(days=after)
        if name != team:
            steps.append(("moved", day.isoformat(), {"team": name}))
            team = name
    if leaves:
        day += timedelta(days=5)
        steps.append(("left", day.isoformat(), {"reasons": WHY}))
    found = stays(spells("P-1", career(*steps), DAY), by_team, DAY)
    end = day if leaves else DAY + timedelta(days=1)
    assert sum(one.days for one in found) == (end - date(2025, 1, 1)).days
    assert sum(one.left for one in found) == leaves
