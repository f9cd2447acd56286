"""A person's tax and insurance profile as it is declared, and as pay uses it."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from pydantic import Field, ValidationError

from domain.clauses import Parameters
from domain.money import ZERO, NonNegativeMoney, Share
from domain.pay_input import Insurance, TaxProfile
from domain.periods import Day
from domain.refusals import Invalid


class InsuranceProfile(Parameters):
    """Social insurance and housing fund: a city and its bases, or declared amounts a month."""

    city: Annotated[str, Field(pattern=r"^[a-z]{2,30}$")] | None = None
    base: NonNegativeMoney | None = None
    fund_base: NonNegativeMoney | None = None
    fund_rate: Share | None = None
    transferred: bool = False
    declared_insurance: NonNegativeMoney | None = None
    declared_fund: NonNegativeMoney | None = None
    declared_employer: NonNegativeMoney = ZERO


class Profile(Parameters):
    """What a person declared; amounts in yuan a month."""

    special_additional: NonNegativeMoney = ZERO
    claims: Annotated[dict[str, NonNegativeMoney], Field(default_factory=dict)]
    other: NonNegativeMoney = ZERO
    exempt: NonNegativeMoney = ZERO
    relief: NonNegativeMoney = ZERO
    employed_from: Day | None = None
    last_day: Day | None = None
    first_job: bool = False
    sixty_thousand: bool = False
    student_intern: bool = False
    insurance: InsuranceProfile | None = None


def checked_profile(data: dict[str, Any]) -> dict[str, Any]:
    """A declared profile as stored: every field written out, decimals as text.

    Raises Invalid naming the field.
    """
    return _read(data).model_dump(mode="json")


def pay_profile(data: dict[str, Any]) -> tuple[TaxProfile, Insurance | None]:
    """A stored profile as the payslip takes it; an empty one declares nothing."""
    return _pay_profile(msgspec.json.encode(data))


@lru_cache(maxsize=4096)
def _pay_profile(stored: bytes) -> tuple[TaxProfile, Insurance | None]:
    data = msgspec.json.decode(stored)
    profile = _read(data)
    values = profile.model_dump(exclude={"insurance"})
    insurance = profile.insurance
    return (
        TaxProfile(**values),
        None if insurance is None else Insurance(**insurance.model_dump()),
    )


def _read(data: dict[str, Any]) -> Profile:
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            f"税务资料不正确: {field}: {first['msg']}",
            f"The tax profile is not right at {field}: {first['msg']}",
            do="See docs/try.md for the fields of a profile.",
            field=f"profile.{field}",
        ) from None
