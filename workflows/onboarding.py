"""Onboarding: time in each step by team and month, the bottleneck, what a change changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

import msgspec

from domain import onboarding
from domain.career import day_in_china
from domain.onboarding import SetStepLimits, Spread, StepLimits, Timed, Waiting, spread
from domain.texts import number
from workflows.careers import histories
from workflows.desk import Ask, Desk, Outcome, handle, load
from workflows.funnel import careers_of, rounds_of

LIMITS = "people/step-limits"
K = TypeVar("K", bound=Hashable)


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step in a team and a month (the month in which it was done)."""

    team: str
    month: str
    step: str
    times: Spread
    few: bool


class Bottleneck(msgspec.Struct, frozen=True, kw_only=True):
    """The step that takes a team longest, by median, with every step's spread beside it."""

    team: str
    step: str
    times: Spread
    steps: dict[str, Spread]
    few: bool
    zh: str
    en: str


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Times of a step before and after: another version, another way of signing, a day."""

    what: str
    step: str
    before_is: str
    after_is: str
    before: Spread
    after: Spread
    few: bool
    zh: str
    en: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Onboarding over `[since, until)`: steps that were done on these days."""

    since: date
    until: date
    rows: tuple[StepRow, ...]
    bottlenecks: tuple[Bottleneck, ...]
    compared: tuple[Compared, ...]


def report(
    desk: Desk,
    tenant: str,
    *,
    since: date,
    until: date,
    known: int | None = None,
    team: str | None = None,
    changed_on: date | None = None,
) -> Report:
    """Times by team and month, each team's bottleneck, and versions side by side.

    With `changed_on` every step is also compared before and from that day.
    """
    every = [
        one
        for person, facts in histories(desk, tenant, known).items()
        for one in onboarding.timed(person, rounds_of(facts))
        if since <= day_in_china(one.done) < until and team in (None, one.team)
    ]
    return Report(
        since=since,
        until=until,
        rows=tuple(_rows(every)),
        bottlenecks=tuple(_bottlenecks(every)),
        compared=tuple(_versions(every) + _around(every, changed_on)),
    )


def _grouped(every: Iterable[Timed], key: Callable[[Timed], K]) -> dict[K, list[Decimal]]:
    found: defaultdict[K, list[Decimal]] = defaultdict(list)
    for one in every:
        found[key(one)].append(one.hours)
    return dict(found)


def _rows(every: list[Timed]) -> list[StepRow]:
    groups = _grouped(every, lambda one: (one.team, f"{day_in_china(one.done):%Y-%m}", one.step))
    order = {step: place for place, step in enumerate(onboarding.STEPS)}
    rows = []
    for (team, month, step), hours in groups.items():
        times = spread(hours)
        rows.append(StepRow(team=team, month=month, step=step, times=times, few=times.few))
    return sorted(rows, key=lambda row: (row.team, row.month, order[row.step]))


def _bottlenecks(every: list[Timed]) -> list[Bottleneck]:
    found = []
    for team in sorted({one.team for one in every}):
        groups = _grouped((one for one in every if one.team == team), lambda one: one.step)
        steps = {step: spread(groups[step]) for step in onboarding.STEPS if step in groups}
        worst = max(steps, key=lambda step: steps[step].median)
        times = steps[worst]
        median = number(times.median)
        found.append(
            Bottleneck(
                team=team,
                step=worst,
                times=times,
                steps=steps,
                few=times.few,
                zh=f"{team}：最慢的一步是 {worst}，中位 {median} 小时（{times.count} 人）",
                en=f"{team}: {worst} takes longest, {median} hours at the median "
                f"({times.count} people)",
            )
        )
    return found


def _versions(every: list[Timed]) -> list[Compared]:
    """Signing under each version of a template and each way of signing, in order of first use."""
    signed = sorted((one for one in every if one.step == "signed"), key=lambda one: one.done)
    found = []
    keys: tuple[tuple[str, Callable[[Timed], str]], ...] = (
        ("template", lambda one: one.template),
        ("way", lambda one: one.way),
    )
    for what, key in keys:
        groups = _grouped((one for one in signed if key(one)), key)
        names = list(groups)
        for before, after in pairwise(names):
            sides = (spread(groups[before]), spread(groups[after]))
            found.append(_compared(what, "signed", (before, after), sides))
    return found


def _around(every: list[Timed], changed_on: date | None) -> list[Compared]:
    if changed_on is None:
        return []
    found = []
    for step in onboarding.STEPS:
        own = [one for one in every if one.step == step]
        before = [one.hours for one in own if day_in_china(one.done) < changed_on]
        after = [one.hours for one in own if day_in_china(one.done) >= changed_on]
        if before and after:
            names = (f"< {changed_on}", f"≥ {changed_on}")
            found.append(_compared("day", step, names, (spread(before), spread(after))))
    return found


def _compared(
    what: str, step: str, names: tuple[str, str], sides: tuple[Spread, Spread]
) -> Compared:
    (before_is, after_is), (before, after) = names, sides
    few = before.few or after.few
    first, second = number(before.median), number(after.median)
    zh = f"{step}：{before_is} 中位 {first} 小时（{before.count} 人），{after_is} {second} 小时（{after.count} 人）"
    en = (
        f"{step}: {first} hours at the median with {before_is} ({before.count} people), "
        f"{second} with {after_is} ({after.count})"
    )
    return Compared(
        what=what,
        step=step,
        before_is=before_is,
        after_is=after_is,
        before=before,
        after=after,
        few=few,
        zh=zh + ("；人数太少" if few else ""),
        en=en + ("; too few to tell" if few else ""),
    )


def waiting(desk: Desk, tenant: str, now: datetime, known: int | None = None) -> list[Waiting]:
    """Rounds that stand at a stage at a moment, the one furthest past its limit first."""
    limits = read_limits(desk, tenant, known)
    seen = {
        person: [fact for fact in facts if fact.at <= now + timedelta(minutes=5)]  # type: ignore[attr-defined]
        for person, facts in histories(desk, tenant, known).items()
    }
    return onboarding.waiting(careers_of(seen).values(), limits, now)


def read_limits(desk: Desk, tenant: str, known: int | None = None) -> StepLimits:
    """The limits as known at a position."""
    return load(desk, tenant, LIMITS, StepLimits(), onboarding.evolve, known)


def set_limits(desk: Desk, tenant: str, command: SetStepLimits, ask: Ask) -> Outcome[StepLimits]:
    """Set how many hours a round may stand at each stage, from a day on."""
    return handle(
        desk,
        tenant,
        LIMITS,
        StepLimits(),
        onboarding.evolve,
        lambda _: onboarding.set_limits(command),
        ask,
    )
