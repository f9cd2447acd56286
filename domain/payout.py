"""Payouts: one instruction for each payable; a second only after the first came back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from domain.commands import Command
from domain.facts import Fact, Place
from domain.money import ZERO, PositiveMoney
from domain.periods import Day
from domain.refusals import Invalid, NotFound, WrongState

Text = Annotated[str, Field(min_length=1, max_length=200)]
Status = Literal["none", "instructed", "sent", "settled", "returned", "failed"]
AWAITING = ("instructed", "sent")
"""The bank has yet to answer."""
OPEN_AGAIN = ("returned", "failed")
"""The payable can be instructed once more."""


class PayoutInstructed(Fact, frozen=True, kw_only=True):
    """The bank is to pay this amount under this end-to-end id."""

    payout: str
    contract: str
    person: str
    month: str
    component: str
    run: str
    amount: Decimal
    end_to_end_id: str
    attempt: int


class PayoutSettled(Fact, frozen=True, kw_only=True):
    """The bank paid."""

    end_to_end_id: str
    bank_reference: str
    effective: date


class PayoutReturned(Fact, frozen=True, kw_only=True):
    """The bank sent the money back: the payable is open again."""

    end_to_end_id: str
    reason_code: str
    effective: date


class PayoutSent(Fact, frozen=True, kw_only=True):
    """The instruction went to the bank in the file of a batch that a second person approved."""

    end_to_end_id: str
    batch: str


class PayoutFailed(Fact, frozen=True, kw_only=True):
    """The bank did not carry the instruction out, no money moved: the payable is open again."""

    end_to_end_id: str
    reason_code: str
    effective: date


class InstructPayout(Command):
    """Instruct a payable again after a return."""


class SettlePayout(Command):
    """What the bank says: paid."""

    bank_reference: Text
    on: Day
    amount: PositiveMoney | None = None


class ReturnPayout(Command):
    """What the bank says: returned."""

    reason_code: Text
    on: Day


class FailPayout(Command):
    """What the bank says: not carried out (pain.002 status RJCT, or its word for it)."""

    reason_code: Text
    on: Day


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """A posted net amount that is to be paid once."""

    contract: str
    person: str
    month: str
    component: str
    run: str
    amount: Decimal

    @property
    def payout(self) -> str:
        """The payout's id: what is paid once is named by what it is for."""
        return f"{self.run}.{self.contract}.{self.component}"


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """A payout at a version."""

    payout: str = ""
    version: int = 0
    status: Status = "none"
    contract: str = ""
    person: str = ""
    month: str = ""
    component: str = ""
    run: str = ""
    amount: Decimal = ZERO
    end_to_end_id: str = ""
    attempt: int = 0


def evolve(state: Payout, fact: Fact, place: Place) -> Payout:
    """Fold one fact into the payout."""
    replace = msgspec.structs.replace
    match fact:
        case PayoutInstructed():
            values = {name: getattr(fact, name) for name in fact.__struct_fields__}
            changed = Payout(status="instructed", **values)
        case PayoutSent():
            changed = replace(state, status="sent")
        case PayoutFailed():
            changed = replace(state, status="failed")
        case PayoutSettled():
            changed = replace(state, status="settled")
        case PayoutReturned():
            changed = replace(state, status="returned")
        case _:
            raise TypeError(f"a payout has no fact {type(fact).__name__}")
    return replace(changed, version=place.version)


def instruct(state: Payout, payable: Payable) -> list[Fact]:
    """Instruct a payable. Raises WrongState unless it is open: new, returned or failed."""
    if state.status not in ("none", *OPEN_AGAIN):
        raise WrongState(
            "该款项已指示付款,不能重复支付",
            f"This payable is {state.status} already: it is not paid twice",
            do="Wait for the bank's answer; only a returned or failed payout can be instructed again.",
            state=state.status,
            current_version=state.version,
        )
    if payable.amount <= ZERO:
        raise Invalid(
            "没有可支付金额",
            "There is nothing to pay",
            do="Only positive net amounts are paid.",
        )
    attempt = state.attempt + 1
    return [
        PayoutInstructed(
            payout=payable.payout,
            contract=payable.contract,
            person=payable.person,
            month=payable.month,
            component=payable.component,
            run=payable.run,
            amount=payable.amount,
            end_to_end_id=f"{payable.payout}.{attempt}",
            attempt=attempt,
        )
    ]


def settle(state: Payout, command: SettlePayout) -> list[Fact]:
    """Record that the bank paid. Raises Invalid when the bank's amount differs."""
    _need_awaiting(state)
    if command.amount is not None and command.amount != state.amount:
        raise Invalid(
            f"银行金额 {command.amount} 与指示金额 {state.amount} 不一致",
            f"The bank says {command.amount}, the instruction was {state.amount}",
            do="Clear the difference with the bank first.",
            field="amount",
        )
    return [
        PayoutSettled(
            end_to_end_id=state.end_to_end_id,
            bank_reference=command.bank_reference,
            effective=command.on,
        )
    ]


def send(state: Payout, end_to_end_id: str, batch: str) -> list[Fact]:
    """Record that the instruction went to the bank. Nothing where that is known already.

    What the bank has answered under this id stays answered. Raises WrongState where the payout
    has another instruction by now: the batch is out of date.
    """
    if state.end_to_end_id != end_to_end_id:
        raise WrongState(
            f"{end_to_end_id} 不是当前的付款指示",
            f"{end_to_end_id} is not the payout's present instruction, {state.end_to_end_id} is",
            do="Withdraw the batch and propose another.",
            payout=state.payout,
        )
    if state.status != "instructed":
        return []
    return [PayoutSent(end_to_end_id=end_to_end_id, batch=batch)]


def returned(state: Payout, command: ReturnPayout, *, after_settlement: bool = False) -> list[Fact]:
    """Record that the bank sent the money back.

    `after_settlement`: a line of the bank's statement says so; it reopens a settled payout too,
    which nobody's word alone does.
    """
    if not (after_settlement and state.status == "settled"):
        _need_awaiting(state)
    return [
        PayoutReturned(
            end_to_end_id=state.end_to_end_id,
            reason_code=command.reason_code,
            effective=command.on,
        )
    ]


def fail(state: Payout, command: FailPayout) -> list[Fact]:
    """Record that the bank did not carry the instruction out."""
    _need_awaiting(state)
    return [
        PayoutFailed(
            end_to_end_id=state.end_to_end_id,
            reason_code=command.reason_code,
            effective=command.on,
        )
    ]


def _need_awaiting(state: Payout) -> None:
    if state.status == "none":
        raise NotFound("没有这笔付款", "There is no such payout", do="Instruct it first.")
    if state.status not in AWAITING:
        raise WrongState(
            f"付款状态为 {state.status}",
            f"A payout that is {state.status} awaits no answer from the bank",
            do="Check the end-to-end id on the bank's line.",
            state=state.status,
            current_version=state.version,
        )
