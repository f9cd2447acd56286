"""API keys: made and revoked by admins; a secret is shown once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller, allowed
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import KeyId
from api.reads import CursorQuery, LimitQuery
from api.writes import Reasoned, Write, json_answer, writing
from domain.roles import Role
from projections.paging import after, page

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"], route_class=StrictRoute)
Actor = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,79}$")]


class KeyRequest(Reasoned):
    """A key for an actor with roles."""

    actor: Actor
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=7)]
    model_config = EXAMPLES["key"]


@router.post("", status_code=201, **writes("The key; its secret is in this answer alone"))
def make_key(body: KeyRequest, write: Annotated[Write, writing("key.manage")]) -> Response:
    """Make a key. The secret is shown here, once: a replay of the request does not repeat it."""
    caller = write.caller
    secret: list[str] = []

    def do() -> dict[str, Any]:
        roles = list(dict.fromkeys(body.roles))
        access = caller.readers.access
        key, text = access.issue(caller.tenant, body.actor, roles, by=caller.actor, at=caller.now)
        secret.append(text)
        return {"receipts": [], "key": key}

    return write.whole(do, reason=body.reason, shown_once=lambda: {"secret": secret[0]})


@router.get("")
def list_keys(
    caller: Annotated[Caller, allowed("key.manage")],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """The keys of the tenant by id, without their secrets."""
    (last,) = after(cursor, str) or ("",)
    rows = caller.readers.access.keys(caller.tenant, after=last, limit=limit + 1)
    found = page(rows, limit, lambda key: key.key_id)
    return json_answer({"items": found.items, "next": found.next})


@router.delete("/{key}", **writes("The revoked key", 200))
def revoke_key(key: KeyId, write: Annotated[Write, writing("key.manage")]) -> Response:
    """Revoke a key; it opens nothing from now on."""
    caller = write.caller

    def do() -> dict[str, Any]:
        access = caller.readers.access
        found = access.revoke(caller.tenant, key, by=caller.actor, at=caller.now)
        return {"receipts": [], "key": found}

    return write.whole(do, status=200)
