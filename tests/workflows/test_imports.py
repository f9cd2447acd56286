"""A customer's export: every row a figure or a reason, whatever the files hold."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from domain.facts import Act
from domain.metric import MetricDefined
from domain.periods import Month, Period
from domain.person import PersonRegistered
from domain.refusals import Invalid
from ledger.records import NewFact
from tests.workflows.company import opened_desk
from workflows.desk import Desk
from workflows.import_mapping import read_mapping
from workflows.imports import ImportReport, import_folder

ROOT = Path(__file__).resolve().parent.parent.parent
MAPPING = ROOT / "demo_data" / "mapping.yaml"
SAMPLE = ROOT / "demo_data" / "sample"
WHOLE = ROOT.parent / "shared" / "data"
ACT = Act(actor="data.bot", at=datetime(2026, 1, 1, tzinfo=UTC))
TODAY = date(2026, 1, 15)
METRICS = (
    "sales", "fans_gained", "live_minutes", "views_gained", "average_viewers", "peak_viewers",
)  # fmt: skip
EXPECTED: dict[Path, dict[str, Any]] = {
    SAMPLE: {
        "orders": (2805, 2676),
        "traffic": (288, 1440),
        "rejected": {
            "accounting_adjustment": 3,
            "no_buyer": 72,
            "stock_correction": 25,
            "zero_price": 29,
        },
        "notes": {
            "one_cent_price": 1,
            "return": 392,
            "return_of_a_known_order": 34,
            "return_of_an_unknown_order": 358,
            "sale": 2284,
            "second_part_of_an_order": 5,
        },
        "sales": "2102768.54",
        "fans": 14228193,
    },
    WHOLE: {
        "orders": (25943, 22217),
        "traffic": (3600, 18000),
        "rejected": {
            "accounting_adjustment": 3,
            "no_buyer": 1621,
            "stock_correction": 1336,
            "zero_price": 766,
        },
        "notes": {
            "one_cent_price": 1,
            "return": 3655,
            "return_of_a_known_order": 207,
            "return_of_an_unknown_order": 3448,
            "sale": 18562,
            "second_part_of_an_order": 31,
        },
        "sales": "12966948.08",
        "fans": 112808381,
    },
}
FOLDERS = [folder for folder in EXPECTED if folder.is_dir()]
_tenants = count(1)


@pytest.fixture(scope="module")
def desk(shared_database: str) -> Iterator[Desk]:
    with opened_desk(shared_database) as opened:
        yield opened


def company(desk: Desk, persons: set[str]) -> str:
    """A tenant that knows these persons and the usual metrics."""
    tenant = f"imports-{next(_tenants)}"
    desk.store.open_tenant(tenant)
    new = [
        NewFact(f"person/{person}", 1, PersonRegistered(person=person, sealed={}))
        for person in sorted(persons)
    ] + [
        NewFact(
            f"metric/{metric}",
            1,
            MetricDefined(
                metric=metric,
                title_zh=metric,
                title_en=metric,
                unit="1",
                aggregation="sum",
                counts=metric,
                effective=date(2024, 12, 1),
            ),
        )
        for metric in METRICS
    ]
    desk.store.append(tenant, new, ACT)
    return tenant


def streamers(folder: Path) -> set[str]:
    with (folder / "streamers.csv").open(encoding="utf-8", newline="") as file:
        return {row["streamer_id"] for row in csv.DictReader(file)}


def run(desk: Desk, tenant: str, folder: Path, **more: Any) -> ImportReport:
    return import_folder(desk, tenant, folder, read_mapping(MAPPING), ACT, today=TODAY, **more)


# The real files


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_row_of_the_real_files_is_a_figure_or_has_a_reason(desk: Desk, folder: Path) -> None:
    expected = EXPECTED[folder]
    tenant = company(desk, streamers(folder))
    steps: list[tuple[int, int]] = []
    report = run(desk, tenant, folder, progress=lambda done, total: steps.append((done, total)))
    orders, traffic = report.files
    assert (orders.rows_in, orders.figures) == expected["orders"]
    assert (traffic.rows_in, traffic.figures) == expected["traffic"]
    assert traffic.rows_recorded == traffic.rows_in
    assert report.rows_in == report.rows_recorded + sum(report.rejected.values())
    assert report.rejected == expected["rejected"]
    assert report.notes == expected["notes"]
    assert report.sums["sales"] == Decimal(expected["sales"]) == sales_by_hand(folder)
    assert report.sums["fans_gained"] == expected["fans"]
    assert len(report.batches) == 13 + 12
    assert steps[-1] == (report.rows_in, report.rows_in)
    assert steps == sorted(steps)
    check_ledger(desk, tenant, report)


def check_ledger(desk: Desk, tenant: str, report: ImportReport) -> None:
    """The figures that are read are those the report speaks of, and their digests hold."""
    head = desk.store.head(tenant)[0]
    everyone = desk.figures.read(tenant, None, Period(date(2024, 12, 1)), head, {})
    whole = Period(date(2024, 12, 1))
    read = sum(figures.total("sales", whole) for figures in everyone.values())
    assert read == report.sums["sales"]
    for receipt in report.batches:
        digests = desk.figures.batch_digest(tenant, receipt.batch)
        assert digests == (receipt.rows_sha256, receipt.rejected_sha256)


def sales_by_hand(folder: Path) -> Decimal:
    """The sum of sales from the file, by another program than the one under test."""
    with (folder / "attribution.csv").open(encoding="utf-8", newline="") as file:
        known = {row["buyer_id"] for row in csv.DictReader(file)}
    total = Decimal(0)
    with (folder / "orders.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["buyer_id"] in known and not row["order_no"].startswith("A"):
                amount = Decimal(row["quantity"]) * Decimal(row["unit_price"])
                total += amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return total


def test_an_import_that_was_cut_off_goes_on_where_it_stopped(desk: Desk) -> None:
    tenant = company(desk, streamers(SAMPLE))

    def cut_off(done: int, total: int) -> None:
        if done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(desk, tenant, SAMPLE, progress=cut_off)
    before = {receipt.batch for receipt in desk.figures.batches(tenant)}
    report = run(desk, tenant, SAMPLE)
    assert {receipt.batch for receipt in report.batches if not receipt.fresh} == before != set()
    assert report.sums["sales"] == Decimal(EXPECTED[SAMPLE]["sales"])
    again = run(desk, tenant, SAMPLE)
    assert not any(receipt.fresh for receipt in again.batches)
    assert again.rejected == report.rejected
    assert again.sums == report.sums
    check_ledger(desk, tenant, again)


def test_months_imported_one_by_one_make_the_whole(desk: Desk) -> None:
    tenant = company(desk, streamers(SAMPLE))
    parts = [run(desk, tenant, SAMPLE, months={Month(2024, 12).plus(n)}) for n in range(13)]
    assert sum(part.rows_in for part in parts) == 2805 + 288
    whole = run(desk, tenant, SAMPLE)
    assert not any(receipt.fresh for receipt in whole.batches)
    assert sum((Counter(part.rejected) for part in parts), Counter()) == whole.rejected
    assert sum((Counter(part.notes) for part in parts), Counter()) == whole.notes


# Odd files, made by hand

ORDER_HEADING = "order_no,ordered_at,buyer_id,country,category,quantity,unit_price"
TRAFFIC_HEADING = (
    "streamer_id,month,stream_minutes,average_viewers,peak_viewers,followers_gained,views_gained"
)


def export(
    folder: Path,
    orders: str = "",
    traffic: str = "",
    attribution: str = "b1,S1\nb2,S2\nb3,S1\nb3,S2\nb4,S9\n",
) -> Path:
    """An export of these lines under the usual headings."""
    (folder / "orders.csv").write_text(f"{ORDER_HEADING}\n{orders}", "utf-8")
    (folder / "traffic.csv").write_text(f"{TRAFFIC_HEADING}\n{traffic}", "utf-8")
    (folder / "attribution.csv").write_text(f"buyer_id,streamer_id\n{attribution}", "utf-8")
    return folder


def order(
    number: str = "1",
    at: str = "2025-03-01T10:00+08:00",
    buyer: str = "b1",
    quantity: str = "2",
    price: str = "1.5",
) -> str:
    return f"{number},{at},{buyer},CN,food,{quantity},{price}\n"


@pytest.fixture
def tenant(desk: Desk) -> str:
    return company(desk, {"S1", "S2"})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (order("A1", quantity="x", buyer=""), "accounting_adjustment"),
        (order(quantity="x", buyer=""), "not_a_number"),
        (order(quantity="-2", price="0", buyer="(blank)"), "stock_correction"),
        (order("C1", quantity="2"), "positive_cancellation"),
        (order("C1", quantity="0"), "zero_quantity"),
        (order(quantity="0", price="0"), "zero_quantity"),
        (order(price="0", buyer="(blank)"), "zero_price"),
        (order(price="-1"), "negative_price"),
        (order(quantity="1", price="0.0049", buyer=""), "zero_amount"),
        (order(buyer="(blank)"), "no_buyer"),
        (order(buyer="", at="?"), "no_buyer"),
        (order(buyer="b3"), "ambiguous_buyer"),
        (order(buyer="b9"), "unattributed_buyer"),
        (order(buyer="b4"), "unknown_person"),
        (order(at="2025-03-01T10:00"), "naive_time"),
        (order(at="yesterday"), "malformed_day"),
        (order(at="2568-03-01T10:00+08:00"), "other_calendar"),
        (order(at="2026-03-01T10:00+08:00"), "future_day"),
        (order(at="2024-11-01T10:00+08:00"), "no_definition"),
        (order(number=""), "missing_field"),
        (order().replace(",CN", ""), "too_few_columns"),
        (order(number='"1'), "malformed_row"),
        (order(quantity="1000000", price="1000000"), "too_large"),
    ],
)
def test_each_odd_order_has_its_own_reason(
    desk: Desk, tenant: str, tmp_path: Path, line: str, code: str
) -> None:
    report = run(desk, tenant, export(tmp_path, line + order("9")))
    assert report.rejected == {code: 1}
    assert (report.rows_in, report.rows_recorded) == (2, 1)


def recorded(desk: Desk, tenant: str, report: ImportReport) -> list[tuple[str, str, str, str]]:
    """(row id, day, value, order) of all figures of a report."""
    return sorted(
        (row.row_id, row.day.isoformat(), str(row.value), row.order_ref)
        for receipt in report.batches
        for _, row in desk.figures.rows(tenant, receipt.batch)
    )


def test_a_sale_belongs_to_the_business_day_in_shanghai_and_is_rounded_once(
    desk: Desk, tenant: str, tmp_path: Path
) -> None:
    lines = order("1", at="2025-03-31T16:00+00:00", quantity="3", price="0.335")
    report = run(desk, tenant, export(tmp_path, lines))
    assert recorded(desk, tenant, report) == [("1", "2025-04-01", "1.01", "")]


def test_a_number_that_comes_again_later_is_a_second_part_in_whatever_order_the_file_is(
    desk: Desk, tmp_path: Path
) -> None:
    first, second = order("1"), order("1", at="2025-03-01T10:01+08:00", quantity="7")
    for lines in (first + second, second + first):
        tenant = company(desk, {"S1", "S2"})
        report = run(desk, tenant, export(tmp_path, lines))
        assert [row[0] for row in recorded(desk, tenant, report)] == [
            "1",
            "1@2025-03-01T10:01+08:00",
        ]
        assert report.notes["second_part_of_an_order"] == 1


def test_the_same_line_twice_counts_once_and_another_at_the_same_time_is_a_conflict(
    desk: Desk, tenant: str, tmp_path: Path
) -> None:
    report = run(desk, tenant, export(tmp_path, order() + order() + order(quantity="5")))
    assert report.rejected == {"duplicate_row": 1, "conflicting_duplicate": 1}
    assert report.sums == {"sales": Decimal(3)}
    assert report.notes == {"sale": 1}


def test_a_return_names_its_order_where_only_one_can_be_meant(
    desk: Desk, tenant: str, tmp_path: Path
) -> None:
    lines = (
        order("1", quantity="5")
        + order("2", quantity="5", price="9")
        + order("3", quantity="5", price="9")
        + order("4", quantity="1", price="7")
        + order("5", at="2025-05-01T10:00+08:00", price="8")
        + order("C6", at="2025-04-02T10:00+08:00", quantity="-4")
        + order("C7", at="2025-04-02T10:00+08:00", quantity="-4", price="9")
        + order("C8", at="2025-04-02T10:00+08:00", quantity="-4", price="7")
        + order("C9", at="2025-04-02T10:00+08:00", quantity="-1", price="8")
    )
    report = run(desk, tenant, export(tmp_path, lines))
    back = [row for row in recorded(desk, tenant, report) if row[0].startswith("C")]
    assert back == [
        ("C6", "2025-04-02", "-6", "1"),
        ("C7", "2025-04-02", "-36", "7"),
        ("C8", "2025-04-02", "-28", "8"),
        ("C9", "2025-04-02", "-8", "9"),
    ]
    assert report.notes["return_of_a_known_order"] == 1


def test_a_month_of_traffic_is_whole_or_not_at_all(desk: Desk, tenant: str, tmp_path: Path) -> None:
    lines = (
        "S1,2025-02,100,5,50,7,1000\n"
        "S1,2025-02,100,5,50,7,1000\n"
        "S2,2025-02,100,x,50,7,1000\n"
        "S9,2025-02,100,5,50,7,1000\n"
        "S1,February,100,5,50,7,1000\n"
        "S1,2026-01,100,5,50,7,1000\n"
        "S2,2025-03,100,5,50,-7,1000\n"
    )
    report = run(desk, tenant, export(tmp_path, traffic=lines))
    assert (report.rows_in, report.rows_recorded, report.figures) == (7, 2, 10)
    assert report.rejected == {
        "repeated_month": 1,
        "not_a_number": 1,
        "unknown_person": 1,
        "malformed_month": 1,
        "future_day": 1,
    }
    found = desk.figures.read(tenant, ["S1"], Month(2025, 2).period, 10**9, {})["S1"]
    assert {figure.day for figure in found.rows} == {date(2025, 2, 28)}


def test_a_corrected_export_replaces_what_it_corrects(
    desk: Desk, tenant: str, tmp_path: Path
) -> None:
    run(desk, tenant, export(tmp_path, order("1") + order("2")))
    position = desk.store.head(tenant)[0]
    run(desk, tenant, export(tmp_path, order("1", quantity="4") + order("2")))
    march = Month(2025, 3).period
    for known, expected in ((position, 6), (position + 1, 9)):
        found = desk.figures.read(tenant, ["S1"], march, known, {})["S1"]
        assert found.total("sales", march) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the whole"),
        ("orders: [", "mapping"),
        ("orders: {file: orders.csv}", "orders.source"),
        ("colour: red", "colour"),
        ("attribution: {file: a.csv, columns: {buyer: b, person: p}}", "neither"),
        (MAPPING.read_text("utf-8").split("attribution:")[0], "attribution"),
        (MAPPING.read_text("utf-8").replace("source: shop", "source: a b"), "orders.source"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(Invalid, match=problem):
        read_mapping(path)


def test_a_file_or_column_that_is_not_there_is_refused_before_anything_is_recorded(
    desk: Desk, tenant: str, tmp_path: Path
) -> None:
    export(tmp_path, order())
    (tmp_path / "traffic.csv").write_text("streamer_id,month\nS1,2025-03\n")
    with pytest.raises(Invalid, match=r"traffic\.csv lacks the columns stream_minutes"):
        run(desk, tenant, tmp_path)
    (tmp_path / "attribution.csv").unlink()
    with pytest.raises(Invalid, match=r"attribution\.csv cannot be read"):
        run(desk, tenant, tmp_path)
    assert desk.figures.batches(tenant) == []
