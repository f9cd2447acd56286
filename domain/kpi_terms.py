"""KPI weights of a month as performance pay needs them."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from domain.money import ZERO
from domain.refusals import WrongWeights
from domain.texts import per_cent


class KpiMetric(msgspec.Struct, frozen=True):
    """One metric of a scheme: its part of the score is weight × min(cap, actual ÷ target)."""

    metric: str
    weight: Decimal
    """A fraction: 0.4 is 40 %."""
    target: Decimal
    cap: Decimal


class KpiTerms(msgspec.Struct, frozen=True):
    """The weights of one scheme for one month, and the position of the fact that set them."""

    scheme: str
    metrics: tuple[KpiMetric, ...]
    position: int = 0


def check_weights(metrics: tuple[KpiMetric, ...]) -> None:
    """Raise Invalid unless the weights sum to exactly 100 %, each metric stands once, and
    targets and caps are above 0."""
    names = [metric.metric for metric in metrics]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _bad(f"指标 {twice} 重复", f"Metric {twice} stands in the scheme twice", "Keep one.")
    total = sum((metric.weight for metric in metrics), ZERO)
    if total != 1:
        raise _bad(
            f"权重之和为 {per_cent(total)}，必须正好是 100%",
            f"The weights sum to {per_cent(total)}; they must be exactly 100%",
            "Change the weights so that they sum to 100 %.",
            sum=per_cent(total),
        )
    for metric in metrics:
        if metric.weight < 0 or metric.target <= 0 or metric.cap <= 0:
            raise _bad(
                f"指标 {metric.metric} 的权重、目标或上限不正确",
                f"Metric {metric.metric} needs a weight of 0 or more and a target and cap above 0",
                "Correct the metric.",
            )


def _bad(zh: str, en: str, do: str, **details: str) -> WrongWeights:
    return WrongWeights(zh, en, do=do, field="metrics", **details)
