"""Who leaves: survival curves by team, kind of contract and KPI scheme version, with reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from domain import tenure
from domain.money import ZERO
from domain.tenure import Spell, Stay
from workflows.careers import histories
from workflows.chances import Curve, Interval, curve, share_of
from workflows.definitions import schemes_at
from workflows.desk import Desk

By = Literal["team", "engagement", "scheme"]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A reason of the taxonomy: how many named it, and the sum of its weights."""

    reason: str
    people: int
    weight: Decimal


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group: who was there in the window, who left, why, and its curve."""

    group: str
    people: int
    left: int
    share: Interval | None
    """Left ÷ people who were there on some day of the window."""
    reasons: tuple[Reason, ...]
    curve: Curve


class LeavingReport(msgspec.Struct, frozen=True, kw_only=True):
    """Groups over a window; curves are of everybody's whole stays, the window aside."""

    by: By
    day: date
    since: date
    until: date
    groups: tuple[Group, ...]


def spells_at(desk: Desk, tenant: str, day: date, known: int | None = None) -> list[Spell]:
    """Everybody's spells of work at the end of a day, as known at a position."""
    return [
        spell
        for person, facts in histories(desk, tenant, known).items()
        for spell in tenure.spells(person, facts, day)
    ]


def leaving(
    desk: Desk,
    tenant: str,
    by: By,
    *,
    day: date,
    since: date,
    until: date,
    known: int | None = None,
) -> LeavingReport:
    """Survival and leaving by group: how it stands on a day, counts over `[since, until)`."""
    split = _split(desk, tenant, by, known)
    stays = tenure.stays(spells_at(desk, tenant, day, known), split, day)
    groups: defaultdict[str, list[Stay]] = defaultdict(list)
    for stay in stays:
        groups[stay.group].append(stay)
    made = tuple(_group(name, groups[name], since, until) for name in sorted(groups))
    return LeavingReport(by=by, day=day, since=since, until=until, groups=made)


def _split(desk: Desk, tenant: str, by: By, known: int | None) -> tenure.Split:
    if by == "team":
        return tenure.by_team
    if by == "engagement":
        return tenure.by_engagement
    versions = {
        name: [dated.effective for dated in scheme.weights]
        for name, scheme in schemes_at(desk, tenant, known).items()
    }
    return tenure.by_scheme(versions)


def _group(name: str, stays: list[Stay], since: date, until: date) -> Group:
    seen = tenure.exposure(stays, since, until)
    gone = [one for one in stays if one.left and since < one.stop <= until]
    return Group(
        group=name,
        people=seen.people,
        left=seen.left,
        share=share_of(min(seen.left, seen.people), seen.people),
        reasons=reasons_of(gone),
        curve=curve(name, stays),
    )


def reasons_of(gone: Iterable[Stay]) -> tuple[Reason, ...]:
    """The reasons of stays that ended with a leaving, the heaviest first."""
    weights: dict[str, Decimal] = {}
    counts: dict[str, int] = {}
    for stay in gone:
        for one in stay.reasons:
            weights[one.reason] = weights.get(one.reason, ZERO) + one.weight
            counts[one.reason] = counts.get(one.reason, 0) + 1
    ordered = sorted(weights, key=lambda name: (-weights[name], name))
    return tuple(Reason(reason=one, people=counts[one], weight=weights[one]) for one in ordered)
