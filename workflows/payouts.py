"""Payouts: what is posted is instructed once, and the bank's answers are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from domain import payout
from domain.facts import Fact
from domain.payout import Payable, Payout
from domain.refusals import NotFound, Refusal, WrongState
from ledger.records import NewFact, Receipt
from workflows.desk import Ask, Desk, Outcome, handle, load
from workflows.payrun import read_run
from workflows.payslips import payslips

CHUNK = 500
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

    Safe to repeat, also after a kill: the payout's stream is named by what it is for, so a second
    instruction meets the first. Raises WrongState where the run is not posted.
    """
    run = read_run(desk, tenant, run_id)
    if run.status != "posted":
        raise WrongState(
            f"批次 {run_id} 未过账",
            f"Run {run_id} is {run.status}, not posted",
            do="Approve and post it first.",
            state=run.status,
        )
    receipts: list[Receipt] = []
    chunk: list[NewFact] = []
    already = nothing = 0
    for made in payslips(desk, tenant, run):
        payable = Payable(
            contract=made.contract,
            person=made.person,
            month=made.month,
            component=COMPONENT,
            run=run.run,
            amount=made.net,
        )
        state = load(desk, tenant, _stream(payable.payout), Payout(), payout.evolve)
        if state.status != "none":
            already += 1
        elif payable.amount <= 0:
            nothing += 1
        else:
            fact = payout.instruct(state, payable)[0]
            chunk.append(NewFact(_stream(payable.payout), 1, fact))
        if len(chunk) == CHUNK:
            receipts += desk.store.append(tenant, chunk, ask.act)
            chunk = []
    if chunk:
        receipts += desk.store.append(tenant, chunk, ask.act)
    desk.runner.hint()
    return Instructed(receipts, len(receipts), already, nothing)


def instruct_again(desk: Desk, tenant: str, payout_id: str, ask: Ask) -> Outcome[Payout]:
    """Instruct a payable again after the bank returned it."""

    def decide(state: Payout) -> list[Fact]:
        if state.status == "none":
            raise _unknown(payout_id)
        values = {name: getattr(state, name) for name in Payable.__struct_fields__}
        return payout.instruct(state, Payable(**values))

    return _on_payout(desk, tenant, payout_id, decide, ask)


def settle(
    desk: Desk, tenant: str, payout_id: str, command: payout.SettlePayout, ask: Ask
) -> Outcome[Payout]:
    """Record that the bank paid."""
    return _on_payout(desk, tenant, payout_id, lambda state: payout.settle(state, command), ask)


def give_back(
    desk: Desk, tenant: str, payout_id: str, command: payout.ReturnPayout, ask: Ask
) -> Outcome[Payout]:
    """Record that the bank sent the money back: the payable is open again."""
    return _on_payout(desk, tenant, payout_id, lambda state: payout.returned(state, command), ask)


def read_payout(desk: Desk, tenant: str, payout_id: str, known: int | None = None) -> Payout:
    """A payout as known at a position. Raises NotFound."""
    state = load(desk, tenant, _stream(payout_id), Payout(), payout.evolve, known)
    if state.status == "none":
        raise _unknown(payout_id)
    return state


def _on_payout(desk: Desk, tenant: str, payout_id: str, decide, ask: Ask) -> Outcome[Payout]:
    return handle(desk, tenant, _stream(payout_id), Payout(), payout.evolve, decide, ask)


def _stream(payout_id: str) -> str:
    return f"payout/{payout_id}"


def _unknown(payout_id: str) -> Refusal:
    return NotFound(
        f"没有付款 {payout_id}",
        f"There is no payout {payout_id}",
        do="Ids look like 2025-03-1.C-0001.net; list the payouts of the run.",
    )
