"""Figures from outside: what is taken, and the clear word for everything that is not."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import Act
from domain.metric import Metric, MetricDefined
from domain.periods import Month
from domain.person import PersonRegistered
from domain.refusals import Invalid
from ledger.figure_rows import MetricRow, Rejected
from ledger.figures import FigureStore
from ledger.queries import Pool
from ledger.records import NewFact
from ledger.store import FactStore, open_pool
from workflows import figures as workflow
from workflows.figures import record_upload, rules_of
from workflows.row_check import Raw, RowRules
from workflows.row_files import Format, Upload, format_of
from workflows.row_reasons import REASONS

ACT = Act(actor="data.bot", at=datetime(2026, 1, 1, tzinfo=UTC))
TODAY = date(2026, 1, 15)
HEADING = "row_id,person,metric,day,value,category,order_ref\n"
GOOD: dict[str, Any] = {
    "row_id": "o-1",
    "person": "S0001",
    "metric": "sales",
    "day": "2025-03-01",
    "value": "12.50",
}
_tenants = count(1)


def defined(metric: str) -> MetricDefined:
    return MetricDefined(
        metric=metric,
        title_zh="销售额",
        title_en="Sales",
        unit="CNY",
        aggregation="sum",
        counts="settled orders",
        effective=date(2025, 1, 1),
    )


RULES = RowRules(
    frozenset({"S0001"}),
    {"sales": Metric(metric="sales", version=1, definitions=(defined("sales"),))},
    TODAY,
)


def code_of(raw: Raw) -> str:
    """`taken`, or why not."""
    found = RULES.check(raw)
    return found.code if isinstance(found, Rejected) else "taken"


# One row


def test_a_good_row_is_taken_exactly_as_written() -> None:
    raw = {**GOOD, "category": " 美妆 ", "order_ref": "o-0"}
    assert RULES.check(raw) == MetricRow(
        "o-1", "S0001", "sales", date(2025, 3, 1), Decimal("12.50"), "美妆", "o-0"
    )


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("row_id", None, "missing_field"),
        ("row_id", "  ", "missing_field"),
        ("row_id", "x" * 121, "too_long"),
        ("row_id", "a\0b", "control_character"),
        ("row_id", "a\u200bb", "control_character"),
        ("row_id", "\ud800", "control_character"),
        ("row_id", "1.23457E+17", "digits_lost"),
        ("row_id", ["o-1"], "not_text"),
        ("row_id", True, "not_text"),
        ("person", "S9999", "unknown_person"),
        ("person", "", "missing_field"),
        ("metric", "salse", "unknown_metric"),
        ("day", "2024-12-31", "no_definition"),
        ("day", "2026-01-16", "future_day"),
        ("day", "", "missing_field"),
        ("day", "2025-02-30", "malformed_day"),
        ("day", "2025/03/01", "malformed_day"),
        ("day", "20250301", "malformed_day"),
        ("day", "2025-W10-1", "malformed_day"),
        ("day", "２０２５-０３-０１", "malformed_day"),
        ("day", Decimal(45717), "malformed_day"),
        ("day", "2568-03-01", "other_calendar"),
        ("day", "0114-03-01", "other_calendar"),
        ("day", "民国114年3月1日", "other_calendar"),
        ("day", "2025-03-01T10:00:00", "naive_time"),
        ("day", "2025-03-01 10:00", "naive_time"),
        ("day", "2025-03-01T25:61:00", "malformed_day"),
        ("day", "2025-03-01T10:00:00+08:00", "time_not_day"),
        ("day", datetime(2025, 3, 1, 10, 0), "time_not_day"),
        ("value", "", "missing_field"),
        ("value", "NaN", "not_finite"),
        ("value", "-Infinity", "not_finite"),
        ("value", Decimal("NaN"), "not_finite"),
        ("value", "1,000", "not_a_number"),
        ("value", "45%", "not_a_number"),
        ("value", "1e5", "not_a_number"),
        ("value", "1_000", "not_a_number"),
        ("value", "１２", "not_a_number"),
        ("value", "¥12", "not_a_number"),
        ("value", {"amount": 1}, "not_a_number"),
        ("value", True, "not_a_number"),
        ("value", "0.30000000000000004", "too_many_decimals"),
        ("value", "0.123456789", "too_many_decimals"),
        ("value", "1000000000000", "too_large"),
        ("value", "9" * 5000, "too_large"),
        ("value", Decimal("1E+999999"), "too_large"),
        ("category", "美" * 41, "too_long"),
        ("category", "a\nb", "control_character"),
        ("order_ref", "x" * 121, "too_long"),
        ("categroy", "beauty", "unknown_field"),
    ],
)
def test_each_bad_value_has_its_own_reason(field: str, value: Any, code: str) -> None:
    assert code_of({**GOOD, field: value}) == code


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("-3.10", "-3.10"),
        ("+3", "3"),
        ("0.123456780000", "0.12345678"),
        ("999999999999.99999999", "999999999999.99999999"),
        (Decimal("1E+3"), "1000"),
        ("-0", "0"),
    ],
)
def test_numbers_are_read_without_loss(value: Any, read: str) -> None:
    found = RULES.check({**GOOD, "value": value})
    assert isinstance(found, MetricRow)
    assert found.value == Decimal(read)


def test_the_first_reason_in_the_order_of_fields_is_given() -> None:
    bad = {"row_id": "", "person": "?", "metric": "?", "day": "?", "value": "?"}
    order = []
    for field, good in GOOD.items():
        order.append(code_of(bad))
        bad[field] = good
    assert order == [
        "missing_field", "unknown_person", "unknown_metric", "malformed_day", "not_a_number",
    ]  # fmt: skip


def test_a_rejected_row_does_not_keep_a_name_in_clear() -> None:
    found = RULES.check({**GOOD, "person": "张小花"})
    assert isinstance(found, Rejected)
    assert "小花" not in found.raw + found.zh + found.en


def test_every_reason_is_said_in_both_languages_with_the_same_names() -> None:
    for code, (zh, en) in REASONS.items():
        names = [sorted({part.split("}")[0] for part in text.split("{")[1:]}) for text in (zh, en)]
        assert names[0] == names[1], code


JUNK = st.recursive(
    st.none() | st.booleans() | st.decimals() | st.text() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "category", "order_ref", "x"]), JUNK))
def test_whatever_a_row_holds_it_is_a_figure_or_has_a_reason(raw: dict[str, Any]) -> None:
    found = RULES.check({**GOOD, **raw})
    if isinstance(found, Rejected):
        assert found.code in REASONS and found.zh and found.en
        found.raw.encode()
    else:
        assert found.value.is_finite()


# Files


def rows_of(form: Format, data: bytes, step: int = 7) -> list[Raw]:
    return list(Upload(form, (data[n : n + step] for n in range(0, len(data), step))).rows())


def codes(form: Format, data: bytes) -> list[str]:
    return [code_of(raw) for raw in rows_of(form, data)]


LINE = "o-1,S0001,sales,2025-03-01,12.50,美妆,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_in_the_encodings_spreadsheets_write(encoding: str, end: str) -> None:
    data = (HEADING + LINE * 2000).replace("\n", end).encode(encoding)
    upload = Upload("csv", [data])
    rows = [RULES.check(raw) for raw in upload.rows()]
    assert upload.encoding == encoding
    assert len(rows) == 2000
    assert {row.category for row in rows if isinstance(row, MetricRow)} == {"美妆"}


def test_chinese_headings_and_other_separators_are_understood() -> None:
    for mark in ",;\t":
        heading = mark.join(["流水号", "人员", "指标", "日期", "数值"])
        line = mark.join(["o-1", "S0001", "sales", "2025-03-01", "1"])
        assert codes("csv", f"{heading}\n{line}\n".encode()) == ["taken"]


def test_every_line_of_a_csv_is_judged_alone() -> None:
    lines = [
        LINE.strip(),
        "",
        '"o-1",S0001,sales,2025-03-01,"12.50",,',
        '"o-1,S0001,sales,2025-03-01,12.50,,',
        "o-1,S0001,sales,2025-03-01,1,000.00,,",
        "o-1,S0001,sales",
        ",,,,,,",
        "x" * 70_000,
        LINE.strip(),
    ]
    assert codes("csv", (HEADING + "\n".join(lines)).encode()) == [
        "taken",
        "taken",
        "malformed_row",
        "too_many_columns",
        "too_few_columns",
        "empty_row",
        "line_too_long",
        "taken",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no_header"),
        (b"\n\n", "no_header"),
        (LINE.encode(), "missing_column"),
        (HEADING.replace("value,", "").encode(), "missing_column"),
        (HEADING.replace("category", "categroy").encode(), "unknown_column"),
        (HEADING.replace("category", "row_id").encode(), "repeated_column"),
        (HEADING.encode("utf-16"), "encoding"),
        ((HEADING + LINE * 9).encode().replace(b"\xe7\xbe\x8e", b"\xff", 1), "encoding"),
        (b"PK\x03\x04" + bytes(100), "format"),
    ],
)
def test_a_csv_that_cannot_be_read_as_a_whole_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rows_of("csv", data)
    assert refusal.value.details["reason"] == reason
    assert refusal.value.do


def test_ndjson_rows_are_judged_alone_and_numbers_are_exact() -> None:
    good = json.dumps(GOOD)
    lines = [
        good,
        good.replace('"12.50"', "0.1"),
        good.replace('"12.50"', "NaN"),
        good.replace('"12.50"', "1e400"),
        good.replace('"12.50"', "1e99999999999999999999"),
        good.replace('"12.50"', '1, "value": 2'),
        "",
        "null",
        "[]",
        "{",
        "[" * 60_000,
        '{"value":"' + "9" * 10_000_000 + '"}',
        good,
    ]
    assert codes("ndjson", "\n".join(lines).encode()) == [
        "taken",
        "taken",
        "not_finite",
        "too_large",
        "not_finite",
        "repeated_field",
        "not_an_object",
        "not_an_object",
        "malformed_row",
        "malformed_row",
        "line_too_long",
        "taken",
    ]
    assert rows_of("ndjson", lines[1].encode())[0]["value"] == Decimal("0.1")  # type: ignore[index]


def test_a_json_array_is_read_one_element_at_a_time() -> None:
    data = json.dumps([GOOD] * 3 + [1, {**GOOD, "value": 0.1}], indent=1).encode()
    for step in (1, 7, 10_000):
        found = [code_of(raw) for raw in rows_of("json", data, step)]
        assert found == ["taken"] * 3 + ["not_an_object", "taken"]
    assert rows_of("json", b" [ ] ") == []


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"{}", b"[1", b"[1,", b"[1,]", b"[1 2]", b"[1]x", b'[{"a":1', b"[" * 100_000],
)
def test_a_json_array_that_is_broken_or_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="cut off or broken"):
        rows_of("json", data)


def sheet(rows: list[list[Any]]) -> bytes:
    """A small XLSX: texts as inline strings, numbers as numbers, dates with a date style."""
    cells = []
    for row in rows:
        line = "".join(_cell(cell) for cell in row)
        cells.append(f"<row>{line}</row>")
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {space} xmlns:r="{office}"><sheets>'
        '<sheet name="figures" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet {space}><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{''.join(cells)}"
        "</sheetData></worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def _cell(cell: Any) -> str:
    if isinstance(cell, date):
        days = (cell - date(1899, 12, 30)).days
        return f'<c s="1"><v>{days}</v></c>'
    if isinstance(cell, str):
        return f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
    return f"<c><v>{cell!r}</v></c>"


FIELDS = ["row_id", "person", "metric", "day", "value"]


def test_a_sheet_is_read_as_excel_shows_it() -> None:
    rows: list[list[Any]] = [
        FIELDS,
        ["o-1", "S0001", "sales", date(2025, 3, 1), 0.1 + 0.2],
        [10001, "S0001", "sales", "2025-03-02", 1234.5599999999999],
        ["", "", "", "", ""],
        [1234567890123456789, "S0001", "sales", date(2025, 3, 1), 1],
        ["o-4", "S0001", "sales", 45717.5, 1],
        ["o-5", "S0001", "sales", date(2025, 3, 1), 1, "too much"],
    ]
    found = [RULES.check(raw) for raw in rows_of("xlsx", sheet(rows), 1000)]
    assert [getattr(row, "code", "taken") for row in found] == [
        "taken",
        "taken",
        "digits_lost",
        "malformed_day",
        "too_many_columns",
    ]
    assert [row.value for row in found if isinstance(row, MetricRow)] == [
        Decimal("0.3"),
        Decimal("1234.56"),
    ]
    assert isinstance(found[1], MetricRow)
    assert found[1].row_id == "10001"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "format"),
        (b"not a zip", "format"),
        (sheet([FIELDS])[:-40], "format"),
        (sheet([]), "empty"),
        (sheet([FIELDS[:4]]), "missing_column"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rows_of("xlsx", data)
    assert refusal.value.details["reason"] == reason


def test_the_format_follows_from_a_media_type_or_a_file_name() -> None:
    assert format_of("text/csv; charset=utf-8") == "csv"
    assert format_of("March.XLSX") == "xlsx"
    assert format_of("application/x-ndjson") == "ndjson"
    with pytest.raises(Invalid, match="figures are not read from"):
        format_of("march.pdf")


# A whole upload


@pytest.fixture(scope="module")
def pool(shared_database: str) -> Iterator[Pool]:
    with open_pool(shared_database) as opened:
        yield opened


@pytest.fixture
def facts(pool: Pool) -> FactStore:
    return FactStore(pool)


@pytest.fixture
def figures(pool: Pool, facts: FactStore) -> FigureStore:
    return FigureStore(pool, facts)


@pytest.fixture
def tenant(facts: FactStore) -> str:
    name = f"uploads-{next(_tenants)}"
    facts.open_tenant(name)
    new = [
        NewFact("person/S0001", 1, PersonRegistered(person="S0001", sealed={})),
        NewFact("metric/sales", 1, defined("sales")),
    ]
    facts.append(name, new, ACT)
    return name


Send = Callable[..., workflow.UploadResult]


@pytest.fixture
def send(facts: FactStore, figures: FigureStore, tenant: str) -> Send:
    def sent(form: Format, chunks: Any, **more: Any) -> workflow.UploadResult:
        rules = rules_of(facts, tenant, TODAY)
        return record_upload(figures, tenant, "shop", form, chunks, rules, ACT, **more)

    return sent


def test_an_upload_is_one_batch_with_its_rejected_rows_kept(
    send: Send, figures: FigureStore, tenant: str
) -> None:
    data = HEADING + LINE + LINE.replace("o-1", "o-2").replace("S0001", "S0009")
    result = send("csv", [data.encode("gb18030")])
    assert (result.receipt.rows, result.receipt.rejected) == (1, 1)
    assert result.receipt.rejected_by_code == {"unknown_person": 1}
    assert result.encoding == "gb18030"
    [rejected] = figures.rejected(tenant, result.receipt.batch)
    assert json.loads(rejected.raw)["row_id"] == "o-2"
    assert rejected.zh == "没有人员 S0009"


def test_the_same_figures_in_another_format_are_the_same_batch(send: Send) -> None:
    first = send("csv", [(HEADING + "o-1,S0001,sales,2025-03-01,12.50,,\n").encode()])
    for form, data in (
        ("ndjson", json.dumps(GOOD).encode()),
        ("json", json.dumps([GOOD]).encode()),
        ("xlsx", sheet([FIELDS, ["o-1", "S0001", "sales", date(2025, 3, 1), 12.5]])),
    ):
        again = send(form, [data])
        assert (again.receipt.batch, again.receipt.fresh) == (first.receipt.batch, False)


def test_an_upload_that_breaks_off_leaves_nothing_and_counts_once_when_sent_again(
    send: Send, figures: FigureStore, tenant: str
) -> None:
    data = (HEADING + "".join(LINE.replace("o-1", f"o-{n}") for n in range(3000))).encode()

    def breaks_off() -> Iterator[bytes]:
        yield data[: len(data) // 2]
        raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        send("csv", breaks_off())
    with pytest.raises(Invalid, match="were declared"):
        send("csv", [data[: len(data) // 2]], declared=3000)
    assert figures.batches(tenant) == []
    send("csv", [data], declared=3000)
    send("csv", [data], declared=3000)
    found = figures.read(tenant, ["S0001"], Month(2025, 3).period, 10, {})
    assert found["S0001"].total("sales", Month(2025, 3).period) == 3000 * Decimal("12.50")


def test_more_rows_than_a_batch_may_have_are_refused_whole(
    send: Send, figures: FigureStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "MOST_ROWS", 2)
    with pytest.raises(Invalid, match="at most 2 rows"):
        send("csv", [(HEADING + LINE * 3).encode()])
    assert figures.batches(tenant) == []


def test_a_file_with_a_heading_alone_is_refused(send: Send) -> None:
    with pytest.raises(Invalid, match="not a single row"):
        send("csv", [HEADING.encode()])


def test_the_rules_follow_what_the_tenant_knows(facts: FactStore, tenant: str) -> None:
    rules = rules_of(facts, tenant, TODAY)
    assert rules.persons == {"S0001"}
    assert set(rules.metrics) == {"sales"}
    assert rules.metrics["sales"].on(date(2025, 1, 1)) is not None
