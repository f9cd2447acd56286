"""Batches of instructions for the bank: proposed, approved by a second person, sent."""

from __future__ import annotations

from collections.abc import Callable

from domain import bank_batch, payout
from domain.bank_batch import ApproveBatch, Batch, Instruction, ProposeBatch
from domain.facts import Fact
from domain.payout import FailPayout
from domain.reconcile import Attempt
from domain.refusals import NotFound, StaleVersion
from ledger.records import NewFact, Receipt
from workflows.bank_books import (
    Standing,
    batch_stream,
    batches_of,
    id_of_batch,
    payouts_of,
    read_batch,
)
from workflows.desk import RETRIES, Ask, Desk, Outcome, busy, handle
from workflows.payouts import CHUNK, Answer, Verdict, record_answers
from workflows.payrun import read_run


def propose(
    desk: Desk, tenant: str, run_id: str, command: ProposeBatch, ask: Ask
) -> Outcome[Batch]:
    """Put what is instructed and in no batch yet into the run's next batch.

    Two who propose at once race for the batch's stream: the second one looks again, and finds
    what the first has left. So an instruction is in one batch that may go to the bank, never two.
    """
    run = read_run(desk, tenant, run_id)
    for _ in range(RETRIES):
        if answered := _answered(desk, tenant, ask):
            return _outcome(desk, tenant, answered)
        known = batches_of(desk, tenant, run_id)
        batch = id_of_batch(run_id, len(known) + 1)
        waiting = _waiting(desk, tenant, run_id, known, command)
        pay_on = command.pay_on or run.pay_date
        fact = bank_batch.propose(batch, run_id, waiting, command.debtor, pay_on)
        new = [NewFact(batch_stream(batch), 1, fact)]
        try:
            receipts = desk.store.append(tenant, new, ask.act, idempotency=ask.idempotency)
        except StaleVersion:
            continue
        desk.runner.hint()
        return _outcome(desk, tenant, receipts)
    raise busy(f"batches of {run_id}")


def _answered(desk: Desk, tenant: str, ask: Ask) -> list[Receipt]:
    once = ask.idempotency
    if once is None:
        return []
    answer = desk.store.idempotent_answer(tenant, once.key, once.fingerprint)
    return answer.receipts if answer else []


def _outcome(desk: Desk, tenant: str, receipts: list[Receipt]) -> Outcome[Batch]:
    batch = receipts[-1].stream.partition("/")[2]
    return Outcome(receipts, read_batch(desk, tenant, batch, receipts[-1].position))


def _waiting(
    desk: Desk, tenant: str, run_id: str, known: list[Batch], command: ProposeBatch
) -> list[Instruction]:
    """The instructions of the run that are in no batch that stands."""
    standing = payouts_of(desk, tenant, run_id)
    unknown = [name for name in command.leave_out if name not in standing]
    if unknown:
        raise NotFound(
            f"批次中没有付款 {unknown[0]}",
            f"Run {run_id} has no payout {unknown[0]}",
            do="Name payouts of the run, such as 2025-03-1.C-0001.net.",
        )
    taken = {name for one in known if one.status != "withdrawn" for name in one.end_to_end_ids}
    waiting = [
        one.instruction
        for name, one in standing.items()
        if one.state.status == "instructed"
        and one.state.end_to_end_id not in taken
        and name not in command.leave_out
    ]
    return waiting[: bank_batch.LARGEST]


def approve(desk: Desk, tenant: str, batch: str, command: ApproveBatch, ask: Ask) -> Outcome[Batch]:
    """Approve a batch; never by who instructed or proposed any of it."""
    found = read_batch(desk, tenant, batch)
    members = set(found.end_to_end_ids)
    by = {
        one.instructed_by
        for one in _attempts(payouts_of(desk, tenant, found.run))
        if one.end_to_end_id in members
    }
    return _on_batch(
        desk, tenant, batch, lambda state: bank_batch.approve(state, command, ask.act, by), ask
    )


def withdraw(desk: Desk, tenant: str, batch: str, ask: Ask) -> Outcome[Batch]:
    """Withdraw a batch of which no file was written: its instructions are free again."""
    return _on_batch(desk, tenant, batch, bank_batch.withdraw, ask)


def send(desk: Desk, tenant: str, batch: str, ask: Ask) -> Outcome[Batch]:
    """Record that the batch's file was handed to the bank: every instruction is sent.

    Safe to repeat: what is sent or answered stays so, and a call that was cut off is finished
    by the next one.
    """
    found = read_batch(desk, tenant, batch)
    if not bank_batch.sent(found):
        return Outcome([], found)
    for _ in range(RETRIES):
        try:
            receipts = _mark_sent(desk, tenant, found, ask)
            break
        except StaleVersion:
            continue
    else:
        raise busy(f"payouts of {batch}")
    done = _on_batch(desk, tenant, batch, bank_batch.sent, ask)
    return Outcome([*receipts, *done.receipts], done.state)


def _mark_sent(desk: Desk, tenant: str, batch: Batch, ask: Ask) -> list[Receipt]:
    standing = payouts_of(desk, tenant, batch.run)
    payout_of = {one.end_to_end_id: one.payout for one in _attempts(standing)}
    new = [
        NewFact(f"payout/{state.payout}", state.version + 1, fact)
        for name in batch.end_to_end_ids
        for state in [standing[payout_of[name]].state]
        for fact in payout.send(state, name, batch.batch)
    ]
    receipts: list[Receipt] = []
    for first in range(0, len(new), CHUNK):
        receipts += desk.store.append(tenant, new[first : first + CHUNK], ask.act)
    desk.runner.hint()
    return receipts


def refuse_all(desk: Desk, tenant: str, batch: str, command: FailPayout, ask: Ask) -> list[Verdict]:
    """Record that the bank refused the whole file: every instruction of it that awaits an answer
    failed, and its payable is open again. Raises WrongState where the file was never sent."""
    found = read_batch(desk, tenant, batch)
    bank_batch.need(found, "refused by the bank", "sent")
    standing = payouts_of(desk, tenant, found.run)
    ids = set(found.end_to_end_ids)
    answers = [
        Answer(one.state.payout, command)
        for one in standing.values()
        if one.state.end_to_end_id in ids and one.state.status in payout.AWAITING
    ]
    states = {name: one.state for name, one in standing.items()}
    return record_answers(desk, tenant, answers, ask, states)


def _attempts(standing: dict[str, Standing]) -> list[Attempt]:
    return [attempt for one in standing.values() for attempt in one.attempts]


def _on_batch(
    desk: Desk, tenant: str, batch: str, decide: Callable[[Batch], list[Fact]], ask: Ask
) -> Outcome[Batch]:
    return handle(desk, tenant, batch_stream(batch), Batch(), bank_batch.evolve, decide, ask)
