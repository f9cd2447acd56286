"""The document of `tallystick try` and `POST /v1/try/payslip`, checked field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.clauses import Category, Clause, Key, MetricCode
from domain.figures import Aggregation
from domain.money import ZERO, Money, NonNegativeMoney, Number, Share
from domain.pay_profile import Profile
from domain.periods import Day, MonthText
from domain.refusals import Invalid
from domain.tax_types import Character

NotPositive = Annotated[Money, Field(le=0)]


class Part(BaseModel):
    """Base of all parts: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class TryClause(Part):
    """A clause; without days of its own it is in force for the whole engagement."""

    key: Key
    clause: Clause
    start: Day | None = None
    end: Day | None = None
    """First day on which it is no longer in force."""


class TryFigure(Part):
    """A figure of a day, or of the whole month where no day is given."""

    metric: MetricCode
    value: Number
    day: Day | None = None
    category: Category | Literal[""] = ""


class TryKpiMetric(Part):
    """A metric of a KPI scheme."""

    metric: MetricCode
    weight: Share
    target: Annotated[Number, Field(gt=0)]
    cap: Annotated[Number, Field(gt=0, le=10)]


class TryUnpaid(Part):
    """A day, or a share of one, that is not paid."""

    day: Day
    share: Annotated[Share, Field(gt=0)] = Decimal(1)


class TryEarlier(Part):
    """What this payer paid before in the tax year, by month of payment."""

    month: MonthText
    income: NonNegativeMoney
    exempt: NonNegativeMoney = ZERO
    contributions: Money = ZERO
    special_additional: NonNegativeMoney = ZERO
    other: NonNegativeMoney = ZERO
    relief: NonNegativeMoney = ZERO
    withheld: NonNegativeMoney = ZERO
    months_employed: Annotated[int, Field(ge=0, le=12)] | None = None


class TryLine(Part):
    """A line that is expected: its code (and clause), and its amount."""

    code: str
    clause: str | None = None
    amount: Money


class TryExpect(Part):
    """Figures the payslip is expected to have; only those given are compared."""

    gross: Money | None = None
    contributions: Money | None = None
    tax: Money | None = None
    net: Money | None = None
    employer_cost: Money | None = None
    carried_out: Money | None = None
    lines: tuple[TryLine, ...] = ()


Figures_ = Annotated[tuple[TryFigure, ...], Field(max_length=20000)]
Scheme = Annotated[tuple[TryKpiMetric, ...], Field(min_length=1, max_length=20)]


class TryMonth(Part):
    """One month: what was measured, when it is paid, and what is expected."""

    month: MonthText
    pay_date: Day
    figures: Figures_ = ()
    team: Figures_ = ()
    team_last_month: Figures_ = ()
    kpi: dict[str, Scheme] = {}
    """Weights of this month where they are not those of the document."""
    unpaid: Annotated[tuple[TryUnpaid, ...], Field(max_length=62)] = ()
    expect: TryExpect | None = None


class TryEngagement(Part):
    """What the contract is, and its days."""

    kind: Literal["full_time", "part_time", "agency"]
    start: Day
    end: Day | None = None
    probation_months: Annotated[int, Field(ge=0, le=12)] | None = None


class TryDocument(Part):
    """Everything a payslip is tried with. One month stands by itself, several in `months`."""

    title: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=4000)] = ""
    engagement: TryEngagement
    character: Character
    clauses: Annotated[tuple[TryClause, ...], Field(min_length=1, max_length=100)]
    metrics: dict[MetricCode, Aggregation] | None = None
    """Metrics that are defined, and how their days make a month."""
    kpi: dict[str, Scheme] = {}
    tax: Annotated[Profile, Field(default_factory=lambda: Profile.model_validate({}))]
    city: Annotated[str, Field(pattern=r"^[a-z]{2,30}$")] | None = None
    """City of the plan check where no insurance names one."""
    earlier: Annotated[tuple[TryEarlier, ...], Field(max_length=24)] = ()
    carried_in: NotPositive = ZERO
    owed_in: NotPositive = ZERO
    draw_balance: NonNegativeMoney = ZERO
    months: Annotated[tuple[TryMonth, ...], Field(min_length=1, max_length=36)]

    @model_validator(mode="before")
    @classmethod
    def _one_month_by_itself(cls, data: Any) -> Any:
        """Fold the fields of a single month into `months`."""
        if not isinstance(data, dict) or "months" in data:
            return data
        own = {name: data[name] for name in TryMonth.model_fields if name in data and name != "kpi"}
        rest = {name: value for name, value in data.items() if name not in own}
        return {**rest, "months": [own]}

    @model_validator(mode="after")
    def _months_in_order(self) -> Self:
        texts = [month.month for month in self.months]
        if texts != sorted(set(texts)):
            raise ValueError("months must rise, each once")
        dates = [month.pay_date for month in self.months]
        if dates != sorted(dates):
            raise ValueError("pay dates must not go back")
        return self


def read_document(data: dict[str, Any]) -> TryDocument:
    """Check a document. Raises Invalid naming the field."""
    try:
        return TryDocument.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "document"
        if "months" not in data:
            field = field.removeprefix("months.0.")
        raise Invalid(
            f"{field}: {first['msg']}",
            f"The document is not right at {field}: {first['msg']}",
            do="docs/try.md shows every field with an example.",
            field=field,
        ) from None
