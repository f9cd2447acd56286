"""What is to be looked at before a run is approved: one payslip with what stands beside it, and
what the checks of `domain/run_checks.py` have to say about it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from domain.lines import Payslip
from domain.periods import Period

Severity = Literal["stop", "look", "note"]
"""`stop`: somebody goes without pay; `look`: to be acknowledged; `note`: good to know."""


class RunFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One exception of a run, with the figures behind it."""

    code: str
    severity: Severity
    contract: str
    person: str
    zh: str
    en: str
    figures: dict[str, str] = {}


class RunCase(msgspec.Struct, frozen=True, kw_only=True):
    """One payslip of a run and what the checks look at beside it."""

    slip: Payslip
    change: Decimal
    """From which change on last month's pay on, as a fraction, to say so."""
    before: Payslip | None = None
    """The posted payslip of the same contract for the month before."""
    whole_month: bool = True
    """Whether the contract was in force on every day of the month."""
    figure_clauses: tuple[str, ...] = ()
    """Keys of clauses in force in the month that pay for figures."""
    has_figures: bool = False
    """Whether the person has any figure in the month."""
    gaps: tuple[Period, ...] = ()
    """Days of the month without a contract, between two contracts of the person."""
    minimum: Decimal | None = None
    """The city's minimum wage, where a table covers the day."""
    bank_changed: date | None = None
    """When the personal data, the bank account among it, was last replaced (last 30 days)."""
    others: tuple[tuple[str, Decimal], ...] = ()
    """The person's other payslips in the run: contract and net amount."""
    earlier: tuple[tuple[str, Decimal], ...] = ()
    """The contract's posted payslips of the month from other runs: run and net amount."""
    ended: bool = False
    """Whether the contract is over at the end of the month."""
    waiting: tuple[str, ...] = ()
    """Annual bonuses whose worker has not chosen how they are taxed."""

    @property
    def supplement(self) -> bool:
        """Whether the payslip pays no earnings of its month."""
        return bool(self.slip.lineage.get("supplement"))


def to_acknowledge(findings: Iterable[RunFinding]) -> set[str]:
    """The codes that a review names, every one of them."""
    return {finding.code for finding in findings if finding.severity != "note"}


def counted(findings: Iterable[RunFinding]) -> dict[str, int]:
    """How many findings there are of each code."""
    return dict(sorted(Counter(finding.code for finding in findings).items()))


def digest_of(findings: Iterable[RunFinding]) -> str:
    """SHA-256 over the findings in their order: whether a list is the one looked at."""
    digest = hashlib.sha256()
    for finding in findings:
        digest.update(msgspec.json.encode(finding, order="sorted") + b"\n")
    return digest.hexdigest()
