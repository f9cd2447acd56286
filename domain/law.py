"""Law tables as dated data, and the book that finds the one that covers a day.

Rates, bounds and limits are never constants in code: they stand in tables with a validity, a
source and the names of whatever was not read in an official text. A day that no table covers
is refused, never priced with the last table.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from domain.money import exact
from domain.periods import Month, Period
from domain.refusals import Invalid, NoRule


class LawCited(msgspec.Struct, frozen=True, order=True):
    """The part of a lineage that names the law table a number was made with."""

    table: str
    version: int
    source: str
    unread: tuple[str, ...] = ()
    """Names of parameters that were not read in an official text: to be shown as such."""


class LawTable(msgspec.Struct, frozen=True):
    """One version of one table: what it says, from when to when, and where that is written."""

    table: str
    """Code, such as `cn.wages.cumulative`."""
    version: int
    valid_from: date
    valid_to: date | None
    """First day that is no longer covered; None is open."""
    source: str
    data: dict[str, Any]
    """Decimals are text; amounts in yuan, rates as fractions."""
    unread: list[str] = []

    @property
    def cited(self) -> LawCited:
        """The table as a lineage names it."""
        return LawCited(self.table, self.version, self.source, tuple(self.unread))

    def number(self, key: str) -> Decimal:
        """The number under `key`. Raises Invalid where it is missing or is no number."""
        return as_number(self, key, self.data.get(key))

    def whole(self, key: str) -> int:
        """The whole number under `key`. Raises Invalid where it is anything else."""
        number = self.number(key)
        if number != number.to_integral_value():
            raise _bad(self, key, "是整数", "be a whole number")
        return int(number)

    def choice(self, key: str, *allowed: str) -> str:
        """The word under `key`. Raises Invalid where it is not one of those allowed."""
        word = self.data.get(key)
        if word not in allowed:
            raise _bad(self, key, "是 " + "、".join(allowed), "be one of " + ", ".join(allowed))
        return str(word)

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The list of rows under `key`. Raises Invalid where it is missing or empty."""
        rows = self.data.get(key)
        if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
            raise _bad(self, key, "是非空的行列表", "be a list of rows, not empty")
        return rows


def as_number(table: LawTable, key: str, value: Any) -> Decimal:
    """Read a number that stands in a table. Raises Invalid with the table and the key."""
    try:
        return exact(value)
    except ValueError:
        raise _bad(table, key, "是文本形式的十进制数", "be a decimal written as text") from None


def _bad(table: LawTable, key: str, zh: str, en: str) -> Invalid:
    return Invalid(
        f"法规表 {table.table} 第 {table.version} 版的 {key} 必须{zh}",
        f"{key} in law table {table.table} version {table.version} must {en}",
        do=f"publish a version of {table.table} whose {key} is correct",
        table=table.table,
        version=table.version,
        field=key,
    )


Span = tuple[Period, LawTable]


class LawBook:
    """The law tables known at one position of a ledger; immutable.

    Tables are given in the order they were published. A later one with a higher version
    replaces earlier ones of the same code over its own validity and leaves the rest of theirs
    as it is, so that a city's notice that arrives after its effective date takes its place.
    Two tables that overlap without a higher version on the later one contradict each other:
    Invalid. So do two tables with the same code and version.
    """

    __slots__ = ("_spans", "_tables")

    def __init__(self, tables: Iterable[LawTable]) -> None:
        self._tables = tuple(tables)
        self._spans: dict[str, tuple[Span, ...]] = {}
        seen: set[tuple[str, int]] = set()
        for table in self._tables:
            if (table.table, table.version) in seen:
                raise _contradiction(table, table)
            seen.add((table.table, table.version))
            self._spans[table.table] = _paint(self._spans.get(table.table, ()), table)

    @property
    def tables(self) -> tuple[LawTable, ...]:
        """All tables in the order they were given."""
        return self._tables

    def with_later(self, tables: Iterable[LawTable]) -> LawBook:
        """A book with these tables published after those it has."""
        return LawBook((*self._tables, *tables))

    def codes(self) -> tuple[str, ...]:
        """The codes of the tables in the book, sorted."""
        return tuple(sorted(self._spans))

    def spans(self, table: str) -> tuple[Span, ...]:
        """Which version rules when, by start; empty for a code the book does not have."""
        return self._spans.get(table, ())

    def covers(self, table: str, day: date) -> bool:
        """Whether a table of this code rules on the day."""
        return any(day in period for period, _ in self.spans(table))

    def on(self, table: str, day: date) -> LawTable:
        """The table of this code that rules on the day. Raises NoRule where none does."""
        for period, found in self.spans(table):
            if day in period:
                return found
        raise _no_rule(table, day, self.spans(table))


