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
    status: Literal["none", "instructed", "settled", "returned"] = "none"
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
        case PayoutSettled():
            changed = replace(state, status="settled")
        case PayoutReturned():
            changed = replace(state, status="returned")
        case _:
            raise TypeError(f"a payout has no fact {type(fact).__name__}")
    return replace(changed, version=place.version)


def instruct(state: Payout, payable: Payable) -> list[Fact]:
    """Instruct a payable. Raises WrongState unless it is open: new, or returned by the bank."""
    if state.status in ("instructed", "settled"):
        raise WrongState(
            "该款项已指示付款,不能重复支付",
            f"This payable is {state.status} already: it is not paid twice",
            do="Wait for the bank's answer; only a returned payout can be instructed again.",
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
    _need_instructed(state)
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


def returned(state: Payout, command: ReturnPayout) -> list[Fact]:
    """Record that the bank sent the money back."""
    _need_instructed(state)
    return [
        PayoutReturned(
            end_to_end_id=state.end_to_end_id,
            reason_code=command.reason_code,
            effective=command.on,
        )
    ]


def _need_instructed(state: Payout) -> None:
    if state.status == "none":
        raise NotFound("没有这笔付款", "There is no such payout", do="Instruct it first.")
    if state.status != "instructed":
        raise WrongState(
            f"付款状态为 {state.status}",
            f"A payout that is {state.status} awaits no answer from the bank",
            do="Check the end-to-end id on the bank's line.",
            state=state.status,
            current_version=state.version,
        )
