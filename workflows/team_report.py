"""Teams side by side: leaving beside targets, KPI weights and traffic. What stands beside a
number is not its cause, and no sentence here says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain import tenure
from domain.kpi import KpiScheme
from domain.kpi_terms import KpiMetric
from domain.money import ZERO, fen
from domain.periods import Month, Period, months_between
from domain.tenure import Spell, Stay
from domain.texts import per_cent, percent
from workflows.chances import Interval, share_of
from workflows.definitions import aggregations_of, metrics_at, schemes_at
from workflows.desk import Desk
from workflows.leaving_report import Reason, reasons_of, spells_at

TRAFFIC = "views_gained"
ASIDE = 3
"""Months at each end of the window whose traffic is compared."""
LEAST_PEOPLE, LEAST_LEFT = 20, 5
TARGET_APART = Decimal("0.1")
WEIGHT_APART = Decimal("0.1")
TRAFFIC_APART = Decimal("0.1")


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in which a team differs from the others."""

    code: str
    metric: str
    own: Decimal
    others: Decimal
    zh: str
    en: str


class TeamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A team over the window, beside all other teams together."""

    team: str
    people: int
    left: int
    share: Interval | None
    others: Interval | None
    stands_out: bool
    """Enough people, and the whole interval lies above the others' share."""
    scheme: str
    weights: dict[str, Decimal]
    targets: dict[str, Decimal]
    traffic_growth: Decimal | None
    reasons: tuple[Reason, ...]
    beside: tuple[Beside, ...]


class TeamReport(msgspec.Struct, frozen=True, kw_only=True):
    """Teams over `[since, until)`, those that lose most people first."""

    since: date
    until: date
    traffic_metric: str
    teams: tuple[TeamRow, ...]


