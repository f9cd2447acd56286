"""The trail of everything, facts as they are stored, and how the read models stand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response

from api.auth import CHINA
from api.pages.render import page, query, to
from api.pages.routing import router
from api.pages.visit import Visit, day_of, seen
from api.reads import CursorQuery, Text, read_of_trail
from domain.refusals import NotFound
from ledger.codec import leaf_hash, split
from workflows.disclosure import PAY_STREAMS
from workflows.status import status

pages = router()
PAGE = 100
KINDS = ("contract", "person", "template", "kpi", "metric", "batch", "payrun", "payslip", "payout")
ABOUT = {"contract": "/contracts/", "kpi": "/kpi/", "batch": "/figures/", "payrun": "/pay/"}


@dataclass
class Asked:
    """What the filter form sends."""

    q: Text = None
    kind: Text = None
    contract: Text = None
    person: Text = None
    actor: Text = None
    since: Text = None
    until: Text = None
    cursor: CursorQuery = None

    def filters(self) -> dict[str, Any]:
        """The filters of the audit history; days are days in China, the last one included."""
        since, until = day_of(self.since, "since"), day_of(self.until, "until")
        kind = self.kind or None
        return {
            "search": self.q or None,
            "kind": kind,
            "contract": self.contract or None,
            "person": self.person or None,
            "actor": self.actor or None,
            "since": since and datetime.combine(since, time(), CHINA),
            "until": until and datetime.combine(until + timedelta(days=1), time(), CHINA),
        }


@pages.get("/audit")
def history(
    request: Request,
    visit: Annotated[Visit, seen("audit.read")],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """Who did what, when and why, the latest first."""
    filters = asked.filters()
    view = visit.current("audit_history")
    found = view.readers.audit.entries(
        view.tenant, cursor=asked.cursor or None, limit=PAGE, **filters
    )
    read_of_trail(view, found.items)
    return page(request, "audit.html", found=found, asked=asked, kinds=KINDS, view=view)


@pages.get("/time-machine")
def time_machine(
    visit: Annotated[Visit, seen("contract.read")],
    contract: Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")],
    effective: Text = None,
    known: Text = None,
) -> Response:
    """Go to a contract at two times."""
    return to(f"/contracts/{contract}" + query({"effective": effective, "known": known}))


@pages.get("/facts/{position}")
def fact(
    request: Request,
    visit: Annotated[Visit, seen("audit.read")],
    position: Annotated[int, Path(ge=1, le=2**62)],
) -> Response:
    """One fact as it is stored: the three lines of its envelope, and its leaf hash."""
    view = visit.current("audit_history")
    found = view.desk.store.envelopes_after(view.tenant, position - 1, 1)
    if not found or position > view.head:
        raise NotFound(
            f"没有位置 {position}", f"There is no position {position}", do="Look at the history."
        )
    envelope = found[0]
    lines = split(envelope)
    place, act = json.loads(lines.place), json.loads(lines.act)
    if place["stream"].partition("/")[0] in PAY_STREAMS:
        view.read_pay(place["stream"])
    entries = view.readers.audit.entries(
        view.tenant, stream=place["stream"], known=position, limit=1
    )
    values: dict[str, Any] = {
        "position": position,
        "head": view.head,
        "place": place,
        "act": act,
        "payload": json.dumps(json.loads(lines.payload), ensure_ascii=False, indent=2),
        "raw": [line.decode() for line in (lines.place, lines.act, lines.payload)],
        "leaf": leaf_hash(envelope).hex(),
        "size": len(envelope),
        "told": next((one for one in entries.items if one.position == position), None),
        "about": about(place["stream"]),
    }
    return page(request, "fact.html", **values)


def about(stream: str) -> str | None:
    """The page about what a stream is of, where there is one."""
    kind, _, name = stream.partition("/")
    if kind == "payslip":
        return f"/pay/{name}"
    return f"{ABOUT[kind]}{name}" if kind in ABOUT else None


@pages.get("/status")
def standing(request: Request, visit: Annotated[Visit, seen("status.read")]) -> Response:
    """Counts of facts and rows, and how far the read models have come."""
    view = visit.view()
    found = status(view.desk, view.readers.pool, view.tenant)
    return page(request, "status.html", s=found)
