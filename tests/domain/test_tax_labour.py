"""Labour remuneration: each time, from a platform, of a student intern, to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.law import LawBook, load_law_book
from domain.money import ZERO
from domain.periods import Month
from domain.refusals import Invalid, NoRule
from domain.tax import (
    LabourMonth,
    LabourPayment,
    PlatformPayment,
    continuous_months,
    withhold,
)

BOOK = load_law_book()
D = Decimal


def amounts(text: str) -> list[Decimal]:
    return [D(word.replace(",", "")) for word in text.split()]


def platform_months(
    incomes: Sequence[Decimal], first: Month, book: LawBook = BOOK
) -> list[Decimal]:
    """Tax by month; a month without income is no payment and gives 0."""
    history: tuple[LabourMonth, ...] = ()
    taxes = []
    for number, income in enumerate(incomes):
        month = first.plus(number)
        if income == 0:
            taxes.append(ZERO)
            continue
        result = withhold(
            "platform_labour_remuneration", month, PlatformPayment(income=income), history, book
        )
        history = (*history, LabourMonth(month=month, income=income, withheld=result.tax))
        taxes.append(result.tax)
    return taxes


@pytest.mark.parametrize(
    ("income", "tax"),
    [
        ("0", "0.00"),
        ("800", "0.00"),
        ("2000", "240.00"),
        ("3000", "440.00"),
        ("4000", "640.00"),
        ("7000", "1120.00"),
        ("25000", "4000.00"),
        ("30000", "5200.00"),
        ("62500", "13000.00"),
        ("100000", "25000.00"),
    ],
)
def test_labour_remuneration_of_an_ordinary_payer_is_withheld_each_time(
    income: str, tax: str
) -> None:
    result = withhold(
        "labour_remuneration", Month(2026, 1), LabourPayment(income=D(income)), None, BOOK
    )
    assert (result.tax, result.laws[0].table) == (D(tax), "cn.labour.ordinary")


def test_payments_for_one_continuing_project_in_a_month_are_one_time() -> None:
    """3,000 then 27,000 bear what 30,000 at once bears: 5,200."""
    first = withhold(
        "labour_remuneration", Month(2026, 1), LabourPayment(income=D("3000")), None, BOOK
    )
    second = LabourPayment(
        income=D("27000"), earlier_income=D("3000"), earlier_withheld=first.tax
    )  # fmt: skip
    result = withhold("labour_remuneration", Month(2026, 1), second, None, BOOK)
    assert (first.tax, result.tax) == (D("440.00"), D("4760.00"))


@pytest.mark.parametrize(
    ("incomes", "taxes"),
    [
        ("30,000 30,000 30,000", "570.00 710.00 1,900.00"),
        ("12,000 4,000 20,000", "138.00 0.00 276.00"),
        ("7,000 7,000 7,000", "18.00 18.00 18.00"),
    ],
)
def test_labour_remuneration_from_a_platform_is_withheld_cumulatively(
    incomes: str, taxes: str
) -> None:
    assert platform_months(amounts(incomes), Month(2025, 10)) == amounts(taxes)


def test_a_platform_withholds_nothing_from_6250_a_month() -> None:
    assert platform_months([D("6250")] * 12, Month(2026, 1)) == [D("0.00")] * 12


def test_a_platforms_new_year_starts_from_nothing() -> None:
    taxes = platform_months([D("30000")] * 4, Month(2025, 10))
    assert taxes[3] == taxes[0] == D("570.00")


def test_the_platform_rule_is_refused_before_october_2025() -> None:
    payment = PlatformPayment(income=D("30000"))
    for month, history in (
        (Month(2025, 9), ()),
        (Month(2025, 10), (LabourMonth(month=Month(2025, 9), income=D("30000")),)),
    ):
        with pytest.raises(NoRule, match="no rule covers 2025-09"):
            withhold("platform_labour_remuneration", month, payment, history, BOOK)


def _platform_book(**change: str) -> LawBook:
    rule = BOOK.on("cn.labour.platform", date(2026, 1, 1))
    return BOOK.with_later([replace(rule, version=2, data={**rule.data, **change})])


@pytest.mark.parametrize(
    ("change", "last"),
    [
        ({}, "2,900.00"),
        ({"after_break": "count_all_anew"}, "570.00"),
        ({"empty_months_that_break": "2"}, "1,900.00"),
    ],
)
def test_what_breaks_continuity_and_what_a_break_does_are_parameters(
    change: dict[str, str], last: str
) -> None:
    """
    30,000 in January and February, nothing in March, 30,000 in April 2026

    by default     72,000 − 5,000 x 1 = 67,000: 4,180 − 1,280 = 2,900.00
    all anew       24,000 − 5,000 x 1 = 19,000: 570.00
    two empty      72,000 − 5,000 x 3 = 57,000: 3,180 − 1,280 = 1,900.00
    """
    taxes = platform_months(
        amounts("30,000 30,000 0 30,000"), Month(2026, 1), _platform_book(**change)
    )
    assert taxes[-1] == amounts(last)[0]


def test_a_run_of_months_ends_at_a_gap() -> None:
    paid = [Month(2026, 1), Month(2026, 2), Month(2026, 4)]
    now = Month(2026, 5)
    assert continuous_months(paid, now, 1) == (Month(2026, 4), now)
    assert continuous_months(paid, now, 2) == (*paid, now)
    assert continuous_months([], now, 1) == (now,)


def test_a_student_intern_is_withheld_cumulatively() -> None:
    """
    8,000 − 20 % = 6,400 − 5,000 = 1,400 a month: 42.00; by the ordinary rule 1,280.00
    """
    payment = LabourPayment(income=D("8000"), student_intern=True)
    first = withhold("labour_remuneration", Month(2026, 7), payment, None, BOOK)
    history = (LabourMonth(month=Month(2026, 7), income=D("8000"), withheld=first.tax),)
    second = withhold("labour_remuneration", Month(2026, 8), payment, history, BOOK)
    assert [first.tax, second.tax] == amounts("42.00 42.00")
    assert first.laws[0].table == "cn.labour.student"


def test_a_history_that_lies_ahead_is_refused() -> None:
    history = (LabourMonth(month=Month(2026, 2), income=D("8000")),)
    payment = PlatformPayment(income=D("8000"))
    with pytest.raises(Invalid, match="later than the month of payment"):
        withhold("platform_labour_remuneration", Month(2026, 1), payment, history, BOOK)
