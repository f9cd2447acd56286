"""A voucher as files: 用友 and 金蝶 layouts, and Beancount text.

用友 U8 总账工具: a line for each entry, 制单日期, 凭证类别字, 业务号, 附单据数, 摘要, 科目编码, 金额借方,
金额贷方. 金蝶 KIS 标准版 引入凭证: the same with 科目名称, 币别 and 汇率, under a heading. Other versions
name or order columns in other ways: import tools match them by the heading.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.journal import Voucher
from domain.money import fen

YONYOU_HEADING = (
    "制单日期",
    "凭证类别字",
    "业务号",
    "附单据数",
    "摘要",
    "科目编码",
    "金额借方",
    "金额贷方",
)
KINGDEE_HEADING = (
    "日期",
    "凭证字",
    "凭证号",
    "附单据数",
    "摘要",
    "科目代码",
    "科目名称",
    "借方金额",
    "贷方金额",
    "币别",
    "汇率",
)
WORD = "记"


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _amount(value: Decimal) -> str:
    return f"{fen(value):.2f}"


def yonyou(voucher: Voucher) -> str:
    """The voucher as CSV in the layout of 用友; without entries the heading alone."""
    rows = (
        (
            voucher.day.isoformat(),
            WORD,
            voucher.run,
            "0",
            entry.zh,
            entry.account.code,
            _amount(entry.debit),
            _amount(entry.credit),
        )
        for entry in voucher.entries
    )
    return _csv([YONYOU_HEADING, *rows])


def kingdee(voucher: Voucher) -> str:
    """The voucher as CSV in the layout of 金蝶; without entries the heading alone."""
    rows = (
        (
            voucher.day.isoformat(),
            WORD,
            voucher.run,
            "0",
            entry.zh,
            entry.account.code,
            entry.account.name,
            _amount(entry.debit),
            _amount(entry.credit),
            "RMB",
            "1",
        )
        for entry in voucher.entries
    )
    return _csv([KINGDEE_HEADING, *rows])


def beancount(voucher: Voucher) -> str:
    """The voucher as one Beancount transaction, with the accounts it needs opened.

    Beancount language syntax v2: postings sum to zero, debits positive.
    """
    names = sorted({entry.account.beancount for entry in voucher.entries})
    lines = [f"{voucher.day.isoformat()} open {name} CNY" for name in names]
    lines += ["", f'{voucher.day.isoformat()} * "{voucher.month} 薪酬" "Pay run {voucher.run}"']
    for entry in voucher.entries:
        amount = _amount(entry.debit - entry.credit)
        lines.append(f"  {entry.account.beancount:<40} {amount:>16} CNY  ; {entry.account.code}")
    return "\n".join(lines) + "\n"
