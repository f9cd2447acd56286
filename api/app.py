"""The HTTP interface: every router, every way to fail, and nothing that knows the business."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import FastAPI

from api import problems
from api.auth import Clock, Service
from api.examples import problem_responses
from api.guard import Guard
from api.measures import Measured, Measures
from api.pages import site
from api.readers import Readers
from api.routes import (
    amendments,
    api_keys,
    attendance,
    bank,
    bank_statements,
    careers,
    competences,
    contract_acts,
    contract_reads,
    contracts,
    describe,
    disputes,
    erasure,
    grants,
    journals,
    kpi_schemes,
    law_tables,
    links,
    log,
    log_keys,
    metric_batches,
    metrics,
    metrics_page,
    mine,
    one_offs,
    pay_runs,
    payouts,
    payslips,
    people,
    persons,
    receipts,
    signals,
    state,
    statements,
    team_scopes,
    templates,
    tenants,
    trail,
    try_out,
)
from api.settings import Settings
from workflows.desk import Desk

ROUTERS = tuple(
    module.router
    for module in (
        contract_acts,  # asked most: the framework tries one route after the other
        tenants,
        api_keys,
        team_scopes,
        persons,
        careers,
        competences,
        people,
        signals,
        attendance,
        grants,
        erasure,
        links,
        mine,
        templates,
        contracts,
        contract_reads,
        amendments,
        kpi_schemes,
        metrics,
        metric_batches,
        pay_runs,
        payslips,
        statements,
        disputes,
        one_offs,
        payouts,
        bank,
        bank_statements,
        journals,
        law_tables,
        trail,
        log,
        log_keys,
        receipts,
        try_out,
        state,
        metrics_page,
        describe,
    )
)


def create_app(
    desk: Desk | None = None, settings: Settings | None = None, *, clock: Clock | None = None
) -> FastAPI:
    """The app over a desk; without one it can be described but answers 503."""
    app = FastAPI(
        title="Tallystick 契",
        version="1",
        description="Contracts, figures and pay as facts in one append-only ledger.",
        docs_url=None,
        redoc_url=None,
        responses=problem_responses(401, 403, 422, 503),
        telemetry={"logs": False},
    )
    app.state.service = None
    if desk is not None:
        app.state.service = Service(desk, Readers.beside(desk.store), clock or _now)
    app.state.settings = settings
    app.state.measures = Measures(app.state.service)
    problems.install(app)
    app.add_middleware(Guard)
    app.add_middleware(Measured, measures=app.state.measures)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", describe.Static(directory=describe.STATIC))
    site.install(app)
    return app


def _now() -> datetime:
    return datetime.now(UTC)
