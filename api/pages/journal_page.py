"""The voucher of a posted run, and its files for the accounting programs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.params import RunId
from workflows import journal

pages = router()
LayoutQuery = Annotated[Literal["yonyou", "kingdee", "beancount"], Query()]


@pages.get("/journal/{run}")
def voucher(
    request: Request, visit: Annotated[Visit, seen("journal.read")], run: RunId
) -> Response:
    """The entries of a run, which balance."""
    made = journal.read_voucher(visit.caller.desk, visit.tenant, run)
    return page(request, "journal.html", v=made, layouts=tuple(journal.LAYOUTS))


@pages.get("/journal/{run}/file")
def file(
    visit: Annotated[Visit, seen("journal.read")], run: RunId, layout: LayoutQuery = "yonyou"
) -> Response:
    """The voucher as a file in a layout."""
    text = journal.LAYOUTS[layout](journal.read_voucher(visit.caller.desk, visit.tenant, run))
    ending, kind = ("beancount", "text/plain") if layout == "beancount" else ("csv", "text/csv")
    headers = {"Content-Disposition": f'attachment; filename="{run}-{layout}.{ending}"'}
    return Response(text.encode(), 200, headers, f"{kind}; charset=utf-8")
