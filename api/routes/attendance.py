"""Attendance: leave and overtime entered or imported, a month with its live days and hours."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.bodies import StrictRoute
from api.examples import writes
from api.examples_people import EXAMPLES
from api.params import PersonId
from api.reads import View, reading, seen
from api.writes import Reasoned, Write, writing
from domain.attendance import AttendanceEntry
from domain.periods import Month, MonthText
from workflows import attendance

router = APIRouter(prefix="/v1", tags=["People"], route_class=StrictRoute)
MonthQuery = Annotated[MonthText | None, Query(description="The month, `2025-03`; this one.")]


class EntryRequest(Reasoned):
    """Leave, overtime, or an entry taken back."""

    model_config = EXAMPLES["attendance"]
    entry: AttendanceEntry


class RowsRequest(Reasoned):
    """Entries of many persons, each recorded or rejected with its reason."""

    model_config = EXAMPLES["attendance_rows"]
    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=attendance.MOST_ROWS)]


@router.post("/persons/{person}/attendance", status_code=201, **writes("The entries that stand"))
def record_attendance(
    person: PersonId, body: EntryRequest, write: Annotated[Write, writing("attendance.record")]
) -> Response:
    """Record leave or overtime, or withdraw an entry."""
    return write.acted(
        lambda ask: attendance.record(write.desk, write.tenant, person, body.entry, ask),
        lambda book: {"entries": book.standing},
        lambda position: attendance.read_book(write.desk, write.tenant, person, position),
        reason=body.reason,
    )


@router.get("/persons/{person}/attendance")
def get_attendance(
    person: PersonId,
    view: Annotated[View, reading("attendance.read")],
    month: MonthQuery = None,
) -> Response:
    """A month: live days, hours and sessions from figures, leave and overtime from entries."""
    asked = Month.parse(month) if month else Month.of(view.effective)
    found = attendance.read_month(view.desk, view.tenant, person, asked, view.known)
    book = attendance.read_book(view.desk, view.tenant, person, view.known)
    return seen(view, {"attendance": found, "entries": book.standing}, book.version)


@router.post("/attendance/import", status_code=201, **writes("What was recorded and what not"))
def import_attendance(
    body: RowsRequest, write: Annotated[Write, writing("attendance.record")]
) -> Response:
    """Record many entries; each row has its own verdict."""

    def do() -> dict[str, Any]:
        ask = write.ask(body.reason, "/rows")
        return {"imported": attendance.import_rows(write.desk, write.tenant, body.rows, ask)}

    return write.whole(do, reason=body.reason)
