"""Attendance: entries that stand, days that hold no more than a day, a month as pay needs it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.attendance import AttendanceBook, AttendanceEntry, evolve, month_of, record
from domain.facts import Place
from domain.figures import DayFigure, Figures, figures_of
from domain.periods import Month
from domain.refusals import Invalid, NotFound, WrongState

READ = TypeAdapter(AttendanceEntry).validate_python
MARCH = Month(2025, 3)


def leave(entry: str, start: str, last: str, kind: str = "annual", share: str = "1") -> Any:
    return {"kind": "leave", "entry": entry, "start": start, "last": last, "leave": kind, "share": share}  # fmt: skip


def overtime(entry: str, day: str, hours: str, kind: str = "workday") -> Any:
    return {"kind": "overtime", "entry": entry, "day": day, "hours": hours, "overtime": kind}


def book(*said: Any) -> AttendanceBook:
    state = AttendanceBook()
    for one in said:
        for fact in record(state, "S1", READ(one)):
            state = evolve(state, fact, Place(version=state.version + 1))
    return state


def month(state: AttendanceBook, figures: Figures | None = None, sessions: bool = False) -> Any:
    return month_of(state, "S1", MARCH, figures or Figures(), sessions=sessions)


def test_leave_is_cut_to_the_month_and_counted_by_kind():
    state = book(
        leave("L-1", "2025-02-26", "2025-03-02"),
        leave("L-2", "2025-03-10", "2025-03-11", "unpaid"),
        leave("L-3", "2025-03-12", "2025-03-12", "unpaid", "0.5"),
    )
    found = month(state)
    assert found.leave_days == {"annual": 2, "unpaid": Decimal("2.5")}
    assert [(one.day.day, one.share) for one in found.unpaid] == [
        (10, 1),
        (11, 1),
        (12, Decimal("0.5")),
    ]


def test_overtime_is_summed_by_its_rate():
    state = book(
        overtime("O-1", "2025-03-08", "3", "rest_day"),
        overtime("O-2", "2025-03-09", "2.5", "rest_day"),
        overtime("O-3", "2025-03-10", "1"),
        overtime("O-4", "2025-04-01", "9"),
    )
    assert month(state).overtime_hours == {"rest_day": Decimal("5.5"), "workday": 1}


def test_live_days_hours_and_sessions_come_from_figures():
    rows = [
        DayFigure(date(2025, 3, 1), "live_minutes", "", Decimal(90)),
        DayFigure(date(2025, 3, 1), "live_minutes", "beauty", Decimal(30)),
        DayFigure(date(2025, 3, 2), "live_minutes", "", Decimal(0)),
        DayFigure(date(2025, 3, 2), "live_sessions", "", Decimal(2)),
        DayFigure(date(2025, 4, 2), "live_minutes", "", Decimal(600)),
    ]
    found = month(AttendanceBook(), figures_of(rows), sessions=True)
    assert (found.live_days, found.live_hours, found.sessions) == (1, 2, 2)
    assert month(AttendanceBook()).sessions is None


def test_an_entry_that_was_taken_back_counts_no_more_and_keeps_its_id():
    state = book(leave("L-1", "2025-03-10", "2025-03-11"), {"kind": "withdraw", "entry": "L-1"})
    assert month(state).leave_days == {}
    with pytest.raises(WrongState):
        record(state, "S1", READ(leave("L-1", "2025-03-20", "2025-03-20")))
    with pytest.raises(NotFound):
        record(state, "S1", READ({"kind": "withdraw", "entry": "L-1"}))


def test_no_day_holds_more_than_a_day():
    state = book(leave("L-1", "2025-03-10", "2025-03-10", share="0.5"))
    assert month(book(*[leave("L-1", "2025-03-10", "2025-03-10", share="0.5"),
                        leave("L-2", "2025-03-10", "2025-03-10", share="0.5")])).leave_days  # fmt: skip
    with pytest.raises(Invalid, match="2025-03-10"):
        record(state, "S1", READ(leave("L-2", "2025-03-08", "2025-03-12")))
    full = book(overtime("O-1", "2025-03-10", "20"))
    with pytest.raises(Invalid):
        record(full, "S1", READ(overtime("O-2", "2025-03-10", "5")))


@pytest.mark.parametrize(
    "said",
    [
        leave("L-1", "2025-03-11", "2025-03-10"),
        leave("L-1", "2025-03-11", "2026-03-12"),
        leave("L-1", "2025-03-11", "2025-03-11", "holiday"),
        leave("L-1", "2025-03-11", "2025-03-11", share="1.1"),
        overtime("O-1", "2025-03-11", "25"),
        overtime("O-1", "2025-03-11", "0"),
        overtime("../x", "2025-03-11", "1"),
        {"kind": "sleep", "entry": "x"},
    ],
)
def test_a_malformed_entry_is_refused_at_the_door(said: Any):
    with pytest.raises(ValidationError):
        READ(said)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=8))
@settings(deadline=None)
def test_the_months_add_up_to_the_days_of_leave(taken: list[tuple[int, int]]):
    state, days = AttendanceBook(), 0
    for number, (after, more) in enumerate(taken):
        start = date(2025, 2, 1) + timedelta(days=after)
        said = leave(f"L-{number}", start.isoformat(), (start + timedelta(days=more)).isoformat())
        try:
            (fact,) = record(state, "S1", READ(said))
        except Invalid:
            continue
        state, days = evolve(state, fact, Place()), days + more + 1
    found = [month_of(state, "S1", Month(2025, n), Figures(), sessions=False) for n in (2, 3, 4)]
    assert sum(sum(one.leave_days.values()) for one in found) == days
