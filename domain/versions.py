"""Clause versions of a month: cut to it, equal neighbours merged, and lines that name them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from domain.clauses import Clause
from domain.lines import Line
from domain.money import ZERO, fen
from domain.pay_input import PayInput
from domain.periods import Period
from domain.terms import Term, terms_in


class Version(msgspec.Struct, frozen=True):
    """A clause as it stood on some days of the month, and the terms it was recorded as."""

    key: str
    clause: Clause
    period: Period
    terms: tuple[Term, ...]

    @property
    def cited(self) -> list[dict[str, Any]]:
        """The lineage of the version: what was recorded, where, for which days."""
        return [
            {
                "key": term.key,
                "version": term.version,
                "position": term.position,
                "period": term.period.text(),
            }
            for term in self.terms
        ]


Group = tuple[Version, ...]
"""The versions of one clause in a month, by day; all of one kind."""


def groups_of(pay: PayInput) -> tuple[Group, ...]:
    """The month's clauses, each with its versions, by key.

    Neighbours that say the same are one version, so that splitting a month where the terms are
    equal changes nothing. A key whose kind changes inside the month makes two groups.
    """
    if pay.days is None:
        return ()
    groups: dict[tuple[str, str], list[Version]] = {}
    for term in terms_in(pay.terms, pay.days):
        version = Version(term.key, term.clause, term.period, (term,))
        group = groups.setdefault((term.key, version.clause.kind), [])
        if group and _same(group[-1], version):
            group[-1] = _joined(group[-1], version)
        else:
            group.append(version)
    return tuple(tuple(group) for group in groups.values())


def _same(left: Version, right: Version) -> bool:
    return left.period.end == right.period.start and left.clause == right.clause


def _joined(left: Version, right: Version) -> Version:
    period = Period(left.period.start, right.period.end)
    return Version(left.key, left.clause, period, (*left.terms, *right.terms))


def days_text(pay: PayInput, version: Version, language: str) -> str:
    """The days of a version that does not cover the whole month, in brackets; else nothing."""
    if version.period == pay.month.period:
        return ""
    *_, last = version.period.days()
    first = version.period.start
    if language == "zh":
        return f"（{first:%m-%d} 至 {last:%m-%d}）"
    return f" ({first:%m-%d} to {last:%m-%d})"


def earned(
    pay: PayInput,
    versions: Iterable[Version],
    code: str,
    *,
    unrounded: Decimal = ZERO,
    zh: str,
    en: str,
    base: Decimal | None = None,
    rate: Decimal | None = None,
    lineage: dict[str, Any] | None = None,
) -> Line:
    """A line of the month's earnings: rounded here, once, with the lineage of its versions."""
    versions = tuple(versions)
    return Line(
        code=code,
        component="earnings",
        clause=versions[0].key if versions else None,
        period=str(pay.month),
        base=base,
        rate=rate,
        unrounded=unrounded,
        amount=fen(unrounded) + ZERO,
        zh=zh,
        en=en,
        lineage={
            "clauses": [cited for version in versions for cited in version.cited],
            "batches": list(pay.figures.batches),
            "engine": pay.engine,
            **(lineage or {}),
        },
    )


def informed(pay: PayInput, versions: Iterable[Version], zh: str, en: str) -> Line:
    """A line that says something and pays nothing, under the code of its clause's kind."""
    versions = tuple(versions)
    line = earned(pay, versions, versions[0].clause.kind, zh=zh, en=en)
    return msgspec.structs.replace(line, component="information")
