"""Tier arithmetic: marginal and whole, percentage point and relative, above and from.

Amounts are yuan and never rounded here. A tier's rate is an addition to the clause's base rate,
in percentage points or as a share of it (terms.md, "Clause kinds").
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from domain.clauses import Boundary, Commission, RevenueShare, Tier
from domain.money import ZERO
from domain.readings import refuse_ambiguous
from domain.refusals import BadPlan
from domain.texts import yuan

Tiered = Commission | RevenueShare
Mode = Literal["marginal", "whole"]
Step = Literal["percentage_point", "relative"]


class Band(msgspec.Struct, frozen=True):
    """A tier with its end resolved: figures in it earn `added` on top of the base rate."""

    start: Decimal
    end: Decimal | None
    added: Decimal

    def clip(self, value: Decimal) -> Decimal:
        """How much of a figure lies in the band."""
        top = value if self.end is None else min(value, self.end)
        return max(top, self.start) - self.start

    def holds(self, value: Decimal, boundary: Boundary) -> bool:
        """Whether a figure is in the band: `above` excludes the start and includes the end."""
        if boundary == "above":
            return self.start < value and (self.end is None or value <= self.end)
        return self.start <= value and (self.end is None or value < self.end)


class TierRule(msgspec.Struct, frozen=True):
    """A rate on a figure, with bands that can be read in one way only."""

    rate: Decimal
    bands: tuple[Band, ...] = ()
    mode: Mode = "marginal"
    boundary: Boundary = "above"

    def rate_at(self, total: Decimal) -> Decimal:
        """The rate a month's total decides."""
        return self.rate + sum(
            (band.added for band in self.bands if band.holds(total, self.boundary)), ZERO
        )

    def slices(self, low: Decimal, high: Decimal, total: Decimal) -> tuple[Slice, ...]:
        """What the figures from `low` to `high` of a month that comes to `total` earn.

        Marginal: the base rate on all, and each band's addition on what lies in it. Whole: the
        rate of the total. The first slice is always there; a month walked in parts gives the
        same sum as the month at once.
        """
        if self.mode == "whole":
            return (Slice(high - low, self.rate_at(total)),)
        parts = (Slice(band.clip(high) - band.clip(low), band.added) for band in self.bands)
        return (Slice(high - low, self.rate), *(part for part in parts if part.base))

    def pay(self, value: Decimal) -> Decimal:
        """Yuan earned by a month's figure, unrounded."""
        return slices_pay(self.slices(ZERO, value, value))


class Slice(msgspec.Struct, frozen=True):
    """A part of a figure and the rate on it."""

    base: Decimal
    rate: Decimal


def slices_pay(slices: tuple[Slice, ...]) -> Decimal:
    """Sum of base × rate, unrounded."""
    return sum((part.base * part.rate for part in slices), ZERO)


def rule_of(clause: Tiered, key: str = "") -> TierRule:
    """The rule of a clause.

    Raises Invalid for tiers with a gap, an overlap or out of order, and AmbiguousClause, with
    the amount of every reading, where tiers do not say mode, step or boundary.
    """
    base = clause.rate if isinstance(clause, Commission) else clause.share
    if not clause.tiers:
        return TierRule(base)
    check_tiers(clause.tiers, key)
    if clause.mode is None or clause.step is None or clause.boundary is None:
        raise refuse_ambiguous(clause, key, _example)
    return TierRule(base, bands_of(clause.tiers, base, clause.step), clause.mode, clause.boundary)


def _example(clause: Tiered, value: Decimal) -> Decimal:
    return rule_of(clause).pay(value)


def bands_of(tiers: tuple[Tier, ...], base: Decimal, step: Step) -> tuple[Band, ...]:
    """Tiers with their ends and their additions in points of the rate."""
    following = [tier.start for tier in tiers[1:]]
    ends = [*following, None]
    return tuple(
        Band(tier.start, end, tier.rate if step == "percentage_point" else base * tier.rate)
        for tier, end in zip(tiers, ends, strict=True)
    )


def check_tiers(tiers: tuple[Tier, ...], key: str = "") -> None:
    """Raise Invalid, naming both bounds, for a gap, an overlap, or tiers out of order.

    A tier without an end ends where the next one starts; the last one has to be open, for a
    figure above a closed one would have no rate.
    """
    for index, tier in enumerate(tiers):
        if tier.end is not None and tier.end <= tier.start:
            raise _bad_tiers(key, "顺序", "are out of order", tier.start, tier.end)
        following = tiers[index + 1] if index + 1 < len(tiers) else None
        if following is None:
            _check_last(tier, key)
        else:
            _check_pair(tier, following, key)


def _check_pair(tier: Tier, following: Tier, key: str) -> None:
    if following.start <= tier.start:
        raise _bad_tiers(key, "顺序", "are out of order", tier.start, following.start)
    if tier.end is not None and tier.end < following.start:
        raise _bad_tiers(key, "空档", "have a gap", tier.end, following.start)
    if tier.end is not None and tier.end > following.start:
        raise _bad_tiers(key, "重叠", "overlap", following.start, tier.end)


def _check_last(tier: Tier, key: str) -> None:
    if tier.end is not None:
        raise BadPlan(
            f"条款 {key} 的最后一档止于 {yuan(tier.end)}，超过部分没有比例",
            f"The last tier of clause {key} ends at {yuan(tier.end)}: nothing says what is paid "
            "above it",
            do="Leave the end of the last tier out, or add a tier that starts there.",
            field=f"{key}.tiers",
            problem="open_top",
        )


def _bad_tiers(key: str, zh: str, en: str, low: Decimal, high: Decimal) -> BadPlan:
    return BadPlan(
        f"条款 {key} 的档位在 {yuan(low)} 与 {yuan(high)} 之间{zh}不正确",
        f"The tiers of clause {key} {en} between {yuan(low)} and {yuan(high)}",
        do="Let each tier end where the next one starts, in rising order.",
        field=f"{key}.tiers",
        problem=en.rsplit(maxsplit=1)[-1] if en != "are out of order" else "order",
        bounds=[yuan(low), yuan(high)],
    )
