"""Files of figures as rows: NDJSON, a JSON array, CSV, XLSX. Numbers stay exact throughout."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from workflows.row_check import FIELDS, REQUIRED, Malformed, Raw, Wrong, shown
from workflows.text_lines import LONGEST_LINE, TextReader, refused

Format = Literal["ndjson", "json", "csv", "xlsx"]
FORMATS: dict[str, Format] = {
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
}
HEADINGS = {
    "流水号": "row_id", "行号": "row_id", "人员": "person", "指标": "metric", "日期": "day",
    "数值": "value", "品类": "category", "原订单号": "order_ref",
}  # fmt: skip
_NOT_SPACE = re.compile(r"[^ \t\r\n]")


def format_of(name: str) -> Format:
    """The format of a media type or a file name. Raises Invalid for one that is not read."""
    plain = name.split(";", maxsplit=1)[0].strip().lower()
    ending = "." + plain.rsplit(".", 1)[-1] if "." in plain else plain
    if found := FORMATS.get(plain) or FORMATS.get(ending):
        return found
    raise refused(
        f"不支持的格式：{shown(name, 60)}",
        f"figures are not read from {shown(name, 60)!r}",
        "format",
        do="Send NDJSON, JSON (an array), CSV or XLSX.",
    )


class Upload:
    """A file of figures, read once, row by row; `encoding` is known when it has been read."""

    def __init__(self, form: Format, chunks: Iterable[bytes]) -> None:
        self._form = form
        self._chunks = chunks
        self._reader = TextReader(chunks)

    @property
    def encoding(self) -> str:
        """The encoding the text was in: utf-8, utf-8-sig or gb18030."""
        return self._reader.encoding

    def rows(self) -> Iterator[Raw]:
        """The rows. Raises Invalid for a file that cannot be read as a whole."""
        match self._form:
            case "ndjson":
                return ndjson_rows(self._reader)
            case "json":
                return array_rows(self._reader)
            case "csv":
                return csv_rows(self._reader)
            case _:
                from workflows.row_sheets import sheet_rows

                return sheet_rows(self._chunks)


# JSON


def _pairs(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) != len(pairs):
        return Malformed(Wrong("repeated_field"), shown(str(pairs), 200))
    return found


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return Decimal("Infinity")


_decode = json.JSONDecoder(
    parse_float=_number, parse_int=Decimal, parse_constant=Decimal, object_pairs_hook=_pairs
)


def _object(value: Any, text: str) -> Raw:
    if isinstance(value, dict | Malformed):
        return value
    return Malformed(Wrong("not_an_object"), text)


def ndjson_rows(reader: TextReader) -> Iterator[Raw]:
    """One JSON object a line; blank lines are no rows."""
    for line in reader.lines():
        if isinstance(line, Malformed):
            yield line
        elif line.strip():
            yield _ndjson_row(line)


def _ndjson_row(line: str) -> Raw:
    try:
        return _object(_decode.decode(line), line)
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Malformed(Wrong("malformed_row", {"problem": problem}), line)


def array_rows(reader: TextReader) -> Iterator[Raw]:
    """The elements of one JSON array, decoded one at a time as the text arrives."""
    text = _ArrayText(reader.text())
    if text.next() != "[":
        raise _broken("it does not begin with [")
    if text.next() == "]":
        return text.end()
    text.back()
    while True:
        yield text.element()
        mark = text.next()
        if mark == "]":
            return text.end()
        if mark != ",":
            raise _broken(f"{shown(mark)!r} stands where , or ] should")


class _ArrayText:
    """A window on arriving text: the characters between elements, and the elements."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._buffer = ""
        self._at = 0

    def next(self) -> str:
        """The next character that is not white space."""
        while True:
            found = _NOT_SPACE.search(self._buffer, self._at)
            if found:
                self._at = found.end()
                return found[0]
            self._at = len(self._buffer)
            self._more()

    def back(self) -> None:
        """Give the last character back."""
        self._at -= 1

    def element(self) -> Raw:
        """The next element, whatever it is."""
        self.next()
        self.back()
        while True:
            try:
                value, end = _decode.raw_decode(self._buffer, self._at)
                if end < len(self._buffer):
                    text = self._buffer[self._at : min(end, self._at + 600)]
                    self._at = end
                    return _object(value, text)
            except RecursionError:
                raise _broken("it is nested too deeply") from None
            except ValueError as error:
                if len(self._buffer) - self._at > LONGEST_LINE:
                    raise _broken(str(error)) from None
            self._more()

    def end(self) -> None:
        """Refuse anything but white space after the array."""
        rest = self._buffer[self._at :] + "".join(self._pieces)
        if rest.strip(" \t\r\n"):
            raise _broken("something follows the closing ]")

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise _broken("it ends before its closing ]")
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0


