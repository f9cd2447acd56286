"""A streamer confirms a payslip, or disputes a line; a dispute is answered and linked.

A payslip never changes: what a dispute mends is a fact of its own (an amendment, a batch of
figures), and the difference comes as an arrears line in the next run (decision 011).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from domain.commands import Command, Id
from domain.facts import Fact, Place
from domain.lines import Payslip
from domain.refusals import Invalid, NotFound, WrongState

Said = Annotated[str, Field(min_length=1, max_length=2000)]


class PayslipConfirmed(Fact, frozen=True, kw_only=True):
    """The person agreed with a payslip."""

    run: str
    contract: str
    net: Decimal


class LineDisputed(Fact, frozen=True, kw_only=True):
    """The person does not agree with a line, and says why."""

    dispute: str
    run: str
    contract: str
    line: int
    """The line's number on the payslip, from 1."""
    code: str
    amount: Decimal
    expected: Decimal | None
    statement: str


class DisputeResolved(Fact, frozen=True, kw_only=True):
    """A dispute was answered; an accepted one names the fact that mends it."""

    dispute: str
    outcome: str
    answer: str
    correction: int | None
    """Position of the fact that mends it: an amendment, a batch of figures."""


class ConfirmPayslip(Command):
    """Agree with a payslip."""


class DisputeLine(Command):
    """Disagree with a line of a payslip."""

    dispute: Id
    line: Annotated[int, Field(ge=1, le=100_000)]
    statement: Said
    expected: Annotated[Decimal, Field(max_digits=15, decimal_places=2)] | None = None


class ResolveDispute(Command):
    """Answer a dispute; `accepted` names the correcting fact's position."""

    outcome: Literal["accepted", "rejected"]
    answer: Said
    correction: Annotated[int, Field(ge=1)] | None = None


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute and how it stands."""

    dispute: str
    line: int
    code: str
    amount: Decimal
    expected: Decimal | None
    statement: str
    by: str
    status: str = "open"
    answer: str = ""
    correction: int | None = None


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What was said about one payslip."""

    version: int = 0
    confirmed_by: str = ""
    disputes: dict[str, Dispute] = {}


def evolve(state: Answers, fact: Fact, place: Place) -> Answers:
    """Fold one fact into what was said about a payslip."""
    replace = msgspec.structs.replace
    state = replace(state, version=place.version)
    match fact:
        case PayslipConfirmed():
            return replace(state, confirmed_by=place.actor)
        case LineDisputed():
            made = Dispute(
                dispute=fact.dispute,
                line=fact.line,
                code=fact.code,
                amount=fact.amount,
                expected=fact.expected,
                statement=fact.statement,
                by=place.actor,
            )
            return replace(state, confirmed_by="", disputes={**state.disputes, fact.dispute: made})
        case DisputeResolved():
            answered = replace(
                state.disputes[fact.dispute],
                status=fact.outcome,
                answer=fact.answer,
                correction=fact.correction,
            )
            return replace(state, disputes={**state.disputes, fact.dispute: answered})
    raise TypeError(f"what is said about a payslip has no fact {type(fact).__name__}")


def confirm(state: Answers, run: str, slip: Payslip) -> list[Fact]:
    """Agree with a payslip. Raises WrongState while a dispute about it is open."""
    open_ones = sorted(name for name, one in state.disputes.items() if one.status == "open")
    if open_ones or state.confirmed_by:
        raise WrongState(
            "已确认或仍有未处理的异议",
            "The payslip is confirmed already, or a dispute about it is open",
            do="Resolve the open disputes first.",
            open=open_ones,
            current_version=state.version,
        )
    return [PayslipConfirmed(run=run, contract=slip.contract, net=slip.net)]


def dispute(state: Answers, run: str, slip: Payslip, command: DisputeLine) -> list[Fact]:
    """Disagree with a line. Raises Invalid for a line that is not there, WrongState for an id
    that was used."""
    if command.dispute in state.disputes:
        raise WrongState(
            f"异议 {command.dispute} 已存在",
            f"There is a dispute {command.dispute} already",
            do="Choose another id.",
            current_version=state.version,
        )
    if command.line > len(slip.lines):
        raise Invalid(
            f"工资单没有第 {command.line} 行",
            f"The payslip has no line {command.line}",
            do=f"Lines are numbered from 1 to {len(slip.lines)}.",
            field="line",
        )
    line = slip.lines[command.line - 1]
    made = LineDisputed(
        dispute=command.dispute,
        run=run,
        contract=slip.contract,
        line=command.line,
        code=line.code,
        amount=line.amount,
        expected=command.expected,
        statement=command.statement,
    )
    return [made]


def resolve(state: Answers, name: str, command: ResolveDispute, mends: bool) -> list[Fact]:
    """Answer an open dispute; `mends` says whether the named fact can mend a payslip of the
    contract. Raises NotFound, WrongState, and Invalid where an accepted one names no such fact."""
    found = state.disputes.get(name)
    if found is None:
        raise NotFound(f"没有异议 {name}", f"There is no dispute {name}", do="List them.")
    if found.status != "open":
        raise WrongState(
            f"异议 {name} 已处理", f"Dispute {name} is {found.status} already", do="Open another."
        )
    if command.outcome == "accepted" and not mends:
        raise Invalid(
            "接受异议须指明更正事实的位置(条款变更或数据批次)",
            "An accepted dispute names the position of the fact that mends it",
            do="Amend the contract or record the corrected figures, and give that position.",
            field="correction",
        )
    made = DisputeResolved(
        dispute=name,
        outcome=command.outcome,
        answer=command.answer,
        correction=command.correction,
    )
    return [made]
