"""Words that the sentences of clauses share."""

from __future__ import annotations

Sentences = tuple[str, str]
PRORATION: dict[str, Sentences] = {
    "paid_days_21_75": (
        "不足整月的按月额÷21.75×出勤工作日计发",
        "a part of a month is paid as amount ÷ 21.75 × workdays paid",
    ),
    "deduct_21_75": (
        "不足整月的按月额减月额÷21.75×缺勤工作日计发",
        "a part of a month is paid as amount less amount ÷ 21.75 × workdays missing",
    ),
    "workdays_actual": (
        "不足整月的按当月实际工作日比例计发",
        "a part of a month is paid by the month's actual workdays",
    ),
    "calendar_days": (
        "不足整月的按当月自然日比例计发",
        "a part of a month is paid by calendar days",
    ),
}
METRICS: dict[str, Sentences] = {
    "sales": ("直播间销售额", "live-room sales"),
    "fans": ("净增粉丝数", "fans gained"),
    "fans_gained": ("净增粉丝数", "fans gained"),
    "gift_income": ("礼物收入", "gift income"),
    "live_minutes": ("直播分钟数", "minutes live"),
    "traffic": ("流量", "traffic"),
    "views": ("观看量", "views"),
    "views_gained": ("观看量", "views"),
}
BOUNDARY: dict[str, Sentences] = {
    "above": ("超过", "above"),
    "from": ("达到", "of at least"),
}
OFFSETS: dict[str, Sentences] = {
    "max": (
        "浮动收入低于保底的按保底计发，两者取高",
        "paid where variable pay is less, whichever is more",
    ),
    "top_up": (
        "当月收入低于保底的补足差额",
        "the month's earnings are topped up to it",
    ),
    "recoverable_draw": (
        "当月收入低于保底的差额作为预支，以后月份超出保底的部分抵回",
        "the difference is an advance that later months' excess pays back",
    ),
}


def metric_names(code: str) -> Sentences:
    """A metric's names in a contract; its code where it has no usual one."""
    return METRICS.get(code, (f"指标“{code}”", f'metric "{code}"'))


def figure_names(code: str, category: str | None = None) -> Sentences:
    """A metric's names on a payslip, of one category where one is named."""
    paid = code.endswith("_paid") and code not in METRICS
    zh, en = metric_names(code.removesuffix("_paid") if paid else code)
    zh, en = (f"已付{zh}", f"paid {en}") if paid else (zh, en)
    return (f"{category}品类{zh}", f"{category} {en}") if category else (zh, en)
