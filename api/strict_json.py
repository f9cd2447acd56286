"""JSON as this interface reads it: exact numbers, no doubt about names, bounded depth.

A number never passes through a binary float: what was written is what is checked.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from api.refusals import BadText, DuplicateName, Malformed, NotANumber, NotUtf8, TooDeep

DEEPEST = 32
_LONGEST_NUMBER = 40
_EXPONENT = re.compile(r"\s*[+-]?[\d_.]*[eE][+-]?[\d_]{3,}\s*%?\s*")
"""An exponent of three digits or more: writing such a number out would fill the memory."""
_WRONG_TEXT = re.compile("[\0\ud800-\udfff]")


def read_json(data: bytes) -> Any:
    """The value of a JSON text. Raises a refusal that says what is wrong and where."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(
            f"请求不是 UTF-8 (第 {error.start} 字节)",
            f"The body is not UTF-8 at byte {error.start}",
            do="Send the text in UTF-8.",
            offset=error.start,
        ) from None
    try:
        value = json.loads(
            text,
            parse_float=_exact,
            parse_int=_whole,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        raise Malformed(
            f"请求不是 JSON: 第 {error.lineno} 行第 {error.colno} 列",
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            do="Send a JSON object.",
            line=error.lineno,
            column=error.colno,
        ) from None
    except RecursionError:
        raise _too_deep() from None
    check_text(value)
    return value


def check_text(value: Any) -> None:
    """Walk a value without recursion; refuse what is too deep and text that no one can hold."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            _check(item)
        elif isinstance(item, dict | list):
            if depth > DEEPEST:
                raise _too_deep()
            if isinstance(item, dict):
                waiting.extend((name, depth) for name in item)
                waiting.extend((inner, depth + 1) for inner in item.values())
            else:
                waiting.extend((inner, depth + 1) for inner in item)


def _check(text: str) -> None:
    if _WRONG_TEXT.search(text):
        raise BadText(
            "文本含有空字符或残缺字符",
            "A text holds NUL or half of a character pair",
            do="Send whole characters; leave U+0000 out.",
        )
    if _EXPONENT.fullmatch(text):
        raise _no_number(text)


def _exact(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER or _EXPONENT.fullmatch(text):
        raise _no_number(text)
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _no_number(text)
    return int(text)


def _refuse_constant(text: str) -> NoReturn:
    raise _no_number(text)


def _no_number(text: str) -> NotANumber:
    return NotANumber(
        f"{text[:_LONGEST_NUMBER]} 不是可用的数字",
        f"{text[:_LONGEST_NUMBER]} is no number that can be paid or counted",
        do='Write a finite decimal number, best as text: "8000.00".',
    )


def _too_deep() -> TooDeep:
    return TooDeep(
        f"嵌套超过 {DEEPEST} 层",
        f"The body is nested deeper than {DEEPEST} levels",
        do="Send the documented shape.",
        deepest=DEEPEST,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DuplicateName(
            f"字段 {twice[:80]} 出现两次",
            f"The name {twice[:80]} stands twice in one object",
            do="Say each thing once.",
            field=twice[:80],
        )
    return made
