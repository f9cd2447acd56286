"""The log of reads, for the auditor: who read personal data in clear, and who read pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from api.auth import CHINA
from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, day_of, seen
from api.reads import CursorQuery, Text
from api.routes.grants import reads_page

pages = router()
PAGE = 100
KINDS = ("personal", "pay")


@dataclass
class Asked:
    """What the filter form sends."""

    person: Text = None
    actor: Text = None
    kind: Text = None
    since: Text = None
    until: Text = None
    cursor: CursorQuery = None

    def filters(self) -> dict[str, Any]:
        """The filters of the log; days are days in China, the last one included."""
        since, until = day_of(self.since, "since"), day_of(self.until, "until")
        return {
            "person": self.person or None,
            "actor": self.actor or None,
            "kind": self.kind if self.kind in KINDS else None,
            "since": since and datetime.combine(since, time(), CHINA),
            "until": until and datetime.combine(until + timedelta(days=1), time(), CHINA),
        }


@pages.get("/reads")
def reads(
    request: Request,
    visit: Annotated[Visit, seen("read_log.read")],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """Who read what of whom, when and for what, the latest first."""
    view = visit.view()
    found = reads_page(view, asked.filters(), PAGE, asked.cursor or None)
    return page(request, "reads.html", found=found, asked=asked, kinds=KINDS)
