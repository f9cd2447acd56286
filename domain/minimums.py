"""Hours, live days and sessions: what was asked for, what was done. These clauses pay nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import msgspec

from domain.clauses import Hours, Sessions
from domain.figures import Figures
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.periods import Period
from domain.texts import number, short
from domain.versions import Group, Version, informed

MINUTES, DAYS = "live_minutes", "live_days"
"""Metric codes: minutes live, by day; live days as a number, where only months are measured."""


class Live(msgspec.Struct, frozen=True):
    """How long somebody was live in a period."""

    days: Decimal
    """Days with at least the minutes asked for."""
    minutes: Decimal


def live(
    figures: Figures, period: Period, hours_a_day: Decimal = ZERO, category: str | None = None
) -> Live:
    """Live days and minutes in a period.

    A day counts when it has minutes, and at least `hours_a_day` of them. Where `live_days` was
    measured it gives the days, and the hours a day are those of the average day.
    """
    daily = figures.by_day(MINUTES, period, category)
    minutes = sum(daily.values(), ZERO)
    need = hours_a_day * 60
    if figures.has(DAYS, period):
        days = figures.total(DAYS, period)
        return Live(days if minutes >= need * days else ZERO, minutes)
    return Live(Decimal(sum(1 for m in daily.values() if m > 0 and m >= need)), minutes)


def hours_lines(pay: PayInput, group: Group) -> list[Line]:
    """An information line for each month or whole week in which the minimum was not met."""
    return [line for version in group for line in _hours(pay, version)]


def _hours(pay: PayInput, version: Version) -> Iterator[Line]:
    clause = version.clause
    assert isinstance(clause, Hours)
    for span in _spans(version.period, clause.per):
        done = live(pay.figures, span)
        short_hours = clause.minimum_hours is not None and done.minutes < clause.minimum_hours * 60
        short_days = clause.minimum_days is not None and done.days < clause.minimum_days
        if not short_hours and not short_days:
            continue
        hours = short(done.minutes / 60)
        need_zh = _join(clause.minimum_hours, "小时", clause.minimum_days, "天")
        need_en = _join(clause.minimum_hours, " hours", clause.minimum_days, " days")
        yield informed(
            pay,
            (version,),
            f"直播时长（{_span_text(span)}）：{hours} 小时、{number(done.days)} 天，未达到 {need_zh}",
            f"Hours live ({_span_text(span)}): {hours} hours on {number(done.days)} days; "
            f"the minimum is {need_en}",
        )


def session_lines(pay: PayInput, group: Group) -> list[Line]:
    """An information line where there were fewer sessions than agreed, counted by live days."""
    return [line for version in group for line in _sessions(pay, version)]


def _sessions(pay: PayInput, version: Version) -> Iterator[Line]:
    clause = version.clause
    assert isinstance(clause, Sessions)
    category = f"/{clause.category}" if clause.category else ""
    for span in _spans(version.period, clause.per):
        done = live(pay.figures, span, clause.hours_each, clause.category)
        if done.days >= clause.least:
            continue
        hours = number(clause.hours_each)
        yield informed(
            pay,
            (version,),
            f"场次{category}（{_span_text(span)}）：{number(done.days)} 场，"
            f"约定至少 {clause.least} 场，每场 {hours} 小时",
            f"Sessions{category} ({_span_text(span)}): {number(done.days)}; "
            f"at least {clause.least} of {hours} hours were agreed",
        )


def _spans(period: Period, per: str) -> Iterator[Period]:
    """The period itself, or the weeks (Monday to Sunday) that lie wholly inside it."""
    if per == "month":
        yield period
        return
    monday = period.start + timedelta(days=-period.start.weekday() % 7)
    while monday + timedelta(days=7) <= period.stop:
        yield Period(monday, monday + timedelta(days=7))
        monday += timedelta(days=7)


def _span_text(span: Period) -> str:
    return f"{span.start:%m-%d} – {span.stop - timedelta(days=1):%m-%d}"


def _join(hours: Decimal | None, hour: str, days: int | None, day: str) -> str:
    parts = [f"{number(hours)}{hour}" if hours is not None else "", f"{days}{day}" if days else ""]
    return " / ".join(part for part in parts if part)
