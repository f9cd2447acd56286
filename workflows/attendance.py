"""Attendance: entries recorded and imported, a month read with its figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from domain import attendance
from domain.attendance import AttendanceBook, AttendanceEntry, MonthAttendance
from domain.commands import Command, Id
from domain.figures import Figures
from domain.periods import Month
from domain.refusals import Invalid, Refusal
from ledger.idempotency import Idempotency
from ledger.records import Receipt
from workflows.definitions import aggregations_of, metrics_at
from workflows.desk import Ask, Desk, Outcome, handle, load
from workflows.setup import require_person

MOST_ROWS = 5_000
SESSIONS = "live_sessions"


class Row(Command):
    """An entry of a person, as an import sends it."""

    person: Id
    entry: AttendanceEntry


class RejectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not recorded, and why."""

    number: int
    person: str
    code: str
    zh: str
    en: str


class ImportedRows(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows: recorded + rejected is what was sent."""

    recorded: int
    rejected: tuple[RejectedRow, ...]
    receipts: list[Receipt]


def record(desk: Desk, tenant: str, person: str, command: Any, ask: Ask) -> Outcome[AttendanceBook]:
    """Record or withdraw one entry of a registered person."""
    require_person(desk, tenant, person)
    return handle(
        desk,
        tenant,
        f"attendance/{person}",
        AttendanceBook(),
        attendance.evolve,
        lambda state: attendance.record(state, person, command),
        ask,
    )


def read_book(desk: Desk, tenant: str, person: str, known: int | None = None) -> AttendanceBook:
    """A person's entries as known at a position. Raises NotFound for an unknown person."""
    require_person(desk, tenant, person, known)
    return load(desk, tenant, f"attendance/{person}", AttendanceBook(), attendance.evolve, known)


def read_month(
    desk: Desk, tenant: str, person: str, month: Month, known: int | None = None
) -> MonthAttendance:
    """A month: live days, hours and sessions from figures, leave and overtime from entries."""
    book = read_book(desk, tenant, person, known)
    head = desk.store.head(tenant)[0] if known is None else known
    metrics = metrics_at(desk, tenant, known)
    how = aggregations_of(metrics)
    figures = desk.figures.read(tenant, [person], month.period, head, how)
    own = figures.get(person, Figures())
    return attendance.month_of(book, person, month, own, sessions=SESSIONS in metrics)


def import_rows(desk: Desk, tenant: str, sent: Sequence[Any], ask: Ask) -> ImportedRows:
    """Record rows one by one, each with its verdict; sent again, none counts twice.

    Raises Invalid for more than 5,000 at once, NotFound (the tenant).
    """
    if len(sent) > MOST_ROWS:
        raise Invalid(
            f"一次最多导入 {MOST_ROWS} 行",
            f"At most {MOST_ROWS} rows are taken at once",
            do="Send them in several parts.",
            field="rows",
        )
    desk.store.head(tenant)
    rejected: list[RejectedRow] = []
    receipts: list[Receipt] = []
    for number, raw in enumerate(sent, start=1):
        try:
            row = _row(raw)
            receipts += record(desk, tenant, row.person, row.entry, _own(ask, number)).receipts
        except Refusal as refusal:
            rejected.append(_rejected(number, raw, refusal))
    done = len(sent) - len(rejected)
    return ImportedRows(recorded=done, rejected=tuple(rejected), receipts=receipts)


def _own(ask: Ask, number: int) -> Ask:
    """Each row has a key of its own, made from that of the import."""
    if ask.idempotency is None:
        return Ask(ask.act)
    key = ask.idempotency
    return Ask(ask.act, None, Idempotency(f"{key.key}/{number}", key.fingerprint))


_ROW: TypeAdapter[Row] = TypeAdapter(Row)


def _row(raw: Any) -> Row:
    try:
        return _ROW.validate_python(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        field = ".".join(str(one) for one in found["loc"])[:120]
        said = str(found["msg"]).removeprefix("Value error, ")
        raise Invalid(f"内容不正确: {field}", f"{field}: {said}", do="Correct the field.") from None


def _rejected(number: int, raw: Any, refusal: Refusal) -> RejectedRow:
    person = str(raw.get("person", ""))[:60] if isinstance(raw, dict) else ""
    return RejectedRow(
        number=number, person=person, code=refusal.code, zh=refusal.zh, en=refusal.en
    )
