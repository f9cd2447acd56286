"""Late truth: what a month comes to now, less what was posted for it, clause by clause."""

from __future__ import annotations

from fractions import Fraction

Amounts = dict[tuple[str, str], Fraction]
NOTHING = Fraction(0)


def differences(posted: Amounts, rated_again: Amounts) -> Amounts:
    """Every clause's difference that is not nil."""
    found = {}
    for key in {*posted, *rated_again}:
        change = rated_again.get(key, NOTHING) - posted.get(key, NOTHING)
        if change != 0:
            found[key] = change
    return found


def add(one: Amounts, other: Amounts) -> Amounts:
    """The sum of two sets of amounts."""
    return {k: one.get(k, NOTHING) + other.get(k, NOTHING) for k in {*one, *other}}
