"""The mapping file of an import: which file and column of a customer's export means what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.clauses import MetricCode
from domain.refusals import Invalid
from workflows.row_check import Malformed, Wrong, shown
from workflows.row_files import csv_cells, csv_header
from workflows.text_lines import TextReader, refused

Column = Annotated[str, Field(min_length=1, max_length=80)]
Source = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,34}$")]
_BLOCK = 65536


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderColumns(_Part):
    """Columns of the order file."""

    order_no: Column
    ordered_at: Column
    buyer: Column
    category: Column
    quantity: Column
    unit_price: Column


class Orders(_Part):
    """The order file: each row a sale, a return, or a row that is rejected with its reason."""

    file: str
    source: Source
    metric: MetricCode = "sales"
    columns: OrderColumns
    return_prefix: Annotated[str, Field(min_length=1, max_length=8)] = "C"
    adjustment_prefix: Annotated[str, Field(min_length=1, max_length=8)] = "A"
    blank_buyers: tuple[str, ...] = ("", "(blank)")


class AttributionColumns(_Part):
    """Columns of the attribution file."""

    buyer: Column
    person: Column


class Attribution(_Part):
    """The look-up file: whose sale it is when a buyer buys."""

    file: str
    columns: AttributionColumns


class TrafficColumns(_Part):
    """Columns of the traffic file that are no metric."""

    person: Column
    month: Column


class Traffic(_Part):
    """The traffic file: each row a person's month, each metric column a figure on its last day."""

    file: str
    source: Source
    columns: TrafficColumns
    metrics: Annotated[dict[Column, MetricCode], Field(min_length=1)]


class Mapping(_Part):
    """A whole mapping file."""

    orders: Orders | None = None
    attribution: Attribution | None = None
    traffic: Traffic | None = None


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises Invalid naming the place that is wrong."""
    try:
        data: Any = yaml.safe_load(path.read_text("utf-8"))
        mapping = Mapping.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _wrong(f"{place or 'the whole'}: {first['msg']}") from None
    if mapping.orders is not None and mapping.attribution is None:
        raise _wrong("attribution: orders need it to tell whose sale an order is")
    if mapping.orders is None and mapping.traffic is None:
        raise _wrong("it names neither orders nor traffic")
    return mapping


def _wrong(problem: str) -> Invalid:
    return refused(
        f"映射文件不正确：{shown(problem, 300)}",
        f"the mapping file is not right: {shown(problem, 300)}",
        "mapping",
        do="docs/imports.md describes it; demo_data/mapping.yaml is an example.",
    )


class Line(dict[str, str]):
    """A row of a customer's file: the text of each mapped column, under our name for it."""

    def text(self) -> str:
        """The row as a report shows it: the mapped columns only."""
        return shown(", ".join(f"{name}={value}" for name, value in self.items()))


class Table:
    """A customer's CSV, read row by row with the columns a mapping names."""

    def __init__(self, path: Path, columns: dict[str, str]) -> None:
        """`columns` maps our names to theirs."""
        self._path = path
        self._columns = columns

    def rows(self) -> Iterator[Line | Malformed]:
        """Every row under the heading. Raises Invalid where file or columns are not there."""
        reader = TextReader(_chunks(self._path))
        lines = reader.lines()
        header, delimiter = csv_header(lines)
        places = self._places(header)
        for cells in csv_cells(lines, delimiter, len(header)):
            if isinstance(cells, Malformed):
                yield cells
            else:
                yield Line((name, cells[place].strip()) for name, place in places.items())

    def _places(self, header: list[str]) -> dict[str, int]:
        missing = [theirs for theirs in self._columns.values() if theirs.lower() not in header]
        if missing:
            raise refused(
                f"{self._path.name} 缺少列：{', '.join(missing)}",
                f"{self._path.name} lacks the columns {', '.join(missing)}",
                "missing_column",
                do="Name the file's own columns in the mapping file.",
            )
        return {ours: header.index(theirs.lower()) for ours, theirs in self._columns.items()}


def read_attribution(folder: Path, part: Attribution) -> dict[str, str | Wrong]:
    """Buyer → person; a buyer with two persons is nobody's for certain, and says so."""
    found: dict[str, str | Wrong] = {}
    for line in Table(folder / part.file, part.columns.model_dump()).rows():
        if isinstance(line, Malformed) or not line["buyer"] or not line["person"]:
            continue
        buyer, person = line["buyer"], line["person"]
        if found.setdefault(buyer, person) != person:
            found[buyer] = Wrong("ambiguous_buyer", {"buyer": shown(buyer, 60)})
    return found


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise refused(
            f"无法读取 {path.name}：{error.strerror}",
            f"{path.name} cannot be read: {error.strerror}",
            "file",
            do="Check the folder and the file names in the mapping file.",
        ) from error
