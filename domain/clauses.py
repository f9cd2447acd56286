"""Clause kinds: typed parameters of every clause a contract may hold.

A clause is at once the signed text and the executable rule. What could be read in two ways has
to be said in the parameters, so the parameters that decide a reading have no default value.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from domain.money import (
    ZERO,
    Money,
    NonNegativeMoney,
    Number,
    PositiveMoney,
    Rate,
    Share,
)
from domain.refusals import Invalid

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["commission"])]
MetricCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["sales"])]
Category = Annotated[str, Field(min_length=1, max_length=40, examples=["beauty"])]
Line = Annotated[str, Field(min_length=1, max_length=4000)]
Proration = Literal["paid_days_21_75", "deduct_21_75", "workdays_actual", "calendar_days"]
Boundary = Literal["above", "from"]
"""`above` 超过: the number itself is not included; `from` 以上/达到: it is."""


class Parameters(BaseModel):
    """Base of all clause parameters: unknown fields are refused, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Tier(Parameters):
    """A band of a metric `[start, end)` (or `(start, end]` with `boundary: above`) and its rate.

    With `step: percentage_point` the rate is added to the clause's base rate; with `relative`
    the base rate is multiplied by (1 + rate).
    """

    start: NonNegativeMoney
    end: NonNegativeMoney | None = None
    rate: Rate


class BasePay(Parameters):
    """底薪: a fixed amount a month, prorated by a named policy."""

    kind: Literal["base_pay"] = "base_pay"
    amount: PositiveMoney
    proration: Proration


class GuaranteeCondition(Parameters):
    """What has to be done in the month for the guarantee to stand."""

    days: Annotated[int, Field(ge=0, le=31)] = 0
    hours_a_day: Annotated[Number, Field(ge=0, le=24)] = ZERO


class Guarantee(Parameters):
    """保底: a floor under the month's earnings.

    `max`: the greater of guarantee and variable pay; `top_up`: the difference is paid as a line;
    `recoverable_draw`: the difference is an advance, taken back from later months' excess.
    """

    kind: Literal["guarantee"] = "guarantee"
    amount: PositiveMoney
    offset: Literal["max", "recoverable_draw", "top_up"]
    conditions: GuaranteeCondition = GuaranteeCondition()
    proration: Proration


class RevenueShare(Parameters):
    """分成: a share of a metric such as gift income, by tier where tiers are given."""

    kind: Literal["revenue_share"] = "revenue_share"
    metric: MetricCode
    share: Share
    tiers: tuple[Tier, ...] = ()
    mode: Literal["marginal", "whole"] | None = None
    step: Literal["percentage_point", "relative"] | None = None
    boundary: Boundary | None = None


class Commission(Parameters):
    """提成: a rate on sales, with tiers that say how they are to be read."""

    kind: Literal["commission"] = "commission"
    metric: MetricCode = "sales"
    category: Category | None = None
    rate: Share
    tiers: tuple[Tier, ...] = ()
    mode: Literal["marginal", "whole"] | None = None
    step: Literal["percentage_point", "relative"] | None = None
    boundary: Boundary | None = None
    base: Literal["paid", "settled"]
    cap: PositiveMoney | None = None
    floor: NonNegativeMoney | None = None
    clawback_days: Annotated[int, Field(ge=0, le=366)] = 0

    @model_validator(mode="after")
    def _floor_below_cap(self) -> Commission:
        if self.cap is not None and self.floor is not None and self.floor > self.cap:
            raise ValueError("the floor lies above the cap")
        return self


class CategoryUplift(Parameters):
    """品类加成: a rate added for one category's sales; lower orders are applied first."""

    kind: Literal["category_uplift"] = "category_uplift"
    metric: MetricCode = "sales"
    category: Category
    added_rate: Share
    stacking_order: Annotated[int, Field(ge=0, le=100)]


class MetricBonus(Parameters):
    """达标奖: an amount when a metric passes a threshold, once or per full step."""

    kind: Literal["metric_bonus"] = "metric_bonus"
    metric: MetricCode
    threshold: NonNegativeMoney
    boundary: Boundary
    amount: PositiveMoney
    per: Literal["once", "step"]
    step_size: PositiveMoney | None = None
    category: Category | None = None

    @model_validator(mode="after")
    def _step_has_size(self) -> MetricBonus:
        if (self.per == "step") != (self.step_size is not None):
            raise ValueError("step_size is needed with per: step, and only there")
        return self


class Coefficient(Parameters):
    """From this KPI score on, performance pay is multiplied by the coefficient."""

    from_score: Annotated[Number, Field(ge=0)]
    coefficient: Annotated[Number, Field(ge=0, le=10)]


