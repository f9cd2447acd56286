"""Law tables: what this tenant computes with, from when to when, and where it is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import LawTableId
from api.reads import View, reading, seen
from api.writes import Reasoned, Write, writing
from domain.law import LawTable
from domain.money import plain
from domain.periods import Day
from workflows import law

router = APIRouter(prefix="/v1/law-tables", tags=["Law tables"], route_class=StrictRoute)


class LawTableRequest(Reasoned):
    """Publish one version of a table; numbers in `data` are best written as text."""

    table: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,59}$")]
    version: Annotated[int, Field(ge=1)]
    valid_from: Day
    valid_to: Day | None = None
    source: Annotated[str, Field(min_length=1, max_length=500)]
    data: dict[str, Any]
    unread: Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=100)] = []  # noqa: RUF012
    model_config = EXAMPLES["law_table"]


@router.get("")
def list_tables(
    view: Annotated[View, reading("law.read")],
    all_versions: Annotated[
        bool, Query(description="Every version, not only those in force on `effective`.")
    ] = False,
) -> Response:
    """The tables in force on a day, as known at a position, without their numbers."""
    book = law.law_book(view.desk, view.tenant, view.known)
    day = view.effective
    in_force = [book.on(code, day) for code in book.codes() if book.covers(code, day)]
    shown = [_summary(table) for table in (book.tables if all_versions else in_force)]
    return seen(view, {"items": shown, "next": None, "effective": day, "known": view.position})


@router.get("/{table}")
def get_table(table: LawTableId, view: Annotated[View, reading("law.read")]) -> Response:
    """The version of a table that covers a day; a day that none covers is refused."""
    book = law.law_book(view.desk, view.tenant, view.known)
    found = book.on(table, view.effective)
    return seen(view, {**_summary(found), "data": found.data, "known": view.position})


@router.post("", status_code=201, **writes("The published table"))
def publish_table(
    body: LawTableRequest, write: Annotated[Write, writing("law.publish")]
) -> Response:
    """Publish a version of a table; it may not contradict one that is known."""
    table = LawTable(
        table=body.table,
        version=body.version,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        source=body.source,
        data=_as_text(body.data),
        unread=body.unread,
    )

    def do() -> dict[str, Any]:
        receipts = law.publish(write.desk, write.tenant, table, write.act(body.reason))
        return {"receipts": receipts, "table": _summary(table)}

    return write.whole(do, reason=body.reason)


def _summary(table: LawTable) -> dict[str, Any]:
    return {
        "table": table.table,
        "version": table.version,
        "valid_from": table.valid_from,
        "valid_to": table.valid_to,
        "source": table.source,
        "unread": table.unread,
    }


def _as_text(value: Any) -> Any:
    """Decimals as text, as tables hold them."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {name: _as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return value
