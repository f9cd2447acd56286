"""The check of one row of figures from outside: a figure, or the reason why it is none.

Reasons are values, never exceptions, and the first that applies is the one given, in this order:
the shape of the row, then row_id, person, metric, day, value, category, order_ref.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from domain.metric import Metric
from domain.money import plain
from domain.periods import in_range
from ledger.figure_rows import MetricRow, Rejected
from workflows.row_reasons import REASONS

FIELDS = ("row_id", "person", "metric", "day", "value", "category", "order_ref")
REQUIRED = FIELDS[:5]
LONGEST = {"row_id": 120, "person": 60, "metric": 40, "category": 40, "order_ref": 120}
MOST_DIGITS = 12
MOST_PLACES = 8
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+")
_OTHER_CALENDAR = re.compile(r"(民国|令和|平成|昭和|พ\.ศ\.|AH|BE)")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]+")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with a row: a code of `REASONS` and what its sentences name."""

    code: str
    names: dict[str, Any] = {}

    def rejected(self, raw: str) -> Rejected:
        """The rejected row, with its reason in both languages."""
        zh, en = REASONS[self.code]
        return Rejected(self.code, zh.format(**self.names), en.format(**self.names), raw)


class Malformed(msgspec.Struct, frozen=True):
    """A row that could not be read as fields, and as much of it as helps to find it."""

    wrong: Wrong
    text: str


Raw = dict[str, Any] | Malformed
"""A row as it came: text, exact numbers, dates; never a float."""


class RowRules(msgspec.Struct, frozen=True):
    """What a row is checked against: the persons and metrics of the tenant, and the day."""

    persons: AbstractSet[str]
    metrics: Mapping[str, Metric]
    today: date

    def check(self, raw: Raw) -> MetricRow | Rejected:
        """The figure a row holds, or why it is rejected."""
        if isinstance(raw, Malformed):
            return raw.wrong.rejected(shown(raw.text))
        row = self._row(raw)
        return row.rejected(as_text(raw)) if isinstance(row, Wrong) else row

    def _row(self, raw: dict[str, Any]) -> MetricRow | Wrong:
        if wrong := _shape(raw):
            return wrong
        row_id = _text(raw, "row_id")
        person = _known(raw, "person", self.persons)
        metric = _known(raw, "metric", self.metrics)
        day = read_day(raw.get("day"))
        value = read_number(raw.get("value"))
        category = _text(raw, "category", needed=False)
        order_ref = _text(raw, "order_ref", needed=False)
        if isinstance(row_id, Wrong):
            return row_id
        if isinstance(person, Wrong):
            return person
        if person not in self.persons:
            return Wrong("unknown_person", {"person": masked(person)})
        if isinstance(metric, Wrong):
            return metric
        if metric not in self.metrics:
            return Wrong("unknown_metric", {"metric": metric})
        if isinstance(day, Wrong):
            return day
        if wrong := self._on(metric, day):
            return wrong
        for field in (value, category, order_ref):
            if isinstance(field, Wrong):
                return field
        assert isinstance(value, Decimal)
        assert isinstance(category, str) and isinstance(order_ref, str)
        return MetricRow(row_id, person, metric, day, value, category, order_ref)

    def _on(self, metric: str, day: date) -> Wrong | None:
        if day > self.today:
            return Wrong("future_day", {"day": day, "today": self.today})
        if self.metrics[metric].on(day) is None:
            return Wrong("no_definition", {"metric": metric, "day": day})
        return None


def _shape(raw: dict[str, Any]) -> Wrong | None:
    unknown = [name for name in raw if name not in FIELDS]
    if unknown:
        return Wrong("unknown_field", {"field": shown(str(unknown[0]), 40)})
    if all(value is None or value == "" for value in raw.values()):
        return Wrong("empty_row")
    return None


def _known(raw: dict[str, Any], field: str, known: Container[str]) -> str | Wrong:
    """The text of a field; what is known already needs no look at its characters."""
    value = raw.get(field)
    if type(value) is str and value in known:
        return value
    return _text(raw, field)


