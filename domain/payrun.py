"""Pay runs: pinned, computed, reviewed, approved by somebody else, posted. No step can be skipped.

The steps around these stand in `domain/run_steps.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import Field, model_validator

from domain.commands import Command, Id
from domain.facts import Act, Fact, Place
from domain.lines import Payslip
from domain.periods import Day, Month, MonthText
from domain.refusals import Invalid, MonthNotOver, NotFound, SeparationOfDuties, WrongState
from domain.run_step_facts import PayRunClosed, PayRunPaid, PayRunReconciled, PayRunReviewed

OffCycle = Literal["leavers", "corrections", "one_offs"]
"""`leavers`: the whole month of contracts that have ended, at the exit; `corrections`: late truth
of months that are posted; `one_offs`: payments beside the clauses."""


class PayRunStarted(Fact, frozen=True, kw_only=True):
    """A run for a month pins a position: everything is computed as known there."""

    run: str
    month: str
    pay_date: date
    pinned: int
    engine: str
    contracts: int


class OffCycleRunStarted(Fact, frozen=True, kw_only=True):
    """A run beside the month's own: for leavers, corrections or one-off payments."""

    run: str
    month: str
    pay_date: date
    pinned: int
    engine: str
    off_cycle: OffCycle
    contracts: tuple[str, ...]
    """Whom the run is for."""


class PayslipComputed(Fact, frozen=True, kw_only=True):
    """The payslip of one contract in one run, whole: lines, sums and lineage."""

    run: str
    payslip: Payslip


class PayRunComputed(Fact, frozen=True, kw_only=True):
    """All payslips of the run stand; the digest is over their stored bytes in order."""

    payslips: int
    gross: Decimal
    contributions: Decimal
    tax: Decimal
    net: Decimal
    digest: str
    exceptions: tuple[dict[str, str], ...]


class PayRunApproved(Fact, frozen=True, kw_only=True):
    """Somebody who neither computed the run nor amended its contracts approved it."""

    digest: str


class PayRunRejected(Fact, frozen=True, kw_only=True):
    """The run was refused; a new one may be computed for the month."""


class PayRunPosted(Fact, frozen=True, kw_only=True):
    """The payslips of the run are final and their net amounts payable."""

    digest: str


class StartPayRun(Command):
    """Compute the pay of a month that is over, to be paid on a day."""

    month: MonthText
    pay_date: Day | None = None
    """The day of payment decides the tax period; the 10th of the next month by default, today
    for a run beside the month's own."""
    off_cycle: OffCycle | None = None
    """A run beside the month's own, and for what."""
    contracts: Annotated[tuple[Id, ...], Field(max_length=10_000)] = ()
    """Only with `off_cycle`: these contracts of those it is for; all of them where none is named."""

    @model_validator(mode="after")
    def _contracts_go_with_off_cycle(self) -> StartPayRun:
        if self.contracts and self.off_cycle is None:
            raise ValueError("a month's own run is for everybody: contracts go with off_cycle")
        return self


class ApprovePayRun(Command):
    """Approve the run with this digest."""

    digest: Annotated[str, Field(min_length=64, max_length=64)] | None = None
    leave_out: tuple[Id, ...] = ()
    """Contracts of the run that have no payslip because theirs was refused: name all of them.
    What they are owed becomes arrears of the next run once the cause is mended."""


REFUSED = "refused:"
"""Begins the code of an exception that left a contract without a payslip."""
Status = Literal[
    "none",
    "computing",
    "computed",
    "reviewed",
    "approved",
    "rejected",
    "posted",
    "paid",
    "reconciled",
    "closed",
]
POSTED = ("posted", "paid", "reconciled", "closed")
"""Statuses of a run whose payslips are final."""
_NEXT = {
    "computing": "Let the computation finish (run it again to resume).",
    "computed": "Review its exceptions.",
    "reviewed": "Let somebody else approve it.",
    "approved": "Post it.",
    "rejected": "Compute a new run for the month.",
    "posted": "It is final; instruct its payouts and mark it paid.",
    "paid": "Record the bank's answers and reconcile it.",
    "reconciled": "Close it.",
    "closed": "It is over; what is found later goes into the next run.",
}


class PayRun(msgspec.Struct, frozen=True, kw_only=True):
    """A pay run at a version."""

    run: str = ""
    version: int = 0
    status: Status = "none"
    month: str = ""
    pay_date: date = date.min
    pinned: int = 0
    engine: str = ""
    contracts: int = 0
    payslips: int = 0
    digest: str = ""
    gross: Decimal = Decimal(0)
    contributions: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    exceptions: tuple[dict[str, str], ...] = ()
    computed_by: str = ""
    approved_by: str = ""
    reviewed_by: str = ""
    acknowledged: tuple[str, ...] = ()
    off_cycle: OffCycle | None = None
    """None for the month's own run."""
    scope: tuple[str, ...] = ()
    """The contracts of a run beside the month's own."""


def evolve(state: PayRun, fact: Fact, place: Place) -> PayRun:
    """Fold one fact into the run."""
    return msgspec.structs.replace(_evolve(state, fact, place), version=place.version)


