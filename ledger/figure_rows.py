"""Rows of figures on their way into a batch: their canonical lines, digests and counts.

The canonical form of a row is its line in PostgreSQL's COPY text format, so that the digest in
the ledger can be checked with psql alone (docs/imports.md). A batch is spooled to a temporary
file of such lines before the database sees any of it: memory stays bounded, a cut-off upload
leaves nothing, and the id of the batch is known before its first row is written.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from types import TracebackType
from typing import IO, Self

import msgspec

from domain.money import ZERO, plain
from domain.periods import Period
from domain.refusals import Invalid

_SPOOL_IN_MEMORY = 4 * 1024 * 1024
_BLOCK = 256 * 1024
_ESCAPES = {
    "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip
_TO_ESCAPE = re.compile(r"[\\\x08\x0c\n\r\t\x0b]")


class MetricRow(msgspec.Struct, frozen=True):
    """One figure: what was measured of a person on a day, under the source's own row id."""

    row_id: str
    person: str
    metric: str
    day: date
    value: Decimal
    category: str = ""
    order_ref: str = ""


class Rejected(msgspec.Struct, frozen=True):
    """A row that is not taken: the code, the reason in both languages, and what it said."""

    code: str
    zh: str
    en: str
    raw: str = ""


Item = MetricRow | Rejected


def escaped(text: str) -> str:
    """Text as COPY writes it."""
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)


def row_body(row: MetricRow) -> str:
    """A row's canonical line without its row number and line end."""
    value = plain(row.value) if row.value else "0"
    texts = (row.row_id, row.person, row.metric, row.category, row.order_ref)
    row_id, person, metric, category, order_ref = (
        (escaped(text) for text in texts) if _TO_ESCAPE.search("".join(texts)) else texts
    )
    return f"{row_id}\t{person}\t{metric}\t{row.day.isoformat()}\t{category}\t{value}\t{order_ref}"


def rejected_body(row: Rejected) -> str:
    """A rejected row's canonical line without its row number and line end.

    What no text column can hold (NUL, half a surrogate pair) is written as its escape.
    """
    raw = row.raw.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")
    return "\t".join(escaped(text) for text in (row.code, row.zh, row.en, raw))


class Lines:
    """A temporary file of numbered canonical lines, and their digest."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(_SPOOL_IN_MEMORY)  # noqa: SIM115 (closed by the spool)
        self.count = 0
        self._hash = hashlib.sha256()
        self._waiting: list[str] = []

    def add(self, number: int, body: str) -> None:
        """Write one line."""
        self.count += 1
        self._waiting.append(f"{number}\t{body}\n")
        if len(self._waiting) >= 1000:
            self.flush()

    def flush(self) -> None:
        """Write and hash the lines that wait."""
        data = "".join(self._waiting).encode("utf-8")
        self._waiting.clear()
        self._hash.update(data)
        self.file.write(data)

    @property
    def sha256(self) -> str:
        """The digest of all lines so far."""
        self.flush()
        return self._hash.hexdigest()

    def blocks(self, prefix: bytes) -> Iterator[bytes]:
        """The lines with a prefix each, in blocks of a few hundred kilobytes."""
        self.flush()
        self.file.seek(0)
        while lines := self.file.readlines(_BLOCK):
            yield prefix + prefix.join(lines)


class Spool:
    """A batch before it is recorded: every row either taken or rejected, none lost."""

    def __init__(self, source: str, revision: str = "") -> None:
        self.source = source
        self._revision = revision
        self.taken = Lines()
        self.rejected = Lines()
        self.rejected_by_code: Counter[str] = Counter()
        self.sums: dict[str, Decimal] = {}
        self._days: set[date] = set()
        self._seen: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.taken.file.close()
        self.rejected.file.close()

    def fill(self, rows: Iterable[Item], declared: int | None = None) -> None:
        """Take all rows in; refuses where there are not as many as were declared."""
        number = 0
        for number, item in enumerate(rows, start=1):
            if isinstance(item, Rejected):
                self._reject(number, item)
            else:
                self._take(number, item)
        self._seen.clear()
        if number == 0:
            raise Invalid(
                "没有任何数据行",
                "there is not a single row",
                do="Send at least one row.",
                reason="empty",
            )
        if declared is not None and declared != number:
            raise Invalid(
                f"声明 {declared} 行，实到 {number} 行：上传可能中断",
                f"{declared} rows were declared and {number} arrived: the upload was cut off",
                do="Send the whole batch again; nothing of this one was kept.",
                reason="cut_off",
                declared=declared,
                arrived=number,
            )

    @property
    def batch(self) -> str:
        """The id of the batch: its source, content and revision, nothing else."""
        parts = [self.source, self.taken.sha256, self.rejected.sha256, self._revision]
        content = "\n".join(part for part in parts if part)
        return f"{self.source}-{hashlib.sha256(content.encode()).hexdigest()[:24]}"

    @property
    def period(self) -> Period | None:
        """From the first day measured to the day after the last; None where nothing was taken."""
        if not self._days:
            return None
        return Period(min(self._days), max(self._days) + timedelta(days=1))

    def _take(self, number: int, row: MetricRow) -> None:
        body = row_body(row)
        content = hash(body)
        before = self._seen.get(row.row_id)
        if before is not None:
            self._reject(number, _repeated(row, body, identical=before == content))
            return
        self._seen[row.row_id] = content
        self.taken.add(number, body)
        self._days.add(row.day)
        self.sums[row.metric] = self.sums.get(row.metric, ZERO) + row.value

    def _reject(self, number: int, row: Rejected) -> None:
        self.rejected.add(number, rejected_body(row))
        self.rejected_by_code[row.code] += 1


def _repeated(row: MetricRow, body: str, *, identical: bool) -> Rejected:
    shown = row.row_id[:80]
    if identical:
        return Rejected(
            "duplicate_row",
            f"行号 {shown} 在本批中重复，内容相同：只计一次",
            f"row {shown} stands twice in this batch with the same content: it counts once",
            body,
        )
    return Rejected(
        "conflicting_duplicate",
        f"行号 {shown} 在本批中出现两次而内容不同：以先到者为准，更正请另发一批",
        f"row {shown} stands twice in this batch with different content: the first one counts; "
        "send a correction in a later batch",
        body,
    )
