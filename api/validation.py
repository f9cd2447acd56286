"""What pydantic says about a body, as a short list of fields, codes and messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOST_ERRORS = 20
_LONGEST = 300
_LONGEST_FIELD = 120
_CODES = {
    "union_tag_invalid": "unknown_clause_kind",
    "union_tag_not_found": "unknown_clause_kind",
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "json_invalid": "malformed_json",
    "string_too_long": "too_long",
    "too_long": "too_long",
}
_WORDS = (
    ("has no time zone", "naive_time"),
    ("is outside 1", "date_not_gregorian"),
    ("is not a date", "not_a_date"),
    ("write a date as", "not_a_date"),
    ("is not a month", "not_a_month"),
    ("decimals are allowed", "too_many_decimals"),
    ("NaN and infinity", "not_a_number"),
    ("not a decimal number", "not_a_number"),
    ("a decimal number", "not_a_number"),
    ("binary float", "not_a_number"),
    ("must be below 1,000,000,000,000", "number_too_large"),
)
"""Words of the domain's own messages: pydantic keeps the message of a ValueError, not its kind."""


def errors_of(found: Sequence[Any]) -> tuple[list[dict[str, str]], int]:
    """The first errors as `field`, `code`, `message`, and how many more there are.

    What was sent is not sent back: it may be huge, or personal.
    """
    errors = [_error(item) for item in found[:MOST_ERRORS]]
    return errors, max(0, len(found) - MOST_ERRORS)


def _error(item: Any) -> dict[str, str]:
    message = str(item.get("msg", "")).removeprefix("Value error, ")
    return {
        "field": _field(item.get("loc", ())),
        "code": _code(str(item.get("type", "")), message),
        "message": message[:_LONGEST],
    }


def _field(loc: Sequence[Any]) -> str:
    parts = [str(part) for part in loc]
    if parts and parts[0] in ("body", "query", "path", "header"):
        parts = parts[1:] or parts
    return ".".join(parts)[:_LONGEST_FIELD]


def _code(kind: str, message: str) -> str:
    if kind in _CODES:
        return _CODES[kind]
    if kind == "value_error":
        return next((code for words, code in _WORDS if words in message), "invalid")
    return "invalid"
