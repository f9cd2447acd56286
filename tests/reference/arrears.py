"""Late truth: what a month comes to now, less what was paid for it, clause by clause."""

from __future__ import annotations

from fractions import Fraction

from tests.reference.earnings import Earned

Amounts = dict[tuple[str, str], Fraction]
NOTHING = Fraction(0)


def less(one: Amounts, other: Amounts) -> Amounts:
    """Differences, clause by clause."""
    return {key: one.get(key, NOTHING) - other.get(key, NOTHING) for key in {*one, *other}}


def plus(one: Amounts, other: Amounts) -> Amounts:
    """Sums, clause by clause."""
    return {key: one.get(key, NOTHING) + other.get(key, NOTHING) for key in {*one, *other}}


def difference(paid: Earned, rated_again: Earned) -> Earned:
    """What has to be added to what was paid for a month, and to the advances of that month."""
    return Earned(less(rated_again.amounts, paid.amounts), less(rated_again.draws, paid.draws))


def together(paid: Earned, later: Earned) -> Earned:
    """What was paid for a month so far."""
    return Earned(plus(paid.amounts, later.amounts), plus(paid.draws, later.draws))
