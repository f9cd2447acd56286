"""The bank's batch-payment file (代发) as CSV, with columns as the bank wants them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.bank_transfer import CURRENCY, Transfer, bank_id, refuse_unfit, total
from domain.commands import Command
from domain.refusals import Invalid

Column = Literal["number", "name", "account", "bank", "amount", "currency", "memo", "end_to_end_id"]
_VALUES: dict[str, Callable[[int, Transfer], str]] = {
    "number": lambda number, one: str(number),
    "name": lambda number, one: one.name,
    "account": lambda number, one: one.account,
    "bank": lambda number, one: one.bank,
    "amount": lambda number, one: format(one.amount, ".2f"),
    "currency": lambda number, one: CURRENCY,
    "memo": lambda number, one: one.memo,
    "end_to_end_id": lambda number, one: bank_id(one.end_to_end_id),
}
_NEEDED = {"name", "account", "amount", "end_to_end_id"}
Heading = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[^=+\-@\t\r\n\"][^\t\r\n\"]*$")
]


class CsvLayout(Command):
    """Which columns the bank wants, under which headings, and how the file is written."""

    columns: tuple[tuple[Heading, Column], ...] = (
        ("序号", "number"),
        ("收款人姓名", "name"),
        ("收款账号", "account"),
        ("开户行", "bank"),
        ("金额", "amount"),
        ("币种", "currency"),
        ("用途", "memo"),
        ("客户流水号", "end_to_end_id"),
    )
    encoding: Literal["utf-8-sig", "utf-8", "gb18030"] = "utf-8-sig"
    delimiter: Literal[",", ";", "|"] = ","
    header: bool = True

    @model_validator(mode="after")
    def _whole(self) -> CsvLayout:
        missing = _NEEDED - {column for _, column in self.columns}
        if missing:
            raise ValueError(f"the columns lack {', '.join(sorted(missing))}")
        return self


def write_csv(transfers: Sequence[Transfer], layout: CsvLayout) -> bytes:
    """The file's bytes, the same for the same transfers. Raises Invalid for a name or account
    that no bank can take, one that a spreadsheet would run as a formula among them."""
    refuse_unfit(transfers)
    assert total(transfers) >= 0
    text = io.StringIO()
    writer = csv.writer(text, delimiter=layout.delimiter, lineterminator="\r\n")
    if layout.header:
        writer.writerow([heading for heading, _ in layout.columns])
    for number, one in enumerate(transfers, start=1):
        writer.writerow([_VALUES[column](number, one) for _, column in layout.columns])
    try:
        return text.getvalue().encode(layout.encoding)
    except UnicodeEncodeError as error:
        raise Invalid(
            f"收款资料中有 {layout.encoding} 不能表示的字符",
            f"The payment details have characters that {layout.encoding} cannot write",
            do="Choose utf-8-sig or gb18030 in the layout.",
            field="encoding",
        ) from error
