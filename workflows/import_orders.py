"""Orders of a customer's shop as sales and returns: what each row is, and why some are none.

The first reason that applies is the one given, in this order: the row cannot be read, accounting
adjustment, quantity or price is no number, stock correction, positive cancellation, zero
quantity, zero price, negative price, zero amount, no buyer, ambiguous or unattributed buyer; then
those of every figure (workflows/row_check.py), the time of the order first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import msgspec

from domain.money import fen
from domain.periods import Month
from ledger.figure_rows import MetricRow, Rejected
from workflows.import_mapping import Line, Orders, Table
from workflows.row_check import Malformed, RowRules, Wrong, read_day, read_number, shown

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept one zone without summer time since 1991."""
ONE_FEN = Decimal("0.01")
UNDATED = ""
"""Stands for the month of rows whose time cannot be read."""
_FLUSH = 20_000
Key = tuple[str, Decimal]


class Part(msgspec.Struct, frozen=True):
    """An order that a return may belong to."""

    at: datetime
    quantity: Decimal
    row_id: str


class Survey:
    """What one reading of an order file tells before its rows are recorded.

    The rows are kept in one temporary file a month, so that each month is a batch of its own;
    in memory are the order numbers, and the orders that a cancellation might belong to.
    """

    def __init__(self, path: Path, part: Orders, folder: Path) -> None:
        self.part = part
        self.months: Counter[str] = Counter()
        self._folder = folder
        self._first: dict[str, datetime] = {}
        self._repeated: set[str] = set()
        self._cancelled: dict[Key, list[Part]] = {}
        waiting: dict[str, list[bytes]] = {}
        for count, line in enumerate(Table(path, part.columns.model_dump()).rows(), start=1):
            month = self._note(line)
            self.months[month] += 1
            waiting.setdefault(month, []).append(_stored(line))
            if count % _FLUSH == 0:
                self._write(waiting)
        self._write(waiting)
        self._find_orders()

    def lines(self, month: str) -> Iterator[Line | Malformed]:
        """The rows of a month in the order of the file."""
        with self._file(month).open("rb") as file:
            for stored in file:
                yield _restored(stored)

    def row_id(self, line: Line) -> str:
        """The order number; with the time, where an earlier part of the order has the number."""
        number = line["order_no"]
        if number in self._repeated and read_moment(line) != self._first.get(number):
            return f"{number}@{line['ordered_at']}"
        return number

    def order_of(self, line: Line, at: datetime, price: Decimal, quantity: Decimal) -> Part | None:
        """The order a return belongs to, where only one can be meant: the same buyer and price,
        not later, and at least as many pieces."""
        before = [
            order
            for order in self._cancelled.get((line["buyer"], price), ())
            if order.at <= at and order.quantity >= -quantity
        ]
        return before[0] if len(before) == 1 else None

    def _file(self, month: str) -> Path:
        return self._folder / f"{month or 'undated'}.jsonl"

    def _write(self, waiting: dict[str, list[bytes]]) -> None:
        for month, lines in waiting.items():
            with self._file(month).open("ab") as file:
                file.writelines(lines)
        waiting.clear()

    def _note(self, line: Line | Malformed) -> str:
        if isinstance(line, Malformed):
            return UNDATED
        at = read_moment(line)
        if isinstance(at, Wrong):
            return UNDATED
        number = line["order_no"]
        first = self._first.setdefault(number, at)
        if first != at:
            self._repeated.add(number)
            self._first[number] = min(first, at)
        if number.startswith(self.part.return_prefix):
            price = read_number(line["unit_price"])
            if isinstance(price, Decimal):
                self._cancelled[line["buyer"], price] = []
        return str(Month.of(at.astimezone(SHANGHAI).date()))

    def _find_orders(self) -> None:
        for month in self.months:
            for line in self.lines(month):
                if isinstance(line, Line) and not line["order_no"].startswith(
                    (self.part.return_prefix, self.part.adjustment_prefix)
                ):
                    self._keep(line)

    def _keep(self, line: Line) -> None:
        price, quantity = read_number(line["unit_price"]), read_number(line["quantity"])
        at = read_moment(line)
        if isinstance(price, Wrong) or isinstance(quantity, Wrong) or isinstance(at, Wrong):
            return
        orders = self._cancelled.get((line["buyer"], price))
        if orders is not None and quantity > 0:
            orders.append(Part(at, quantity, self.row_id(line)))


