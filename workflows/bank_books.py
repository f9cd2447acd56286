"""What is known of payouts and their batches, read from the facts alone."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import msgspec

from domain import bank_batch, payout
from domain.bank_batch import Batch, Instruction
from domain.bank_transfer import bank_id
from domain.payout import Payout, PayoutInstructed
from domain.reconcile import Attempt
from domain.refusals import NotFound, WrongState
from ledger.bank_lines import BankLines
from workflows.desk import Desk, load, scan
from workflows.payrun import read_run

PAYOUT_NAMES = (
    "payout.instructed.v1",
    "payout.sent.v1",
    "payout.settled.v1",
    "payout.returned.v1",
    "payout.failed.v1",
)


class Standing(msgspec.Struct, kw_only=True):
    """A payout as it stands, and every instruction it has had."""

    state: Payout
    attempts: list[Attempt]

    @property
    def instruction(self) -> Instruction:
        """The present instruction."""
        now = self.state
        return Instruction(now.end_to_end_id, now.payout, now.person, now.amount)


def payouts_of(
    desk: Desk, tenant: str, run_id: str | None = None, known: int | None = None
) -> dict[str, Standing]:
    """The payouts of a run, or of all: payout id → how it stands, in the ledger's order."""
    after = read_run(desk, tenant, run_id).pinned if run_id else 0
    found: dict[str, Standing] = {}
    for record in scan(desk, tenant, PAYOUT_NAMES, after=after, upto=known):
        fact, name = record.fact, record.stream.removeprefix("payout/")
        standing = found.get(name)
        if isinstance(fact, PayoutInstructed):
            if run_id not in (None, fact.run):
                continue
            if standing is None:
                standing = found[name] = Standing(state=Payout(), attempts=[])
            standing.attempts.append(
                Attempt(
                    end_to_end_id=fact.end_to_end_id,
                    payout=fact.payout,
                    contract=fact.contract,
                    person=fact.person,
                    run=fact.run,
                    month=fact.month,
                    amount=fact.amount,
                    attempt=fact.attempt,
                    status="instructed",
                    instructed_on=record.recorded_at.astimezone(UTC).date(),
                    instructed_by=record.actor,
                )
            )
        if standing is not None:
            state = standing.state = payout.evolve(standing.state, fact, record)
            last = standing.attempts[-1]
            standing.attempts[-1] = msgspec.structs.replace(last, status=state.status)
    return found


def batch_stream(batch: str) -> str:
    """The stream of a batch."""
    return f"payoutbatch/{batch}"


def read_batch(desk: Desk, tenant: str, batch: str, known: int | None = None) -> Batch:
    """A batch as known at a position. Raises NotFound."""
    found = load(desk, tenant, batch_stream(batch), Batch(), bank_batch.evolve, known)
    if found.status == "none":
        raise NotFound(
            f"没有付款批次 {batch}",
            f"There is no batch {batch}",
            do="List the batches of the run; ids look like 2025-03-1.b1.",
        )
    return found


def batches_of(desk: Desk, tenant: str, run_id: str, known: int | None = None) -> list[Batch]:
    """The batches of a run in order; they are numbered without gaps."""
    found: list[Batch] = []
    while True:
        stream = batch_stream(id_of_batch(run_id, len(found) + 1))
        batch = load(desk, tenant, stream, Batch(), bank_batch.evolve, known)
        if batch.status == "none":
            return found
        found.append(batch)


def id_of_batch(run_id: str, number: int) -> str:
    """The id of a run's batch; it is the file's message id, unique for the company."""
    return f"{run_id}.b{number}"


def bank_lines(desk: Desk) -> BankLines:
    """The statements' lines of the desk's database."""
    return BankLines(desk.store._pool, desk.store)


def refuse_unless_free(desk: Desk, tenant: str, state: Payout) -> None:
    """Refuse a second instruction while the first may still be paid: it stands in a batch that
    has not been sent or withdrawn, or a bank's line says that it was paid."""
    for batch in batches_of(desk, tenant, state.run):
        if state.end_to_end_id in batch.end_to_end_ids and batch.status not in (
            "sent",
            "withdrawn",
        ):
            raise WrongState(
                f"原付款指示仍在批次 {batch.batch} 中, 状态为 {batch.status}",
                f"The first instruction stands in batch {batch.batch}, which is {batch.status}",
                do="Withdraw the batch, or mark it sent where the bank has the file.",
                batch=batch.batch,
            )
    ids = [bank_id(f"{state.payout}.{number + 1}") for number in range(state.attempt)]
    paid = -sum((line.amount for line in bank_lines(desk).taken(tenant, ids=ids)), Decimal(0))
    if paid > 0:
        raise WrongState(
            f"银行对账单显示该款项已支付 {paid}",
            f"The bank's statement says that {paid} of it was paid",
            do="Match the statement; clear with the bank what it paid.",
            paid=str(paid),
        )
