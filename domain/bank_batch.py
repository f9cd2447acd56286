"""Batches of payout instructions: proposed, approved by a second person, written, sent.

A batch is one file for the bank. Its instructions are named by their end-to-end ids, its digest is
over these and their amounts: what was approved is what is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from domain.commands import Command, Id, Name, Sha256
from domain.facts import Act, Fact, Place
from domain.money import ZERO, plain
from domain.periods import Day
from domain.refusals import Invalid, NotFound, SeparationOfDuties, WrongState

LARGEST = 10_000
"""Instructions in one batch; a larger run has several."""
FileFormat = Literal["csv", "pain.001"]
BatchStatus = Literal["none", "proposed", "approved", "written", "sent", "withdrawn"]


class PayoutBatchProposed(Fact, frozen=True, kw_only=True):
    """These instructions are to go to the bank in one file, from this account of the company."""

    batch: str
    run: str
    end_to_end_ids: tuple[str, ...]
    payouts: int
    total: Decimal
    digest: str
    debtor: dict[str, str]
    pay_on: date


class PayoutBatchApproved(Fact, frozen=True, kw_only=True):
    """Somebody who instructed none of the batch and did not propose it approved it."""

    digest: str


class PayoutBatchWithdrawn(Fact, frozen=True, kw_only=True):
    """The batch goes nowhere; its instructions are free for another one."""


class BankDataOpened(Fact, frozen=True, kw_only=True):
    """Names and accounts of so many persons were opened for one act, by the actor of this fact."""

    purpose: str
    persons: int


class PayoutFileWritten(Fact, frozen=True, kw_only=True):
    """The batch as a file: its format and layout, its counts, and the SHA-256 of its bytes."""

    batch: str
    format: str
    layout: dict[str, Any]
    message_id: str
    payouts: int
    total: Decimal
    sha256: str
    bytes: int


class PayoutBatchSent(Fact, frozen=True, kw_only=True):
    """The file was handed to the bank; every instruction of it is marked sent."""

    sha256: str


class Debtor(Command):
    """The company's account that pays."""

    name: Name
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,34}$", examples=["310066001234567"])]
    bank: Annotated[
        str, Field(pattern=r"^([0-9]{12}|[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?)$")
    ]
    """The bank's CNAPS number (12 digits) or BIC."""


class ProposeBatch(Command):
    """Put the instructions of a run that are in no batch yet into one."""

    debtor: Debtor
    pay_on: Day | None = None
    """The day the bank is to pay; the run's day of payment by default."""
    leave_out: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    """Payouts that wait, such as those of a person without a bank account."""


class ApproveBatch(Command):
    """Approve the batch with this digest."""

    digest: Sha256 | None = None


class Instruction(msgspec.Struct, frozen=True):
    """One instruction of a batch."""

    end_to_end_id: str
    payout: str
    person: str
    amount: Decimal


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch at a version."""

    batch: str = ""
    version: int = 0
    status: BatchStatus = "none"
    run: str = ""
    end_to_end_ids: tuple[str, ...] = ()
    payouts: int = 0
    total: Decimal = ZERO
    digest: str = ""
    debtor: dict[str, str] = {}
    pay_on: date = date.min
    proposed_by: str = ""
    approved_by: str = ""
    approved_position: int = 0
    approved_at: datetime | None = None
    file: PayoutFileWritten | None = None


def digest_of(instructions: Sequence[Instruction]) -> str:
    """SHA-256 over the lines `end-to-end id, payout, amount` with tabs between, in order."""
    lines = (f"{one.end_to_end_id}\t{one.payout}\t{plain(one.amount)}\n" for one in instructions)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def evolve(state: Batch, fact: Fact, place: Place) -> Batch:
    """Fold one fact into the batch."""
    return msgspec.structs.replace(_evolve(state, fact, place), version=place.version)


def _evolve(state: Batch, fact: Fact, place: Place) -> Batch:
    replace = msgspec.structs.replace
    match fact:
        case PayoutBatchProposed():
            values = {name: getattr(fact, name) for name in fact.__struct_fields__}
            return Batch(status="proposed", proposed_by=place.actor, **values)
        case PayoutBatchApproved():
            return replace(
                state,
                status="approved",
                approved_by=place.actor,
                approved_position=place.position,
                approved_at=place.recorded_at,
            )
        case PayoutBatchWithdrawn():
            return replace(state, status="withdrawn")
        case BankDataOpened():
            return state
        case PayoutFileWritten():
            return replace(state, status="written", file=fact)
        case PayoutBatchSent():
            return replace(state, status="sent")
    raise TypeError(f"a batch has no fact {type(fact).__name__}")


def propose(
    batch: Id, run: str, instructions: Sequence[Instruction], debtor: Debtor, pay_on: date
) -> PayoutBatchProposed:
    """Propose a batch. Raises Invalid for an empty one."""
    if not instructions:
        raise Invalid(
            "没有待发送的付款指示",
            "No instruction of the run waits for a batch",
            do="Instruct the run first; what is in a batch already is not put into a second one.",
        )
    return PayoutBatchProposed(
        batch=batch,
        run=run,
        end_to_end_ids=tuple(one.end_to_end_id for one in instructions),
        payouts=len(instructions),
        total=sum((one.amount for one in instructions), ZERO),
        digest=digest_of(instructions),
        debtor=debtor.model_dump(),
        pay_on=pay_on,
    )


def approve(
    state: Batch, command: ApproveBatch, act: Act, instructed_by: Collection[str]
) -> list[Fact]:
    """Approve a batch. Raises SeparationOfDuties for who instructed or proposed any of it."""
    need(state, "approved", "proposed")
    if command.digest is not None and command.digest != state.digest:
        raise WrongState(
            "付款批次不是您核对过的那一批",
            "The batch is not the one you looked at",
            do="Look at it again and approve the digest it shows.",
            digest=state.digest,
        )
    if act.actor == state.proposed_by or act.actor in instructed_by:
        raise SeparationOfDuties(
            "发起付款的人不能审批",
            "Who instructed a payout or proposed its batch may not approve it",
            do="Ask another approver.",
        )
    return [PayoutBatchApproved(digest=state.digest)]


def withdraw(state: Batch) -> list[Fact]:
    """Withdraw a batch of which no file was written."""
    need(state, "withdrawn", "proposed", "approved")
    return [PayoutBatchWithdrawn()]


def sent(state: Batch) -> list[Fact]:
    """Record that the file was handed to the bank; nothing where that is known already."""
    if state.status == "sent":
        return []
    need(state, "sent", "written")
    assert state.file is not None
    return [PayoutBatchSent(sha256=state.file.sha256)]


def need(state: Batch, act: str, *wanted: BatchStatus) -> None:
    """Refuse an act that does not fit the batch's state."""
    if state.status == "none":
        raise NotFound("没有这个付款批次", "There is no such batch", do="List the run's batches.")
    if state.status not in wanted:
        raise WrongState(
            f"付款批次状态为 {state.status}",
            f"A batch that is {state.status} cannot be {act}",
            do=_NEXT[state.status],
            state=state.status,
            current_version=state.version,
        )


_NEXT: dict[str, str] = {
    "proposed": "Let somebody else approve it.",
    "approved": "Write its file.",
    "written": "Hand the file to the bank and mark the batch sent.",
    "sent": "Import the bank's statement; what failed or came back can be instructed again.",
    "withdrawn": "Propose another batch.",
}
