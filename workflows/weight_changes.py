"""Leaving before and after a scheme's weights changed: people, an interval, no claim of cause."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain import kpi, tenure
from domain.periods import add_months
from domain.refusals import NotFound
from domain.tenure import Exposure
from workflows.chances import FEW_LEFT, FEW_PEOPLE, Interval, rate_of, ratio_of
from workflows.desk import Desk, load
from workflows.leaving_report import spells_at

MONTHS = 6
NO_CAUSE = (
    "前后比较不说明原因：同一时期还有其他变化。",
    "Before and after do not show a cause: other things changed in the same time.",
)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a change: days `[since, until)`, people, days watched, leavings and their rate
    in 100 person-months."""

    since: date
    until: date
    people: int
    left: int
    rate: Interval | None


class WeightChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of weights, and leaving on both sides of it."""

    effective: date
    position: int
    actor: str
    weights_before: dict[str, Decimal]
    weights_after: dict[str, Decimal]
    before: Window
    after: Window
    ratio: Interval | None
    """Rate after ÷ rate before."""
    few: bool
    zh: str
    en: str


def weight_changes(
    desk: Desk,
    tenant: str,
    scheme: str,
    *,
    day: date,
    months: int = MONTHS,
    known: int | None = None,
) -> list[WeightChange]:
    """Each change of a scheme's weights, with so many months before and after it, cut at the end
    of a day and at the neighbouring changes. Raises NotFound."""
    state = load(desk, tenant, f"kpi/{scheme}", kpi.KpiScheme(), kpi.evolve, known)
    if not state.version:
        raise NotFound(
            f"没有考核方案 {scheme}", f"There is no KPI scheme {scheme}", do="List the schemes."
        )
    stays = tenure.stays(spells_at(desk, tenant, day, known), _under(scheme), day)
    dated = sorted(state.weights, key=lambda one: one.effective)
    horizon = day + timedelta(days=1)
    ends = [*(one.effective for one in dated[1:]), horizon]
    found = []
    for place in range(1, len(dated)):
        change, previous = dated[place], dated[place - 1]
        if change.effective >= horizon:
            continue
        since = max(add_months(change.effective, -months), previous.effective)
        until = min(add_months(change.effective, months), ends[place], horizon)
        before = tenure.exposure(stays, since, change.effective)
        after = tenure.exposure(stays, change.effective, until)
        sides = (
            _window(before, since, change.effective),
            _window(after, change.effective, until),
        )
        found.append(_change(previous, change, sides, before, after))
    return found


def _under(scheme: str) -> tenure.Split:
    def split(one: tenure.Membership) -> list[tuple[str, date, date]]:
        return [(scheme if one.scheme == scheme else "", one.start, one.stop)]

    return split


def _window(seen: Exposure, since: date, until: date) -> Window:
    rate = rate_of(seen.left, seen.days)
    return Window(since=since, until=until, people=seen.people, left=seen.left, rate=rate)


def _change(
    previous: kpi.Dated,
    change: kpi.Dated,
    sides: tuple[Window, Window],
    before: Exposure,
    after: Exposure,
) -> WeightChange:
    ratio = ratio_of((before.left, before.days), (after.left, after.days))
    few = min(before.people, after.people) < FEW_PEOPLE or before.left + after.left < FEW_LEFT
    zh, en = _sentence(sides, ratio, few)
    return WeightChange(
        effective=change.effective,
        position=change.position,
        actor=change.actor,
        weights_before={one.metric: one.weight for one in previous.metrics},
        weights_after={one.metric: one.weight for one in change.metrics},
        before=sides[0],
        after=sides[1],
        ratio=ratio,
        few=few,
        zh=zh + NO_CAUSE[0],
        en=en + NO_CAUSE[1],
    )


def _sentence(sides: tuple[Window, Window], ratio: Interval | None, few: bool) -> tuple[str, str]:
    before, after = sides
    zh = f"变更前 {before.people} 人中 {before.left} 人离开，变更后 {after.people} 人中 {after.left} 人离开。"
    en = (
        f"{before.left} of {before.people} people left before, {after.left} of {after.people} "
        "after. "
    )
    if few:
        return zh + "人数太少，不能比较。", en + "Too few to compare. "
    if ratio is None or ratio.low is None:
        return zh, en
    high = "∞" if ratio.high is None else f"{ratio.high:.2f}"
    span = f"{ratio.value:.2f} (95%: {ratio.low:.2f}–{high})"
    within = ratio.low <= 1 and (ratio.high is None or ratio.high >= 1)
    zh += f"离开率之比 {span}" + ("，区间包含 1，看不出差别。" if within else "。")
    en += f"Ratio of the rates {span}" + (
        "; the interval holds 1: no difference can be told. " if within else ". "
    )
    return zh, en
