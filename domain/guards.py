"""Statutory limits of deductions from a wage, and pay for a non-compete (竞业限制)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from domain.law import LawCited, LawTable
from domain.money import FEN, ZERO, fen
from domain.refusals import Invalid
from domain.tax_types import refuse_negative

DEDUCTION = "cn.deduction_guard"
NON_COMPETE = "cn.non_compete"


class NonCompetePay(msgspec.Struct, frozen=True, kw_only=True):
    """Compensation for a non-compete, in yuan."""

    monthly: Decimal
    total: Decimal
    unrounded: Decimal
    """One month before rounding."""
    raised_to_minimum: bool
    """Whether the minimum wage took the place of the share of the average."""
    below_guidance: bool
    """Whether the share is under the one the guidance names for so many months: warn."""
    law: LawCited


def deduction_guard(
    wage: Decimal, minimum_wage: Decimal, wanted: Decimal, rule: LawTable
) -> Decimal:
    """How much of a wanted deduction (loss caused, clawback) may be taken from a month's wage.

    All in yuan. At most the rule's share of the wage (20 %), and what is left is at least the
    minimum wage; never below 0, and a part of a fen is not taken. `rule` is the table
    `cn.deduction_guard` of the day. Raises Invalid for negative amounts.
    工资支付暂行规定 art. 16.
    """
    refuse_negative(wage=wage, minimum_wage=minimum_wage, wanted=wanted)
    share = wage * rule.number("share")
    most = fen(share)
    if most > share:
        most -= FEN
    return fen(max(ZERO, min(wanted, most, wage - minimum_wage)))


def non_compete_pay(
    average: Decimal,
    months: int,
    share: Decimal | None,
    *,
    minimum_wage: Decimal,
    rule: LawTable,
) -> NonCompetePay:
    """Pay for a non-compete: each month rounded to the fen, then the total.

    `average`: monthly wage of the last 12 months in yuan; `share` of it as a fraction, None for
    the rule's default (30 %); at least `minimum_wage` a month. `rule` is the table
    `cn.non_compete` of the day. Raises Invalid for months below 1 or above the limit (24), or a
    share outside (0, 1]. 劳动合同法; 人社厅发〔2025〕40号 for `below_guidance`.
    """
    refuse_negative(average=average, minimum_wage=minimum_wage)
    part = rule.number("default_share") if share is None else share
    _check_non_compete(months, part, rule)
    unrounded = max(average * part, minimum_wage)
    monthly = fen(unrounded)
    long = months > rule.whole("guidance_beyond_months")
    return NonCompetePay(
        monthly=monthly,
        total=monthly * months,
        unrounded=unrounded,
        raised_to_minimum=average * part < minimum_wage,
        below_guidance=long and part < rule.number("guidance_share"),
        law=rule.cited,
    )


def _check_non_compete(months: int, part: Decimal, rule: LawTable) -> None:
    limit = rule.whole("months_up_to")
    if not 1 <= months <= limit:
        raise Invalid(
            f"竞业限制期限须为 1 至 {limit} 个月,而非 {months} 个月",
            f"a non-compete lasts 1 to {limit} months, not {months}",
            do="shorten the non-compete",
            field="months",
        )
    if not 0 < part <= 1:
        raise Invalid(
            f"补偿比例 {part} 须大于 0 且不超过 1",
            f"the share {part} must be above 0 and at most 1",
            do="write the share as a fraction of the average wage, such as 0.30",
            field="share",
        )
