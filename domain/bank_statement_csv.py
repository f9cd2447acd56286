"""How a bank's CSV statement is read: which heading means what, how days and sums are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.bank_line import BankLine, Unreadable
from domain.bank_transfer import CURRENCY
from domain.commands import Command
from domain.money import ZERO, exact
from domain.periods import in_range

Field_ = Literal[
    "ref",
    "day",
    "amount",
    "debit",
    "credit",
    "direction",
    "end_to_end_id",
    "account",
    "name",
    "reason_code",
    "currency",
]
Heading = Annotated[str, Field(min_length=1, max_length=60)]
_TO_DROP = re.compile(r"[,\s¥￥]")


USUAL: dict[str, Field_] = {
    "银行流水号": "ref",
    "交易日期": "day",
    "借方发生额": "debit",
    "贷方发生额": "credit",
    "客户流水号": "end_to_end_id",
    "对方账号": "account",
    "对方户名": "name",
    "退汇原因": "reason_code",
}


class StatementLayout(Command):
    """Heading → field. Sums stand in `amount` (signed, or with a `direction`), or in `debit`
    and `credit`. Other columns are not read."""

    columns: dict[Heading, Field_] = Field(default_factory=lambda: dict(USUAL))
    day_format: Literal["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"] = "%Y-%m-%d"
    debit_words: tuple[str, ...] = ("借", "D", "DBIT", "支出", "-")
    credit_words: tuple[str, ...] = ("贷", "C", "CRDT", "收入", "+")

    @model_validator(mode="after")
    def _whole(self) -> StatementLayout:
        fields = list(self.columns.values())
        if len(set(fields)) != len(fields):
            raise ValueError("two headings name the same field")
        if "day" not in fields or not ({"amount"} & {*fields} or {"debit", "credit"} <= {*fields}):
            raise ValueError("day and amount, or day, debit and credit, must have a heading")
        return self


def read_row(row: Mapping[str, str], layout: StatementLayout) -> BankLine | Unreadable:
    """A row (field → text) as a line, or a code that says why it is none."""
    try:
        day = _day(row["day"].strip(), layout.day_format)
    except ValueError:
        return Unreadable("malformed_day")
    if row.get("currency", "").strip() not in ("", CURRENCY, "RMB", "人民币", "156"):
        return Unreadable("other_currency")
    amount = _amount(row, layout)
    if isinstance(amount, str):
        return Unreadable(amount)
    texts = {name: row.get(name, "").strip() for name in ("ref", "end_to_end_id", "reason_code")}
    if any(len(text) > 200 for text in texts.values()):
        return Unreadable("text_too_long")
    return BankLine(
        booked_on=day,
        amount=amount,
        party_account=re.sub(r"\s", "", row.get("account", "")),
        party_name=row.get("name", "").strip(),
        **texts,
    )


def _day(text: str, form: str) -> date:
    # A day has no zone: the time that strptime makes of it is dropped at once.
    return in_range(datetime.strptime(text, form).date())  # noqa: DTZ007


def _amount(row: Mapping[str, str], layout: StatementLayout) -> Decimal | str:
    """The signed amount, or the code of what is wrong."""
    try:
        if "amount" not in row:
            debit, credit = _number(row["debit"]), _number(row["credit"])
            amount = credit - debit
            if (debit and credit) or debit < 0 or credit < 0:
                return "debit_and_credit"
        else:
            amount = _number(row["amount"])
            word = row.get("direction")
            if word is not None:
                if amount < 0 or word.strip() not in (*layout.debit_words, *layout.credit_words):
                    return "malformed_direction"
                amount = -amount if word.strip() in layout.debit_words else amount
    except ValueError:
        return "malformed_amount"
    return amount if amount else "no_amount"


def _number(text: str) -> Decimal:
    """A sum as banks write it: "1,234.50"; blank is nothing. Raises ValueError."""
    plain = _TO_DROP.sub("", text)
    amount = exact(plain) if plain else ZERO
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError("a sum has more than two decimals")
    return amount
