"""Every run of a story, by the reference alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.reference.arrears import Amounts, difference, together
from tests.reference.earnings import Earned, earn
from tests.reference.payslip import Balances, Slip, payslip
from tests.reference.stories import Story, YearMonth
from tests.reference.tax import Paid

NOTHING = Fraction(0)


@dataclass
class Told:
    """One run: what its month earned, what it found late by month, and its payslip."""

    month: YearMonth
    earned: Earned
    late: dict[YearMonth, Earned]
    slip: Slip


@dataclass
class Books:
    """What was paid for each month so far, and the advances that stood before it."""

    paid: dict[YearMonth, Earned] = field(default_factory=dict)
    draws: dict[YearMonth, Fraction] = field(default_factory=dict)


def tell(story: Story) -> list[Told]:
    """All runs, one after the other."""
    told: list[Told] = []
    books = Books()
    for run, month in enumerate(story.months):
        late = {earlier: _late(story, run, earlier, books) for earlier in story.months[:run]}
        before = told[-1].slip.after if told else Balances()
        books.draws[month] = before.draws
        earned = earn(story.case(run, month, before.draws))
        books.paid[month] = earned
        history: list[Paid] = [one.slip.taxed for one in told]
        paid_on = story.paid_on(month)
        slip = payslip(story.person, month, paid_on, earned, [*late.values()], before, history)
        told.append(Told(month, earned, late, slip))
    return told


def _late(story: Story, run: int, month: YearMonth, books: Books) -> Earned:
    """The difference of a month that was paid; from now on it counts as paid."""
    again = earn(story.case(run, month, books.draws[month]))
    found = difference(books.paid[month], again)
    books.paid[month] = together(books.paid[month], found)
    return found


def by_clause(amounts: Amounts) -> dict[str, Fraction]:
    """Sums by clause; nil sums are left out."""
    sums: dict[str, Fraction] = {}
    for (key, _), amount in amounts.items():
        sums[key] = sums.get(key, NOTHING) + amount
    return {key: amount for key, amount in sums.items() if amount}
