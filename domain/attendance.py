"""Attendance as pay needs it: leave and overtime as entries, live days and hours from figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import Field, model_validator

from domain.commands import Command, Id
from domain.facts import Fact, Place
from domain.figures import Figures
from domain.money import ZERO, Number
from domain.pay_input import Unpaid
from domain.periods import Day, Month, Period
from domain.refusals import Invalid, NotFound, WrongState

LeaveKind = Literal[
    "annual", "sick", "unpaid", "marriage", "maternity", "bereavement", "lieu", "other"
]
OvertimeKind = Literal["workday", "rest_day", "holiday"]
LONGEST_LEAVE = 366
MOST_HOURS = Decimal(24)


class LeaveRecorded(Fact, frozen=True, kw_only=True):
    """Somebody is on leave on the days from `effective` to before `end`, each day by a share."""

    person: str
    entry: str
    effective: date
    end: date
    leave: LeaveKind
    share: Decimal


class OvertimeRecorded(Fact, frozen=True, kw_only=True):
    """Somebody worked so many hours over on a day of a kind (150, 200 or 300 %)."""

    person: str
    entry: str
    effective: date
    hours: Decimal
    overtime: OvertimeKind


class AttendanceWithdrawn(Fact, frozen=True, kw_only=True):
    """An entry was wrong and counts no more; the right one is a new entry."""

    person: str
    entry: str


class RecordLeave(Command):
    """Leave from a day to a day, both included; `share` 0.5 is half of each day."""

    kind: Literal["leave"]
    entry: Id
    start: Day
    last: Day
    leave: LeaveKind
    share: Annotated[Number, Field(gt=0, le=1)] = Decimal(1)

    @model_validator(mode="after")
    def _in_order(self) -> RecordLeave:
        if not 0 <= (self.last - self.start).days < LONGEST_LEAVE:
            raise ValueError("last must not lie before start, nor more than a year after it")
        return self


class RecordOvertime(Command):
    """Hours over on a day."""

    kind: Literal["overtime"]
    entry: Id
    day: Day
    hours: Annotated[Number, Field(gt=0, le=24)]
    overtime: OvertimeKind = "workday"


class WithdrawEntry(Command):
    """Take an entry back."""

    kind: Literal["withdraw"]
    entry: Id


AttendanceEntry = Annotated[
    RecordLeave | RecordOvertime | WithdrawEntry, Field(discriminator="kind")
]
Standing = LeaveRecorded | OvertimeRecorded


class AttendanceBook(msgspec.Struct, frozen=True, kw_only=True):
    """A person's entries that stand, and every id that was ever used."""

    version: int = 0
    standing: tuple[Standing, ...] = ()
    used: frozenset[str] = frozenset()


class MonthAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """One month: live days, hours and sessions from figures, leave and overtime from entries."""

    person: str
    month: str
    live_days: int
    live_hours: Decimal
    sessions: Decimal | None
    """By the metric `live_sessions`; None where it was not measured."""
    leave_days: dict[str, Decimal]
    overtime_hours: dict[str, Decimal]
    unpaid: tuple[Unpaid, ...]
    """Days, or shares, of unpaid leave: what amounts a month are cut by."""


def evolve(state: AttendanceBook, fact: Fact, place: Place) -> AttendanceBook:
    """Fold one fact into the book."""
    match fact:
        case LeaveRecorded() | OvertimeRecorded():
            standing, used = (*state.standing, fact), state.used | {fact.entry}
        case AttendanceWithdrawn():
            standing = tuple(one for one in state.standing if one.entry != fact.entry)
            used = state.used
        case _:
            raise TypeError(f"attendance has no fact {type(fact).__name__}")
    return AttendanceBook(version=place.version, standing=standing, used=used)


def record(
    state: AttendanceBook, person: str, command: RecordLeave | RecordOvertime | WithdrawEntry
) -> list[Fact]:
    """Record or withdraw an entry.

    Raises WrongState for an id that was used, Invalid where the days would hold more than they
    have, NotFound for an entry that does not stand.
    """
    if isinstance(command, WithdrawEntry):
        if all(one.entry != command.entry for one in state.standing):
            raise NotFound(
                f"没有有效的考勤记录 {command.entry}",
                f"No entry {command.entry} stands",
                do="List the month's entries.",
            )
        return [AttendanceWithdrawn(person=person, entry=command.entry)]
    if command.entry in state.used:
        raise WrongState(
            f"考勤记录 {command.entry} 已存在",
            f"Entry {command.entry} was recorded already",
            do="Give a correction an id of its own, and withdraw the wrong entry.",
            current_version=state.version,
        )
    if isinstance(command, RecordOvertime):
        return [_overtime(state, person, command)]
    return [_leave(state, person, command)]


def _overtime(state: AttendanceBook, person: str, command: RecordOvertime) -> Fact:
    before = [
        one.hours
        for one in state.standing
        if isinstance(one, OvertimeRecorded) and one.effective == command.day
    ]
    if sum(before, command.hours) > MOST_HOURS:
        raise _too_much("hours", command.day)
    return OvertimeRecorded(
        person=person,
        entry=command.entry,
        effective=command.day,
        hours=command.hours,
        overtime=command.overtime,
    )


def _leave(state: AttendanceBook, person: str, command: RecordLeave) -> Fact:
    period = Period(command.start, date.fromordinal(command.last.toordinal() + 1))
    taken = _by_day(state.standing, period)
    for day in period.days():
        if taken.get(day, ZERO) + command.share > 1:
            raise _too_much("start", day)
    return LeaveRecorded(
        person=person,
        entry=command.entry,
        effective=period.start,
        end=period.stop,
        leave=command.leave,
        share=command.share,
    )


def _too_much(field: str, day: date) -> Invalid:
    return Invalid(
        f"{day} 的考勤超过一天",
        f"{day} would hold more than one day",
        do="Withdraw the other entry of the day, or give a smaller share.",
        field=field,
    )


def _by_day(standing: Iterable[Standing], period: Period) -> dict[date, Decimal]:
    """Day → the share of it that is leave."""
    found: dict[date, Decimal] = {}
    for one in standing:
        if isinstance(one, LeaveRecorded):
            days = Period(one.effective, one.end).overlap(period)
            for day in days.days() if days else ():
                found[day] = found.get(day, ZERO) + one.share
    return found


def month_of(
    state: AttendanceBook, person: str, month: Month, figures: Figures, *, sessions: bool
) -> MonthAttendance:
    """The month as pay needs it; `sessions` says whether `live_sessions` is defined."""
    period = month.period
    leave: dict[str, Decimal] = {}
    overtime: dict[str, Decimal] = {}
    unpaid: dict[date, Decimal] = {}
    for one in state.standing:
        if isinstance(one, OvertimeRecorded):
            if one.effective in period:
                overtime[one.overtime] = overtime.get(one.overtime, ZERO) + one.hours
            continue
        for day, share in _by_day([one], period).items():
            leave[one.leave] = leave.get(one.leave, ZERO) + share
            if one.leave == "unpaid":
                unpaid[day] = unpaid.get(day, ZERO) + share
    by_day = figures.by_day("live_minutes", period)
    return MonthAttendance(
        person=person,
        month=str(month),
        live_days=sum(minutes > 0 for minutes in by_day.values()),
        live_hours=sum(by_day.values(), ZERO) / 60,
        sessions=figures.total("live_sessions", period) if sessions else None,
        leave_days=leave,
        overtime_hours=overtime,
        unpaid=tuple(Unpaid(day, share) for day, share in sorted(unpaid.items())),
    )
