"""Commands from what was typed: what is not right is said in both languages, with its field."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from domain.refusals import Invalid

T = TypeVar("T")
_BY_TYPE = {
    "missing": "必须填写",
    "string_too_short": "必须填写",
    "string_too_long": "太长了",
    "string_pattern_mismatch": "格式不正确",
    "literal_error": "请选择其中一项",
    "union_tag_invalid": "请选择条款种类",
    "union_tag_not_found": "请选择条款种类",
    "int_parsing": "须为整数",
    "int_from_float": "须为整数",
    "too_short": "至少要有一项",
    "too_long": "项目太多",
    "extra_forbidden": "没有这一项",
}
_BY_LIMIT = (
    ("greater_than", "gt", "须大于 {}"),
    ("greater_than_equal", "ge", "须不小于 {}"),
    ("less_than", "lt", "须小于 {}"),
    ("less_than_equal", "le", "须不大于 {}"),
)
_BY_WORDS = (
    (r"not a decimal number|write a decimal", "请填写数字"),
    (r"at most (\d+) decimals", r"最多 \1 位小数"),
    (r"is not a date|write a date", "请填写日期，如 2025-09-01"),
    (r"outside 1990", "日期须在 1990 至 2200 年之间"),
    (r"is not a month", "请填写月份，如 2025-09"),
    (r"until must lie after", "结束日须晚于生效日"),
    (r"must end after it starts", "合同终止日须晚于起始日"),
    (r"minimum_hours or minimum_days", "请填写最少时数或天数"),
    (r"step_size is needed", "按级奖励需要步长，一次性奖励不需要步长"),
    (r"floor lies above", "保底不能高于封顶"),
    (r"NaN and infinity", "请填写有限的数字"),
    (r"must be below 1,000,000,000,000", "数字太大"),
    (r"names each clause once", "同一条款只能出现一次"),
)


def checked(make: Callable[[], T]) -> T:
    """What `make` makes of typed fields. Raises Invalid that names the first wrong field."""
    try:
        return make()
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in found["loc"])
        raise Invalid(
            in_chinese(found), in_english(found), do="Correct the field.", field=field
        ) from None


def in_english(found: Any) -> str:
    """A pydantic error as a sentence."""
    return str(found["msg"]).removeprefix("Value error, ")


def in_chinese(found: Any) -> str:
    """A pydantic error in Chinese; its English sentence where there is none."""
    kind, context = found["type"], found.get("ctx", {})
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    for name, limit, text in _BY_LIMIT:
        if kind == name:
            return text.format(context.get(limit))
    said = in_english(found)
    for pattern, text in _BY_WORDS:
        match = re.search(pattern, said)
        if match:
            return match.expand(text)
    return said
