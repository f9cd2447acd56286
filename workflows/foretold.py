"""How well match scores foretold staying and sales, by track: counts first, and a plain warning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain import tenure
from domain.career_facts import CandidateAssessed, WorkStarted
from domain.competence import CompetenceModel
from domain.facts import Fact
from domain.money import ZERO, fen
from domain.periods import Period
from domain.tenure import Spell
from workflows.careers import histories, match_of, read_model
from workflows.chances import Interval, rank_correlation, share_of
from workflows.definitions import aggregations_of, metrics_at
from workflows.desk import Desk
from workflows.funnel import rounds_of

DAYS = 180
BAND = Decimal(70)
ENOUGH = 30
"""Fewer hires than these say little, and the report says so."""


class Hire(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody assessed before work started: the score, and what came of it."""

    person: str
    track: str
    score: Decimal
    start: date
    stayed: bool | None
    """Whether they were still here after the days asked for; None where it is too early."""
    sales: Decimal | None
    """Sales in 30 days of work over these days; None where nothing was measured."""


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Hires above or below the score asked for."""

    people: int
    stayed: Interval | None
    sales: Decimal | None


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """A track: how hires with high and low scores fared, and how the order of scores agrees."""

    track: str
    hires: int
    judged: int
    """Hires of whom it is known whether they stayed so long."""
    high: Band
    low: Band
    with_staying: Decimal | None
    """Spearman's rank correlation of score and staying."""
    with_sales: Decimal | None
    few: bool
    zh: str
    en: str


def foretold(
    desk: Desk,
    tenant: str,
    *,
    day: date,
    days: int = DAYS,
    band: Decimal = BAND,
    known: int | None = None,
    metric: str = "sales",
) -> list[Foretold]:
    """By track: the last score before each hire against staying so many days and sales in them."""
    hires = _hires(desk, tenant, day, days, known, metric)
    return [
        _of_track(track, [one for one in hires if one.track == track], days, band)
        for track in sorted({one.track for one in hires})
    ]


def _hires(
    desk: Desk, tenant: str, day: date, days: int, known: int | None, metric: str
) -> list[Hire]:
    found: list[tuple[Spell, CandidateAssessed]] = []
    for person, facts in histories(desk, tenant, known).items():
        spells = tenure.spells(person, facts, day)
        for steps in rounds_of(facts):
            pair = _assessed_hire(steps, spells)
            if pair is not None:
                found.append(pair)
    models: dict[str, CompetenceModel] = {}
    for _, made in found:
        if made.track not in models:
            models[made.track] = read_model(desk, tenant, made.track, known)
    sales = _sales(desk, tenant, [spell for spell, _ in found], day, days, known, metric)
    return [
        Hire(
            person=spell.person,
            track=made.track,
            score=match_of(models[made.track], made).score,
            start=spell.start,
            stayed=_stayed(spell, day, days),
            sales=sales.get((spell.person, spell.start)),
        )
        for spell, made in found
    ]


def _assessed_hire(
    steps: Sequence[Fact], spells: Sequence[Spell]
) -> tuple[Spell, CandidateAssessed] | None:
    """The spell a round led to, and the last assessment before it."""
    start = next(
        (one for one in steps if isinstance(one, WorkStarted) and one.how == "hired"), None
    )
    if start is None:
        return None
    made = [one for one in steps if isinstance(one, CandidateAssessed) and one.at <= start.at]
    spell = next((one for one in spells if one.start == start.effective), None)
    return (spell, max(made, key=lambda one: one.at)) if made and spell else None


def _stayed(spell: Spell, day: date, days: int) -> bool | None:
    until = spell.start + timedelta(days=days)
    if spell.end is not None and spell.end <= day + timedelta(days=1) and spell.end < until:
        return False
    return True if until <= day + timedelta(days=1) else None


def _sales(
    desk: Desk,
    tenant: str,
    spells: Sequence[Spell],
    day: date,
    days: int,
    known: int | None,
    metric: str,
) -> dict[tuple[str, date], Decimal]:
    if not spells:
        return {}
    first, stop = min(one.start for one in spells), day + timedelta(days=1)
    if first >= stop:
        return {}
    head = desk.store.head(tenant)[0] if known is None else known
    how = aggregations_of(metrics_at(desk, tenant, known))
    persons = sorted({one.person for one in spells})
    figures = desk.figures.read(tenant, persons, Period(first, stop), head, how)
    found = {}
    for spell in spells:
        until = min(spell.start + timedelta(days=days), spell.end or date.max, stop)
        if spell.start < until:
            span = Period(spell.start, until)
            if figures[spell.person].values(metric, span):
                total = figures[spell.person].total(metric, span)
                found[spell.person, spell.start] = fen(total * 30 / span.length())
    return found


def _of_track(track: str, hires: list[Hire], days: int, band: Decimal) -> Foretold:
    judged = [one for one in hires if one.stayed is not None]
    staying = [(one.score, Decimal(bool(one.stayed))) for one in judged]
    sales = [(one.score, one.sales) for one in hires if one.sales is not None]
    few = len(judged) < ENOUGH
    high, low = (
        _band([one for one in judged if (one.score >= band) is side]) for side in (True, False)
    )
    zh = f"{len(hires)} 人入职前有评估，其中 {len(judged)} 人已可判断是否留任 {days} 天。"
    en = f"{len(hires)} hires were assessed; of {len(judged)} it is known whether they stayed {days} days. "
    if few:
        zh += f"不足 {ENOUGH} 人：不能据此判断分数是否可靠。"
        en += f"Fewer than {ENOUGH}: this does not tell whether scores can be relied on."
    return Foretold(
        track=track,
        hires=len(hires),
        judged=len(judged),
        high=high,
        low=low,
        with_staying=rank_correlation(staying),
        with_sales=rank_correlation(sales),
        few=few,
        zh=zh,
        en=en.strip(),
    )


def _band(hires: list[Hire]) -> Band:
    sales = [one.sales for one in hires if one.sales is not None]
    return Band(
        people=len(hires),
        stayed=share_of(sum(bool(one.stayed) for one in hires), len(hires)),
        sales=fen(sum(sales, ZERO) / len(sales)) if sales else None,
    )
