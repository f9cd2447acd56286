"""The picture of a clause on two axes: when it applies, and since when it was known.

A version of a clause is an area: so many days wide, known from the fact that made it until the
fact that covered it. The picture is made here as coordinates and drawn by a template as SVG.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from api.reads import View
from domain.contract import evolve
from domain.contract_state import Contract
from domain.periods import FAR_FUTURE, Month, Period
from domain.terms import Term
from ledger.records import Recorded

LEFT, WIDTH, BAND, TOP, BOTTOM = 170, 800, 30, 8, 34
COLOURS = 6
LABEL = 60
"""So much room the day under a tick takes."""
OPEN_DAYS = 92
"""How much of an open end is shown."""


@dataclass(frozen=True)
class Area:
    """One version of a clause over a range of facts."""

    term: Term
    since: int
    """Index of the band from which it is known."""
    until: int
    """Index of the band from which it is not."""
    colour: int = 0
    known: int = 0
    """A position at which it is known."""
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Band:
    """A fact that changed clauses: everything between it and the next is one row."""

    position: int
    record: Recorded
    y: int = 0


@dataclass
class Axes:
    """One clause's picture."""

    key: str
    kind: str
    areas: list[Area]
    bands: list[Band]
    ticks: list[tuple[int, date]]
    height: int
    look_x: int | None
    look_y: int
    left: int = LEFT
    width: int = WIDTH
    bottom: int = field(default=0)


def axes(view: View, contract: str, state: Contract) -> list[Axes]:
    """The pictures of the clauses that changed since the contract was drafted."""
    records = view.desk.store.stream(view.tenant, f"contract/{contract}", known=view.known)
    bands, areas = _areas(records)
    keys = dict.fromkeys(area.term.key for area in areas)
    changed = [
        key for key in keys if len({a.term.position for a in areas if a.term.key == key}) > 1
    ]
    changed += [key for key in keys if key not in changed and _late(areas, key, len(bands))]
    span = _span(state, areas)
    return [_drawn(key, areas, bands, span, view) for key in changed]


def _late(areas: list[Area], key: str, bands: int) -> bool:
    """Whether a clause came later or was ended, though it was never changed."""
    own = [area for area in areas if area.term.key == key]
    return any(area.since > 0 or area.until < bands for area in own)


def _areas(records: Iterable[Recorded]) -> tuple[list[Band], list[Area]]:
    state = Contract()
    bands: list[Band] = []
    begun: dict[tuple[str, Period, int], tuple[int, Term]] = {}
    done: list[Area] = []
    for record in records:
        after = evolve(state, record.fact, record)
        if after.terms != state.terms:
            index = len(bands)
            bands.append(Band(record.position, record))
            now = {(term.key, term.period, term.position): term for term in after.terms}
            for piece in [piece for piece in begun if piece not in now]:
                since, term = begun.pop(piece)
                done.append(Area(term, since, index, known=bands[index - 1].position))
            for piece, term in now.items():
                begun.setdefault(piece, (index, term))
        state = after
    last = bands[-1].position if bands else 0
    done += [Area(term, since, len(bands), known=last) for since, term in begun.values()]
    return bands, done


def _span(state: Contract, areas: list[Area]) -> tuple[date, date]:
    starts = [area.term.period.start for area in areas] or [state.start]
    stops = [state.end] if state.end else []
    stops += [area.term.period.end for area in areas if area.term.period.end]
    last = max([*stops, max(starts) + timedelta(days=OPEN_DAYS)])
    return min(starts), last


def _drawn(
    key: str, areas: list[Area], bands: list[Band], span: tuple[date, date], view: View
) -> Axes:
    own = [area for area in areas if area.term.key == key]
    bottom = TOP + BAND * len(bands)
    order = list(dict.fromkeys(sorted(area.term.position for area in own)))
    drawn = [_placed(area, order.index(area.term.position), span, bottom) for area in own]
    placed = [
        Band(band.position, band.record, bottom - BAND * (index + 1))
        for index, band in enumerate(bands)
    ]
    known = sum(1 for band in bands if band.position <= view.position)
    inside = span[0] <= view.effective < span[1]
    return Axes(
        key=key,
        kind=str(own[-1].term.data.get("kind", "")),
        areas=sorted(drawn, key=lambda area: (area.since, area.x)),
        bands=placed,
        ticks=[(x, day) for day in _ticks(span) if (x := _x(day, span)) < WIDTH - LABEL],
        height=bottom + BOTTOM,
        look_x=_x(view.effective, span) if inside else None,
        look_y=bottom - BAND * known + BAND // 2,
        bottom=bottom,
    )


def _placed(area: Area, order: int, span: tuple[date, date], bottom: int) -> Area:
    period = area.term.period
    left = _x(period.start, span)
    right = WIDTH if period.stop == FAR_FUTURE else _x(period.stop, span)
    return Area(
        area.term,
        area.since,
        area.until,
        order % COLOURS,
        area.known,
        left,
        bottom - BAND * area.until,
        max(right - left, 2),
        BAND * (area.until - area.since),
    )


def _x(day: date, span: tuple[date, date]) -> int:
    start, stop = span
    inside = min(max(day, start), stop)
    return LEFT + (WIDTH - LEFT) * (inside - start).days // max((stop - start).days, 1)


def _ticks(span: tuple[date, date]) -> list[date]:
    """First days of months, at most eight of them."""
    months: list[Month] = []
    month = Month.of(span[0])
    while month.first <= span[1]:
        months.append(month)
        month = month.plus(1)
    step = max(1, -(-len(months) // 8))
    return [one.first for one in months[::step] if one.first >= span[0]]
