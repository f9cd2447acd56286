"""How the ledger and its read models stand, as Prometheus families: read afresh at each scrape."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import psycopg
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from psycopg_pool import PoolClosed, PoolTimeout

from ledger.group import groups_of
from ledger.queries import Pool
from projections.standing import Standing, standing
from workflows.desk import Desk

GROUPS = (1, 2, 4, 8, 16, 32, 64)
"""Bounds of the buckets for requests in one group: the largest is `ledger.group.MOST_REQUESTS`."""
CONNECTIONS = {
    "pool_size": ("tallystick_pool_connections", "Connections the pool holds."),
    "pool_max": ("tallystick_pool_connections_max", "The most connections the pool may hold."),
    "requests_waiting": ("tallystick_pool_waiting", "Callers who wait for a connection."),
}


def stand_of(desk: Desk, pool: Pool) -> Iterator[Metric]:
    """Everything that is read; where the database does not answer, what is known without it."""
    yield group_sizes(groups_of(pool).sizes)
    yield from connections(pool.get_stats())
    try:
        found = _standings(desk, pool)
    except (psycopg.Error, PoolTimeout, PoolClosed):
        found = None
    up = "Whether the database answered this scrape."
    yield GaugeMetricFamily("tallystick_database_up", up, int(found is not None))
    yield from read_models(found or {})


def _standings(desk: Desk, pool: Pool) -> dict[str, list[Standing]]:
    """One statement, and so one transaction, a tenant."""
    tenants = desk.store.tenants()
    with pool.connection(timeout=2.0) as connection:
        return {
            tenant: standing(connection, tenant, desk.runner.models.values()) for tenant in tenants
        }


def read_models(found: Mapping[str, Sequence[Standing]]) -> list[Metric]:
    """Head position of each tenant, and how far each of its read models is behind."""
    head = GaugeMetricFamily(
        "tallystick_head_position", "Last position of a ledger.", labels=["tenant"]
    )
    of_models = ["tenant", "read_model"]
    facts = GaugeMetricFamily(
        "tallystick_read_model_lag_facts", "Facts not yet in the rows.", labels=of_models
    )
    seconds = GaugeMetricFamily(
        "tallystick_read_model_lag_seconds",
        "Age of the oldest fact that is not yet in the rows; 0 where none waits.",
        labels=of_models,
    )
    stopped = GaugeMetricFamily(
        "tallystick_read_model_halted",
        "1 where a read model has halted or is of another version.",
        labels=of_models,
    )
    for tenant, models in found.items():
        if models:
            head.add_metric([tenant], models[0].head)
        for model in models:
            facts.add_metric([tenant, model.name], model.lag)
            seconds.add_metric([tenant, model.name], model.lag_seconds)
            stopped.add_metric([tenant, model.name], int(model.halted or model.outdated))
    return [head, facts, seconds, stopped]


def group_sizes(sizes: Mapping[int, int]) -> HistogramMetricFamily:
    """How many requests went into one transaction."""
    counted = dict(sizes)  # in one step: appends go on meanwhile
    within = [sum(n for size, n in counted.items() if size <= bound) for bound in GROUPS]
    buckets = [*zip(map(str, GROUPS), within, strict=True), ("+Inf", sum(counted.values()))]
    return HistogramMetricFamily(
        "tallystick_append_group_requests",
        "Requests that one transaction appended.",
        buckets=buckets,
        sum_value=sum(itertools.starmap(int.__mul__, counted.items())),
    )


def connections(stats: Mapping[str, int]) -> Iterator[GaugeMetricFamily]:
    """The pool: how many connections there are, are in use, and are waited for."""
    used = stats.get("pool_size", 0) - stats.get("pool_available", 0)
    in_use = "Connections in use."
    yield GaugeMetricFamily("tallystick_pool_connections_in_use", in_use, used)
    for name, (metric, sentence) in CONNECTIONS.items():
        yield GaugeMetricFamily(metric, sentence, stats.get(name, 0))
