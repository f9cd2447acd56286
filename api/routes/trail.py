"""The trail: who did what, when and why; and contracts that end soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api import views
from api.bodies import StrictRoute
from api.reads import (
    CursorQuery,
    EffectiveQuery,
    LimitQuery,
    Text,
    View,
    caught_up,
    moment_of,
    present,
    read_of_trail,
    reading,
    seen,
)

router = APIRouter(prefix="/v1", route_class=StrictRoute)
TimeQuery = Annotated[
    str | None,
    Query(max_length=60, description="A time with its zone, `2025-09-01T12:00:00%2B08:00`."),
]


@dataclass
class AuditQuery:
    """Which entries are asked for; all conditions given have to fit."""

    contract: Text = None
    person: Text = None
    stream: Text = None
    actor: Text = None
    kind: Text = None
    q: Text = None
    correlation: Text = None
    since: TimeQuery = None
    until: TimeQuery = None
    oldest_first: bool = False

    def filters(self) -> dict[str, Any]:
        """The conditions as the audit history takes them."""
        same = ("contract", "person", "stream", "actor", "kind", "correlation", "oldest_first")
        return {
            **{name: getattr(self, name) for name in same},
            "search": self.q or None,
            "since": _time(self.since, "since"),
            "until": _time(self.until, "until"),
        }


@router.get("/audit", tags=["Trail"])
def list_audit(
    view: Annotated[View, reading("audit.read")],
    asked: Annotated[AuditQuery, Depends()],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Every fact in words: who, when, what changed from what to what, and why.

    `q` searches the words and the reasons, in Chinese or English.
    """
    caught_up(view, "audit_history")
    found = view.readers.audit.entries(
        view.tenant, known=view.known, limit=limit, cursor=cursor, **asked.filters()
    )
    read_of_trail(view, found.items)
    return seen(view, {**views.page(found), "known": view.position})


def _time(text: str | None, field: str) -> datetime | None:
    return None if text is None else moment_of(text, field)


@router.get("/expiries", tags=["Trail"])
def list_expiries(
    view: Annotated[View, present("expiry.read")],
    on: EffectiveQuery = None,
    lead_months: Annotated[int, Query(ge=0, le=24)] = 1,
    team: Text = None,
    undecided: bool = False,
    lapsed: bool = False,
) -> Response:
    """Active contracts whose term ends within so many months after a day (today by default)."""
    caught_up(view, "expiry_watch")
    day = on or view.effective
    found = view.readers.expiries.expiring(
        view.tenant,
        day,
        lead_months=lead_months,
        team=team,
        teams=view.caller.teams,
        undecided=undecided,
        lapsed=lapsed,
    )
    return seen(view, {"items": [views.row(item) for item in found], "next": None, "on": day})
