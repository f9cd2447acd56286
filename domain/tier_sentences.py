"""Tiers in words: 超过, 达到, 增加百分点, 上浮, 分段累计, 全额适用."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from domain.clauses import Commission, RevenueShare, Tier
from domain.money import plain
from domain.texts import counted, per_cent, percent, yuan


def tiered(
    clause: Commission | RevenueShare,
    metric: tuple[str, str],
    start: tuple[str, str],
    word: str,
) -> tuple[str, str]:
    """The sentence of a rate, followed by one part for each tier and how they are to be read.

    `start` says the base rate; `metric` and `word` (提成, 分成) name what is paid on and what
    is paid.
    """
    if not clause.tiers:
        return start
    base = clause.rate if isinstance(clause, Commission) else clause.share
    zh = [_zh_tier(clause, tier, end, metric[0], base, word) for tier, end in _ends(clause)]
    en = [_en_tier(clause, tier, end, base) for tier, end in _ends(clause)]
    zh_mode = {"marginal": "（分段累计）", "whole": "（全额适用）", None: ""}[clause.mode]
    en_mode = {
        "marginal": " (marginal: each part at its own rate)",
        "whole": " (whole: the rate of the total on all of it)",
        None: "",
    }[clause.mode]
    return f"{start[0]}；{'；'.join(zh)}{zh_mode}", f"{start[1]}; {'; '.join(en)}{en_mode}"


def _ends(clause: Commission | RevenueShare) -> list[tuple[Tier, Decimal | None]]:
    pairs: list[tuple[Tier, Decimal | None]] = [
        (tier, tier.end if tier.end is not None else following.start)
        for tier, following in pairwise(clause.tiers)
    ]
    return [*pairs, (clause.tiers[-1], clause.tiers[-1].end)]


def _zh_tier(
    clause: Commission | RevenueShare,
    tier: Tier,
    end: Decimal | None,
    metric: str,
    base: Decimal,
    word: str,
) -> str:
    over = {"above": "超过", "from": "达到", None: "超过"}[clause.boundary]
    upto = {"above": "至", "from": "但不足", None: "至"}[clause.boundary]
    unit = "" if end is None else f"{upto}{yuan(end)}元"
    part = {"marginal": "的部分", "whole": "的，全部金额的", None: "的"}[clause.mode]
    lower = plain(abs(tier.rate) * 100)
    up = tier.rate >= 0
    change = f"在{per_cent(base)}基础上变动{lower}%"
    if clause.step == "percentage_point":
        change = f"在{per_cent(base)}基础上{'增加' if up else '减少'}{lower}个百分点"
    elif clause.step == "relative":
        change = f"在{per_cent(base)}基础上{'上浮' if up else '下浮'}{lower}%"
    comma = "" if clause.mode == "whole" else "，"
    return f"{metric}{over}{yuan(tier.start)}元{unit}{part}{comma}{word}比例{change}"


def _en_tier(
    clause: Commission | RevenueShare, tier: Tier, end: Decimal | None, base: Decimal
) -> str:
    over = {"above": "above", "from": "from", None: "above"}[clause.boundary]
    upto = "" if end is None else f" up to {yuan(end)}"
    lower, up = abs(tier.rate), tier.rate >= 0
    change = f"{'+' if up else '−'} {percent(lower)}"
    if clause.step == "percentage_point":
        change = f"{counted(lower * 100, 'percentage point')} {'more' if up else 'less'}"
    elif clause.step == "relative":
        change = f"the rate of {percent(base)} {'raised' if up else 'lowered'} by {percent(lower)}"
    return f"{over} {yuan(tier.start)}{upto}: {change}"
