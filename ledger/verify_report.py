"""What a verification found: checks, how much each of them looked at, and findings with a place."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

KEPT = 100
"""Findings of one check that are listed; the others are counted."""
Progress = Callable[[str, int, int], None]
"""Called with the name of a check, what is done of it and what there is."""


def silent(check: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it was recorded, and where."""

    place: str
    what: str


class Check(msgspec.Struct, kw_only=True):
    """One check: what it counted, and what it found."""

    name: str
    unit: str
    counted: int = 0
    found: int = 0
    findings: list[Finding] = []
    notes: list[str] = []
    """What could not be looked at, and why; no findings."""
    seconds: str = "0.0"

    def add(self, place: str, what: str) -> None:
        """Keep a finding."""
        self.found += 1
        if self.found <= KEPT:
            self.findings.append(Finding(place, what))

    @property
    def ok(self) -> bool:
        """Whether everything was as recorded."""
        return not self.found


class Report(msgspec.Struct, kw_only=True):
    """A verification of one tenant's ledger."""

    tenant: str
    head: int
    sealed: int
    first: int
    last: int
    checks: list[Check] = []

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)

    @property
    def found(self) -> int:
        """How many findings there are."""
        return sum(check.found for check in self.checks)
