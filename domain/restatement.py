"""The restatement of a posted month: what was known then against what is known now.

A posted payslip never changes. The earnings of its month are rated again after each fact that
came in since, one fact at a time, and the step from one rating to the next is what that fact did:
so the causes of a person add up to the difference, to the fen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from domain.lines import Line
from domain.money import ZERO

CauseKind = Literal["clauses", "figures", "team", "metric", "engine", "left_out"]
"""What was learned: the contract's own terms and days, the person's figures, those of the team
(or who belongs to it), what a metric counts, that the program itself rates otherwise, or that
the run had no payslip of it though the contract was in force."""
Earned = Mapping[str, Decimal]
"""Clause key (or the line's code) → what a month earned by it, in yuan."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that was recorded later, in words, and what it did to one contract's month."""

    kind: CauseKind
    amount: Decimal
    zh: str
    en: str
    position: int | None = None
    """Where the fact stands; None for `engine` and `left_out`, which no later fact says."""
    stream: str = ""
    name: str = ""
    effective: date | None = None
    recorded_at: datetime | None = None
    actor: str = ""
    reason: str = ""
    before_posting: bool = False
    """It came in after the payslips were computed and before they were posted."""


class ClauseDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What one clause earned as posted, and earns as known now, in yuan."""

    clause: str
    posted: Decimal
    now: Decimal
    difference: Decimal


class RestatedPay(msgspec.Struct, frozen=True, kw_only=True):
    """One contract's month. `difference` is the sum of the causes; `open` what of it no later
    posted run has made good yet."""

    person: str
    contract: str
    posted: Decimal
    now: Decimal
    difference: Decimal
    made_good: Decimal
    open: Decimal
    clauses: tuple[ClauseDifference, ...]
    causes: tuple[Cause, ...]
    refusal_zh: str = ""
    refusal_en: str = ""
    """Why the month cannot be rated as known now; it counts as nothing earned then."""


class CauseTotal(msgspec.Struct, frozen=True, kw_only=True):
    """All that one kind of cause did, over everybody."""

    kind: CauseKind
    facts: int
    persons: int
    amount: Decimal


class Restatement(msgspec.Struct, frozen=True, kw_only=True):
    """A posted run's month, as it was paid and as it is known at a later position."""

    run: str
    month: str
    pinned: int
    """As known here the payslips were computed."""
    posted_position: int
    known: int
    posted: Decimal
    """Earnings of everybody whose month differs, as posted; amounts in yuan."""
    now: Decimal
    difference: Decimal
    made_good: Decimal
    open: Decimal
    items: tuple[RestatedPay, ...]
    causes: tuple[CauseTotal, ...]


def earned_by_clause(lines: Iterable[Line]) -> dict[str, Decimal]:
    """What earnings lines come to, by clause; other lines are read over."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.component == "earnings":
            found[line.clause or line.code] += line.amount
    return dict(found)


def sum_of(earned: Earned) -> Decimal:
    """The sum of a month's earnings."""
    return sum(earned.values(), ZERO)


def clause_differences(posted: Earned, now: Earned) -> tuple[ClauseDifference, ...]:
    """The clauses whose amounts differ, by key."""
    pairs = ((key, posted.get(key, ZERO), now.get(key, ZERO)) for key in sorted({*posted, *now}))
    return tuple(
        ClauseDifference(clause=key, posted=old, now=new, difference=new - old)
        for key, old, new in pairs
        if old != new
    )


def cause_totals(items: Iterable[RestatedPay]) -> tuple[CauseTotal, ...]:
    """The causes of all, summed by kind, in the order of their kinds' names."""
    amounts: dict[CauseKind, Decimal] = defaultdict(lambda: ZERO)
    facts: dict[CauseKind, set[int | None]] = defaultdict(set)
    persons: dict[CauseKind, set[str]] = defaultdict(set)
    for item in items:
        for cause in item.causes:
            amounts[cause.kind] += cause.amount
            facts[cause.kind].add(cause.position)
            persons[cause.kind].add(item.person)
    return tuple(
        CauseTotal(
            kind=kind,
            facts=len(facts[kind] - {None}),
            persons=len(persons[kind]),
            amount=amounts[kind],
        )
        for kind in sorted(amounts)
    )
