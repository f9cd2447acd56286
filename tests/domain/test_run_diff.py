"""Two runs compared by person and line."""

from __future__ import annotations

from decimal import Decimal

from domain.run_diff import LineChange, compare
from tests.domain.test_run_steps import slip


def test_equal_runs_have_no_difference():
    assert compare([slip("1000")], [slip("1000")]) == []


def test_a_changed_line_shows_both_amounts_and_a_missing_payslip_is_a_difference():
    changed, gone, new = compare(
        [slip("1000", "C-1"), slip("5", "C-2")], [slip("1200", "C-1"), slip("7", "C-3")]
    )
    line = LineChange(
        code="commission",
        clause=None,
        period="2025-03",
        before=Decimal(1000),
        after=Decimal(1200),
    )
    assert changed.lines == (line,)
    assert (changed.net_before, changed.net_after) == (Decimal(1000), Decimal(1200))
    assert (gone.contract, gone.net_after) == ("C-2", None)
    assert (new.contract, new.net_before) == ("C-3", None)
