"""Figures: the batches they came in, with digests, and the rows that were not taken."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, seen
from api.params import BatchId
from api.reads import CursorQuery
from domain.refusals import Refusal
from ledger.figures import RejectedRow
from projections import paging
from workflows.figures import record_upload, rules_of
from workflows.row_files import format_of

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
    return _batch(request, visit, batch, cursor, show)


def _batch(
    request: Request,
    visit: Visit,
    batch: str,
    cursor: str | None = None,
    show: str = "rows",
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.view()
    figures = view.desk.figures
    receipt = figures.batch(view.tenant, batch)
    (last,) = paging.after(cursor or None, int) or (0,)
    values: dict[str, Any] = {"b": receipt, "show": show}
    if show == "rejected":
        rejected = figures.rejected(view.tenant, batch, after=last, limit=PAGE + 1)
        values["found"] = paging.page(rejected, PAGE, lambda row: row.row_no)
        values["mended"] = typed.get("rows") if typed else _to_mend(rejected)
    else:
        rows = figures.rows(view.tenant, batch, after=last, limit=PAGE + 1)
        values["found"] = paging.page(rows, PAGE, lambda row: row[0])
    values["problem"] = None if refusal is None else problem_of(refusal)
    return page(request, "batch.html", refusal.status if refusal else 200, **values)


def _to_mend(rejected: list[RejectedRow]) -> str:
    """The rejected rows as they came, one a line, to be corrected."""
    return "\n".join(row.raw for row in rejected[:PAGE])


@pages.post("/figures/{batch}")
def mend(
    request: Request, visit: Annotated[Visit, seen("batch.record")], batch: BatchId
) -> Response:
    """Send corrected rows of a batch, typed or as a file: a batch of the same source."""
    form, desk = form_of(request), visit.caller.desk
    try:
        receipt = desk.figures.batch(visit.tenant, batch)
        name, data = _sent(request, form)
        kind = format_of(name)
        act = visit.write(form).act(form.get("reason"))
        rules = rules_of(desk.store, visit.tenant, visit.caller.today)
        made = record_upload(
            desk.figures, visit.tenant, receipt.source, kind, [data], rules, act
        ).receipt
    except Refusal as refusal:
        return _batch(request, visit, batch, None, "rejected", refusal, form)
    desk.runner.hint()
    show = "&show=rejected" if made.rejected else ""
    return to(f"/figures/{made.batch}?done=mend{show}#rows")


def _sent(request: Request, form: Form) -> tuple[str, bytes]:
    """The name and bytes of the file that came, or the rows that were typed."""
    name, data = getattr(request.state, "upload", ("", b""))
    return (name, data) if data else ("typed.ndjson", form.get("rows").encode())