def _text(raw: dict[str, Any], field: str, *, needed: bool = True) -> str | Wrong:
    value = raw.get(field)
    if not value and not needed and (value is None or value == ""):
        return ""
    if type(value) is Decimal and value.is_finite() and abs(value.adjusted()) < 30:
        value = plain(value)  # an id that was sent as a number
    if value is None:
        value = ""
    if type(value) is not str:
        return Wrong("not_text", {"field": field})
    value = value.strip()
    if not value:
        return Wrong("missing_field", {"field": field}) if needed else ""
    if len(value) > LONGEST[field]:
        return Wrong("too_long", {"field": field, "most": LONGEST[field]})
    if not value.isprintable():
        return Wrong("control_character", {"field": field})
    if "+" in value and _SCIENTIFIC.fullmatch(value):
        return Wrong("digits_lost", {"field": field, "text": value})
    return value


def read_day(value: Any) -> date | Wrong:
    """A day from ISO text or a date cell; anything that would be a guess is wrong."""
    if isinstance(value, datetime):
        if value.time() != datetime.min.time():
            return Wrong("time_not_day", {"text": value.isoformat()})
        value = value.date()
    if isinstance(value, date):
        return _day_of(value.isoformat())
    if value is None or value == "":
        return Wrong("missing_field", {"field": "day"})
    if not isinstance(value, str):
        return Wrong("malformed_day", {"text": shown(str(value), 40)})
    return _day_of(value.strip())


@lru_cache(maxsize=4096)
def _day_of(text: str) -> date | Wrong:
    if _TIME.fullmatch(text):
        return _time(text)
    if _OTHER_CALENDAR.search(text):
        return Wrong("other_calendar", {"text": shown(text, 40)})
    if not _DAY.fullmatch(text):
        return Wrong("malformed_day", {"text": shown(text, 40)})
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return Wrong("malformed_day", {"text": text})
    try:
        return in_range(day)
    except ValueError:
        return Wrong("other_calendar", {"text": text})


def _time(text: str) -> Wrong:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return Wrong("malformed_day", {"text": shown(text, 40)})
    return Wrong("naive_time" if moment.tzinfo is None else "time_not_day", {"text": text})


def read_number(value: Any, field: str = "value") -> Decimal | Wrong:
    """An exact number from text or an exact number; never a float, never rounded."""
    if isinstance(value, str):
        value = value.strip()
        if value.lower().lstrip("+-") in {"nan", "inf", "infinity", "snan"}:
            return Wrong("not_finite", {"field": field})
        if value and not _NUMBER.fullmatch(value):
            return Wrong("not_a_number", {"field": field, "text": shown(value, 40)})
        if len(value) > 60:
            return Wrong("too_large", {"field": field})
        value = Decimal(value) if value else None
    if value is None:
        return Wrong("missing_field", {"field": field})
    if type(value) is not Decimal:
        return Wrong("not_a_number", {"field": field, "text": shown(str(value), 40)})
    return _sized(value, field)


def _sized(number: Decimal, field: str) -> Decimal | Wrong:
    if not number.is_finite():
        return Wrong("not_finite", {"field": field})
    if not number:
        return Decimal(0)
    if number.adjusted() >= MOST_DIGITS:
        return Wrong("too_large", {"field": field})
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MOST_PLACES:
        digits = number.as_tuple().digits
        zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
        if exponent + zeros < -MOST_PLACES:
            return Wrong("too_many_decimals", {"field": field, "most": MOST_PLACES})
    return number


def shown(text: str, most: int = 500) -> str:
    """Text short enough for a report, its control characters made visible."""
    short = text if len(text) <= most else text[: most - 1] + "…"
    if short.isprintable():
        return short
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def masked(person: str) -> str:
    """A person's id as it is; of anything else, which may be a name, the first character.

    Rejected rows are kept for ever, and a name must not be kept in clear.
    """
    return person if _ID.fullmatch(person) else person[:1] + "…"


def as_text(raw: Mapping[str, Any]) -> str:
    """A row as one line for the report: the known fields only, each cut to a readable length."""
    known = {field: shown(str(raw[field]), 120) for field in FIELDS if raw.get(field) is not None}
    if "person" in known:
        known["person"] = masked(known["person"])
    return json.dumps(known, ensure_ascii=False)
