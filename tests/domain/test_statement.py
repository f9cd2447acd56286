"""Statements and disputes: what is missing to a tier, what a return cost, what is said of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain import dispute
from domain.dispute import Answers, DisputeLine, ResolveDispute
from domain.facts import Place
from domain.figures import DayFigure, figures_of
from domain.periods import Month, Period
from domain.refusals import Invalid, NotFound, WrongState
from domain.statement import Returned, costs_of, next_tiers
from domain.terms import Term
from tests.domain.test_run_steps import slip

MARCH = Month.parse("2025-03")
TIERED = {
    "kind": "commission",
    "metric": "sales",
    "rate": "5%",
    "tiers": [{"start": "100000", "rate": "1%"}],
    "mode": "whole",
    "step": "percentage_point",
    "boundary": "above",
    "base": "settled",
}
BONUS = {
    "kind": "metric_bonus",
    "metric": "fans_gained",
    "threshold": "50000",
    "boundary": "above",
    "amount": "5000",
    "per": "once",
}


def terms(**clauses) -> tuple[Term, ...]:
    return tuple(Term(key, Period(date(2025, 1, 1), None), data) for key, data in clauses.items())


def figures(sales: str, fans: str = "0"):
    rows = [
        DayFigure(date(2025, 3, 5), "sales", "", Decimal(sales)),
        DayFigure(date(2025, 3, 5), "fans_gained", "", Decimal(fans)),
    ]
    return figures_of(rows, {}, {"b": None})


def test_how_much_is_missing_to_the_next_tier_and_to_a_threshold():
    clauses = terms(commission=TIERED, fans=BONUS)
    notes = next_tiers(clauses, figures("90000", "49000"), MARCH)
    assert [note.figures["missing"] for note in notes] == ["10000", "1000"]
    assert "10,000.00" in notes[0].zh
    assert next_tiers(clauses, figures("100000.01", "50001"), MARCH) == ()
    at_the_mark = next_tiers(clauses, figures("100000", "50000"), MARCH)
    assert [note.figures["missing"] for note in at_the_mark] == ["0", "0"]


def test_a_return_that_drops_a_tier_costs_the_tier_too():
    """
    given   5 %, 6 % on the whole above 100,000; sold 105,000, of which 6,000 came back
    then    paid on 99,000: 4,950.00 instead of 6,300.00, the return cost 1,350.00
    """
    back = Returned(
        order="O-7", metric="sales", category="", day="2025-03-09", value=Decimal("-6000")
    )
    (note,) = costs_of([back], terms(commission=TIERED), figures("99000"), MARCH)
    assert note.figures == {"value": "-6000", "cost": "1350.00", "order": "O-7"}
    other = Returned(order="", metric="gifts", category="", day="2025-03-09", value=Decimal(-1))
    assert costs_of([other], terms(commission=TIERED), figures("99000"), MARCH) == ()


def said(*facts) -> Answers:
    state = Answers()
    for number, fact in enumerate(facts, start=1):
        state = dispute.evolve(state, fact, Place(version=number, actor="P-1"))
    return state


NO = DisputeLine(dispute="D-1", line=1, statement="not returned", expected=Decimal("1200.00"))


def test_a_payslip_is_confirmed_once_and_not_while_a_dispute_is_open():
    (confirmed,) = dispute.confirm(Answers(), "2025-03-1", slip("1000"))
    assert said(confirmed).confirmed_by == "P-1"
    with pytest.raises(WrongState):
        dispute.confirm(said(confirmed), "2025-03-1", slip("1000"))
    (disputed,) = dispute.dispute(Answers(), "2025-03-1", slip("1000"), NO)
    with pytest.raises(WrongState) as no:
        dispute.confirm(said(disputed), "2025-03-1", slip("1000"))
    assert no.value.details["open"] == ["D-1"]


def test_a_dispute_names_a_line_that_is_there_and_is_answered_once():
    (disputed,) = dispute.dispute(Answers(), "2025-03-1", slip("1000"), NO)
    assert (disputed.code, disputed.amount) == ("commission", Decimal(1000))
    with pytest.raises(Invalid, match="no line 2"):
        dispute.dispute(
            Answers(), "r", slip("1000"), DisputeLine(dispute="D-2", line=2, statement="?")
        )
    accepted = ResolveDispute(outcome="accepted", answer="so it is", correction=7)
    with pytest.raises(NotFound):
        dispute.resolve(Answers(), "D-1", accepted, mends=True)
    with pytest.raises(Invalid, match="names the position"):
        dispute.resolve(said(disputed), "D-1", accepted, mends=False)
    (resolved,) = dispute.resolve(said(disputed), "D-1", accepted, mends=True)
    state = said(disputed, resolved)
    assert (state.disputes["D-1"].status, state.disputes["D-1"].correction) == ("accepted", 7)
    with pytest.raises(WrongState):
        dispute.resolve(state, "D-1", accepted, mends=True)
