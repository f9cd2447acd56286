"""Metric definitions (what counts, how days make a month) and batches of figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from pydantic import Field

from domain.clauses import MetricCode
from domain.commands import Command, Name
from domain.facts import Fact, Place
from domain.figures import Aggregation
from domain.periods import Day


class MetricDefined(Fact, frozen=True, kw_only=True):
    """What a metric counts, from a day on."""

    metric: str
    title_zh: str
    title_en: str
    unit: str
    aggregation: Aggregation
    counts: str
    effective: date


class MetricBatchRecorded(Fact, frozen=True, kw_only=True):
    """A batch of figures arrived. Its rows stand in an append-only table, under their hash.

    `rows + rejected` is the number of rows that came in: no row is lost.
    """

    batch: str
    source: str
    period_start: date
    period_end: date
    rows: int
    rejected: int
    rows_sha256: str
    rejected_sha256: str
    metrics: tuple[str, ...]


class DefineMetric(Command):
    """Define a metric, or what it counts from a later day on."""

    metric: MetricCode
    title_zh: Name
    title_en: Name
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    aggregation: Aggregation = "sum"
    counts: Annotated[str, Field(min_length=1, max_length=2000)]
    effective: Day


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric at a version, with its dated definitions."""

    metric: str = ""
    version: int = 0
    definitions: tuple[MetricDefined, ...] = ()

    def on(self, day: date) -> MetricDefined | None:
        """The definition in force on a day: recorded later wins."""
        begun = [entry for entry in self.definitions if entry.effective <= day]
        return max(begun, key=lambda entry: entry.effective) if begun else None


def evolve(state: Metric, fact: Fact, place: Place) -> Metric:
    """Fold one fact into the metric."""
    if not isinstance(fact, MetricDefined):
        raise TypeError(f"a metric has no fact {type(fact).__name__}")
    kept = [entry for entry in state.definitions if entry.effective < fact.effective]
    return Metric(metric=fact.metric, version=place.version, definitions=(*kept, fact))


def define(command: DefineMetric) -> list[Fact]:
    """Define a metric from a day on."""
    return [MetricDefined(**command.model_dump())]
