"""Why people leave: a taxonomy of reasons, several of them with weights that sum to 100 %."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from domain.commands import Command
from domain.money import ZERO, Share
from domain.refusals import Invalid
from domain.texts import per_cent

ReasonCode = Literal[
    "pay_amount",
    "pay_rules",
    "targets",
    "hours",
    "traffic",
    "training",
    "management",
    "career",
    "other_offer",
    "health",
    "family",
    "relocation",
    "study",
    "performance",
    "conduct",
    "contract_ended",
    "redundancy",
    "unknown",
]
REASONS: dict[str, tuple[str, str, str]] = {
    "pay_amount": ("pay", "收入偏低", "Pay too low"),
    "pay_rules": ("pay", "薪资规则或考核权重不认可", "Pay rules or KPI weights not accepted"),
    "targets": ("work", "目标过高", "Targets too high"),
    "hours": ("work", "时长或排班过重", "Hours or schedule too heavy"),
    "traffic": ("work", "流量或货品支持不足", "Too little traffic or goods"),
    "training": ("work", "培训不足", "Too little training"),
    "management": ("work", "管理或团队关系", "Management or the team"),
    "career": ("work", "发展空间", "No way forward"),
    "other_offer": ("outside", "其他公司的机会", "An offer of another company"),
    "health": ("personal", "健康原因", "Health"),
    "family": ("personal", "家庭原因", "Family"),
    "relocation": ("personal", "迁居", "Moving away"),
    "study": ("personal", "学业", "Study"),
    "performance": ("company", "业绩不达标", "Performance below what was agreed"),
    "conduct": ("company", "违反规定", "Breach of rules"),
    "contract_ended": ("company", "合同到期不续", "The contract ended and was not renewed"),
    "redundancy": ("company", "业务调整", "The business was changed"),
    "unknown": ("outside", "未说明", "Not said"),
}
"""Code → group, Chinese, English. Groups: pay, work, outside, personal, company."""


class LeavingReason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason and its share of the decision; decimals as text in the stored bytes."""

    reason: str
    weight: Decimal


class ReasonDraft(Command):
    """A reason of the taxonomy and its weight, a fraction: 0.7 or "70%"."""

    reason: ReasonCode
    weight: Annotated[Share, Field(gt=0)] = Decimal(1)


def checked_reasons(drafts: tuple[ReasonDraft, ...]) -> tuple[LeavingReason, ...]:
    """The reasons as stored, the heaviest first.

    Raises Invalid where one stands twice or the weights do not sum to exactly 100 %.
    """
    names = [one.reason for one in drafts]
    if len(set(names)) < len(names):
        raise Invalid(
            "同一离职原因只能出现一次",
            "Each reason for leaving stands once",
            do="Add the weights of the repeated reason together.",
            field="reasons",
        )
    total = sum((one.weight for one in drafts), ZERO)
    if total != 1:
        raise Invalid(
            f"离职原因的权重之和为 {per_cent(total)}，必须正好是 100%",
            f"The weights of the reasons sum to {per_cent(total)}; they must be exactly 100%",
            do="Change the weights so that they sum to 100 %.",
            field="reasons",
            sum=per_cent(total),
        )
    ordered = sorted(drafts, key=lambda one: (-one.weight, one.reason))
    return tuple(LeavingReason(reason=one.reason, weight=one.weight) for one in ordered)
