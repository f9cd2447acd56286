"""Progressive rates: the bracket search and the tax on an amount, in two equal forms."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

import msgspec

from domain.law import LawTable, as_number
from domain.money import FEN, ZERO
from domain.refusals import Invalid


class Bracket(msgspec.Struct, frozen=True):
    """Amounts up to and including `up_to` yuan (None: without bound) bear `rate`."""

    up_to: Decimal | None
    rate: Decimal
    quick: Decimal
    """Quick deduction in yuan: tax = amount x rate - quick."""


def read_brackets(table: LawTable, key: str = "brackets") -> tuple[Bracket, ...]:
    """The brackets of a law table.

    Raises Invalid where bounds or rates do not rise, where the last bracket is not open or an
    earlier one is, and where a quick deduction makes the tax jump at a seam by more than a fen.
    """
    return _brackets_of(msgspec.json.encode(table), key)


@lru_cache(maxsize=256)
def _brackets_of(data: bytes, key: str) -> tuple[Bracket, ...]:
    """A table is read once: a month's payslips all ask for the same few."""
    table = msgspec.json.decode(data, type=LawTable)
    brackets = tuple(
        Bracket(
            None if row.get("up_to") is None else as_number(table, key, row["up_to"]),
            as_number(table, key, row.get("rate")),
            as_number(table, key, row.get("quick")),
        )
        for row in table.rows(key)
    )
    if not _rises(brackets) or not _meets(brackets):
        raise Invalid(
            f"法规表 {table.table} 第 {table.version} 版的税率级距不连续",
            f"the brackets of law table {table.table} version {table.version} do not join up",
            do="publish a version whose bounds and rates rise and whose quick deductions meet",
            table=table.table,
            version=table.version,
        )
    return brackets


def _rises(brackets: tuple[Bracket, ...]) -> bool:
    *closed, last = brackets
    bounds = [ZERO, *(b.up_to for b in closed if b.up_to is not None)]
    rates = [b.rate for b in brackets]
    return (
        last.up_to is None
        and len(bounds) == len(brackets)
        and all(low < high for low, high in pairwise(bounds))
        and all(low < high for low, high in pairwise(rates))
    )


def _meets(brackets: tuple[Bracket, ...]) -> bool:
    if brackets[0].quick != 0:
        return False
    return all(
        low.up_to is not None
        and abs(low.up_to * (high.rate - low.rate) - (high.quick - low.quick)) <= FEN
        for low, high in pairwise(brackets)
    )


def bracket_for(brackets: tuple[Bracket, ...], amount: Decimal, scale: int = 1) -> Bracket:
    """The bracket an amount in yuan falls in; a bound belongs to the bracket below it.

    With a `scale` of 12, amount ÷ 12 is looked up, exactly: the bounds are multiplied instead.
    """
    return next(b for b in brackets if b.up_to is None or amount <= b.up_to * scale)


def quick_form(brackets: tuple[Bracket, ...], amount: Decimal) -> Decimal:
    """Tax in yuan, unrounded: amount x rate - quick deduction, of the amount's own bracket."""
    bracket = bracket_for(brackets, amount)
    return amount * bracket.rate - bracket.quick


def slice_form(brackets: tuple[Bracket, ...], amount: Decimal) -> Decimal:
    """Tax in yuan, unrounded: the sum over all brackets of the slice in each x its rate.

    Equal to `quick_form` for every amount; kept as the independent way to check it.
    """
    tax, low = ZERO, ZERO
    for bracket in brackets:
        high = amount if bracket.up_to is None else min(amount, bracket.up_to)
        if high <= low:
            break
        tax += (high - low) * bracket.rate
        low = high
    return tax
