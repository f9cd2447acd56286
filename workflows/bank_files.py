"""Files for the bank: names and accounts are opened for this act alone, and the opening is a fact.

The file of a batch is a function of facts: the instructions that were approved, and the payment
details as they stood when they were approved. Asked for again it has the same bytes, or is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain import bank_batch
from domain import person as persons
from domain.bank_batch import BankDataOpened, Batch, FileFormat, PayoutFileWritten
from domain.bank_csv import CsvLayout, write_csv
from domain.bank_pain import Initiation, write_pain
from domain.bank_transfer import Transfer, refuse_unfit, total
from domain.facts import Fact
from domain.refusals import WrongState
from ledger.records import Receipt
from workflows.bank_books import Standing, batch_stream, payouts_of, read_batch
from workflows.desk import Ask, Desk, handle, scan

PERSON_NAMES = ("person.registered.v1", "person.personal_data_changed.v1")
ENDINGS: dict[str, str] = {"csv": "csv", "pain.001": "xml"}


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file for the bank, and the fact of it."""

    name: str
    data: bytes
    fact: PayoutFileWritten
    persons: tuple[str, ...]
    receipts: list[Receipt]


def write_file(
    desk: Desk,
    tenant: str,
    batch_id: str,
    form: FileFormat | None,
    layout: CsvLayout | None,
    ask: Ask,
) -> BankFile:
    """The file of an approved batch; the first writing is a fact, a later one has the same bytes.

    Raises WrongState where the batch is not approved, was written in another form, or holds an
    instruction that does not stand any more; Invalid where payment details are unfit.
    """
    batch = read_batch(desk, tenant, batch_id)
    bank_batch.need(batch, "written as a file", "approved", "written", "sent")
    form, layout = _form(batch, form, layout)
    standing = payouts_of(desk, tenant, batch.run)
    members = _members(batch, standing)
    opened = _record_opening(desk, tenant, batch, members, ask)
    transfers = _transfers(desk, tenant, batch, members)
    data = _render(batch, form, layout, transfers)
    fact = _fact(batch, form, layout, transfers, data)
    receipts = _record(desk, tenant, fact, ask)
    people = tuple(sorted({one.person for one in transfers}))
    return BankFile(f"{batch_id}.{ENDINGS[form]}", data, fact, people, [*opened, *receipts])


def _form(
    batch: Batch, form: FileFormat | None, layout: CsvLayout | None
) -> tuple[FileFormat, CsvLayout]:
    """What is asked for; of a batch that was written, what it was written in."""
    if batch.file is None:
        return form or "csv", layout or CsvLayout()
    known = batch.file
    written = CsvLayout.model_validate(known.layout) if known.layout else CsvLayout()
    if form not in (None, known.format) or (layout is not None and layout != written):
        raise WrongState(
            f"该批次已生成 {known.format} 文件, 不能再生成另一种",
            f"The batch was written as {known.format}: in a second form it could be paid twice",
            do="Ask for the file without a format or layout.",
            format=known.format,
            sha256=known.sha256,
        )
    return ("pain.001" if known.format == "pain.001" else "csv"), written


def _members(batch: Batch, standing: dict[str, Standing]) -> list[Standing]:
    """The payouts of the batch in its order; before the first writing all must stand as approved."""
    now = {one.end_to_end_id: each for each in standing.values() for one in each.attempts}
    members = [now[name] for name in batch.end_to_end_ids]
    gone = [
        name
        for name, one in zip(batch.end_to_end_ids, members, strict=True)
        if one.state.end_to_end_id != name or one.state.status != "instructed"
    ]
    if gone and batch.file is None:
        raise WrongState(
            f"批次中有 {len(gone)} 笔指示已不成立",
            f"{len(gone)} instructions of the batch do not stand any more",
            do="Withdraw the batch and propose another.",
            end_to_end_ids=gone[:100],
        )
    return members


