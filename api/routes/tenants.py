"""Tenants: the caller's own, and opening another one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from api.auth import Caller
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.reads import View, present, seen
from api.writes import Reasoned, Write, command_of, writing
from domain.refusals import NotFound
from domain.tenant import OpenTenant, TenantOpened
from workflows import setup

router = APIRouter(prefix="/v1/tenants", tags=["Tenants"], route_class=StrictRoute)


class OpenTenantRequest(OpenTenant, Reasoned):
    """Open a ledger for an entity; the caller becomes its first admin."""

    model_config = EXAMPLES["tenant"]


@router.post("", status_code=201, **writes("The tenant, and the secret of its first admin key"))
def open_tenant(
    body: OpenTenantRequest, write: Annotated[Write, writing("tenant.open")]
) -> Response:
    """Open a tenant. Its first admin key is in the answer, once: a replay does not repeat it."""
    secret: list[str] = []

    def do() -> dict[str, Any]:
        command = command_of(OpenTenant, body)
        receipts = setup.open_tenant(write.desk, command, write.act(body.reason))
        caller: Caller = write.caller
        key, text = caller.readers.access.issue(
            body.tenant, caller.actor, ["admin"], by=caller.actor, at=caller.now
        )
        secret.append(text)
        return {"receipts": receipts, "tenant": command.model_dump(), "key": key}

    return write.whole(do, reason=body.reason, shown_once=lambda: {"secret": secret[0]})


@router.get("/me")
def own_tenant(view: Annotated[View, present("tenant.read")]) -> Response:
    """The caller's tenant, who the caller is, and how far its ledger goes."""
    records = view.desk.store.stream(view.tenant, f"tenant/{view.tenant}", limit=1)
    if not records or not isinstance(fact := records[0].fact, TenantOpened):
        raise NotFound("主体未开户", "The tenant is not open", do="Open it first.")
    return seen(
        view,
        {
            "tenant": fact.tenant,
            "name": fact.name,
            "city": fact.city,
            "opened_at": records[0].recorded_at,
            "head": view.head,
            "actor": view.caller.actor,
            "roles": view.caller.roles,
        },
    )