def read_moment(line: Line) -> datetime | Wrong:
    """The time of an order; one without a zone is wrong."""
    text = line["ordered_at"]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return Wrong("malformed_day", {"text": shown(text, 40)})
    if at.tzinfo is None:
        return Wrong("naive_time", {"text": shown(text, 40)})
    day = read_day(at.date())
    return day if isinstance(day, Wrong) else at


class OrderJudge:
    """Says of each order row what it is; `notes` counts what was taken but is worth saying."""

    def __init__(self, survey: Survey, persons: Mapping[str, str | Wrong], rules: RowRules) -> None:
        self._survey = survey
        self._part = survey.part
        self._persons = persons
        self._rules = rules
        self.notes: Counter[str] = Counter()

    def judge(self, lines: Iterable[Line | Malformed]) -> Iterator[MetricRow | Rejected]:
        """The sale or return that each row of a month is, or why it is neither."""
        seen: set[str] = set()
        for line in lines:
            if isinstance(line, Malformed):
                yield self._rules.check(line)
                continue
            found = self._figure(line)
            if isinstance(found, Wrong):
                yield found.rejected(line.text())
            elif isinstance(found, Rejected):
                yield msgspec.structs.replace(found, raw=line.text())
            else:
                if found.row_id not in seen:  # else the record will reject it
                    self._count(line, found)
                seen.add(found.row_id)
                yield found

    def _figure(self, line: Line) -> MetricRow | Rejected | Wrong:
        number = line["order_no"]
        if number.startswith(self._part.adjustment_prefix):
            return Wrong("accounting_adjustment", {"order_no": shown(number, 60)})
        quantity = read_number(line["quantity"], "quantity")
        price = read_number(line["unit_price"], "unit_price")
        if isinstance(quantity, Wrong):
            return quantity
        if isinstance(price, Wrong):
            return price
        returned = number.startswith(self._part.return_prefix)
        if code := _no_sale(quantity, price, returned=returned):
            return Wrong(code, {"order_no": shown(number, 60)})
        person = self._person(line)
        if isinstance(person, Wrong):
            return person
        at = read_moment(line)
        if isinstance(at, Wrong):
            return at
        raw = {
            "row_id": self._survey.row_id(line),
            "person": person,
            "metric": self._part.metric,
            "day": at.astimezone(SHANGHAI).date(),
            "value": fen(quantity * price),
            "category": line["category"],
            "order_ref": self._order_ref(line, at, price, quantity) if returned else "",
        }
        return self._rules.check(raw)

    def _person(self, line: Line) -> str | Wrong:
        buyer = line["buyer"]
        if buyer in self._part.blank_buyers:
            return Wrong("no_buyer", {"order_no": shown(line["order_no"], 60)})
        return self._persons.get(buyer) or Wrong("unattributed_buyer", {"buyer": shown(buyer, 60)})

    def _order_ref(self, line: Line, at: datetime, price: Decimal, quantity: Decimal) -> str:
        order = self._survey.order_of(line, at, price, quantity)
        return order.row_id if order else line["order_no"].removeprefix(self._part.return_prefix)

    def _count(self, line: Line, row: MetricRow) -> None:
        number = line["order_no"]
        returned = number.startswith(self._part.return_prefix)
        self.notes["return" if returned else "sale"] += 1
        if returned:
            told = row.order_ref != number.removeprefix(self._part.return_prefix)
            self.notes["return_of_a_known_order" if told else "return_of_an_unknown_order"] += 1
        if row.row_id != number:
            self.notes["second_part_of_an_order"] += 1
        if read_number(line["unit_price"]) == ONE_FEN:
            self.notes["one_cent_price"] += 1


def _no_sale(quantity: Decimal, price: Decimal, *, returned: bool) -> str | None:
    """The code of what is neither a sale nor a return."""
    if returned and quantity >= 0:
        return "positive_cancellation" if quantity else "zero_quantity"
    if not returned and quantity < 0:
        return "stock_correction"
    if not quantity:
        return "zero_quantity"
    if price <= 0:
        return "negative_price" if price else "zero_price"
    return None if fen(quantity * price) else "zero_amount"


def _stored(line: Line | Malformed) -> bytes:
    if isinstance(line, Malformed):
        tree: object = [line.wrong.code, line.wrong.names, line.text]
    else:
        tree = dict(line)
    return json.dumps(tree).encode() + b"\n"


def _restored(stored: bytes) -> Line | Malformed:
    tree = json.loads(stored)
    if isinstance(tree, dict):
        return Line(tree)
    code, names, text = tree
    return Malformed(Wrong(code, names), text)
