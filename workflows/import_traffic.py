"""Traffic of a platform, a row a person's month, as figures on the month's last day.

A row becomes one figure a metric column, or none: where one cell is wrong the whole row is
rejected with the reason of the first wrong cell, so that no month is half there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from domain.periods import Month
from ledger.figure_rows import MetricRow, Rejected
from workflows.import_mapping import Line, Table, Traffic
from workflows.row_check import Malformed, RowRules, Wrong, masked, shown

UNDATED = ""


class TrafficFile:
    """The rows of a traffic file by month; a file has one row a person and month."""

    def __init__(self, path: Path, part: Traffic) -> None:
        self._part = part
        columns = {**part.columns.model_dump(), **{name: name for name in part.metrics}}
        self.months: dict[str, list[Line | Malformed]] = defaultdict(list)
        for line in Table(path, columns).rows():
            self.months[_month_of(line)].append(line)

    def items(self, month: str, rules: RowRules) -> Iterator[list[MetricRow] | Rejected]:
        """What each row of a month becomes: all its figures, or one reason."""
        seen: set[str] = set()
        for line in self.months[month]:
            if isinstance(line, Malformed):
                yield line.wrong.rejected(line.text)
            elif line["person"] in seen:
                names = {"person": masked(line["person"]), "month": month}
                yield Wrong("repeated_month", names).rejected(line.text())
            else:
                seen.add(line["person"])
                yield self._figures(line, rules)

    def _figures(self, line: Line, rules: RowRules) -> list[MetricRow] | Rejected:
        try:
            month = Month.parse(line["month"])
        except ValueError:
            wrong = Wrong("malformed_month", {"text": shown(line["month"], 40)})
            return wrong.rejected(line.text())
        rows = []
        for column, metric in self._part.metrics.items():
            row = rules.check(
                {
                    "row_id": f"{line['person']}-{month}-{metric}",
                    "person": line["person"],
                    "metric": metric,
                    "day": month.last,
                    "value": line[column],
                }
            )
            if isinstance(row, Rejected):
                return msgspec.structs.replace(row, raw=line.text())
            rows.append(row)
        return rows


def _month_of(line: Line | Malformed) -> str:
    try:
        return UNDATED if isinstance(line, Malformed) else str(Month.parse(line["month"]))
    except ValueError:
        return UNDATED
