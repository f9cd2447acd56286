"""What the service measures of itself, for Prometheus: counted in this process, read at a scrape.

No label holds what a person or a tenant wrote, but for the tenants' own ids.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.measures_stand import stand_of

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from api.auth import Service

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


class Measures:
    """The counters of one app, and what is read of its database when they are asked for."""

    def __init__(self, service: Service | None) -> None:
        self.registry = CollectorRegistry()
        self._refusals = Counter(
            "tallystick_refusals",
            "Requests refused, by the code of their problem document.",
            ["tenant", "code"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tallystick_http_request_seconds",
            "Requests answered, by the template of their route and their status.",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        if service is not None:
            self.registry.register(_Stand(service))

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._seconds.labels(method, route, status).observe(seconds)
        state = scope.get("state") or {}
        if (code := state.get("refusal")) is not None:
            self._refusals.labels(state.get("tenant", ""), code).inc()

    def refusals(self, tenant: str) -> dict[str, int]:
        """How often each refusal was answered to a tenant since this process began, by code."""
        return {
            sample.labels["code"]: int(sample.value)
            for metric in self._refusals.collect()
            for sample in metric.samples
            if sample.name.endswith("_total") and sample.labels["tenant"] == tenant
        }


class _Stand(Collector):
    """What is asked of the database and the pool at every scrape."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry need not ask the database when the app is made."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Heads, lags, group sizes, connections."""
        yield from stand_of(self._service.desk, self._service.readers.pool)


class Measured:
    """The outermost layer: how long every request took, and how it ended."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._measures.answered(scope, status, time.perf_counter() - began)
