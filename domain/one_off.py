"""One-off payments beside the clauses: awards, annual bonuses, severance, non-compete pay.

Agreed once under an id, paid with the first run that knows it, and never a second time. An annual
bonus waits for its worker's choice of how it is taxed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import Field, model_validator

from domain.commands import Command, Id
from domain.facts import Act, Fact, Place
from domain.money import PositiveMoney
from domain.periods import Month, MonthText
from domain.refusals import Invalid, NotFound, WrongState

OneOffKind = Literal["award", "annual_bonus", "severance", "non_compete"]
BonusWay = Literal["separate", "merged"]
TITLES: dict[OneOffKind, tuple[str, str]] = {
    "award": ("一次性奖励", "One-off award"),
    "annual_bonus": ("全年一次性奖金", "Annual bonus"),
    "severance": ("经济补偿", "Economic compensation"),
    "non_compete": ("竞业限制补偿", "Non-compete pay"),
}


class OneOffAgreed(Fact, frozen=True, kw_only=True):
    """A payment beside the clauses was agreed for a month."""

    one_off: str
    contract: str
    person: str
    kind: OneOffKind
    month: str
    """The first month with whose run it may be paid."""
    amount: Decimal
    working: dict[str, str]
    """How the amount was come to, where it was computed: names and figures."""
    document: str | None


class OneOffTaxChosen(Fact, frozen=True, kw_only=True):
    """The worker chose how an annual bonus is taxed when it is paid in a year."""

    way: BonusWay
    year: int


class OneOffWithdrawn(Fact, frozen=True, kw_only=True):
    """The payment was withdrawn before it was paid."""


class AgreeOneOff(Command):
    """Agree on a payment beside the clauses; severance and non-compete pay may be computed."""

    one_off: Id
    contract: Id
    kind: OneOffKind
    month: MonthText
    amount: PositiveMoney | None = None
    """Left out for severance and non-compete pay, it is computed from the last twelve months."""
    document: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _amount_where_nothing_computes_it(self) -> AgreeOneOff:
        if self.amount is None and self.kind in ("award", "annual_bonus"):
            raise ValueError("an award and an annual bonus need an amount")
        return self


class ChooseBonusTax(Command):
    """Say what the worker chose: taxed by itself, or with the year's wages."""

    way: BonusWay
    year: Annotated[int, Field(ge=2019, le=2200)]
    """The year of payment: separate taxation is open once a year."""


class OneOff(msgspec.Struct, frozen=True, kw_only=True):
    """A one-off payment at a version."""

    one_off: str = ""
    version: int = 0
    status: Literal["none", "agreed", "withdrawn"] = "none"
    contract: str = ""
    person: str = ""
    kind: OneOffKind = "award"
    month: str = ""
    amount: Decimal = Decimal(0)
    working: dict[str, str] = {}
    way: BonusWay | None = None
    year: int | None = None
    position: int = 0
    agreed_by: str = ""

    @property
    def waits(self) -> bool:
        """Whether it waits for the worker's choice."""
        return self.kind == "annual_bonus" and self.way is None

    def due(self, month: Month) -> bool:
        """Whether the run of a month may pay it."""
        return self.status == "agreed" and not self.waits and self.month <= str(month)


def evolve(state: OneOff, fact: Fact, place: Place) -> OneOff:
    """Fold one fact into the payment."""
    replace = msgspec.structs.replace
    match fact:
        case OneOffAgreed():
            changed = OneOff(
                one_off=fact.one_off,
                status="agreed",
                contract=fact.contract,
                person=fact.person,
                kind=fact.kind,
                month=fact.month,
                amount=fact.amount,
                working=fact.working,
                position=place.position,
                agreed_by=place.actor,
            )
        case OneOffTaxChosen():
            changed = replace(state, way=fact.way, year=fact.year)
        case OneOffWithdrawn():
            changed = replace(state, status="withdrawn")
        case _:
            raise TypeError(f"a one-off payment has no fact {type(fact).__name__}")
    return replace(changed, version=place.version)


def agree(
    state: OneOff,
    command: AgreeOneOff,
    act: Act,
    *,
    person: str,
    character: str,
    computed: tuple[Decimal, dict[str, str]] | None,
) -> list[Fact]:
    """Agree on a payment. `computed`: the amount and its working where the command has none.

    Raises WrongState for an id that is taken, Invalid without a reason and for a kind that the
    tax character does not know.
    """
    if state.status != "none":
        raise WrongState(
            f"一次性款项 {command.one_off} 已存在",
            f"One-off payment {command.one_off} exists already",
            do="Choose another id.",
            current_version=state.version,
        )
    if not act.reason.strip():
        raise Invalid(
            "一次性款项需要写明原因",
            "A one-off payment needs a reason",
            do="Say in `reason` why it is paid.",
            field="reason",
        )
    if command.kind != "award" and character != "wages":
        raise Invalid(
            f"{TITLES[command.kind][0]}只适用于工资薪金",
            f"{TITLES[command.kind][1]} is for wages; the contract is taxed as {character}",
            do="Agree on an award, or set the contract's tax character.",
            field="kind",
        )
    amount, working = computed if command.amount is None and computed else (command.amount, {})
    assert amount is not None
    return [
        OneOffAgreed(
            one_off=command.one_off,
            contract=command.contract,
            person=person,
            kind=command.kind,
            month=command.month,
            amount=amount,
            working=working,
            document=command.document,
        )
    ]


def choose(state: OneOff, command: ChooseBonusTax, used: bool) -> list[Fact]:
    """Record the worker's choice. `used`: another bonus of the person is taxed separately in the
    year. Raises WrongState for that, and where there is nothing to choose."""
    _need(state)
    if state.kind != "annual_bonus":
        raise WrongState(
            "只有全年一次性奖金可以选择计税方式",
            "Only an annual bonus has a choice of how it is taxed",
            do="Nothing needs to be chosen.",
        )
    if command.way == "separate" and used:
        raise WrongState(
            f"{command.year} 年已有一次全年一次性奖金单独计税，一年只能一次",
            f"A bonus is taxed separately in {command.year} already: once a year is the rule",
            do="Choose merged.",
            field="way",
        )
    return [OneOffTaxChosen(way=command.way, year=command.year)]


def withdraw(state: OneOff, paid: bool) -> list[Fact]:
    """Withdraw a payment that no posted run has paid."""
    _need(state)
    if paid:
        raise WrongState(
            "该款项已随已过账批次支付",
            "A posted run has paid it",
            do="Agree on what is to be taken back with the person; a posted payslip never changes.",
        )
    return [OneOffWithdrawn()]


def _need(state: OneOff) -> None:
    if state.status == "none":
        raise NotFound(
            "没有这笔一次性款项", "There is no such one-off payment", do="Agree on it first."
        )
    if state.status == "withdrawn":
        raise WrongState("该款项已撤回", "It was withdrawn", do="Agree on a new one.")
