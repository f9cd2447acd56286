"""Money, rates and quantities: exact decimals, one rounding function, never a float."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_MOST_PLACES = 30
_WIDE = Context(prec=80)
"""Wide enough to look at any number that `exact` lets through without rounding it."""
FEN = Decimal("0.01")
ZERO = Decimal(0)
MONEY_LIMIT = Decimal(1000000000000)
"""No single amount reaches a million million yuan: a larger one is a typing error."""


def fen(amount: Decimal) -> Decimal:
    """Round an amount in yuan to the fen, half away from zero (ROUND_HALF_UP).

    This is the only place where money is rounded; it is called once a line.
    """
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros after the point."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def exact(value: Any) -> Decimal:
    """Read a decimal from text, int or Decimal.

    Raises ValueError for floats (a binary float has already lost the value that was
    written), for NaN and infinity, and for text that is no number. "45%" is 0.45.
    """
    if isinstance(value, bool | float):
        raise ValueError('write numbers as text ("8000.00"): a binary float is not exact')
    if isinstance(value, str) and value.strip().endswith("%"):
        return exact(value.strip()[:-1]) / 100
    if not isinstance(value, str | int | Decimal):
        raise ValueError('write a decimal number as text, such as "8000.00"')
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise ValueError(f"{value[:40]!r} is not a decimal number such as 8000.00")
    number = Decimal(value.strip() if isinstance(value, str) else value)
    if not number.is_finite():
        raise ValueError("NaN and infinity are not numbers that can be paid or counted")
    if abs(number) >= MONEY_LIMIT or number.adjusted() < -_MOST_PLACES:
        raise ValueError("the number must be below 1,000,000,000,000 and not finer than 1e-30")
    return number


def at_most_places(places: int) -> AfterValidator:
    """A pydantic check: no more than `places` decimals, trailing zeros aside."""

    def check(number: Decimal) -> Decimal:
        exponent = number.normalize(_WIDE).as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise ValueError(f"at most {places} decimals are allowed: {plain(number)}")
        return number

    return AfterValidator(check)


_DECIMAL_TEXT = WithJsonSchema(
    {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,8})?%?$"}
)
Number = Annotated[Decimal, BeforeValidator(exact), at_most_places(8), _DECIMAL_TEXT]
Money = Annotated[Decimal, BeforeValidator(exact), at_most_places(2), _DECIMAL_TEXT]
"""An amount in yuan: finite, at most two decimals."""
NonNegativeMoney = Annotated[Money, Field(ge=0)]
PositiveMoney = Annotated[Money, Field(gt=0)]
Rate = Annotated[Decimal, BeforeValidator(exact), at_most_places(8), _DECIMAL_TEXT]
"""A rate as a fraction: 0.05 or "5%"."""
Share = Annotated[Rate, Field(ge=0, le=1)]
