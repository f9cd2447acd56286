"""The window of a report: from a day, to before a day."""

from __future__ import annotations

from datetime import date

from domain.periods import Month
from domain.refusals import Invalid

LONGEST = 3660
"""Days: ten years."""


def window(day: date, since: date | None, until: date | None) -> tuple[date, date]:
    """The days `[since, until)`: twelve months up to the end of the look's month by default.

    Raises Invalid where it ends before it begins, or is longer than ten years.
    """
    until = until or Month.of(day).plus(1).first
    since = since or Month.of(until).plus(-12).first
    if not since < until or (until - since).days > LONGEST:
        raise Invalid(
            f"时间段 {since} 至 {until} 不正确",
            f"{since} to {until} is no window of at most ten years",
            do="Give `since` before `until`.",
            field="since",
        )
    return since, until
