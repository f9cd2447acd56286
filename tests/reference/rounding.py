"""Exact fractions and the one rounding: half a fen goes away from zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def number(text: object) -> Fraction:
    """A number as it is written: "5%" is a twentieth."""
    written = str(text).strip()
    if written.endswith("%"):
        return Fraction(written[:-1]) / 100
    return Fraction(written)


def to_fen(yuan: Fraction) -> Fraction:
    """Round to whole fen, half away from zero."""
    return _half_up(yuan * 100) / 100


def to_yuan(yuan: Fraction) -> Fraction:
    """Round to whole yuan, half away from zero."""
    return Fraction(_half_up(yuan))


def money(yuan: Fraction) -> Decimal:
    """An amount that was rounded to the fen, as a decimal."""
    fen = yuan * 100
    assert fen.denominator == 1, f"{yuan} was not rounded"
    return Decimal(fen.numerator) / 100


def _half_up(value: Fraction) -> Fraction:
    sign = -1 if value < 0 else 1
    whole, rest = divmod(abs(value), 1)
    return Fraction(sign * (whole + (1 if rest >= Fraction(1, 2) else 0)))