class _Team(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    people: int
    left: int
    gone: list[Stay]
    scheme: str
    metrics: dict[str, KpiMetric]
    growth: Decimal | None


def teams(
    desk: Desk,
    tenant: str,
    *,
    day: date,
    since: date,
    until: date,
    known: int | None = None,
    traffic: str = TRAFFIC,
) -> TeamReport:
    """Every team's leaving over `[since, until)`, and in what it differs from the others."""
    spells = spells_at(desk, tenant, day, known)
    stays = tenure.stays(spells, tenure.by_team, day)
    schemes = schemes_at(desk, tenant, known)
    growth = _growth(desk, tenant, spells, since, until, known, traffic)
    found = []
    for name in sorted({stay.group for stay in stays}):
        own = [stay for stay in stays if stay.group == name]
        seen = tenure.exposure(own, since, until)
        if seen.people:
            scheme = _scheme_of(name, spells, schemes, until)
            found.append(
                _Team(
                    name=name,
                    people=seen.people,
                    left=seen.left,
                    gone=[one for one in own if one.left and since < one.stop <= until],
                    scheme=scheme.scheme if scheme else "",
                    metrics=_metrics(scheme, until),
                    growth=growth.get(name),
                )
            )
    rows = [_row(one, [other for other in found if other is not one]) for one in found]
    rows.sort(key=lambda row: (not row.stands_out, -(row.share.value if row.share else 0)))
    return TeamReport(since=since, until=until, traffic_metric=traffic, teams=tuple(rows))


def _scheme_of(
    team: str, spells: Sequence[Spell], schemes: dict[str, KpiScheme], until: date
) -> KpiScheme | None:
    """The scheme most of the team worked under, else the one defined for the team."""
    named = Counter(
        one.scheme
        for spell in spells
        for one in spell.memberships
        if one.team == team and one.scheme in schemes and one.start < until
    )
    if named:
        return schemes[min(named, key=lambda name: (-named[name], name))]
    return next((one for one in schemes.values() if one.team == team), None)


def _metrics(scheme: KpiScheme | None, until: date) -> dict[str, KpiMetric]:
    """The weights and targets in force at the end of the window."""
    begun = [one for one in scheme.weights if one.effective < until] if scheme else []
    if not begun:
        return {}
    return {one.metric: one for one in max(begun, key=lambda dated: dated.effective).metrics}


def _row(own: _Team, others: Sequence[_Team]) -> TeamRow:
    people, left = sum(one.people for one in others), sum(one.left for one in others)
    share, rest = _share(own.left, own.people), _share(left, people)
    enough = own.people >= LEAST_PEOPLE and own.left >= LEAST_LEFT
    above = bool(share and rest and share.low is not None and share.low > rest.value)
    return TeamRow(
        team=own.name,
        people=own.people,
        left=own.left,
        share=share,
        others=rest,
        stands_out=enough and above,
        scheme=own.scheme,
        weights={name: one.weight for name, one in own.metrics.items()},
        targets={name: one.target for name, one in own.metrics.items()},
        traffic_growth=own.growth,
        reasons=reasons_of(own.gone),
        beside=tuple(_beside(own, others)),
    )


def _share(left: int, people: int) -> Interval | None:
    return share_of(min(left, people), people)


def _beside(own: _Team, others: Sequence[_Team]) -> list[Beside]:
    found = []
    for name, metric in own.metrics.items():
        theirs = [one.metrics[name] for one in others if name in one.metrics]
        if not theirs:
            continue
        target = _mean([one.target for one in theirs])
        if abs(metric.target / target - 1) >= TARGET_APART:
            found.append(_target(name, metric.target, target))
        weight = _mean([one.weight for one in theirs])
        if abs(metric.weight - weight) >= WEIGHT_APART:
            found.append(_weight(name, metric.weight, weight))
    growths = [one.growth for one in others if one.growth is not None]
    if own.growth is not None and growths:
        rest = _mean(growths)
        if abs(own.growth - rest) >= TRAFFIC_APART:
            found.append(_traffic(own.growth, rest))
    return found


def _target(name: str, own: Decimal, others: Decimal) -> Beside:
    apart = fen(own / others - 1)
    zh_way, en_way = ("高", "above") if apart > 0 else ("低", "below")
    return _said(
        "target", name, own, others,
        f"{name} 目标比其他团队平均{zh_way} {per_cent(abs(apart))}",
        f"The target of {name} is {percent(abs(apart))} {en_way} the other teams' average",
    )  # fmt: skip


def _weight(name: str, own: Decimal, others: Decimal) -> Beside:
    rest = fen(others)
    return _said(
        "weight", name, own, rest,
        f"{name} 权重 {per_cent(own)}，其他团队平均 {per_cent(rest)}",
        f"{name} weighs {percent(own)}; {percent(rest)} on average in the other teams",
    )  # fmt: skip


def _traffic(own: Decimal, others: Decimal) -> Beside:
    mine, rest = fen(own), fen(others)
    return _said(
        "traffic", "", mine, rest,
        f"流量变化 {per_cent(mine)}，其他团队平均 {per_cent(rest)}",
        f"Traffic changed by {percent(mine)}; by {percent(rest)} on average in the other teams",
    )  # fmt: skip


def _said(code: str, metric: str, own: Decimal, others: Decimal, zh: str, en: str) -> Beside:
    return Beside(code=code, metric=metric, own=own, others=others, zh=zh, en=en)


def _mean(values: Sequence[Any]) -> Decimal:
    return sum(values, ZERO) / len(values)


def _growth(
    desk: Desk,
    tenant: str,
    spells: Sequence[Spell],
    since: date,
    until: date,
    known: int | None,
    metric: str,
) -> dict[str, Decimal]:
    """Team → traffic of the window's last months over its first ones, less one.

    Each month's figure of a person counts for the team of that month's first day.
    """
    months = [
        month
        for month in months_between(Month.of(since), Month.of(until))
        if since <= month.first and month.period.stop <= until
    ]
    aside = min(ASIDE, len(months) // 2)
    if not aside:
        return {}
    ends = (months[:aside], months[-aside:])
    sums: list[Counter[str]] = [
        _traffic_of(desk, tenant, spells, part, known, metric) for part in ends
    ]
    first, last = sums
    return {team: Decimal(last[team]) / first[team] - 1 for team in first if first[team] > 0}


def _traffic_of(
    desk: Desk,
    tenant: str,
    spells: Sequence[Spell],
    months: Sequence[Month],
    known: int | None,
    metric: str,
) -> Counter[str]:
    span = Period(months[0].first, months[-1].period.stop)
    head = desk.store.head(tenant)[0] if known is None else known
    how = aggregations_of(metrics_at(desk, tenant, known))
    persons = sorted({spell.person for spell in spells})
    figures = desk.figures.read(tenant, persons, span, head, how)
    found: Counter[str] = Counter()
    for month in months:
        for person, team in tenure.team_on(spells, month.first).items():
            found[team] += figures[person].total(metric, month.period)  # type: ignore[assignment]
    return found
