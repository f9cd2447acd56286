"""Keeping and erasing one person's data: given facts, when a command, then facts or a no."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import erasure, retention
from domain.erasure import Erased, Evidence, Restricted, Standing
from domain.erasure_facts import (
    HoldLifted,
    HoldPlaced,
    PersonErased,
    PersonRestricted,
    PlaceHold,
    RestrictionLifted,
    RestrictPerson,
    RetentionSet,
    SetRetention,
)
from domain.facts import Act, Fact, Place
from domain.person import PersonRegistered
from domain.refusals import Invalid, NoRule, NotFound, Refusal, SeparationOfDuties, WrongState

TODAY = date(2028, 1, 15)
AT = datetime(2028, 1, 15, 4, 0, tzinfo=UTC)
REGISTERED = PersonRegistered(person="P-1", sealed={"key": "0f1e"})
RESTRICTED = PersonRestricted(
    person="P-1", ground="person_asked", keep_until=date(2027, 4, 10), kept_for=("pay",)
)
HELD = HoldPlaced(person="P-1", hold="H-1", document="case 1")
OVER = Evidence(until={"pay": date(2027, 4, 10), "candidate": date(2026, 1, 1)})


def by(actor: str, reason: str = "asked by letter") -> Act:
    return Act(actor=actor, at=AT, reason=reason)


def after(*facts: Fact, actor: str = "hr.lin") -> Standing:
    state = Standing()
    for version, fact in enumerate(facts, start=1):
        place = Place(position=version, version=version, actor=actor, recorded_at=AT)
        state = erasure.evolve(state, fact, place)
    return state


def test_the_first_step_says_until_when_the_data_is_kept_and_for_what():
    state = after(REGISTERED)
    command = RestrictPerson(ground="person_asked")
    [fact] = erasure.restrict(state, command, OVER, by("hr.lin"), TODAY)
    assert fact == PersonRestricted(
        person="P-1",
        ground="person_asked",
        keep_until=date(2027, 4, 10),
        kept_for=("candidate", "pay"),
    )


def test_the_second_step_is_another_persons_and_names_the_first():
    [fact] = erasure.erase(after(REGISTERED, RESTRICTED), OVER, by("hr.guo"), TODAY)
    assert fact == PersonErased(
        person="P-1",
        ground="person_asked",
        restricted_by="hr.lin",
        key="0f1e",
        kept_for=("candidate", "pay"),
    )


@pytest.mark.parametrize(
    ("facts", "evidence", "actor", "no", "state"),
    [
        ((REGISTERED,), OVER, "hr.guo", WrongState, None),
        ((REGISTERED, RESTRICTED), OVER, "hr.lin", SeparationOfDuties, None),
        ((REGISTERED, RESTRICTED, HELD), OVER, "hr.guo", WrongState, "held"),
        ((REGISTERED, HELD, RESTRICTED), OVER, "hr.guo", WrongState, "held"),
        (
            (REGISTERED, RESTRICTED),
            Evidence(open_contracts=("C-1",)),
            "hr.guo",
            WrongState,
            "contract_open",
        ),
        (
            (REGISTERED, RESTRICTED),
            Evidence(unpaid=("2025-03-1/C-1",)),
            "hr.guo",
            WrongState,
            "unpaid",
        ),
        (
            (REGISTERED, RESTRICTED),
            Evidence(until={"pay": date(2028, 1, 16)}),
            "hr.guo",
            WrongState,
            "kept",
        ),
        (
            (REGISTERED, RESTRICTED, RestrictionLifted(person="P-1")),
            OVER,
            "hr.guo",
            WrongState,
            None,
        ),
        ((), OVER, "hr.guo", NotFound, None),
    ],
)
def test_nothing_is_erased_while_anything_needs_it(
    facts: Any, evidence: Evidence, actor: str, no: type[Refusal], state: str | None
):
    with pytest.raises(no) as refused:
        erasure.erase(after(*facts), evidence, by(actor), TODAY)
    assert refused.value.details.get("state") == state
    assert refused.value.do


def test_on_the_first_day_after_its_term_it_can_be_erased():
    needed = Evidence(until={"pay": TODAY})
    assert erasure.erase(after(REGISTERED, RESTRICTED), needed, by("hr.guo"), TODAY)


def test_a_hold_that_was_lifted_keeps_nothing():
    lifted = HoldLifted(person="P-1", hold="H-1")
    state = after(REGISTERED, HELD, RESTRICTED, lifted)
    assert erasure.erase(state, OVER, by("hr.guo"), TODAY)


def test_data_of_an_open_contract_is_not_restricted():
    with pytest.raises(WrongState):
        open_one = Evidence(open_contracts=("C-1",))
        erasure.restrict(after(REGISTERED), RestrictPerson(), open_one, by("hr.lin"), TODAY)


@pytest.mark.parametrize("reason", ["", " "])
def test_every_act_says_why(reason: str):
    act = by("hr.guo", reason.strip())
    state = after(REGISTERED, RESTRICTED, HELD)
    for ask in (
        lambda: erasure.place_hold(state, PlaceHold(hold="H-2"), act),
        lambda: erasure.lift_hold(state, "H-1", act),
        lambda: erasure.restrict(after(REGISTERED), RestrictPerson(), OVER, act, TODAY),
        lambda: erasure.lift_restriction(state, act),
        lambda: erasure.erase(state, OVER, act, TODAY),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.details["field"] == "reason"


def test_of_the_erased_nothing_more_is_done():
    gone = PersonErased(
        person="P-1", ground="person_asked", restricted_by="hr.lin", key="0f1e", kept_for=()
    )
    state = after(REGISTERED, RESTRICTED, gone)
    assert state.status == "erased"
    for ask in (
        lambda: erasure.place_hold(state, PlaceHold(hold="H-2"), by("hr.lin")),
        lambda: erasure.restrict(state, RestrictPerson(), OVER, by("hr.lin"), TODAY),
        lambda: erasure.lift_restriction(state, by("hr.lin")),
        lambda: erasure.erase(state, OVER, by("hr.guo"), TODAY),
        lambda: erasure.refuse_unusable(state),
    ):
        with pytest.raises(Erased):
            ask()


def test_restricted_data_is_not_used():
    with pytest.raises(Restricted):
        erasure.refuse_unusable(after(REGISTERED, RESTRICTED))
    erasure.refuse_unusable(after(REGISTERED, RESTRICTED, RestrictionLifted(person="P-1")))


def test_holds_are_placed_and_lifted_by_name_once():
    state = after(REGISTERED, HELD)
    with pytest.raises(WrongState):
        erasure.place_hold(state, PlaceHold(hold="H-1"), by("hr.lin"))
    with pytest.raises(NotFound):
        erasure.lift_hold(state, "H-9", by("hr.lin"))
    assert erasure.lift_hold(state, "H-1", by("hr.guo")) == [HoldLifted(person="P-1", hold="H-1")]


# Retention


def test_what_keeps_longest_keeps_by_the_terms_of_the_day():
    begun = {"pay": date(2025, 4, 10), "contract": date(2025, 3, 1), "candidate": date(2025, 1, 1)}
    until = retention.kept_until(begun, [], TODAY)
    assert until == {
        "pay": date(2027, 4, 10),
        "contract": date(2027, 3, 1),
        "candidate": date(2025, 7, 1),
    }
    assert Evidence(until=until).keep_until == date(2027, 4, 10)


def test_a_term_that_was_set_replaces_the_shipped_one_from_its_day_on():
    fact = RetentionSet(
        retention="candidate", months=3, effective=date(2021, 11, 1), source="decision 7"
    )
    terms = retention.evolve(retention.Terms(), fact, Place(version=1)).terms
    assert retention.term_on(terms, "candidate", TODAY).months == 3
    later = RetentionSet(
        retention="pay", months=36, effective=date(2028, 2, 1), source="decision 8"
    )
    terms = (*terms, *retention.evolve(retention.Terms(), later, Place(version=1)).terms)
    assert retention.term_on(terms, "pay", TODAY).months == 24
    assert retention.term_on(terms, "pay", date(2028, 2, 1)).months == 36


@given(months=st.integers(min_value=0, max_value=600))
def test_no_term_is_shorter_than_a_law_says(months: int):
    command = SetRetention(retention="pay", months=months, effective=TODAY, source="decision")
    if months < 24:
        with pytest.raises(Invalid):
            retention.set_terms(retention.Terms(), command)
    else:
        assert retention.set_terms(retention.Terms(), command)


def test_a_day_no_rule_covers_is_refused():
    with pytest.raises(NoRule):
        retention.term_on([], "pay", date(1994, 12, 31))
