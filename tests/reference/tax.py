"""Income tax to withhold, slice by slice, as rules-cn.md tells it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tests.reference import law
from tests.reference.rounding import to_fen

NOTHING = Fraction(0)
YearMonth = tuple[int, int]


@dataclass(frozen=True)
class Paid:
    """One payment: what it was for tax, and what was withheld from it."""

    month: YearMonth
    """The month of payment."""
    income: Fraction
    exempt: Fraction = NOTHING
    contributions: Fraction = NOTHING
    special: Fraction = NOTHING
    other: Fraction = NOTHING
    relief: Fraction = NOTHING
    withheld: Fraction = NOTHING


def by_slices(amount: Fraction, brackets: list[law.Bracket]) -> Fraction:
    """Tax of an amount: every slice of it at its own rate."""
    tax, below = NOTHING, NOTHING
    for up_to, rate in brackets:
        top = amount if up_to is None else min(amount, up_to)
        if top > below:
            tax += (top - below) * rate
        if up_to is None or amount <= up_to:
            break
        below = up_to
    return tax


def by_quick_deduction(
    picked_by: Fraction, amount: Fraction, brackets: list[law.Bracket], quick: list[int]
) -> Fraction:
    """Tax of an amount at one rate less the quick deduction; another amount may pick the rate."""
    for (up_to, rate), deduction in zip(brackets, quick, strict=True):
        if up_to is None or picked_by <= up_to:
            return amount * rate - deduction
    raise AssertionError("the last bracket has no bound")


def withheld_now(owed: Fraction, relief: Fraction, withheld: Fraction) -> Fraction:
    """Below 0 nothing is withheld and nothing is refunded in the year."""
    return to_fen(max(NOTHING, owed - relief - withheld))


def wages(
    before: list[Paid],
    now: Paid,
    months_here: int,
    *,
    first_job: bool = False,
    sixty_thousand: bool = False,
) -> Fraction:
    """累计预扣法: the year of payment so far, with 5,000 for every month employed here."""
    year = [paid for paid in before if paid.month[0] == now.month[0]]
    every = [*year, now]
    months = now.month[1] if first_job else months_here
    basic = law.SIXTY_THOUSAND if sixty_thousand else law.DEDUCTION * months
    taxable = NOTHING
    for paid in every:
        taxable += paid.income - paid.exempt - paid.contributions - paid.special - paid.other
    owed = by_slices(max(NOTHING, taxable - basic), law.YEAR)
    relief = sum((paid.relief for paid in every), NOTHING)
    return withheld_now(owed, relief, sum((paid.withheld for paid in year), NOTHING))


def months_here(started: YearMonth, left: YearMonth | None, paid: YearMonth) -> int:
    """Months employed here in the year of payment up to the payment, counted one by one."""
    return sum(
        1
        for number in range(1, paid[1] + 1)
        if started <= (paid[0], number) and (left is None or (paid[0], number) <= left)
    )


def labour(one_time: list[Paid]) -> Fraction:
    """劳务报酬, ordinary payer: the payments of one project in a month are one time.

    The last of them is the one that is paid now.
    """
    whole = sum((paid.income - paid.exempt for paid in one_time), NOTHING)
    cost = Fraction(800) if whole <= 4000 else whole / 5
    other = sum((paid.other for paid in one_time), NOTHING)
    owed = by_slices(max(NOTHING, whole - cost - other), law.LABOUR)
    relief = sum((paid.relief for paid in one_time), NOTHING)
    return withheld_now(owed, relief, sum((paid.withheld for paid in one_time), NOTHING))


def platform(before: list[Paid], now: Paid) -> Fraction:
    """劳务报酬 from a platform: income of the year, 5,000 for every month of unbroken income."""
    year = [paid for paid in before if paid.month[0] == now.month[0]]
    every = [*year, now]
    taxable = -law.DEDUCTION * unbroken(year, now.month)
    for paid in every:
        taxable += paid.income - paid.income / 5 - paid.exempt - paid.other
    owed = by_slices(max(NOTHING, taxable), law.YEAR)
    relief = sum((paid.relief for paid in every), NOTHING)
    return withheld_now(owed, relief, sum((paid.withheld for paid in year), NOTHING))


def unbroken(before: list[Paid], now: YearMonth) -> int:
    """Months of income straight before this one, this one included; an empty one breaks them."""
    count, number = 1, now[1] - 1
    while number >= 1 and sum(p.income for p in before if p.month == (now[0], number)) > 0:
        count, number = count + 1, number - 1
    return count


def bonus(amount: Fraction) -> Fraction:
    """全年一次性奖金 taxed on its own: a twelfth of it picks the rate of the whole."""
    return to_fen(by_quick_deduction(amount / 12, amount, law.MONTH, law.MONTH_QUICK))
