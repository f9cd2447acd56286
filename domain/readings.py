"""The readings of a clause that can be read in more than one way, each with its amount."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

from domain.clauses import Commission, RevenueShare
from domain.money import fen
from domain.refusals import AmbiguousClause
from domain.texts import yuan

SAMPLE_FACTOR = Decimal("1.2")
"""The example figure is this many times the first threshold."""
Tiered = Commission | RevenueShare
_CHOICES: dict[str, tuple[str, ...]] = {
    "mode": ("marginal", "whole"),
    "step": ("percentage_point", "relative"),
    "boundary": ("above", "from"),
}
_ZH = {
    "marginal": "分段累计",
    "whole": "全额适用",
    "percentage_point": "增加百分点",
    "relative": "按比例上浮",
    "above": "超过（不含本数）",
    "from": "达到（含本数）",
}


def missing(clause: Commission | RevenueShare) -> tuple[str, ...]:
    """The parameters a clause with tiers does not say, in fixed order."""
    return tuple(name for name in _CHOICES if getattr(clause, name) is None)


def refuse_ambiguous(
    clause: Tiered, key: str, pay: Callable[[Tiered, Decimal], Decimal]
) -> AmbiguousClause:
    """The refusal of a clause with tiers that does not say how they are to be read.

    `pay` gives the yuan a full reading earns on a figure. The example is 1.2 times the first
    threshold, or the threshold itself where only the boundary is left open.
    """
    gaps = missing(clause)
    first = next((tier.start for tier in clause.tiers if tier.start > 0), Decimal(100000))
    value = first if gaps == ("boundary",) else first * SAMPLE_FACTOR
    readings = _readings(clause, gaps, value, pay)
    amounts = list(dict.fromkeys(reading["amount"] for reading in readings))
    named = [name for name in gaps if name != "boundary" or gaps == ("boundary",)]
    return AmbiguousClause(
        f"条款 {key} 没有写明 {'、'.join(gaps)}：以 {yuan(value)} 计，可为 "
        f"{_listed(readings, amounts, 'zh')}，请写明是哪一种",
        f"Clause {key} does not say its {', '.join(gaps)}: on {yuan(value)} it would pay "
        f"{_listed(readings, amounts, 'en')}: say which",
        do="; ".join(f"{name}: {' or '.join(_CHOICES[name])}" for name in gaps) + ".",
        field=f"{key}.{(named or list(gaps))[0]}",
        missing=list(gaps),
        example=yuan(value),
        readings=readings,
    )


def _readings(
    clause: Tiered,
    gaps: tuple[str, ...],
    value: Decimal,
    pay: Callable[[Tiered, Decimal], Decimal],
) -> list[dict[str, Any]]:
    """Readings in the order of the contract's example; the boundary only where it is alone."""
    open_ = [name for name in gaps if name != "boundary"] or ["boundary"]
    filled = {"boundary": "above"} if open_ != ["boundary"] and "boundary" in gaps else {}
    readings = []
    for choice in sorted(product(*(_CHOICES[name] for name in open_)), key=_order):
        said = dict(zip(open_, choice, strict=True))
        amount = pay(clause.model_copy(update={**filled, **said}), value)
        readings.append({**said, "amount": yuan(fen(amount))})
    return readings


def _order(choice: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """Marginal with a relative step comes last: it is the rarest reading."""
    return choice == ("marginal", "relative"), choice


def _listed(readings: list[dict[str, Any]], amounts: list[str], language: str) -> str:
    """The amounts as "6,200.00, 7,200.00 or 6,060.00", the rarest reading in brackets behind."""
    comma, last = ("、", " 或 ") if language == "zh" else (", ", " or ")
    rare = readings[3]["amount"] if len(readings) == 4 else None
    main = [amount for amount in amounts if amount != rare] or amounts
    text = last.join([comma.join(main[:-1]), main[-1]]) if len(main) > 1 else main[0]
    if rare is None or rare in main:
        return text
    if language == "zh":
        return f"{text}（{_ZH['marginal']}且{_ZH['relative']}则为 {rare}）"
    return f"{text} (or {rare} if marginal and relative)"
