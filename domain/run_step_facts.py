"""Facts and commands of the steps around approval and after posting: reviewed, paid, reconciled,
closed (terms.md, Pay: "each step is a fact; each can be refused; none can be skipped")."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.commands import Command
from domain.facts import Fact
from domain.money import Share

Digest = Annotated[str, Field(min_length=64, max_length=64)]
Code = Annotated[str, Field(min_length=1, max_length=60)]
Open = Literal["unpaid", "amount_differs", "duplicate", "returned", "unknown"]
"""Verdicts of terms.md (Paying and reconciling) for a payout that is not settled."""


class PayRunReviewed(Fact, frozen=True, kw_only=True):
    """Somebody looked at the exceptions of the run and took note of every kind of them."""

    digest: str
    known: int
    """The position at which the exceptions were looked up."""
    change: Decimal
    """From which change on last month's pay on, as a fraction, a payslip is an exception."""
    findings: dict[str, int]
    """How many exceptions of each code there were."""
    findings_digest: str
    acknowledged: tuple[str, ...]


class PayRunPaid(Fact, frozen=True, kw_only=True):
    """Every payable of the run is instructed."""

    payouts: int
    amount: Decimal
    nothing_to_pay: int


class PayRunReconciled(Fact, frozen=True, kw_only=True):
    """Every payout of the run is settled, or somebody said what became of it."""

    settled: int
    amount: Decimal
    verdicts: dict[str, str]
    """Payout → its verdict, for those that are not settled."""


class PayRunClosed(Fact, frozen=True, kw_only=True):
    """The run is over: nothing more is recorded about it."""

    digest: str


class ReviewPayRun(Command):
    """Take note of the exceptions of a computed run."""

    digest: Digest | None = None
    findings_digest: Digest | None = None
    """Refused where the list of exceptions is not the one that was looked at."""
    acknowledge: tuple[Code, ...] = ()
    """Every code that the list of exceptions holds, notes aside."""
    change: Annotated[Share, Field(gt=0)] = Decimal("0.30")
    """Pay up or down by more than this on last month is an exception."""


class PayRunIsPaid(Command):
    """Say that every payable is instructed."""


class ReconcilePayRun(Command):
    """Say what became of every payout that is not settled."""

    verdicts: Annotated[
        dict[Annotated[str, Field(max_length=160)], Open], Field(default_factory=dict)
    ]


class ClosePayRun(Command):
    """End the run."""
