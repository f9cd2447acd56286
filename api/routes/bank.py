"""Paying through a bank: batches of instructions and their files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict

from api import views
from api.bodies import StrictRoute
from api.examples import writes
from api.reads import View, present, reading, seen
from api.writes import Reasoned, Write, command_of, headers_of, writing
from domain import bank_batch, payout
from domain.bank_batch import Batch, FileFormat
from domain.bank_csv import CsvLayout
from domain.commands import Id
from ledger.records import Receipt
from workflows import bank_batches, bank_files
from workflows.bank_books import batches_of, read_batch
from workflows.desk import Ask, Outcome
from workflows.disclosure import read_for_payment

router = APIRouter(prefix="/v1", tags=["Bank"], route_class=StrictRoute)
BatchPath = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$", examples=["2025-03-1.b1"])
]
FILE_TYPES = {"csv": "text/csv", "pain.001": "application/xml"}
_DEBTOR = {"name": "杭州某传媒有限公司", "account": "310066001234567", "bank": "102290000010"}


def example(**sample: Any) -> ConfigDict:
    """The example of a body."""
    return ConfigDict(json_schema_extra={"examples": [{**sample, "reason": "pay of March"}]})


class ProposalRequest(bank_batch.ProposeBatch, Reasoned):
    """Put the instructions of a run that are in no batch yet into one."""

    run: Id
    model_config = example(run="2025-03-1", debtor=_DEBTOR, pay_on="2025-04-10")


class BatchApprovalRequest(bank_batch.ApproveBatch, Reasoned):
    """Approve the batch with this digest."""

    model_config = example(digest="0" * 64)


class FileRequest(Reasoned):
    """The form of the file; of a batch that was written it is known."""

    format: FileFormat | None = None
    layout: CsvLayout | None = None
    model_config = example(format="pain.001")


class BankActRequest(Reasoned):
    """Nothing has to be said; `reason` may be."""

    model_config = example()


class FailureRequest(payout.FailPayout, Reasoned):
    """What the bank says: not carried out."""

    model_config = example(reason_code="RJCT", on="2025-04-10")


# Batches


@router.post("/payout-batches", status_code=201, **writes("The proposed batch"))
def propose_batch(
    body: ProposalRequest, write: Annotated[Write, writing("payout.instruct")]
) -> Response:
    """Put what a run has instructed, and what is in no batch yet, into the run's next batch."""
    command = command_of(bank_batch.ProposeBatch, body)
    made: dict[str, Outcome[Batch]] = {}

    def receipts(ask: Ask) -> list[Receipt]:
        made["it"] = bank_batches.propose(write.desk, write.tenant, body.run, command, ask)
        return made["it"].receipts

    def show(position: int) -> dict[str, Any]:
        answered = write.answered()
        outcome = made.get("it")
        if outcome is None and answered is not None:
            name = answered.receipts[0].stream.partition("/")[2]
            return {"batch": _shown(read_batch(write.desk, write.tenant, name, position))}
        assert outcome is not None
        return {"batch": _shown(outcome.state)}

    return write.once(receipts, show, reason=body.reason)


@router.get("/payout-batches")
def list_batches_of_run(
    view: Annotated[View, present("payout.read")],
    run: Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")],
) -> Response:
    """The batches of a run in order, without their instructions."""
    found = batches_of(view.desk, view.tenant, run)
    view.read_pay(f"payrun/{run}")
    items = [{**_shown(one), "end_to_end_ids": None} for one in found]
    return seen(view, {"items": items, "next": None})


@router.get("/payout-batches/{batch}")
def get_payout_batch(batch: BatchPath, view: Annotated[View, reading("payout.read")]) -> Response:
    """A batch with its instructions, its digest and its file, as known at a position."""
    found = read_batch(view.desk, view.tenant, batch, view.known)
    view.read_pay(f"payoutbatch/{batch}")
    return seen(view, {"batch": _shown(found), "known": view.position}, found.version)


def _shown(batch: Batch) -> dict[str, Any]:
    shown: dict[str, Any] = views.money(batch)
    return shown


def _on_batch(
    write: Write, batch: str, body: Reasoned, do: Callable[[Ask], Outcome[Batch]]
) -> Response:
    def receipts(ask: Ask) -> list[Receipt]:
        return do(ask).receipts

    def show(position: int) -> dict[str, Any]:
        return {"batch": _shown(read_batch(write.desk, write.tenant, batch, position))}

    return write.once(receipts, show, reason=body.reason)


@router.post("/payout-batches/{batch}/approval", status_code=201, **writes("The approved batch"))
def approve_batch(
    batch: BatchPath,
    body: BatchApprovalRequest,
    write: Annotated[Write, writing("payout.approve")],
) -> Response:
    """Approve the batch; never by who instructed or proposed any of it."""
    command = command_of(bank_batch.ApproveBatch, body)
    return _on_batch(
        write,
        batch,
        body,
        lambda ask: bank_batches.approve(write.desk, write.tenant, batch, command, ask),
    )


@router.post("/payout-batches/{batch}/withdrawal", status_code=201, **writes("The batch"))
def withdraw_batch(
    batch: BatchPath, body: BankActRequest, write: Annotated[Write, writing("payout.instruct")]
) -> Response:
    """Withdraw a batch of which no file was written: its instructions are free again."""
    return _on_batch(
        write,
        batch,
        body,
        lambda ask: bank_batches.withdraw(write.desk, write.tenant, batch, ask),
    )


@router.post("/payout-batches/{batch}/file", responses={200: {"content": {"text/csv": {}}}})
def write_batch_file(
    batch: BatchPath, body: FileRequest, write: Annotated[Write, writing("payout.file")]
) -> Response:
    """The file for the bank, the same bytes each time. Names and accounts are opened for it, and
    that they were, by whom, is recorded each time."""
    made = bank_files.write_file(
        write.desk, write.tenant, batch, body.format, body.layout, write.ask(body.reason)
    )
    about = f"payoutbatch/{batch}"
    read_for_payment(write.desk, write.tenant, write.caller.reader(), about, made.persons)
    headers = headers_of(made.receipts, made.receipts[-1].position)
    headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    headers["Tallystick-SHA256"] = made.fact.sha256
    return Response(made.data, 200, headers, media_type=FILE_TYPES[made.fact.format])


@router.post("/payout-batches/{batch}/sending", status_code=201, **writes("The batch, sent"))
def send_batch(
    batch: BatchPath, body: BankActRequest, write: Annotated[Write, writing("payout.instruct")]
) -> Response:
    """Record that the file was handed to the bank: every instruction of it is sent."""

    def do() -> dict[str, Any]:
        ask = Ask(write.act(body.reason))
        outcome = bank_batches.send(write.desk, write.tenant, batch, ask)
        return {"receipts": outcome.receipts, "batch": _shown(outcome.state)}

    return write.whole(do, reason=body.reason)


@router.post("/payout-batches/{batch}/refusal", status_code=201, **writes("What failed"))
def refuse_batch(
    batch: BatchPath, body: FailureRequest, write: Annotated[Write, writing("payout.answer")]
) -> Response:
    """Record that the bank refused the whole file: every payable of it is open again."""
    command = command_of(payout.FailPayout, body)

    def do() -> dict[str, Any]:
        ask = Ask(write.act(body.reason))
        told = bank_batches.refuse_all(write.desk, write.tenant, batch, command, ask)
        receipts = [one.receipt for one in told if one.receipt is not None]
        return {"receipts": receipts, "failed": len(receipts)}

    return write.whole(do, reason=body.reason)
