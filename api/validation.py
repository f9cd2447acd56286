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


_ZH = {
    "unknown_clause_kind": "没有这种条款类型",
    "missing_field": "缺少此项",
    "unknown_field": "没有这个字段",
    "malformed_json": "JSON 格式不正确",
    "too_long": "内容过长",
    "naive_time": "时间没有写明时区",
    "date_not_gregorian": "日期超出公历范围",
    "not_a_date": "不是日期，请写成 2025-09-01 的形式",
    "not_a_month": "不是月份，请写成 2025-09 的形式",
    "too_many_decimals": "小数位数过多",
    "not_a_number": "不是可用的十进制数",
    "number_too_large": "数值过大",
    "invalid": "取值不符合要求",
}


def errors_of(found: Sequence[Any]) -> tuple[list[dict[str, str]], int]:
    """The first errors as `field`, `code`, `message`, `message_zh`, and how many more there are.

    What was sent is not sent back: it may be huge, or personal. A list whose items are at fault is
    not told to be too short as well: pydantic counts only the items that passed.
    """
    own = [item for item in found if not (_too_short(item) and _inside(item, found))]
    errors = [_error(item) for item in own[:MOST_ERRORS]]
    return errors, max(0, len(own) - MOST_ERRORS)


def _too_short(item: Any) -> bool:
    return item.get("type") == "too_short"


def _inside(item: Any, found: Sequence[Any]) -> bool:
    loc = tuple(item.get("loc", ()))
    return any(
        len(other.get("loc", ())) > len(loc) and tuple(other["loc"][: len(loc)]) == loc
        for other in found
    )


def _error(item: Any) -> dict[str, str]:
    message = str(item.get("msg", "")).removeprefix("Value error, ")
    if item.get("type") == "union_tag_invalid":
        message = _kinds(item["ctx"])
    code = _code(str(item.get("type", "")), message)
    return {
        "field": _field(item.get("loc", ())),
        "code": code,
        "message": message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…",
        "message_zh": _ZH[code],
    }


def _kinds(said: Any) -> str:
    kinds = said["expected_tags"].replace("'", "")
    return f"{str(said['tag'])[:40]!r} is no kind there is: {kinds}"


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
