"""The list of contracts: search, filters, paging on the server, at two times."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args

from fastapi import Depends, Request, Response

from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.reads import CursorQuery, Text, View, caught_up
from domain.contract_facts import Engagement
from projections.contract_queries import ContractFilter

pages = router()
PAGE = 50
KEPT_SECONDS = 60
MOST_PAGES = 10
STATUSES = ("drafted", "sent", "signed", "active", "ended", "cancelled")


@dataclass
class Asked:
    """What the filter form sends; an empty field filters nothing."""

    q: Text = None
    team: Text = None
    engagement: Text = None
    status: Text = None
    track: Text = None
    in_force: Text = None
    effective: Text = None
    known: Text = None

    def where(self) -> ContractFilter:
        """The conditions as the read model takes them."""
        return ContractFilter(
            search=self.q or None,
            team=self.team or None,
            track=self.track or None,
            engagement=self.engagement if self.engagement in get_args(Engagement) else None,
            status=self.status if self.status in STATUSES else None,
            in_force={"yes": True, "no": False}.get(self.in_force or ""),
        )


@pages.get("/contracts")
def contracts(
    request: Request,
    visit: Annotated[Visit, seen("contract.read")],
    asked: Annotated[Asked, Depends()],
    cursor: CursorQuery = None,
) -> Response:
    """Contracts as they stand on a day, as known at a position."""
    view = visit.view(asked.effective, asked.known)
    caught_up(view, "contract_terms")
    found = view.readers.contracts.contracts(
        view.tenant,
        view.effective,
        view.position,
        asked.where(),
        terms=False,
        cursor=cursor or None,
        limit=PAGE,
    )
    values: dict[str, Any] = {"found": found, "asked": replace(asked), "view": view}
    values |= {"statuses": STATUSES, "engagements": get_args(Engagement)}
    if request.headers.get("hx-request"):
        return page(request, "contracts_rows.html", **values)
    return page(request, "contracts.html", **values, groups=groups(request, view))


def groups(request: Request, view: View) -> dict[str, list[str]]:
    """Teams and tracks that contracts have, for the filters to offer; looked up once a minute."""
    state = request.app.state
    state.contract_groups = kept = getattr(state, "contract_groups", {})
    made, found = kept.get(view.tenant, (0.0, {}))
    if found and time.monotonic() - made < KEPT_SECONDS:
        return dict(found)
    found = _groups(view)
    kept[view.tenant] = (time.monotonic(), found)
    return found


def _groups(view: View) -> dict[str, list[str]]:
    teams, tracks = set(), set()
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        found = view.readers.contracts.contracts(
            view.tenant, view.caller.today, terms=False, cursor=cursor, limit=1000
        )
        teams |= {item.state.team for item in found.items}
        tracks |= {item.state.track for item in found.items}
        cursor = found.next
        if cursor is None:
            break
    return {"teams": sorted(teams), "tracks": sorted(tracks)}
