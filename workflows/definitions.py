"""What a tenant has defined: metrics and KPI schemes, as known at a position."""

from __future__ import annotations

from collections.abc import Mapping

from domain import kpi, metric
from domain.figures import Aggregation
from workflows.desk import Desk, fold_all

KPI_NAMES = ("kpi.scheme_defined.v1", "kpi.weights_changed.v1")
METRIC_NAMES = ("metric.defined.v1",)


def schemes_at(desk: Desk, tenant: str, known: int | None = None) -> dict[str, kpi.KpiScheme]:
    """Every KPI scheme, by id."""
    states = fold_all(desk, tenant, KPI_NAMES, kpi.KpiScheme(), kpi.evolve, known)
    return {state.scheme: state for state in states.values()}


def metrics_at(desk: Desk, tenant: str, known: int | None = None) -> dict[str, metric.Metric]:
    """Every metric, by code."""
    states = fold_all(desk, tenant, METRIC_NAMES, metric.Metric(), metric.evolve, known)
    return {state.metric: state for state in states.values()}


def aggregations_of(metrics: Mapping[str, metric.Metric]) -> dict[str, Aggregation]:
    """How each metric's days make a month."""
    return {code: state.definitions[-1].aggregation for code, state in metrics.items()}
