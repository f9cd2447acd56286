"""Batches of figures: streamed in, recorded whole or not at all, every row accounted for."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api import views
from api.bodies import StrictRoute, media_type, unsupported, upload
from api.examples import BATCH_BODY, writes
from api.params import BatchId
from api.reads import CursorQuery, LimitQuery, View, present, seen
from api.writes import Write, headers_of, json_answer, writing
from ledger.figures import BatchReceipt
from ledger.records import Receipt
from projections.paging import after, page
from workflows.figures import record_upload, rules_of
from workflows.row_files import FORMATS

router = APIRouter(prefix="/v1/metric-batches", tags=["Metrics"], route_class=StrictRoute)
SourceQuery = Annotated[
    str,
    Query(max_length=200, description="The system the figures come from, such as `shop`."),
]
DeclaredQuery = Annotated[
    int | None,
    Query(ge=1, le=1_000_000, description="How many rows there are: fewer is a cut-off upload."),
]
ReasonQuery = Annotated[str, Query(max_length=2000, description="Why, as in `reason` of bodies.")]
TYPES = tuple(name for name in FORMATS if "/" in name)


@router.post("", status_code=201, openapi_extra=BATCH_BODY, **writes("What became of the batch"))
def record_batch(
    request: Request,
    write: Annotated[Write, writing("batch.record")],
    source: SourceQuery,
    declared: DeclaredQuery = None,
    reason: ReasonQuery = "",
) -> Response:
    """Record up to 1,000,000 rows as one batch, read as they arrive.

    Rows that are not right are kept with their reasons; `rows + rejected` is what came in. The
    same rows from the same source count once: sent again, the first receipt is answered.
    """
    form = FORMATS.get(media_type(request))
    if form is None:
        raise unsupported(media_type(request), *TYPES)
    figures = write.desk.figures
    result = record_upload(
        figures,
        write.tenant,
        source,
        form,
        upload(request),
        rules_of(write.desk.store, write.tenant, write.caller.today),
        write.act(reason),
        declared=declared,
        key=write.key,
    )
    write.desk.runner.hint()
    made = result.receipt
    receipt = Receipt(f"batch/{made.batch}", 1, made.position, made.leaf_hash, made.recorded_at)
    body = {"receipts": [receipt], "batch": _shown(made), "encoding": result.encoding}
    headers = headers_of([receipt], made.position)
    headers["Location"] = f"/v1/metric-batches/{made.batch}"
    return json_answer(body, 201, headers, replayed=not made.fresh)


def _shown(receipt: BatchReceipt) -> dict[str, Any]:
    shown = msgspec.structs.asdict(receipt)
    del shown["fresh"]
    return shown


@router.get("")
def list_batches(
    view: Annotated[View, present("batch.read")],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Batches in the order they were recorded, without counts by reason and totals."""
    (last,) = after(cursor, int) or (0,)
    rows = view.desk.figures.batches(view.tenant, after=last, limit=limit + 1)
    found = page(rows, limit, lambda receipt: receipt.position)
    return seen(view, views.page(found, _shown_short))


def _shown_short(receipt: BatchReceipt) -> dict[str, Any]:
    shown = _shown(receipt)
    del shown["rejected_by_code"], shown["sums"]
    return shown


@router.get("/{batch}")
def get_batch(batch: BatchId, view: Annotated[View, present("batch.read")]) -> Response:
    """One batch with its counts by reason and its control totals."""
    return seen(view, {"batch": _shown(view.desk.figures.batch(view.tenant, batch))})


@router.get("/{batch}/rows")
def list_rows(
    batch: BatchId,
    view: Annotated[View, present("batch.read")],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """The rows of a batch that were taken, each under its number."""
    figures = view.desk.figures
    figures.batch(view.tenant, batch)
    (last,) = after(cursor, int) or (0,)
    rows = figures.rows(view.tenant, batch, after=last, limit=limit + 1)
    found = page(rows, limit, lambda numbered: numbered[0])
    return seen(
        view, views.page(found, lambda row: {"row_no": row[0], **msgspec.structs.asdict(row[1])})
    )


@router.get("/{batch}/rejected-rows")
def list_rejected(
    batch: BatchId,
    view: Annotated[View, present("batch.read")],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """The rows of a batch that were not taken, each with its reason in both languages."""
    figures = view.desk.figures
    figures.batch(view.tenant, batch)
    (last,) = after(cursor, int) or (0,)
    rows = figures.rejected(view.tenant, batch, after=last, limit=limit + 1)
    found = page(rows, limit, lambda row: row.row_no)
    return seen(view, views.page(found))
