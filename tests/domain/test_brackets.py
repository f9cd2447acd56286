"""Brackets: bounds belong below, and both forms of the tax agree everywhere."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.brackets import Bracket, bracket_for, quick_form, read_brackets, slice_form
from domain.law import LawTable, load_law_book
from domain.money import FEN
from domain.refusals import Invalid

BOOK = load_law_book()
DAY = date(2026, 1, 1)
TABLES = {
    code: read_brackets(BOOK.on(code, DAY))
    for code in ("cn.wages.cumulative", "cn.labour.ordinary", "cn.bonus.annual")
}
SEAMS = [
    (code, bracket.up_to)
    for code, brackets in TABLES.items()
    for bracket in brackets
    if bracket.up_to is not None
]
AMOUNTS = st.decimals(min_value=0, max_value=5_000_000, places=2)


@pytest.mark.parametrize(("code", "seam"), SEAMS)
def test_a_bound_belongs_to_the_bracket_below_it_and_a_fen_more_to_the_one_above(
    code: str, seam: Decimal
) -> None:
    brackets = TABLES[code]
    below, above = bracket_for(brackets, seam), bracket_for(brackets, seam + FEN)
    assert below.up_to == seam
    assert brackets.index(above) == brackets.index(below) + 1


@pytest.mark.parametrize(("code", "seam"), SEAMS)
@pytest.mark.parametrize("step", [-FEN, Decimal(0), FEN])
def test_quick_form_and_slice_form_agree_at_every_seam_and_a_fen_beside_it(
    code: str, seam: Decimal, step: Decimal
) -> None:
    brackets = TABLES[code]
    assert quick_form(brackets, seam + step) == slice_form(brackets, seam + step)


@given(st.sampled_from(sorted(TABLES)), AMOUNTS)
def test_quick_form_and_slice_form_agree_for_any_amount(code: str, amount: Decimal) -> None:
    assert quick_form(TABLES[code], amount) == slice_form(TABLES[code], amount)


@given(st.sampled_from(sorted(TABLES)), AMOUNTS, AMOUNTS)
def test_more_taxable_income_never_bears_less_tax_and_never_more_than_itself(
    code: str, one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))
    more = quick_form(TABLES[code], high) - quick_form(TABLES[code], low)
    assert 0 <= more <= high - low


def test_a_scale_looks_up_the_twelfth_part_exactly() -> None:
    brackets = TABLES["cn.bonus.annual"]
    assert bracket_for(brackets, Decimal("144000"), 12).rate == Decimal("0.10")
    assert bracket_for(brackets, Decimal("144000.01"), 12).rate == Decimal("0.20")


ROW = {"up_to": "100", "rate": "0.1", "quick": "0"}
LAST = {"up_to": None, "rate": "0.2", "quick": "10"}


@pytest.mark.parametrize(
    "rows",
    [
        [ROW],
        [LAST],
        [LAST, ROW],
        [ROW, {**LAST, "quick": "11"}],
        [ROW, {**LAST, "rate": "0.1", "quick": "0"}],
        [ROW, {**ROW, "rate": "0.2", "quick": "10"}, {**LAST, "rate": "0.3", "quick": "20"}],
        [{**ROW, "quick": "1"}, {**LAST, "quick": "11"}],
        [{**ROW, "rate": None}, LAST],
    ],
    ids=[
        "no open bracket", "a first quick deduction", "open bracket first", "a jump at the seam",
        "rates that stay", "bounds that stay", "quick deduction in the first", "no rate",
    ],
)  # fmt: skip
def test_brackets_that_do_not_join_up_are_refused(rows: list[dict[str, Any]]) -> None:
    wrong = LawTable("cn.test", 1, DAY, None, "a notice", {"brackets": rows})
    with pytest.raises(Invalid):
        read_brackets(wrong)


def test_brackets_that_join_up_are_read_in_order() -> None:
    right = LawTable("cn.test", 1, DAY, None, "a notice", {"brackets": [ROW, LAST]})
    assert read_brackets(right) == (
        Bracket(Decimal(100), Decimal("0.1"), Decimal(0)),
        Bracket(None, Decimal("0.2"), Decimal(10)),
    )
