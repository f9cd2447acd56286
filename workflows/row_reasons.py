"""Why rows are rejected: code → the sentence in Chinese and in English.

The codes are stored with the rejected rows and counted in reports: none is renamed.
"""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    # The shape of a row
    "malformed_row": ("这一行无法读取：{problem}", "this row cannot be read: {problem}"),
    "line_too_long": (
        "这一行超过 {most} 个字符",
        "this line has more than {most} characters",
    ),
    "not_an_object": (
        "每一行应为一个 JSON 对象",
        "each row has to be a JSON object of the seven fields",
    ),
    "repeated_field": (
        "同一字段在这一行出现两次",
        "a field stands twice in this row: which one counts cannot be told",
    ),
    "unknown_field": ("没有字段 {field}", "there is no field {field}"),
    "too_many_columns": (
        "这一行有 {found} 格，表头只有 {expected} 列",
        "this row has {found} cells and the heading {expected} columns",
    ),
    "too_few_columns": (
        "这一行只有 {found} 格，表头有 {expected} 列",
        "this row has only {found} cells and the heading {expected} columns",
    ),
    "empty_row": ("空行", "every cell of this row is empty"),
    # Any field
    "missing_field": ("缺少 {field}", "{field} is missing"),
    "not_text": ("{field} 应为文本", "{field} has to be text"),
    "too_long": (
        "{field} 超过 {most} 个字符",
        "{field} has more than {most} characters",
    ),
    "control_character": (
        "{field} 含有控制字符或不可见字符",
        "{field} holds a control character or an invisible one",
    ),
    "digits_lost": (
        "{field} 为 {text}：表格软件已丢失数位，请把该列设为文本后重新导出",
        "{field} is {text}: a spreadsheet lost its digits; format the column as text and "
        "export again",
    ),
    # Persons and metrics
    "unknown_person": ("没有人员 {person}", "there is no person {person}"),
    "unknown_metric": (
        "指标 {metric} 没有定义",
        "the metric {metric} has no definition",
    ),
    "no_definition": (
        "指标 {metric} 在 {day} 尚无定义",
        "no definition of the metric {metric} covers {day}",
    ),
    # Days
    "malformed_day": (
        "{text} 不是日期：请写成 2025-09-01",
        "{text} is not a date: write it as 2025-09-01",
    ),
    "other_calendar": (
        "{text} 像是其他历法的日期：请用公历，如 2025-09-01",
        "{text} looks like a date of another calendar: write the Gregorian one, 2025-09-01",
    ),
    "naive_time": (
        "{text} 是没有时区的时间：day 请写营业日，如 2025-09-01",
        "{text} is a time without a zone: day takes the business day, such as 2025-09-01",
    ),
    "time_not_day": (
        "{text} 是时间而不是日期：请写营业日，如 2025-09-01",
        "{text} is a time, not a day: write the business day, such as 2025-09-01",
    ),
    "future_day": (
        "{day} 还没有到（今天是 {today}）",
        "{day} has not come yet (today is {today})",
    ),
    # Numbers
    "not_a_number": (
        "{field} 为 {text}，不是数字：不用千位分隔符、百分号和单位",
        "{field} is {text}, which is not a plain number: no thousands separators, percent signs "
        "or units",
    ),
    "not_finite": (
        "{field} 是 NaN 或无穷大",
        "{field} is NaN or infinite",
    ),
    "too_many_decimals": (
        "{field} 超过 {most} 位小数：可能来自浮点运算，请先四舍五入",
        "{field} has more than {most} decimals, perhaps from binary arithmetic: round it first",
    ),
    "too_large": (
        "{field} 达到或超过 1,000,000,000,000",
        "{field} is 1,000,000,000,000 or more",
    ),
    # A customer's export of orders and traffic (workflows/imports.py)
    "accounting_adjustment": (
        "{order_no} 是财务调整，不是订单",
        "{order_no} is an accounting adjustment, not an order",
    ),
    "stock_correction": (
        "{order_no} 数量为负且不是取消单：视为库存更正",
        "{order_no} has a negative quantity and is no cancellation: a correction of stock",
    ),
    "positive_cancellation": (
        "取消单 {order_no} 的数量不是负数",
        "the cancellation {order_no} has no negative quantity",
    ),
    "zero_quantity": ("订单 {order_no} 数量为零", "order {order_no} has the quantity zero"),
    "zero_price": ("订单 {order_no} 单价为零", "order {order_no} has the price zero"),
    "negative_price": ("订单 {order_no} 单价为负", "order {order_no} has a negative price"),
    "zero_amount": (
        "订单 {order_no} 金额不足一分",
        "order {order_no} comes to less than a fen",
    ),
    "no_buyer": (
        "订单 {order_no} 没有买家，不能归属",
        "order {order_no} names no buyer, so it is nobody's sale",
    ),
    "unattributed_buyer": (
        "买家 {buyer} 不在归属表中",
        "the buyer {buyer} is not in the attribution file",
    ),
    "ambiguous_buyer": (
        "买家 {buyer} 在归属表中对应多人",
        "the buyer {buyer} is attributed to more than one person",
    ),
    "malformed_month": (
        "{text} 不是月份：请写成 2025-03",
        "{text} is not a month: write it as 2025-03",
    ),
    "repeated_month": (
        "{person} 的 {month} 已出现过",
        "{person} has a row for {month} already: the first one counts",
    ),
}
