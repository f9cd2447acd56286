"""How values look on a page: money, numbers, days, times. Nothing is computed here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from api.auth import CHINA
from api.pages.words import Language
from domain.texts import number as plain_number
from domain.texts import yuan

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MINUS = "\N{MINUS SIGN}"


def money(amount: Any) -> str:
    """An amount in yuan with commas and two places."""
    value = _decimal(amount)
    return "—" if value is None else yuan(value).replace("-", _MINUS)


def count(value: Any) -> str:
    """A number with commas, without trailing zeros."""
    found = _decimal(value)
    return "—" if found is None else plain_number(found).replace("-", _MINUS)


def share(value: Any) -> str:
    """A fraction as a percentage."""
    found = _decimal(value)
    return "—" if found is None else f"{plain_number(found * 100)}%".replace("-", _MINUS)


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None


def day(value: Any, language: Language = "zh") -> str:
    """A day in words: 2025年9月1日, 1 Sep 2025."""
    if value is None or value == "":
        return "—"
    found = date.fromisoformat(value) if isinstance(value, str) else value
    if language == "zh":
        return f"{found.year}年{found.month}月{found.day}日"
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def last_day(end: date | None, language: Language = "zh") -> str:
    """The last day of a half-open period, in words."""
    if end is None:
        return "长期" if language == "zh" else "open"
    return day(end - timedelta(days=1), language)


def moment(value: Any, language: Language = "zh") -> str:
    """A time in China, in words, to the minute."""
    if value is None or value == "":
        return "—"
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = found.astimezone(CHINA)
    return f"{day(local.date(), language)} {local:%H:%M}"


def iso(value: Any) -> str:
    """A day or a time as ISO 8601 writes it; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(CHINA).isoformat(timespec="seconds")
    return str(value.isoformat() if isinstance(value, date) else value)


def month(value: Any, language: Language = "zh") -> str:
    """A month in words: 2025年9月, Sep 2025."""
    year, _, number = str(value).partition("-")
    if not number.isdigit() or not 1 <= int(number) <= 12:
        return str(value)
    return f"{year}年{int(number)}月" if language == "zh" else f"{_MONTHS[int(number) - 1]} {year}"


def short_hash(value: str) -> str:
    """The beginning of a digest; the whole of it stands in the title."""
    return f"{value[:10]}…" if len(value) > 12 else value
