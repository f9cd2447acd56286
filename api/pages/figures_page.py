"""Figures: the batches they came in, with digests, and the rows that were not taken."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.params import BatchId
from api.reads import CursorQuery
from projections import paging

pages = router()
PAGE = 100
MOST_BATCHES = 10_000
PER_PAGE = 50


@pages.get("/figures")
def batches(
    request: Request,
    visit: Annotated[Visit, seen("batch.read")],
    number: Annotated[int, Query(ge=1, le=1000, alias="page")] = 1,
) -> Response:
    """Batches, the latest first."""
    view = visit.view()
    every = view.desk.figures.batches(view.tenant, limit=MOST_BATCHES)[::-1]
    shown = every[(number - 1) * PER_PAGE : number * PER_PAGE]
    totals = {
        "batches": len(every),
        "rows": sum(one.rows for one in every),
        "rejected": sum(one.rejected for one in every),
    }
    more = number + 1 if len(every) > number * PER_PAGE else None
    return page(request, "figures.html", batches=shown, totals=totals, number=number, more=more)


@pages.get("/figures/{batch}")
def batch(
    request: Request,
    visit: Annotated[Visit, seen("batch.read")],
    batch: BatchId,
    cursor: CursorQuery = None,
    show: Annotated[str, Query(pattern="^(rows|rejected)$")] = "rows",
) -> Response:
    """One batch: its receipt, its counts by reason, and its rows."""
    view = visit.view()
    figures = view.desk.figures
    receipt = figures.batch(view.tenant, batch)
    (last,) = paging.after(cursor or None, int) or (0,)
    values: dict[str, Any] = {"b": receipt, "show": show}
    if show == "rejected":
        rejected = figures.rejected(view.tenant, batch, after=last, limit=PAGE + 1)
        values["found"] = paging.page(rejected, PAGE, lambda row: row.row_no)
    else:
        rows = figures.rows(view.tenant, batch, after=last, limit=PAGE + 1)
        values["found"] = paging.page(rows, PAGE, lambda row: row[0])
    return page(request, "batch.html", **values)
