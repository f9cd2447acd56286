"""Days, months and half-open periods; instants that always know their zone."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, BeforeValidator

FAR_FUTURE = date(9999, 12, 31)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1990, 2200


class Period(msgspec.Struct, frozen=True, order=True):
    """A half-open span of days `[start, end)`; an end of None is open."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a period must end after it starts: [{self.start}, {self.end})")

    @property
    def stop(self) -> date:
        """The end, with the far future standing for an open one."""
        return self.end or FAR_FUTURE

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.stop

    def overlap(self, other: Period) -> Period | None:
        """The days in both periods, or None."""
        start, stop = max(self.start, other.start), min(self.stop, other.stop)
        if start >= stop:
            return None
        return Period(start, None if stop == FAR_FUTURE else stop)

    def days(self) -> Iterator[date]:
        """Every day of a closed period; an open one runs to the far future."""
        day = self.start
        while day < self.stop:
            yield day
            day += timedelta(days=1)

    def length(self) -> int:
        """Number of days."""
        return (self.stop - self.start).days

    def text(self) -> str:
        """The ISO form, `2025-03-01/2025-04-01`."""
        return f"{self.start}/{self.end or '..'}"


class Month(msgspec.Struct, frozen=True, order=True):
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2025-03`. Raises ValueError for anything else."""
        try:
            if len(text) != 7:
                raise ValueError
            day = date.fromisoformat(text + "-01")
        except (ValueError, TypeError):
            raise ValueError(f"{str(text)[:20]!r} is not a month: write it as 2025-03") from None
        return cls.of(in_range(day))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month a day lies in."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """The last day of the month."""
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def period(self) -> Period:
        """The month as a half-open period."""
        return Period(self.first, self.plus(1).first)

    def plus(self, months: int) -> Month:
        """The month so many months later (or earlier)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def workdays(self) -> int:
        """Mondays to Fridays in the month (public holidays are paid days and count)."""
        return sum(1 for day in self.period.days() if day.weekday() < 5)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """The months from `first` to `last`, both included."""
    while first <= last:
        yield first
        first = first.plus(1)


def workdays(period: Period) -> int:
    """Mondays to Fridays in a closed period."""
    return sum(1 for day in period.days() if day.weekday() < 5)


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or the month's last day where it is shorter."""
    month = Month.of(day).plus(months)
    return min(month.last, month.first + timedelta(days=day.day - 1))


def in_range(day: date) -> date:
    """Refuse years that only another calendar or a typing error would give."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(
            f"{day.isoformat()} is outside {FIRST_YEAR}–{LAST_YEAR}: "
            "dates are Gregorian (ISO 8601), such as 2025-09-01"
        )
    return day


def _iso_day(value: Any) -> Any:
    """Take only real dates and ISO text: numbers and times would be guesses."""
    if isinstance(value, datetime) or not isinstance(value, str | date):
        raise ValueError("write a date as 2025-09-01")
    if isinstance(value, str):
        try:
            if not _ISO_DAY.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value[:30]!r} is not a date: write it as 2025-09-01") from None
    return value


def aware(moment: datetime) -> datetime:
    """Refuse a time without a zone; give the same instant in UTC."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: write 2025-09-01T12:00:00+08:00")
    return moment.astimezone(UTC)


Day = Annotated[date, BeforeValidator(_iso_day), AfterValidator(in_range)]
Instant = Annotated[datetime, AfterValidator(aware)]
MonthText = Annotated[str, AfterValidator(lambda text: str(Month.parse(text)))]
"""A month as text, `2025-03`, checked."""
