"""Grants: who without a standing right may read personal data, until when; and the log of reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.reads import CursorQuery, LimitQuery, Text, View, moment_of, present, seen
from api.routes.trail import TimeQuery
from api.writes import Reasoned, Write, command_of, writing
from domain.grants import GiveGrant, Grant
from projections.paging import Page, after, page
from workflows import grants
from workflows.disclosure import grants_of, read_log

router = APIRouter(prefix="/v1", tags=["Personal data"], route_class=StrictRoute)
ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$"
GranteePath = Annotated[str, Path(pattern=ID, examples=["auditor.sun"])]
GrantPath = Annotated[str, Path(pattern=ID, examples=["G-2025-1"])]


class GrantRequest(GiveGrant, Reasoned):
    """Who may read which fields of whom, until when; the reason is what it is for."""

    model_config = EXAMPLES["grant"]


class WithdrawalRequest(Reasoned):
    """Nothing has to be said."""

    model_config = EXAMPLES["act"]


@router.post("/grants", status_code=201, **writes("The grant"))
def give_grant(body: GrantRequest, write: Annotated[Write, writing("grant.give")]) -> Response:
    """Let an auditor read personal data for a while; never oneself."""
    command = command_of(GiveGrant, body)
    return write.once(
        lambda ask: grants.give(write.desk, write.tenant, command, ask).receipts,
        lambda _: {"grant": _of(write, body.grantee, body.grant)},
        reason=body.reason,
    )


@router.post("/grants/{grantee}/{grant}/withdrawal", status_code=201, **writes("The grant"))
def withdraw_grant(
    grantee: GranteePath,
    grant: GrantPath,
    body: WithdrawalRequest,
    write: Annotated[Write, writing("grant.give")],
) -> Response:
    """End a grant before its time."""
    return write.once(
        lambda ask: grants.withdraw(write.desk, write.tenant, grantee, grant, ask).receipts,
        lambda _: {"grant": _of(write, grantee, grant)},
        reason=body.reason,
    )


def _of(write: Write, grantee: str, grant: str) -> Grant:
    return grants_of(write.desk, write.tenant, grantee).grants[grant]


@router.get("/grants")
def list_grants(view: Annotated[View, present("grant.read")], grantee: Text = None) -> Response:
    """Every grant, those that are over included."""
    found = grants.every_grant(view.desk, view.tenant, grantee)
    return seen(view, {"items": found, "next": None})


@dataclass
class ReadQuery:
    """Which reads are asked for; all conditions given have to fit."""

    person: Text = None
    actor: Text = None
    kind: Literal["personal", "pay"] | None = None
    about: Text = None
    since: TimeQuery = None
    until: TimeQuery = None

    def filters(self) -> dict[str, Any]:
        """The conditions as the log of reads takes them."""
        same = {name: getattr(self, name) for name in ("person", "actor", "kind", "about")}
        times = {
            name: None if text is None else moment_of(text, name)
            for name, text in (("since", self.since), ("until", self.until))
        }
        return same | times


@router.get("/reads")
def list_reads(
    view: Annotated[View, present("read_log.read")],
    asked: Annotated[ReadQuery, Depends()],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Who read personal data in clear, and who read pay, the latest first."""
    found = reads_page(view, asked.filters(), limit, cursor)
    return seen(view, {"items": found.items, "next": found.next})


def reads_page(view: View, filters: dict[str, Any], limit: int, cursor: str | None) -> Page[Any]:
    """A page of the log of reads."""
    last = after(cursor, datetime, UUID)
    rows = read_log(view.desk).entries(
        view.tenant,
        after=None if last is None else (last[0], last[1]),
        limit=limit + 1,
        **filters,
    )
    return page(rows, limit, lambda one: (one.read_at, one.read_id))
