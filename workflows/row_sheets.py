"""Rows of an Excel sheet. Excel's numbers are binary floats: they are read as Excel shows them,
with 15 significant digits, and an id that needs more is refused rather than guessed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from domain.refusals import Invalid
from workflows.row_check import Malformed, Raw, Wrong, shown
from workflows.row_files import columns_of
from workflows.text_lines import refused

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_CONTENT = 768 * 1024 * 1024
_EXACT_BELOW = 10**15


def sheet_rows(chunks: Iterable[bytes]) -> Iterator[Raw]:
    """The rows of the first sheet under its heading; empty rows are no rows."""
    rows = _sheet(_whole(chunks)).iter_rows()
    header = next((row for row in rows if _filled(row)), None)
    if header is None:
        raise refused(
            "第一个工作表是空的",
            "the first sheet is empty",
            "empty",
            do="Put the heading and the rows on the first sheet.",
        )
    while header and header[-1] == "":
        header.pop()
    names = columns_of([str(cell).strip().lower() for cell in header])
    for row in rows:
        if _filled(row):
            yield _row(names, row)


def _row(names: list[str], cells: list[Any]) -> Raw:
    if any(cell != "" for cell in cells[len(names) :]):
        count = {"found": len(cells), "expected": len(names)}
        return Malformed(Wrong("too_many_columns", count), _shown(cells))
    found = {name: _cell(cell) for name, cell in zip(names, cells, strict=False)}
    lost = [name for name, cell in found.items() if isinstance(cell, Wrong)]
    if lost:
        text = _shown(cells)
        return Malformed(Wrong("digits_lost", {"field": lost[0], "text": "…"}), text)
    return found


def _cell(cell: Any) -> Any:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    if abs(cell) >= _EXACT_BELOW:
        return Wrong("digits_lost")
    return Decimal(format(cell, ".15g"))


def _filled(row: list[Any]) -> bool:
    return any(cell != "" for cell in row)


def _shown(cells: list[Any]) -> str:
    texts = (c.isoformat() if isinstance(c, datetime) else str(c) for c in cells[:20])
    return shown(" | ".join(texts))


def _whole(chunks: Iterable[bytes]) -> io.BytesIO:
    file = io.BytesIO()
    for chunk in chunks:
        file.write(chunk)
        if file.tell() > LARGEST_FILE:
            raise _too_large()
    file.seek(0)
    return file


def _sheet(file: io.BytesIO) -> CalamineSheet:
    try:
        with zipfile.ZipFile(file) as archive:
            content = sum(entry.file_size for entry in archive.infolist())
        if content > LARGEST_CONTENT:
            raise _too_large()
        file.seek(0)
        return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
    except PasswordError as error:
        raise _unreadable("it is protected by a password") from error
    except (zipfile.BadZipFile, CalamineError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(problem: str) -> Invalid:
    return refused(
        f"不是可读取的 XLSX 文件：{shown(problem, 100)}",
        f"this is no XLSX file that can be read, or it was cut off: {shown(problem, 100)}",
        "format",
        do="Save it again as .xlsx without a password, or send CSV.",
    )


def _too_large() -> Invalid:
    return refused(
        "XLSX 文件过大",
        "the XLSX file is too large",
        "too_large",
        do="Send this many rows as CSV or NDJSON: they are read as a stream.",
    )
