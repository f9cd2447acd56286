"""A customer's export becomes batches of figures: one batch a file and month, each whole.

Every row of the files ends as figures in the ledger or as a rejected row with its reason. A run
that was cut off is simply started again: what stands already counts once.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from domain.facts import Act
from domain.money import ZERO
from domain.periods import Month
from ledger.figure_rows import Item, Rejected
from ledger.figures import BatchReceipt
from workflows.desk import Desk
from workflows.figures import rules_of
from workflows.import_mapping import Mapping, Orders, Traffic, read_attribution, read_mapping
from workflows.import_orders import OrderJudge, Survey
from workflows.import_traffic import TrafficFile
from workflows.row_check import RowRules

__all__ = ["FileReport", "ImportReport", "Progress", "import_folder", "read_mapping"]

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows there are."""
_STEP = 500


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows of one file: `rows_in == rows_recorded + sum(rejected)`."""

    file: str
    rows_in: int
    rows_recorded: int
    figures: int
    """A row of orders is one figure, a row of traffic one a metric."""
    rejected: dict[str, int]
    notes: dict[str, int]
    """What was recorded and is worth knowing: returns, second parts, one-cent prices, …"""
    batches: tuple[BatchReceipt, ...]


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a whole export."""

    files: tuple[FileReport, ...]

    @property
    def rows_in(self) -> int:
        """Rows of all files."""
        return sum(file.rows_in for file in self.files)

    @property
    def rows_recorded(self) -> int:
        """Rows that became figures."""
        return sum(file.rows_recorded for file in self.files)

    @property
    def figures(self) -> int:
        """Figures in the ledger."""
        return sum(file.figures for file in self.files)

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected rows by reason."""
        return dict(sum((Counter(file.rejected) for file in self.files), Counter()))

    @property
    def notes(self) -> dict[str, int]:
        """What was recorded and is worth knowing."""
        return dict(sum((Counter(file.notes) for file in self.files), Counter()))

    @property
    def batches(self) -> tuple[BatchReceipt, ...]:
        """The receipts of all batches, in the order of their months."""
        return tuple(receipt for file in self.files for receipt in file.batches)

    @property
    def sums(self) -> dict[str, Decimal]:
        """Control totals by metric: the plain sum of all values recorded."""
        totals: dict[str, Decimal] = {}
        for receipt in self.batches:
            for metric, value in receipt.sums.items():
                totals[metric] = totals.get(metric, ZERO) + value
        return totals


class LostRows(RuntimeError):
    """The rows of a file are not those recorded and rejected: a fault of the program."""


def import_folder(
    desk: Desk,
    tenant: str,
    folder: Path,
    mapping: Mapping,
    act: Act,
    *,
    today: date,
    months: Collection[Month] | None = None,
    progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Import the files a mapping names, of some months or (None) of all, undated rows included.

    Raises Invalid where a file or column is missing or cannot be read: before anything of that
    file is recorded.
    """
    rules = rules_of(desk.store, tenant, today)
    wanted = None if months is None else {str(month) for month in months}
    with tempfile.TemporaryDirectory(prefix="tallystick-import-") as scratch:
        run = _Run(desk, tenant, act, wanted, progress)
        sources: list[_Orders | _Traffic] = []
        if mapping.orders and mapping.attribution:
            persons = read_attribution(folder, mapping.attribution)
            survey = Survey(folder / mapping.orders.file, mapping.orders, Path(scratch))
            sources.append(_Orders(mapping.orders, survey, OrderJudge(survey, persons, rules)))
        if mapping.traffic:
            file = TrafficFile(folder / mapping.traffic.file, mapping.traffic)
            sources.append(_Traffic(mapping.traffic, file, rules))
        run.total = sum(sum(run.months(source).values()) for source in sources)
        return ImportReport(files=tuple(run.file(source) for source in sources))


class _Orders:
    """The order file as batches; a row is one figure."""

    figures_a_row = 1

    def __init__(self, part: Orders, survey: Survey, judge: OrderJudge) -> None:
        self.part = part
        self.counts = dict(survey.months)
        self._survey = survey
        self._judge = judge

    @property
    def notes(self) -> dict[str, int]:
        """What the judge noted."""
        return dict(sorted(self._judge.notes.items()))

    def items(self, month: str) -> Iterator[tuple[Item, ...]]:
        """What each row of a month becomes."""
        return ((item,) for item in self._judge.judge(self._survey.lines(month)))


class _Traffic:
    """The traffic file as batches; a row is a figure for each metric."""

    notes: dict[str, int] = {}  # noqa: RUF012 (never changed)

    def __init__(self, part: Traffic, file: TrafficFile, rules: RowRules) -> None:
        self.part = part
        self.counts = {month: len(lines) for month, lines in file.months.items()}
        self.figures_a_row = len(part.metrics)
        self._file = file
        self._rules = rules

    def items(self, month: str) -> Iterator[tuple[Item, ...]]:
        """What each row of a month becomes."""
        for found in self._file.items(month, self._rules):
            yield (found,) if isinstance(found, Rejected) else tuple(found)


class _Run:
    """One import under way."""

    def __init__(
        self,
        desk: Desk,
        tenant: str,
        act: Act,
        wanted: set[str] | None,
        progress: Progress,
    ) -> None:
        self._desk = desk
        self._tenant = tenant
        self._act = act
        self._wanted = wanted
        self._progress = progress
        self._done = 0
        self.total = 0

    def months(self, source: _Orders | _Traffic) -> dict[str, int]:
        """The rows of each month that is wanted, in the order of months."""
        return {
            month: count
            for month, count in sorted(source.counts.items())
            if self._wanted is None or month in self._wanted
        }

    def file(self, source: _Orders | _Traffic) -> FileReport:
        """Record every month of a file, and count."""
        months = self.months(source)
        receipts = tuple(self._batch(source, month) for month in months)
        figures = sum(receipt.rows for receipt in receipts)
        rejected = sum((Counter(r.rejected_by_code) for r in receipts), Counter[str]())
        recorded, rest = divmod(figures, source.figures_a_row)
        report = FileReport(
            file=source.part.file,
            rows_in=sum(months.values()),
            rows_recorded=recorded,
            figures=figures,
            rejected=dict(sorted(rejected.items())),
            notes=source.notes,
            batches=receipts,
        )
        if rest or report.rows_in != recorded + rejected.total():
            raise LostRows(f"{report.file}: {report.rows_in} rows in, {recorded} + {rejected}")
        return report

    def _batch(self, source: _Orders | _Traffic, month: str) -> BatchReceipt:
        items = self._counted(source.items(month))
        receipt = self._desk.figures.record(self._tenant, source.part.source, items, self._act)
        self._desk.runner.hint()
        self._progress(self._done, self.total)
        return receipt

    def _counted(self, rows: Iterator[tuple[Item, ...]]) -> Iterator[Item]:
        for items in rows:
            yield from items
            self._done += 1
            if self._done % _STEP == 0:
                self._progress(self._done, self.total)
