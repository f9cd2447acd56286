"""Payouts: what is posted is instructed once, and the bank's answers are recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain import payout
from domain.facts import Fact, Place
from domain.lines import Payslip
from domain.money import ZERO
from domain.payout import FailPayout, Payable, Payout, ReturnPayout, SettlePayout
from domain.payrun import POSTED
from domain.refusals import NotFound, Refusal, StaleVersion, WrongState
from ledger.records import NewFact, Receipt
from workflows.bank_books import payouts_of, refuse_unless_free
from workflows.desk import RETRIES, Ask, Desk, Outcome, busy, handle, load
from workflows.payrun import read_run
from workflows.payslips import payslips

CHUNK = 1_000
COMPONENT = "net"


@dataclass(frozen=True, slots=True)
class Instructed:
    """What instructing a run did: new instructions, and payables that needed none."""

    receipts: list[Receipt]
    instructed: int
    already: int
    nothing_to_pay: int


def instruct_run(desk: Desk, tenant: str, run_id: str, ask: Ask) -> Instructed:
    """Instruct every payable of a posted run that has no instruction yet.

    Safe to repeat, also after a kill and by several people at once: the payout's stream is named
    by what it is for, so a second instruction meets the first. Raises WrongState where the run
    is not posted.
    """
    run = read_run(desk, tenant, run_id)
    if run.status not in POSTED:
        raise WrongState(
            f"批次 {run_id} 未过账",
            f"Run {run_id} is {run.status}, not posted",
            do="Approve and post it first.",
            state=run.status,
        )
    payables = [_payable(run.run, made) for made in payslips(desk, tenant, run)]
    open_ones = [payable for payable in payables if payable.amount > ZERO]
    receipts: list[Receipt] = []
    instructed = payouts_of(desk, tenant, run_id)
    new = [payable for payable in open_ones if payable.payout not in instructed]
    for first in range(0, len(new), CHUNK):
        receipts += _instruct(desk, tenant, new[first : first + CHUNK], ask)
    desk.runner.hint()
    already = len(open_ones) - len(receipts)
    return Instructed(receipts, len(receipts), already, len(payables) - len(open_ones))


def _payable(run_id: str, made: Payslip) -> Payable:
    return Payable(
        contract=made.contract,
        person=made.person,
        month=made.month,
        component=COMPONENT,
        run=run_id,
        amount=made.net,
    )


def _instruct(desk: Desk, tenant: str, payables: list[Payable], ask: Ask) -> list[Receipt]:
    """Instruct those that have no instruction; who is overtaken looks again."""
    for _ in range(RETRIES):
        new = [
            NewFact(_stream(payable.payout), 1, payout.instruct(Payout(), payable)[0])
            for payable in payables
        ]
        try:
            return desk.store.append(tenant, new, ask.act) if new else []
        except StaleVersion:
            payables = [
                payable
                for payable in payables
                if not desk.store.stream(tenant, _stream(payable.payout), limit=1)
            ]
    raise busy("payouts")


def instruct_again(desk: Desk, tenant: str, payout_id: str, ask: Ask) -> Outcome[Payout]:
    """Instruct a payable again after the bank returned it or did not carry it out.

    Raises WrongState while the first instruction may still be paid.
    """

    def decide(state: Payout) -> list[Fact]:
        if state.status == "none":
            raise _unknown(payout_id)
        values = {name: getattr(state, name) for name in Payable.__struct_fields__}
        facts = payout.instruct(state, Payable(**values))
        refuse_unless_free(desk, tenant, state)
        return facts

    return _on_payout(desk, tenant, payout_id, decide, ask)


def settle(
    desk: Desk, tenant: str, payout_id: str, command: SettlePayout, ask: Ask
) -> Outcome[Payout]:
    """Record that the bank paid."""
    return _on_payout(desk, tenant, payout_id, lambda state: payout.settle(state, command), ask)


def give_back(
    desk: Desk, tenant: str, payout_id: str, command: ReturnPayout, ask: Ask
) -> Outcome[Payout]:
    """Record that the bank sent the money back: the payable is open again."""
    return _on_payout(desk, tenant, payout_id, lambda state: payout.returned(state, command), ask)


def fail(desk: Desk, tenant: str, payout_id: str, command: FailPayout, ask: Ask) -> Outcome[Payout]:
    """Record that the bank did not carry the instruction out: the payable is open again."""
    return _on_payout(desk, tenant, payout_id, lambda state: payout.fail(state, command), ask)


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of what the bank says about a payout."""

    payout: str
    command: SettlePayout | ReturnPayout | FailPayout
    of_statement: bool = False
    """A line of the bank's statement says it: it may return what was settled."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one of the bank's lines."""

    payout: str
    receipt: Receipt | None
    refusal: Refusal | None = None