def _broken(problem: str) -> Exception:
    return refused(
        f"JSON 不完整或有误：{problem}",
        f"the JSON array is cut off or broken: {problem}",
        "cut_off",
        do="Send the whole array again; nothing of this one was kept.",
    )


# CSV


def csv_rows(reader: TextReader) -> Iterator[Raw]:
    """The lines of a CSV under its heading; a line is a row, blank lines are none."""
    lines = reader.lines()
    header, delimiter = csv_header(lines)
    names = columns_of(header)
    for cells in csv_cells(lines, delimiter, len(names)):
        yield cells if isinstance(cells, Malformed) else dict(zip(names, cells, strict=True))


def csv_header(lines: Iterator[str | Malformed]) -> tuple[list[str], str]:
    """The cells of the first line that is not blank, and what stands between them."""
    for line in lines:
        if isinstance(line, Malformed):
            break
        if line.strip():
            delimiter = max(",;\t", key=line.count)
            cells = split_line(line, delimiter)
            if isinstance(cells, Malformed):
                break
            return [cell.strip().lower() for cell in cells], delimiter
    raise refused(
        "没有表头",
        "the file has no heading",
        "no_header",
        do=f"Begin it with a line that names its columns: {','.join(FIELDS)}.",
    )


def csv_cells(
    lines: Iterable[str | Malformed], delimiter: str, width: int
) -> Iterator[list[str] | Malformed]:
    """The cells of each line that is not blank, as many as the heading has."""
    for line in lines:
        if isinstance(line, Malformed):
            yield line
        elif line.strip():
            cells = split_line(line, delimiter)
            yield cells if isinstance(cells, Malformed) else _as_wide(cells, width, line)


def split_line(line: str, delimiter: str) -> list[str] | Malformed:
    """The cells of one line; a quotation that does not end on it is an error value."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Malformed(Wrong("malformed_row", {"problem": str(error)}), line)


def _as_wide(cells: list[str], width: int, line: str) -> list[str] | Malformed:
    if len(cells) == width:
        return cells
    code = "too_many_columns" if len(cells) > width else "too_few_columns"
    return Malformed(Wrong(code, {"found": len(cells), "expected": width}), line)


def columns_of(header: Sequence[str]) -> list[str]:
    """The field of each column. Refuses a heading with a column missing, twice or unknown."""
    names = [HEADINGS.get(cell, cell) for cell in header]
    missing = [field for field in REQUIRED if field not in names]
    unknown = [name for name in names if name not in FIELDS]
    twice = sorted({name for name in names if names.count(name) > 1})
    for reason, found, zh, en in (
        ("missing_column", missing, "缺少列", "the heading lacks"),
        ("unknown_column", unknown, "不认识的列", "the heading has unknown columns"),
        ("repeated_column", twice, "列重复", "the heading names twice"),
    ):
        if found:
            listed = ", ".join(shown(name, 40) or "(blank)" for name in found[:10])
            raise refused(
                f"{zh}：{listed}",
                f"{en}: {listed}",
                reason,
                do=f"Columns are {', '.join(REQUIRED)} and, where needed, category, order_ref.",
            )
    return names