def _started(fact: PayRunStarted | OffCycleRunStarted, contracts: int, place: Place) -> PayRun:
    return PayRun(
        run=fact.run,
        status="computing",
        month=fact.month,
        pay_date=fact.pay_date,
        pinned=fact.pinned,
        engine=fact.engine,
        contracts=contracts,
        computed_by=place.actor,
    )


def _evolve(state: PayRun, fact: Fact, place: Place) -> PayRun:
    replace = msgspec.structs.replace
    match fact:
        case PayRunStarted():
            return _started(fact, fact.contracts, place)
        case OffCycleRunStarted():
            started = _started(fact, len(fact.contracts), place)
            return replace(started, off_cycle=fact.off_cycle, scope=fact.contracts)
        case PayRunComputed():
            return replace(
                state,
                status="computed",
                payslips=fact.payslips,
                gross=fact.gross,
                contributions=fact.contributions,
                tax=fact.tax,
                net=fact.net,
                digest=fact.digest,
                exceptions=fact.exceptions,
            )
        case PayRunApproved():
            return replace(state, status="approved", approved_by=place.actor)
        case PayRunRejected():
            return replace(state, status="rejected")
        case PayRunPosted():
            return replace(state, status="posted")
        case _:
            return _after(state, fact, place)


def _after(state: PayRun, fact: Fact, place: Place) -> PayRun:
    """Fold a step of `domain/run_steps.py`."""
    replace = msgspec.structs.replace
    match fact:
        case PayRunReviewed():
            seen = fact.acknowledged
            return replace(state, status="reviewed", reviewed_by=place.actor, acknowledged=seen)
        case PayRunPaid():
            return replace(state, status="paid")
        case PayRunReconciled():
            return replace(state, status="reconciled")
        case PayRunClosed():
            return replace(state, status="closed")
    raise TypeError(f"a pay run has no fact {type(fact).__name__}")


def check_month_over(month: Month, today: date) -> None:
    """Refuse a month that is not over: its figures are not all known."""
    if month.period.stop > today:
        raise MonthNotOver(
            f"{month} 尚未结束,不能算薪",
            f"{month} is not over on {today}: it cannot be paid yet",
            do=f"Run it on {month.period.stop} or later; try a payslip to look ahead.",
            field="month",
        )


def approve(
    state: PayRun, command: ApprovePayRun, act: Act, amended_by: frozenset[str]
) -> list[Fact]:
    """Approve a reviewed run.

    `amended_by` are the people who changed clauses of the contracts in the run since the month
    began. Raises SeparationOfDuties when the approver computed the run or is one of them.
    """
    need(state, "reviewed", "approved")
    check_digest(state, command.digest)
    _check_left_out(state, command)
    if act.actor == state.computed_by:
        raise SeparationOfDuties(
            "计算人不能审批",
            "Who computed a run may not approve it",
            do="Ask another approver.",
            computed_by=state.computed_by,
        )
    if act.actor in amended_by:
        raise SeparationOfDuties(
            "变更过条款的人不能审批",
            "Who amended a contract of the run may not approve it",
            do="Ask an approver who amended none of these contracts.",
        )
    return [PayRunApproved(digest=state.digest)]


def check_digest(state: PayRun, digest: str | None) -> None:
    """Refuse where the run is not the one that was looked at."""
    if digest not in (None, state.digest):
        raise WrongState(
            "薪资批次已变化",
            "The run is not the one you looked at",
            do="Look at the run again and send the digest it shows.",
            digest=state.digest,
        )


def _check_left_out(state: PayRun, command: ApprovePayRun) -> None:
    """Nobody goes without pay unseen: the approver names who has no payslip."""
    refused = {entry["contract"] for entry in state.exceptions if entry["code"].startswith(REFUSED)}
    if refused != set(command.leave_out):
        raise WrongState(
            f"有 {len(refused)} 份合同未能算薪, 请逐一确认",
            f"{len(refused)} contracts of the run have no payslip and were not named exactly",
            do="Mend the causes and compute again, or name them all in leave_out.",
            refused=sorted(refused),
        )


def reject(state: PayRun, act: Act) -> list[Fact]:
    """Refuse a run that is not posted yet, with a reason."""
    need(state, "computing computed reviewed approved", "rejected")
    if not act.reason.strip():
        raise Invalid(
            "退回需要写明原因",
            "A rejection needs a reason",
            do="Say in `reason` what is to be mended.",
            field="reason",
        )
    return [PayRunRejected()]


def post(state: PayRun) -> list[Fact]:
    """Post an approved run."""
    need(state, "approved", "posted")
    return [PayRunPosted(digest=state.digest)]


def need(state: PayRun, wanted: str, act: str) -> None:
    """Refuse where the run is in none of the statuses wanted (one word each)."""
    if state.status == "none":
        raise NotFound("没有这个薪资批次", "There is no such pay run", do="Compute it first.")
    if state.status not in wanted.split():
        raise WrongState(
            f"薪资批次状态为 {state.status}",
            f"A run that is {state.status} cannot be {act}",
            do=_NEXT[state.status],
            state=state.status,
            current_version=state.version,
        )
