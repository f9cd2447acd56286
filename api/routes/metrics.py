"""Metric definitions: what a figure counts, from a day on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import MetricId
from api.reads import CursorQuery, LimitQuery, Text, View, caught_up, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import metric as metrics
from domain.refusals import NotFound
from workflows import setup
from workflows.desk import Desk, load

router = APIRouter(prefix="/v1/metrics", tags=["Metrics"], route_class=StrictRoute)


class MetricRequest(metrics.DefineMetric, Reasoned):
    """Define a metric, or what it counts from a later day on."""

    model_config = EXAMPLES["metric"]


def _read(desk: Desk, tenant: str, metric: str, known: int | None) -> metrics.Metric:
    state = load(desk, tenant, f"metric/{metric}", metrics.Metric(), metrics.evolve, known)
    if not state.version:
        raise NotFound(
            f"指标 {metric} 没有定义", f"Metric {metric} is not defined", do="List the metrics."
        )
    return state


@router.post("", status_code=201, **writes("The metric with its dated definitions"))
def define_metric(
    body: MetricRequest, write: Annotated[Write, writing("metric.define")]
) -> Response:
    """Define a metric, or what it counts from a later day on."""
    command = command_of(metrics.DefineMetric, body)
    return write.once(
        lambda ask: setup.define_metric(write.desk, write.tenant, command, ask).receipts,
        lambda position: {"metric": _read(write.desk, write.tenant, body.metric, position)},
        reason=body.reason,
        location=f"/v1/metrics/{body.metric}",
    )


@router.get("")
def list_metrics(
    view: Annotated[View, present("metric.read")],
    q: Text = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Metrics by code."""
    caught_up(view, "directory")
    found = view.readers.directory.entries(
        view.tenant, "metric", search=q, cursor=cursor, limit=limit
    )
    return seen(view, views.page(found))


@router.get("/{metric}")
def get_metric(metric: MetricId, view: Annotated[View, reading("metric.read")]) -> Response:
    """A metric with its dated definitions, and the one in force on a day."""
    state = _read(view.desk, view.tenant, metric, view.known)
    shown = {
        "metric": state,
        "effective": view.effective,
        "in_force": state.on(view.effective),
        "known": view.position,
    }
    return seen(view, shown, state.version)