def record_answers(
    desk: Desk,
    tenant: str,
    answers: Sequence[Answer],
    ask: Ask,
    read: Mapping[str, Payout] | None = None,
) -> list[Verdict]:
    """Record many of the bank's lines; each has its own verdict, in the order given.

    A line whose payout awaits no answer is refused by itself: the same statement sent twice
    changes nothing the second time. `read` are payouts that the caller has just read, by id; who
    is overtaken since reads them again.
    """
    verdicts: list[Verdict] = []
    states = {_stream(name): state for name, state in (read or {}).items()}
    for first in range(0, len(answers), CHUNK):
        verdicts += _record(desk, tenant, answers[first : first + CHUNK], ask, states)
    desk.runner.hint()
    return verdicts


def _record(
    desk: Desk, tenant: str, answers: Sequence[Answer], ask: Ask, states: dict[str, Payout]
) -> list[Verdict]:
    for _ in range(RETRIES):
        decided = [_decided(desk, tenant, answer, states) for answer in answers]
        new = [made for made in decided if isinstance(made, NewFact)]
        try:
            receipts = iter(desk.store.append(tenant, new, ask.act) if new else ())
        except StaleVersion:
            states.clear()
            continue
        return [
            Verdict(answer.payout, None, made)
            if isinstance(made, Refusal)
            else Verdict(answer.payout, next(receipts))
            for answer, made in zip(answers, decided, strict=True)
        ]
    raise busy("payouts")


def _decided(
    desk: Desk, tenant: str, answer: Answer, states: dict[str, Payout]
) -> NewFact | Refusal:
    """The fact of one line, on the state that the lines before it have led to."""
    stream = _stream(answer.payout)
    state = states.get(stream) or load(desk, tenant, stream, Payout(), payout.evolve)
    try:
        if isinstance(answer.command, SettlePayout):
            (fact,) = payout.settle(state, answer.command)
        elif isinstance(answer.command, FailPayout):
            (fact,) = payout.fail(state, answer.command)
        else:
            (fact,) = payout.returned(state, answer.command, after_settlement=answer.of_statement)
    except Refusal as refusal:
        return refusal
    version = state.version + 1
    states[stream] = payout.evolve(state, fact, Place(version=version))
    return NewFact(stream, version, fact)


def read_payout(desk: Desk, tenant: str, payout_id: str, known: int | None = None) -> Payout:
    """A payout as known at a position. Raises NotFound."""
    state = load(desk, tenant, _stream(payout_id), Payout(), payout.evolve, known)
    if state.status == "none":
        raise _unknown(payout_id)
    return state


def _on_payout(
    desk: Desk, tenant: str, payout_id: str, decide: Callable[[Payout], list[Fact]], ask: Ask
) -> Outcome[Payout]:
    return handle(desk, tenant, _stream(payout_id), Payout(), payout.evolve, decide, ask)


def _stream(payout_id: str) -> str:
    return f"payout/{payout_id}"


def _unknown(payout_id: str) -> Refusal:
    return NotFound(
        f"没有付款 {payout_id}",
        f"There is no payout {payout_id}",
        do="Ids look like 2025-03-1.C-0001.net; list the payouts of the run.",
    )
