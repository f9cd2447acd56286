"""How long people stayed: careers cut into spells of work, spells into stays in a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from domain.career_facts import PersonLeft, TeamChanged, WorkStarted
from domain.facts import Fact
from domain.leaving import LeavingReason


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which a person worked for one team under one scheme; no end where it goes on."""

    start: date
    end: date | None
    team: str
    track: str
    engagement: str
    scheme: str

    @property
    def stop(self) -> date:
        """The end, the far future where there is none."""
        return self.end or date.max


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """One time of work from a start to a leaving, or to now."""

    person: str
    start: date
    end: date | None
    memberships: tuple[Membership, ...]
    wish: str = ""
    reasons: tuple[LeavingReason, ...] = ()


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A stay in a group: `left` says that it ended with the person's leaving the company.

    A stay that ended otherwise (a move, another version, the day of the look) is censored.
    """

    group: str
    person: str
    start: date
    days: int
    left: bool
    reasons: tuple[LeavingReason, ...] = ()

    @property
    def stop(self) -> date:
        """The first day after the stay."""
        return self.start + timedelta(days=self.days)


Split = Callable[[Membership], Iterable[tuple[str, date, date]]]
"""A membership as (group, first day, first day after); groups named "" are left out."""


def spells(person: str, facts: Sequence[Fact], day: date) -> list[Spell]:
    """The spells of a career as it stands at the end of a day; what begins later is not there."""
    found: list[Spell] = []
    for fact in facts:
        if isinstance(fact, WorkStarted | TeamChanged | PersonLeft) and fact.effective <= day:
            _add(found, person, fact)
    return found


def _add(found: list[Spell], person: str, fact: WorkStarted | TeamChanged | PersonLeft) -> None:
    match fact:
        case WorkStarted():
            first = _membership(fact, fact.engagement)
            found.append(Spell(person=person, start=fact.effective, end=None, memberships=(first,)))
        case TeamChanged() if found:
            spell = found[-1]
            kept = _closed(spell.memberships, fact.effective)
            new = _membership(fact, spell.memberships[-1].engagement)
            found[-1] = msgspec.structs.replace(spell, memberships=(*kept, new))
        case PersonLeft() if found:
            spell = found[-1]
            found[-1] = msgspec.structs.replace(
                spell,
                end=fact.effective,
                memberships=_closed(spell.memberships, fact.effective),
                wish=fact.wish,
                reasons=fact.reasons,
            )


def _membership(fact: WorkStarted | TeamChanged, engagement: str) -> Membership:
    return Membership(
        start=fact.effective,
        end=None,
        team=fact.team,
        track=fact.track,
        engagement=engagement,
        scheme=fact.scheme,
    )


def _closed(memberships: tuple[Membership, ...], end: date) -> tuple[Membership, ...]:
    """The memberships with the last one ended; one that ends as it begins is dropped, unless it
    is the only one."""
    last = msgspec.structs.replace(memberships[-1], end=end)
    if last.start == end and len(memberships) > 1:
        return memberships[:-1]
    return (*memberships[:-1], last)


def stays(every: Iterable[Spell], split: Split, day: date) -> list[Stay]:
    """The stays of spells in groups, up to the end of a day.

    Parts of one group that follow each other are one stay; the last part of a spell that ended
    with a leaving carries it.
    """
    found: list[Stay] = []
    for spell in every:
        found += _stays_of(spell, split, day + timedelta(days=1))
    return found


def _stays_of(spell: Spell, split: Split, horizon: date) -> Iterator[Stay]:
    parts = [part for one in spell.memberships for part in split(one)]
    merged: list[tuple[str, date, date]] = []
    for group, start, stop in parts:
        if merged and merged[-1][0] == group and merged[-1][2] == start:
            merged[-1] = (group, merged[-1][1], stop)
        else:
            merged.append((group, start, stop))
    for group, start, stop in merged:
        if not group or start >= horizon:
            continue
        left = spell.end is not None and stop == spell.end
        yield Stay(
            group=group,
            person=spell.person,
            start=start,
            days=(min(stop, horizon) - start).days,
            left=left,
            reasons=spell.reasons if left else (),
        )


def by_team(membership: Membership) -> Iterable[tuple[str, date, date]]:
    """Group by team: a move to another team ends the watch without a leaving."""
    return [(membership.team, membership.start, membership.stop)]


def by_engagement(membership: Membership) -> Iterable[tuple[str, date, date]]:
    """Group by the kind of contract."""
    return [(membership.engagement, membership.start, membership.stop)]


def by_scheme(versions: Mapping[str, Sequence[date]]) -> Split:
    """Group by KPI scheme and version; `versions` are the first days of each scheme's versions.

    The clock of a version begins with the later of joining and the version's first day.
    """

    def split(membership: Membership) -> Iterator[tuple[str, date, date]]:
        starts = sorted(versions.get(membership.scheme, ()))
        for number, start in enumerate(starts):
            following = starts[number + 1] if number + 1 < len(starts) else date.max
            first, stop = max(start, membership.start), min(following, membership.stop)
            if first < stop:
                yield f"{membership.scheme} @ {start}", first, stop

    return split


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What a window of days saw of stays: people, days watched, leavings."""

    people: int
    days: int
    left: int


def exposure(every: Iterable[Stay], since: date, until: date) -> Exposure:
    """People and days in `[since, until)`, and who left on one of its days.

    A leaving on day D (the first day not here) belongs to the window that holds the day before.
    """
    people: set[str] = set()
    days = left = 0
    for stay in every:
        first, stop = max(stay.start, since), min(stay.stop, until)
        if first < stop:
            people.add(stay.person)
            days += (stop - first).days
            left += stay.left and stay.stop <= until
    return Exposure(people=len(people), days=days, left=left)


def team_on(every: Iterable[Spell], day: date) -> dict[str, str]:
    """Person → team on a day, of those who work then."""
    return {
        spell.person: one.team
        for spell in every
        for one in spell.memberships
        if one.start <= day < one.stop
    }