def _paint(spans: tuple[Span, ...], table: LawTable) -> tuple[Span, ...]:
    new = checked(table)
    kept: list[Span] = []
    for period, old in spans:
        if period.overlap(new) and old.version >= table.version:
            raise _contradiction(table, old)
        kept.extend((piece, old) for piece in _without(period, new))
    return tuple(sorted([*kept, (new, table)], key=lambda span: span[0].start))


def _without(period: Period, cut: Period) -> list[Period]:
    if period.overlap(cut) is None:
        return [period]
    pieces = []
    if period.start < cut.start:
        pieces.append(Period(period.start, cut.start))
    if cut.stop < period.stop:
        pieces.append(Period(cut.stop, period.end))
    return pieces


def checked(table: LawTable) -> Period:
    """The validity of a table that is well formed.

    Raises Invalid where the validity ends before it starts, the version is below 1, the source
    is empty, or the data holds a number that is not text.
    """
    if table.version < 1:
        raise _bad(table, "version", "不小于 1", "be 1 or more")
    if not table.source.strip():
        raise _bad(table, "source", "写明出处", "say where the rule is written")
    wrong = _not_text(table.data, "data")
    if wrong:
        raise _bad(table, wrong, "用文本书写数字", "hold numbers as text")
    try:
        return Period(table.valid_from, table.valid_to)
    except ValueError:
        raise _bad(table, "valid_to", "晚于 valid_from", "be later than valid_from") from None


def _not_text(value: Any, path: str) -> str | None:
    if value is None or isinstance(value, str | bool):
        return None
    if isinstance(value, dict):
        found = (_not_text(inner, f"{path}.{key}") for key, inner in value.items())
    elif isinstance(value, list):
        found = (_not_text(inner, f"{path}.{index}") for index, inner in enumerate(value))
    else:
        return path
    return next((wrong for wrong in found if wrong), None)


def _contradiction(new: LawTable, old: LawTable) -> Invalid:
    return Invalid(
        f"法规表 {new.table} 第 {new.version} 版与第 {old.version} 版重叠,无法确定适用哪一版",
        f"law table {new.table} version {new.version} overlaps version {old.version}: "
        "which one applies cannot be told",
        do="give the table that is published later a higher version, or another validity",
        table=new.table,
        versions=[old.version, new.version],
    )


def _no_rule(table: str, day: date, spans: tuple[Span, ...]) -> NoRule:
    month = Month.of(day)
    return NoRule(
        f"没有规则覆盖 {month}:法规表 {table} 在 {day} 没有有效版本",
        f"no rule covers {month}: law table {table} has no version for {day}",
        do=f"publish a version of {table} that covers {day}, with its source",
        table=table,
        day=day.isoformat(),
        covered=[period.text() for period, _ in spans],
    )


@cache
def load_law_book() -> LawBook:
    """The book of the tables that come with the program, read from `law_data/*.json`."""
    folder = files("domain").joinpath("law_data")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    tables: list[LawTable] = []
    for name in names:
        content = folder.joinpath(name).read_bytes()
        tables.extend(msgspec.json.decode(content, type=list[LawTable]))
    return LawBook(tables)
