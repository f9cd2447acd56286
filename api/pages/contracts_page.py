"""The list of contracts: search, filters, columns to choose, paging on the server, two times."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, get_args

from fastapi import Depends, Query, Request, Response

from api.pages import contracts_export
from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.reads import CursorQuery, Text, View, caught_up
from domain.contract_facts import Engagement
from projections.contract_queries import ContractFilter

pages = router()
PAGE = 50
KEPT_SECONDS = 60
STATUSES = ("drafted", "sent", "signed", "active", "ended", "cancelled")
COLUMNS = (
    "person",
    "status",
    "engagement",
    "team",
    "track",
    "term",
    "character",
    "template",
    "fixed_terms",
    "signed",
    "decision",
    "version",
    "clauses",
)
"""Columns beside the contract's own name, in the order they stand."""
USUAL = ("person", "status", "engagement", "team", "track", "term", "character")
Columns = Annotated[list[str] | None, Query(max_length=len(COLUMNS))]


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
    col: Columns = None

    @property
    def columns(self) -> list[str]:
        """The columns that are shown."""
        return [name for name in COLUMNS if name in (self.col or USUAL)]

    def where(self, visit: Visit) -> ContractFilter:
        """The conditions as the read model takes them, within the visitor's teams."""
        return ContractFilter(
            search=self.q or None,
            team=self.team or None,
            teams=visit.caller.teams,
            track=self.track or None,
            engagement=self.engagement if self.engagement in get_args(Engagement) else None,
            status=self.status if self.status in STATUSES else None,
            in_force={"yes": True, "no": False}.get(self.in_force or ""),
        )

    def pairs(self, *, times: bool = True) -> list[tuple[str, str]]:
        """What was asked as the fields of a form, with or without the two times."""
        names = [one.name for one in fields(self) if one.name != "col"]
        kept = [name for name in names if times or name not in ("effective", "known")]
        found = [(name, str(value)) for name in kept if (value := getattr(self, name))]
        return [*found, *(("col", name) for name in self.col or ())]


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
        asked.where(visit),
        terms="clauses" in asked.columns,
        cursor=cursor or None,
        limit=PAGE,
    )
    values: dict[str, Any] = {"found": found, "asked": replace(asked), "view": view}
    values |= {"statuses": STATUSES, "engagements": get_args(Engagement)}
    if request.headers.get("hx-request"):
        return page(request, "contracts_rows.html", **values)
    values |= {"groups": groups(request, view), "all_columns": COLUMNS}
    return page(request, "contracts.html", **values)


@pages.get("/contracts/export.xlsx")
def export(
    request: Request,
    visit: Annotated[Visit, seen("contract.read")],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """The same list as a workbook: all of its rows, the chosen columns, and what was asked."""
    view = visit.view(asked.effective, asked.known)
    caught_up(view, "contract_terms")
    where = asked.where(visit)
    content = contracts_export.workbook(visit, view, where, asked.columns, asked.pairs())
    name = f"contracts-{view.effective}-{view.position}.xlsx"
    return Response(
        content,
        media_type=contracts_export.MEDIA,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def groups(request: Request, view: View) -> dict[str, list[str]]:
    """Teams and tracks that contracts have, for the filters to offer; looked up once a minute."""
    own = view.caller.teams
    state = request.app.state
    state.contract_groups = kept = getattr(state, "contract_groups", {})
    made, found = kept.get(view.tenant, (0.0, {}))
    if not found or time.monotonic() - made >= KEPT_SECONDS:
        found = _groups(view)
        kept[view.tenant] = (time.monotonic(), found)
    if own is None:
        return dict(found)
    return {"teams": list(own), "tracks": found["tracks"]}


def _groups(view: View) -> dict[str, list[str]]:
    counts = view.readers.contracts.counts
    day = view.caller.today
    return {
        "teams": sorted(counts(view.tenant, day, by="team")),
        "tracks": sorted(counts(view.tenant, day, by="track")),
    }