class Gate(Parameters):
    """Performance pay is nil unless the metric reaches the minimum."""

    metric: MetricCode
    minimum: NonNegativeMoney


class PerformancePay(Parameters):
    """绩效: a base amount times the coefficient of the KPI score, behind gates."""

    kind: Literal["performance_pay"] = "performance_pay"
    amount: PositiveMoney
    scheme: Annotated[str, Field(min_length=1, max_length=60)]
    coefficients: Annotated[tuple[Coefficient, ...], Field(min_length=1)]
    gates: tuple[Gate, ...] = ()
    proration: Proration


class TeamIncentive(Parameters):
    """团队激励: a percentage of the member's rounded performance pay when the team grows."""

    kind: Literal["team_incentive"] = "team_incentive"
    metric: MetricCode
    measure: Literal["growth_on_last_month"] = "growth_on_last_month"
    threshold: Rate
    boundary: Boundary
    percentage: Share


class Hours(Parameters):
    """直播时长: least hours or days live in a month (or week)."""

    kind: Literal["hours"] = "hours"
    minimum_hours: Annotated[Number, Field(ge=0, le=744)] | None = None
    minimum_days: Annotated[int, Field(ge=0, le=31)] | None = None
    per: Literal["week", "month"] = "month"

    @model_validator(mode="after")
    def _something_is_asked(self) -> Hours:
        if self.minimum_hours is None and self.minimum_days is None:
            raise ValueError("say minimum_hours or minimum_days")
        return self


class Sessions(Parameters):
    """场次: sessions a week or month, hours each, perhaps of one category."""

    kind: Literal["sessions"] = "sessions"
    least: Annotated[int, Field(ge=1, le=100)]
    most: Annotated[int, Field(ge=1, le=100)] | None = None
    per: Literal["week", "month"]
    hours_each: Annotated[Number, Field(gt=0, le=24)]
    category: Category | None = None


class FlexibleSchedule(Parameters):
    """弹性时间: how long before a change of time who has to be told."""

    kind: Literal["flexible_schedule"] = "flexible_schedule"
    notice_hours: Annotated[int, Field(ge=0, le=720)]
    told: Annotated[str, Field(min_length=1, max_length=80)] = "business department"


class Training(Parameters):
    """培训: trainings a month, their cost to the streamer, a service period."""

    kind: Literal["training"] = "training"
    times_a_month: Annotated[int, Field(ge=1, le=31)]
    cost: Money = ZERO
    service_months: Annotated[int, Field(ge=0, le=120)] = 0


class Exclusivity(Parameters):
    """排他: in service, where else the streamer may not work."""

    kind: Literal["exclusivity"] = "exclusivity"
    scope: Line


class NonCompete(Parameters):
    """竞业限制: after the end, for how long and for what compensation (share of the average)."""

    kind: Literal["non_compete"] = "non_compete"
    scope: Line
    months: Annotated[int, Field(ge=1, le=24)]
    compensation_share: Share


class Confidentiality(Parameters):
    """保密: text only."""

    kind: Literal["confidentiality"] = "confidentiality"
    text_zh: Line
    text_en: str = ""


class Custom(Parameters):
    """自定义: text only; pays nothing."""

    kind: Literal["custom"] = "custom"
    text_zh: Line
    text_en: str = ""


Clause = Annotated[
    BasePay
    | Guarantee
    | RevenueShare
    | Commission
    | CategoryUplift
    | MetricBonus
    | PerformancePay
    | TeamIncentive
    | Hours
    | Sessions
    | FlexibleSchedule
    | Training
    | Exclusivity
    | NonCompete
    | Confidentiality
    | Custom,
    Field(discriminator="kind"),
]
"""Any clause, told apart by `kind`."""

_CLAUSE: TypeAdapter[Clause] = TypeAdapter(Clause)
KINDS: tuple[str, ...] = tuple(sorted(_CLAUSE.json_schema()["discriminator"]["mapping"]))


def clause_of(data: dict[str, Any]) -> Clause:
    """Read clause parameters, as stored or as sent. Raises Invalid naming the field."""
    try:
        return _CLAUSE.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            f"条款不正确: {field}: {first['msg']}",
            f"The clause is not right at {field or 'kind'}: {first['msg']}",
            do=f"Known kinds are {', '.join(KINDS)}; docs/clauses.md shows each with an example.",
            field=field or "kind",
        ) from None


def clause_data(clause: Clause) -> dict[str, Any]:
    """A clause as stored: plain data with every parameter written out, decimals as text."""
    return clause.model_dump(mode="json")
