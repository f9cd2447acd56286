"""KPI schemes: metrics, targets and weights; a weight change is a dated fact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from pydantic import Field

from domain.clauses import MetricCode
from domain.commands import Command, Id, Name
from domain.facts import Act, Fact, Place
from domain.kpi_terms import KpiMetric, KpiTerms, check_weights
from domain.money import Number, Share
from domain.periods import Day, Month
from domain.refusals import Invalid, NoRule, NotFound, WrongState


class KpiMetricEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of a scheme as stored; decimals as text in the stored bytes."""

    metric: str
    weight: Decimal
    target: Decimal
    cap: Decimal


class KpiSchemeDefined(Fact, frozen=True, kw_only=True):
    """A scheme is in force from a month's first day on."""

    scheme: str
    title: str
    team: str | None
    effective: date
    metrics: tuple[KpiMetricEntry, ...]


class KpiWeightsChanged(Fact, frozen=True, kw_only=True):
    """The scheme has other weights (and targets) from a month's first day on."""

    scheme: str
    effective: date
    metrics: tuple[KpiMetricEntry, ...]


class KpiMetricDraft(Command):
    """A metric with its weight, target and the cap on actual ÷ target."""

    metric: MetricCode
    weight: Share
    target: Annotated[Number, Field(gt=0)]
    cap: Annotated[Number, Field(gt=0, le=10)]


class DefineKpiScheme(Command):
    """Define a scheme; weights sum to exactly 100 %."""

    scheme: Id
    title: Name
    team: Name | None = None
    effective: Day
    metrics: Annotated[tuple[KpiMetricDraft, ...], Field(min_length=1, max_length=20)]


class ChangeKpiWeights(Command):
    """Give the scheme other weights from a month on; say why in the reason."""

    effective: Day
    metrics: Annotated[tuple[KpiMetricDraft, ...], Field(min_length=1, max_length=20)]


class Dated(msgspec.Struct, frozen=True):
    """The metrics in force from a day on, and the position of the fact that says so."""

    effective: date
    metrics: tuple[KpiMetric, ...]
    position: int
    actor: str = ""


class KpiScheme(msgspec.Struct, frozen=True, kw_only=True):
    """A scheme at a version, with all its dated weights in the order they were recorded."""

    scheme: str = ""
    version: int = 0
    title: str = ""
    team: str | None = None
    weights: tuple[Dated, ...] = ()

    def on(self, month: Month) -> KpiTerms:
        """The weights of a month: recorded later wins, then the later effective day.

        Raises NoRule for months before the scheme began.
        """
        begun = [entry for entry in self.weights if entry.effective <= month.first]
        if not begun:
            raise NoRule(
                f"考核方案 {self.scheme} 在 {month} 尚未生效",
                f"KPI scheme {self.scheme} is not in force in {month}",
                do="Define it with an earlier effective date, or take it out of the clause.",
            )
        entry = max(begun, key=lambda dated: dated.effective)
        return KpiTerms(self.scheme, entry.metrics, entry.position)


def evolve(state: KpiScheme, fact: Fact, place: Place) -> KpiScheme:
    """Fold one fact into the scheme."""
    replace = msgspec.structs.replace
    match fact:
        case KpiSchemeDefined():
            changed = KpiScheme(scheme=fact.scheme, title=fact.title, team=fact.team)
        case KpiWeightsChanged():
            changed = state
        case _:
            raise TypeError(f"a KPI scheme has no fact {type(fact).__name__}")
    metrics = tuple(
        KpiMetric(entry.metric, entry.weight, entry.target, entry.cap) for entry in fact.metrics
    )
    # What is recorded later replaces everything that was to begin on its day or after it.
    kept = [entry for entry in changed.weights if entry.effective < fact.effective]
    dated = Dated(fact.effective, metrics, place.position, place.actor)
    return replace(changed, version=place.version, weights=(*kept, dated))


def define(state: KpiScheme, command: DefineKpiScheme) -> list[Fact]:
    """Define a scheme. Raises Invalid unless the weights sum to exactly 100 %."""
    if state.version:
        raise WrongState(
            f"考核方案 {command.scheme} 已存在",
            f"KPI scheme {command.scheme} exists already",
            do="Change its weights instead.",
            current_version=state.version,
        )
    _check(command.effective, command.metrics)
    return [
        KpiSchemeDefined(
            scheme=command.scheme,
            title=command.title,
            team=command.team,
            effective=command.effective,
            metrics=_entries(command.metrics),
        )
    ]


def change_weights(state: KpiScheme, command: ChangeKpiWeights, act: Act) -> list[Fact]:
    """Change weights with effect from a month on. The reason is part of the fact's act."""
    if not state.version:
        raise NotFound("没有这个考核方案", "There is no such KPI scheme", do="Define it first.")
    if not act.reason.strip():
        raise Invalid(
            "变更权重需要写明原因",
            "A change of weights needs a reason",
            do="Say in `reason` why the weights change.",
            field="reason",
        )
    _check(command.effective, command.metrics)
    return [
        KpiWeightsChanged(
            scheme=state.scheme, effective=command.effective, metrics=_entries(command.metrics)
        )
    ]


def _check(effective: date, metrics: tuple[KpiMetricDraft, ...]) -> None:
    if effective.day != 1:
        raise Invalid(
            "权重自每月一日起生效",
            "Weights start on the first day of a month",
            do="A month is scored with one set of weights: choose the first of a month.",
            field="effective",
        )
    check_weights(tuple(KpiMetric(m.metric, m.weight, m.target, m.cap) for m in metrics))


def _entries(metrics: tuple[KpiMetricDraft, ...]) -> tuple[KpiMetricEntry, ...]:
    return tuple(
        KpiMetricEntry(metric=m.metric, weight=m.weight, target=m.target, cap=m.cap)
        for m in metrics
    )
