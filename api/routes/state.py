"""How the service stands: counts for the tenant's staff, health for whoever watches it."""

from __future__ import annotations

from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Request, Response

from api.auth import Service
from api.bodies import StrictRoute
from api.measures import Measures
from api.reads import View, present, seen
from api.writes import json_answer
from workflows.status import status

router = APIRouter(route_class=StrictRoute, tags=["State"])


@router.get("/v1/status")
def get_status(view: Annotated[View, present("status.read")]) -> Response:
    """Counts of facts and rows, read models and their lag, runs and payouts by status.

    `refusals` are those this process has answered to the tenant, by code, since it began.
    """
    found = status(view.desk, view.readers.pool, view.tenant)
    measures: Measures = view.caller.request.app.state.measures
    return seen(view, {**found, "refusals": measures.refusals(view.tenant)})


@router.get("/health/live")
def live() -> Response:
    """The process answers."""
    return json_answer({"status": "live"})


@router.get("/health/ready")
@router.get("/health")
def ready(request: Request) -> Response:
    """Whether requests can be served: 503 names what is wrong, without naming tenants."""
    service = request.app.state.service
    if not isinstance(service, Service):
        return json_answer({"status": "no database"}, 503)
    try:
        found = _read_models(service)
    except psycopg.Error as error:
        return json_answer({"status": "database", "error": type(error).__name__}, 503)
    halted = sorted(name for name, model in found.items() if model["halted"])
    outdated = sorted(name for name, model in found.items() if model["outdated"])
    wrong = bool(halted or outdated)
    body = {
        "status": "degraded" if wrong else "ready",
        "halted": halted,
        "outdated": outdated,
        "read_models": found,
    }
    return json_answer(body, 503 if wrong else 200)


def _read_models(service: Service) -> dict[str, dict[str, Any]]:
    """Each read model over all tenants: how many halted, how far the last one is behind."""
    found: dict[str, dict[str, Any]] = {}
    for tenant in service.desk.store.tenants():
        for model in service.desk.runner.status(tenant):
            sums = found.setdefault(model.name, {"halted": 0, "outdated": 0, "lag": 0})
            sums["halted"] += model.halted
            sums["outdated"] += model.outdated
            sums["lag"] = max(sums["lag"], model.lag)
    return found
