"""Law tables: the one that covers a day is found, and no other is ever used instead."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.law import LawBook, LawTable, load_law_book
from domain.refusals import Invalid, NoRule

BOOK = load_law_book()


def table(
    version: int, start: str, end: str | None, *, code: str = "cn.test", **data: object
) -> LawTable:
    last = None if end is None else date.fromisoformat(end)
    return LawTable(code, version, date.fromisoformat(start), last, "a notice", dict(data))


@pytest.mark.parametrize(
    ("code", "first_covered", "first_refused"),
    [
        ("cn.wages.cumulative", "2019-01-01", None),
        ("cn.wages.first_job", "2020-07-01", None),
        ("cn.wages.sixty_thousand", "2021-01-01", None),
        ("cn.special_additional", "2023-01-01", None),
        ("cn.labour.ordinary", "2019-01-01", None),
        ("cn.labour.platform", "2025-10-01", None),
        ("cn.labour.student", "2020-07-01", None),
        ("cn.bonus.annual", "2019-01-01", "2028-01-01"),
        ("cn.pay_days", "2025-01-01", None),
        ("cn.shanghai.insurance", "2025-07-01", "2027-07-01"),
        ("cn.shanghai.insurance_rates", "2025-07-01", "2026-07-01"),
        ("cn.shanghai.fund", "2025-07-01", "2027-07-01"),
        ("cn.shanghai.minimum_wage", "2025-07-01", "2027-07-01"),
        ("cn.beijing.minimum_wage", "2025-09-01", "2027-09-01"),
    ],
)
def test_a_table_covers_its_validity_and_refuses_the_day_before_and_the_day_after(
    code: str, first_covered: str, first_refused: str | None
) -> None:
    first = date.fromisoformat(first_covered)
    assert BOOK.on(code, first).table == code
    with pytest.raises(NoRule):
        BOOK.on(code, first - timedelta(days=1))
    if first_refused is None:
        assert BOOK.on(code, date(2199, 1, 1)).valid_to is None
        return
    end = date.fromisoformat(first_refused)
    assert BOOK.covers(code, end - timedelta(days=1))
    with pytest.raises(NoRule):
        BOOK.on(code, end)


def test_a_refusal_names_the_month_in_both_languages_and_what_to_do() -> None:
    with pytest.raises(NoRule) as refused:
        BOOK.on("cn.bonus.annual", date(2028, 1, 15))
    assert refused.value.en.startswith("no rule covers 2028-01")
    assert refused.value.zh.startswith("没有规则覆盖 2028-01")
    assert "cn.bonus.annual" in refused.value.do
    assert refused.value.as_dict()["covered"] == ["2019-01-01/2028-01-01"]


def test_a_city_without_tables_is_refused() -> None:
    with pytest.raises(NoRule, match="no rule covers 2025-12"):
        BOOK.on("cn.chengdu.insurance", date(2025, 12, 1))


def test_the_contribution_year_turns_on_the_first_of_july() -> None:
    june = BOOK.on("cn.shanghai.insurance", date(2026, 6, 30))
    july = BOOK.on("cn.shanghai.insurance", date(2026, 7, 1))
    assert (june.number("floor"), june.number("ceiling")) == (Decimal(7460), Decimal(37302))
    assert (july.number("floor"), july.number("ceiling")) == (Decimal(7546), Decimal(37731))


def test_the_tables_with_something_not_read_in_an_official_text_say_so() -> None:
    platform = BOOK.on("cn.labour.platform", date(2025, 10, 1))
    assert platform.cited.unread == ("empty_months_that_break", "after_break")
    assert "lowest_rate" in BOOK.on("cn.shanghai.fund", date(2026, 7, 1)).unread


def test_pay_days_and_overtime_are_data() -> None:
    rule = BOOK.on("cn.pay_days", date(2026, 1, 1))
    assert rule.number("pay_days") == Decimal("21.75")
    assert rule.number("work_days") == Decimal("20.67")
    assert [rule.number(f"overtime_{day}") for day in ("workday", "restday", "holiday")] == [
        Decimal("1.5"), Decimal(2), Decimal(3),
    ]  # fmt: skip


def test_every_data_file_holds_tables_with_a_source_and_no_number_that_is_not_text() -> None:
    def numbers(text: str) -> Decimal:
        raise AssertionError(f"{text} must be written as text")

    folder = files("domain").joinpath("law_data")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    assert names
    for name in names:
        content = folder.joinpath(name).read_text(encoding="utf-8")
        for row in json.loads(content, parse_float=numbers):
            assert row["source"].strip(), name
            assert set(row) == {
                "table", "version", "valid_from", "valid_to", "source", "data", "unread",
            }  # fmt: skip


def test_a_book_survives_being_published_as_facts_and_read_back() -> None:
    stored = msgspec.json.encode(BOOK.tables)
    again = LawBook(msgspec.json.decode(stored, type=list[LawTable]))
    assert again.tables == BOOK.tables
    assert all(again.spans(code) == BOOK.spans(code) for code in BOOK.codes())


def test_a_notice_that_arrives_late_replaces_the_earlier_table_over_its_own_validity_only() -> None:
    """
    version 1  2025-07 ──────────────────────── 2026-07
    version 2            2025-10 ── 2026-01
    rules      1         2          1
    """
    late = LawBook([table(1, "2025-07-01", "2026-07-01"), table(2, "2025-10-01", "2026-01-01")])
    found = {
        day: late.on("cn.test", date.fromisoformat(day)).version
        for day in ("2025-07-01", "2025-09-30", "2025-10-01", "2025-12-31", "2026-01-01")
    }
    assert list(found.values()) == [1, 1, 2, 2, 1]
    with pytest.raises(NoRule):
        late.on("cn.test", date(2026, 7, 1))


def test_publishing_a_table_does_not_change_the_book_that_was_known_before() -> None:
    before = LawBook([table(1, "2025-07-01", None)])
    after = before.with_later([table(2, "2026-07-01", None)])
    assert before.on("cn.test", date(2026, 8, 1)).version == 1
    assert after.on("cn.test", date(2026, 8, 1)).version == 2


@pytest.mark.parametrize("second", [table(1, "2026-01-01", None), table(2, "2026-01-01", None)])
def test_an_overlap_without_a_higher_version_is_refused(second: LawTable) -> None:
    with pytest.raises(Invalid, match="overlaps"):
        LawBook([table(2, "2025-07-01", "2026-07-01"), second])


def test_the_same_version_twice_is_refused_even_without_overlap() -> None:
    with pytest.raises(Invalid):
        LawBook([table(1, "2025-01-01", "2026-01-01"), table(1, "2026-01-01", None)])


def test_tables_that_only_touch_do_not_overlap() -> None:
    book = LawBook([table(2, "2026-01-01", None), table(1, "2025-01-01", "2026-01-01")])
    assert book.on("cn.test", date(2025, 12, 31)).version == 1


@pytest.mark.parametrize(
    "wrong",
    [
        table(0, "2025-01-01", None),
        table(1, "2025-01-01", "2025-01-01"),
        table(1, "2025-01-01", None, rate=0.05),
        table(1, "2025-01-01", None, rows=[{"floor": 7460}]),
        LawTable("cn.test", 1, date(2025, 1, 1), None, " ", {}),
    ],
    ids=["version 0", "empty validity", "a float", "a bare number", "no source"],
)
def test_a_malformed_table_is_refused(wrong: LawTable) -> None:
    with pytest.raises(Invalid):
        LawBook([wrong])


def test_a_parameter_that_is_missing_or_no_number_is_refused_with_the_table_and_its_name() -> None:
    rule = table(3, "2025-01-01", None, share="a lot", days="1.5", mode="odd", rows=[])
    for read in (
        lambda: rule.number("share"),
        lambda: rule.number("absent"),
        lambda: rule.whole("days"),
        lambda: rule.choice("mode", "even"),
        lambda: rule.rows("rows"),
    ):
        with pytest.raises(Invalid) as refused:
            read()
        assert refused.value.details["table"] == "cn.test"
        assert refused.value.details["version"] == 3


DAYS = st.integers(0, 40).map(lambda n: date(2025, 1, 1) + timedelta(days=n))


@given(st.lists(st.tuples(DAYS, st.integers(1, 20)), min_size=1, max_size=6), DAYS)
def test_on_any_day_the_last_published_table_that_covers_it_rules(
    published: list[tuple[date, int]], day: date
) -> None:
    tables = [
        LawTable("cn.test", number, start, start + timedelta(days=length), "a notice", {})
        for number, (start, length) in enumerate(published, start=1)
    ]
    covering = [one for one in tables if one.valid_from <= day < (one.valid_to or day)]
    book = LawBook(tables)
    if covering:
        assert book.on("cn.test", day) == covering[-1]
    else:
        with pytest.raises(NoRule):
            book.on("cn.test", day)