def _record_opening(
    desk: Desk, tenant: str, batch: Batch, members: Sequence[Standing], ask: Ask
) -> list[Receipt]:
    """Before anything is opened it stands in the ledger that it was."""
    opened = BankDataOpened(
        purpose="payout file", persons=len({one.state.person for one in members})
    )

    def decide(state: Batch) -> list[Fact]:
        bank_batch.need(state, "written as a file", "approved", "written", "sent")
        return [opened]

    return _on(desk, tenant, batch.batch, decide, ask)


def _transfers(
    desk: Desk, tenant: str, batch: Batch, members: Sequence[Standing]
) -> list[Transfer]:
    wanted = {one.state.person for one in members}
    details = open_details(desk, tenant, wanted, batch.approved_position)
    made = []
    for name, one in zip(batch.end_to_end_ids, members, strict=True):
        attempt = next(tried for tried in one.attempts if tried.end_to_end_id == name)
        known = details.get(attempt.person, {})
        made.append(
            Transfer(
                end_to_end_id=name,
                person=attempt.person,
                name=known.get("name", ""),
                account="".join(known.get("bank_account", "").split()),
                bank=known.get("bank_name", ""),
                amount=attempt.amount,
                memo=f"工资 {attempt.month}",
            )
        )
    refuse_unfit(made)
    return made


def open_details(
    desk: Desk, tenant: str, wanted: set[str], known: int | None = None
) -> dict[str, dict[str, str]]:
    """The personal data of persons as known at a position; the erased are left out.

    Who calls this has recorded a BankDataOpened before.
    """
    sealed = {}
    for record in scan(desk, tenant, PERSON_NAMES, upto=known):
        fact = record.fact
        kinds = persons.PersonRegistered | persons.PersonalDataChanged
        if isinstance(fact, kinds) and fact.person in wanted:
            sealed[fact.person] = fact.sealed
    return desk.vault.open_many(tenant, sealed)


def _render(
    batch: Batch, form: FileFormat, layout: CsvLayout, transfers: Sequence[Transfer]
) -> bytes:
    if form == "csv":
        return write_csv(transfers, layout)
    assert batch.approved_at is not None
    head = Initiation(
        message_id=batch.batch,
        created=batch.approved_at,
        debtor_name=batch.debtor["name"],
        debtor_account=batch.debtor["account"],
        debtor_bank=batch.debtor["bank"],
        pay_on=batch.pay_on,
    )
    return write_pain(transfers, head)


def _fact(
    batch: Batch,
    form: FileFormat,
    layout: CsvLayout,
    transfers: Sequence[Transfer],
    data: bytes,
) -> PayoutFileWritten:
    fact = PayoutFileWritten(
        batch=batch.batch,
        format=form,
        layout=layout.model_dump(mode="json") if form == "csv" else {},
        message_id=batch.batch,
        payouts=len(transfers),
        total=total(transfers),
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
    )
    assert (fact.payouts, fact.total) == (batch.payouts, batch.total), "not what was approved"
    return fact


def _record(desk: Desk, tenant: str, fact: PayoutFileWritten, ask: Ask) -> list[Receipt]:
    def decide(state: Batch) -> list[Fact]:
        if state.file is None:
            bank_batch.need(state, "written as a file", "approved")
            return [fact]
        if state.file.sha256 != fact.sha256:
            raise WrongState(
                "文件与首次生成的不一致",
                "The file would not have the bytes it was first written with",
                do="Use the file that was written first; its SHA-256 is in the batch.",
                sha256=state.file.sha256,
            )
        return []

    return _on(desk, tenant, fact.batch, decide, ask)


def _on(
    desk: Desk, tenant: str, batch: str, decide: Callable[[Batch], list[Fact]], ask: Ask
) -> list[Receipt]:
    # The key of the whole request is not a key of its parts.
    stream, alone = batch_stream(batch), Ask(ask.act)
    return handle(desk, tenant, stream, Batch(), bank_batch.evolve, decide, alone).receipts
