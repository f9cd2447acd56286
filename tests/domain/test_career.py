"""Careers: given steps, when another, then facts; orders that make no sense are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain import career_facts as facts
from domain.career import Career, evolve
from domain.career_commands import CareerStep
from domain.career_steps import AFTER, step
from domain.facts import Act, Fact, Place
from domain.leaving import REASONS, ReasonCode
from domain.refusals import Invalid, WrongState

HR = Act(actor="hr.lin", at=datetime(2025, 9, 1, 2, 0, tzinfo=UTC))
READ = TypeAdapter(CareerStep).validate_python
HIRING: list[dict[str, Any]] = [
    {"kind": "candidate", "team": "beauty-1", "track": "beauty", "at": "2025-03-03T10:00:00+08:00"},
    {"kind": "interview", "interview": "试播", "at": "2025-03-05T15:00:00+08:00"},
    {"kind": "offer", "engagement": "full_time", "at": "2025-03-06T09:00:00+08:00"},
    {"kind": "contract_sent", "template": "full-time", "on": "2025-03-07"},
    {"kind": "signed", "way": "paper", "on": "2025-03-10"},
    {"kind": "active", "on": "2025-03-17"},
]
ONE_OF_EACH: dict[str, dict[str, Any]] = {one["kind"]: one for one in HIRING} | {
    "moved": {"kind": "moved", "team": "beauty-2"},
    "left": {"kind": "left", "reasons": [{"reason": "targets"}]},
    "rehired": {"kind": "rehired", "team": "beauty-1", "engagement": "part_time"},
    "withdrawn": {"kind": "withdrawn", "by": "candidate"},
}


def through(*steps: dict[str, Any], state: Career | None = None) -> tuple[Career, list[Fact]]:
    """The career after these steps, and the facts they became."""
    state, made = state or Career(), []
    for said in steps:
        for fact in step(state, "P-1", READ(said), HR):
            state = evolve(state, fact, Place(version=state.version + 1))
            made.append(fact)
    return state, made


def now(kind: str) -> dict[str, Any]:
    """A step of a kind, without a time of its own."""
    return {k: v for k, v in ONE_OF_EACH[kind].items() if k not in ("at", "on")}


def test_a_person_is_hired_moves_leaves_and_comes_back():
    state, made = through(*HIRING)
    assert (state.stage, state.team, state.engagement) == ("active", "beauty-1", "full_time")
    assert [type(fact).__name__ for fact in made] == [
        "CandidateEntered", "InterviewHeld", "OfferMade", "ContractSentToPerson",
        "ContractSignedByAll", "WorkStarted",
    ]  # fmt: skip
    assert made[0].at == datetime(2025, 3, 3, 2, 0, tzinfo=UTC)
    state, made = through(
        {"kind": "moved", "team": "food-1", "track": "food", "on": "2025-06-01"},
        {"kind": "left", "on": "2025-08-01",
         "reasons": [{"reason": "pay_amount", "weight": "30%"}, {"reason": "targets", "weight": "70%"}]},
        {"kind": "rehired", "team": "food-1", "engagement": "part_time", "on": "2025-08-20"},
        state=state,
    )  # fmt: skip
    assert (state.stage, state.track, state.engagement) == ("active", "food", "part_time")
    assert [(one.reason, one.weight) for one in made[1].reasons] == [
        ("targets", Decimal("0.7")),
        ("pay_amount", Decimal("0.3")),
    ]
    assert (made[2].how, made[2].effective) == ("rehired", date(2025, 8, 20))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_sent_in_whatever_order_a_step_follows_only_what_it_may(data: st.DataObject):
    state = Career()
    for kind in data.draw(st.lists(st.sampled_from(sorted(ONE_OF_EACH)), max_size=14)):
        before = state.stage
        try:
            state, _ = through(now(kind), state=state)
        except WrongState as refusal:
            assert before not in AFTER[kind] or (kind == "offer" and not state.passed)
            assert refusal.do
        except Invalid as refusal:
            assert kind == "moved" and refusal.details["field"] == "team"
        else:
            assert before in AFTER[kind]


@pytest.mark.parametrize("kind", sorted(set(ONE_OF_EACH) - {"candidate"}))
def test_nothing_but_a_candidacy_begins_a_career(kind: str):
    with pytest.raises(WrongState) as refused:
        through(now(kind))
    assert refused.value.details["may_follow"] == list(AFTER[kind])


def test_who_worked_here_before_the_record_began_is_taken_over():
    taken = {"kind": "active", "taken_over": True, "team": "games", "engagement": "agency"}
    state, (fact,) = through({**taken, "on": "2023-05-04"})
    assert (state.stage, fact.effective, fact.how) == ("active", date(2023, 5, 4), "taken_over")
    with pytest.raises(WrongState):
        through({**taken, "on": "2025-08-30"}, state=state)
    with pytest.raises(Invalid) as refused:
        through({"kind": "active", "taken_over": True, "team": "games"})
    assert refused.value.details["field"] == "engagement"


def test_an_offer_needs_an_interview_that_was_passed():
    failed = {"kind": "interview", "outcome": "failed", "on": "2025-03-05"}
    state, _ = through(HIRING[0], failed)
    with pytest.raises(WrongState, match="not passed"):
        through(now("offer"), state=state)
    state, _ = through({**now("interview"), "on": "2025-03-06"}, now("offer"), state=state)
    assert state.stage == "offered"


def test_a_round_that_ended_can_be_begun_again():
    state, _ = through(HIRING[0], {"kind": "withdrawn", "by": "company", "on": "2025-03-04"})
    state, _ = through({**HIRING[0], "at": "2025-05-01T10:00:00+08:00"}, state=state)
    assert (state.stage, state.round, state.passed) == ("candidate", 2, False)


def test_a_step_is_not_before_the_last_one_nor_far_ahead():
    state, _ = through(HIRING[0])
    for when in ({"on": "2025-03-02"}, {"at": "2025-03-03T09:59:00+08:00"}, {"on": "2025-09-02"}):
        with pytest.raises(Invalid) as refused:
            through({**now("interview"), **when}, state=state)
        assert refused.value.details["field"] in when
    state, _ = through(*HIRING)
    state, _ = through({**now("left"), "on": "2025-11-30"}, state=state)
    assert state.since == datetime(2025, 11, 29, 16, tzinfo=UTC)
    with pytest.raises(Invalid):
        through({**now("rehired"), "on": "2026-01-01"}, state=state)


def test_a_step_of_the_same_day_is_not_before_the_one_at_noon():
    _, made = through(HIRING[0], {**now("interview"), "on": "2025-03-03"})
    assert made[1].at == made[0].at


@pytest.mark.parametrize(
    ("reasons", "problem"),
    [
        ([{"reason": "targets", "weight": "60%"}], "60%"),
        ([{"reason": "targets", "weight": "50%"}, {"reason": "targets", "weight": "50%"}], "once"),
    ],
)
def test_reasons_of_leaving_sum_to_a_hundred_per_cent(reasons: Any, problem: str):
    state, _ = through(*HIRING)
    with pytest.raises(Invalid, match=problem):
        through({"kind": "left", "reasons": reasons}, state=state)


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "left", "reasons": []},
        {"kind": "left", "reasons": [{"reason": "bored"}]},
        {"kind": "left", "reasons": [{"reason": "targets", "weight": 0.5}]},
        {"kind": "interview", "at": "2025-03-05T15:00:00"},
        {"kind": "interview", "at": "2025-03-05T15:00:00+08:00", "on": "2025-03-05"},
        {"kind": "candidate"},
        {"kind": "promoted", "team": "x"},
        {"kind": "moved", "team": "x" * 500},
        {"kind": "moved", "team": "x", "salary": 1},
    ],
)
def test_a_malformed_step_is_refused_at_the_door(said: Any):
    with pytest.raises(ValidationError):
        READ(said)


def test_a_move_that_changes_nothing_is_refused():
    state, _ = through(*HIRING)
    with pytest.raises(Invalid):
        through({"kind": "moved", "team": "beauty-1"}, state=state)


def test_the_taxonomy_has_words_for_every_reason_it_takes():
    assert set(REASONS) == set(ReasonCode.__args__)


def test_an_unknown_fact_is_never_read_over():
    with pytest.raises(TypeError):
        evolve(Career(), Fact(), Place())


def test_a_moved_fact_has_the_scheme_of_before_unless_another_is_named():
    active = {"kind": "active", "taken_over": True, "team": "games", "engagement": "agency"}
    state, _ = through({**active, "scheme": "games-2025", "on": "2025-01-01"})
    state, made = through({"kind": "moved", "team": "food", "on": "2025-02-01"}, state=state)
    assert isinstance(made[0], facts.TeamChanged)
    assert (made[0].scheme, state.last) == ("games-2025", state.since + timedelta(days=31))
