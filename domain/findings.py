"""What a plan check looks at and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from domain.clauses import Clause
from domain.figures import Aggregation
from domain.kpi_terms import KpiTerms
from domain.law import LawBook, load_law_book
from domain.periods import Period
from domain.tax_types import Character

Clauses = Mapping[str, Clause]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a plan check has to say about a clause."""

    code: str
    severity: Literal["refuse", "warn"]
    clause: str
    zh: str
    en: str
    details: dict[str, Any] = {}


Findings = Iterable[Finding]


class PlanContext(msgspec.Struct, frozen=True, kw_only=True):
    """What clauses may refer to, as known to the caller. What is None is not checked."""

    engagement: Literal["full_time", "part_time", "agency"] = "full_time"
    character: Character | None = None
    term: Period | None = None
    """The contract's days."""
    effective: date | None = None
    """The day the clauses are looked at; None takes the first day of the term."""
    changed: frozenset[str] = frozenset()
    """Keys that an amendment changes on `effective`."""
    before: dict[str, Clause] = {}
    """What was in force the day before `effective`, by key."""
    metrics: frozenset[str] | None = None
    """Codes of the metrics that are defined."""
    aggregations: dict[str, Aggregation] = {}
    schemes: frozenset[str] | None = None
    """Ids of the KPI schemes that are known; the keys of `kpi` are known too."""
    kpi: dict[str, KpiTerms] = {}
    highest: dict[str, Decimal] = {}
    """The highest figure of a month ever measured, by metric."""
    probation_months: int | None = None
    city: str | None = None
    book: LawBook = msgspec.field(default_factory=load_law_book)

    @property
    def day(self) -> date | None:
        """The day whose law applies."""
        return self.effective or (self.term.start if self.term else None)


def refusing(code: str, clause: str, zh: str, en: str, **details: Any) -> Finding:
    """A finding that stands in the way."""
    return Finding(code=code, severity="refuse", clause=clause, zh=zh, en=en, details=details)


def warning(code: str, clause: str, zh: str, en: str, **details: Any) -> Finding:
    """A finding that has to be read and may be accepted."""
    return Finding(code=code, severity="warn", clause=clause, zh=zh, en=en, details=details)
