"""Numbers as payslips, contracts and refusals write them: commas, two places, per cent."""

from __future__ import annotations

from decimal import Decimal

from domain.money import fen, plain


def yuan(amount: Decimal) -> str:
    """An amount with commas and at least two places; more only where it has more."""
    if amount == fen(amount):
        return format(amount, ",.2f") if amount else "0.00"
    return format(amount.normalize(), ",f")


def number(value: Decimal) -> str:
    """A count with commas and without trailing zeros: 50,000 fans, 6.5 hours."""
    text = plain(value)
    return format(Decimal(text), ",f")


def percent(rate: Decimal) -> str:
    """A rate as a payslip shows it: 0.05 is "5 %"."""
    return f"{plain(rate * 100)} %"


def per_cent(rate: Decimal) -> str:
    """A rate as a Chinese contract shows it: 0.05 is "5%"."""
    return f"{plain(rate * 100)}%"


def short(value: Decimal) -> str:
    """A number for a sentence, cut after six places; the lineage keeps the whole of it."""
    whole, _, places = plain(value).partition(".")
    if len(places) <= 6:
        return number(value)
    return f"{number(Decimal(f'{whole}.{places[:6]}'))}…"


def equals(unrounded: Decimal) -> str:
    """The end of a sum: "= 6,200.00", or "≈" where the amount was rounded to the fen."""
    rounded = fen(unrounded)
    return f"{'=' if rounded == unrounded else '≈'} {yuan(rounded)}"


def counted(value: Decimal, noun: str) -> str:
    """A count with its English noun: 1 hour, 2 hours."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"
