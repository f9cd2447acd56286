"""Terms on a day: clause versions painted over time in the order they were recorded."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from domain.clauses import Clause, clause_of
from domain.periods import Period


class Term(msgspec.Struct, frozen=True):
    """One version of one clause: what it says, when it applies, and the fact that made it."""

    key: str
    period: Period
    data: dict[str, Any]
    text_zh: str = ""
    text_en: str = ""
    position: int = 0
    version: int = 0

    @property
    def clause(self) -> Clause:
        """The typed parameters."""
        return _clause_of(msgspec.json.encode(self.data))


@lru_cache(maxsize=8192)
def _clause_of(data: bytes) -> Clause:
    """Reading a clause takes as long as a small query, and clauses are frozen: once is enough."""
    return clause_of(msgspec.json.decode(data))


def paint(terms: tuple[Term, ...], new: Term) -> tuple[Term, ...]:
    """Lay a version over the others of its key: what was recorded later wins on its days."""
    return (*cut(terms, new.key, new.period), new)


def cut(terms: tuple[Term, ...], key: str, period: Period) -> tuple[Term, ...]:
    """Take the days of `period` away from a clause's versions."""
    kept: list[Term] = []
    for term in terms:
        if term.key != key or term.period.overlap(period) is None:
            kept.append(term)
            continue
        if term.period.start < period.start:
            kept.append(_with(term, Period(term.period.start, period.start)))
        if period.end is not None and period.end < term.period.stop:
            kept.append(_with(term, Period(period.end, term.period.end)))
    return tuple(kept)


def terms_on(terms: tuple[Term, ...], day: date) -> tuple[Term, ...]:
    """The versions in force on a day, by key."""
    return tuple(sorted((t for t in terms if day in t.period), key=lambda term: term.key))


def terms_in(terms: tuple[Term, ...], period: Period) -> tuple[Term, ...]:
    """The versions in force on any day of a period, cut to it, by key and start."""
    cut_down = (
        _with(term, both) for term in terms if (both := term.period.overlap(period)) is not None
    )
    return tuple(sorted(cut_down, key=lambda term: (term.key, term.period)))


def starts_after(terms: tuple[Term, ...], key: str, day: date) -> tuple[Term, ...]:
    """Versions of a clause that start after a day: what an open-ended change would cover."""
    return tuple(t for t in terms if t.key == key and t.period.start > day)


def _with(term: Term, period: Period) -> Term:
    return msgspec.structs.replace(term, period=period)
