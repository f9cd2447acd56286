"""Withholding of income tax: the worked cases, to the fen, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.law import LawBook, LawTable, load_law_book
from domain.periods import Month
from domain.refusals import Invalid, NoRule
from domain.tax import (
    BusinessPayment,
    PlatformPayment,
    TaxResult,
    WagesPayment,
    WagesYear,
    may_deduct_sixty_thousand,
    months_employed,
    special_additional,
    withhold,
)

BOOK = load_law_book()
D = Decimal


def amounts(text: str) -> list[Decimal]:
    return [D(word.replace(",", "")) for word in text.split()]


def wages_year(
    payments: Sequence[WagesPayment], first: Month, book: LawBook = BOOK
) -> list[TaxResult]:
    state: WagesYear | None = None
    results = []
    for number, payment in enumerate(payments):
        result = withhold("wages", first.plus(number), payment, state, book)
        state = result.year_after
        results.append(result)
    return results


def same_wage(
    income: str, contributions: str, additional: str, months: int, *, employed_from: int = 1
) -> list[WagesPayment]:
    return [
        WagesPayment(
            income=D(income),
            contributions=D(contributions),
            special_additional=D(additional),
            months_employed=number,
        )
        for number in range(employed_from, employed_from + months)
    ]


@pytest.mark.parametrize(
    ("income", "contributions", "additional", "expected"),
    [
        ("10000", "1500", "1000", "75.00 75.00 75.00"),
        (
            "30000", "4500", "2000",
            "555.00 625.00 1,850.00 1,850.00 1,850.00 1,850.00 1,850.00 2,250.00"
            " 3,700.00 3,700.00 3,700.00 3,700.00",
        ),
    ],
)  # fmt: skip
def test_wages_are_withheld_cumulatively(
    income: str, contributions: str, additional: str, expected: str
) -> None:
    wanted = amounts(expected)
    payments = same_wage(income, contributions, additional, len(wanted))
    taxes = [result.tax for result in wages_year(payments, Month(2026, 1))]
    assert taxes == wanted
    if len(wanted) == 12:
        assert sum(taxes) == D("27480.00")


def test_a_raise_inside_march_moves_the_tax_of_march_alone() -> None:
    """
    22,000 to 26,400 on 16 March 2026: 10 + 12 of 22 work days, insurance and fund 3,850
    March gross 22,000 x 10/22 + 26,400 x 12/22 = 24,400.00
    month  income     tax
    01     22,000.00  394.50
    02     22,000.00  394.50
    03     24,400.00  876.00   net 19,674.00
    """
    january, february, march = same_wage("22000", "3850", "0", 3)
    march = replace(march, income=D("24400"))
    results = wages_year([january, february, march], Month(2026, 1))
    assert [result.tax for result in results] == amounts("394.50 394.50 876.00")
    assert march.income - march.contributions - results[2].tax == D("19674.00")


def test_nothing_is_refunded_in_the_year_and_what_was_too_much_counts_later() -> None:
    """
    month  income     taxable so far  due so far  withheld
    01     50,000.00  45,000.00       1,980.00    1,980.00
    02      1,000.00  41,000.00       1,580.00        0.00  (400.00 too much)
    03     20,000.00  56,000.00       3,080.00    1,100.00
    """
    results = wages_year(
        [
            WagesPayment(income=D(income), months_employed=number)
            for number, income in enumerate(("50000", "1000", "20000"), start=1)
        ],
        Month(2026, 1),
    )
    assert [result.tax for result in results] == amounts("1,980.00 0.00 1,100.00")
    assert [result.over_withheld for result in results] == amounts("0.00 400.00 0.00")


def test_the_tax_year_is_the_calendar_year_of_payment() -> None:
    december = withhold("wages", Month(2025, 12), *_paid("30000", 1), BOOK)
    with pytest.raises(Invalid, match="2025"):
        withhold("wages", Month(2026, 1), _paid("30000", 1)[0], december.year_after, BOOK)
    january = withhold("wages", Month(2026, 1), *_paid("30000", 1), BOOK)
    assert january.tax == december.tax == D("750.00")


def _paid(income: str, months: int) -> tuple[WagesPayment, None]:
    return WagesPayment(income=D(income), months_employed=months), None


def test_a_second_payment_in_a_month_adds_no_second_deduction() -> None:
    first = withhold("wages", Month(2026, 1), *_paid("6000", 1), BOOK)
    second = withhold("wages", Month(2026, 1), _paid("4000", 1)[0], first.year_after, BOOK)
    once = withhold("wages", Month(2026, 1), *_paid("10000", 1), BOOK)
    assert first.tax + second.tax == once.tax == D("150.00")


def test_exempt_income_other_deductions_and_relief_lower_the_tax() -> None:
    payment = WagesPayment(
        income=D("20000"), months_employed=1, exempt=D("1000"), other=D("2000"), relief=D("60")
    )
    result = withhold("wages", Month(2026, 1), payment, None, BOOK)
    assert (result.taxable, result.tax) == (D("12000"), D("300.00"))


@pytest.mark.parametrize(
    ("start", "paid", "last", "months"),
    [
        ("2025-12-01", (2025, 12), None, 1),
        ("2025-12-01", (2026, 1), None, 1),
        ("2026-03-16", (2026, 3), None, 1),
        ("2026-03-16", (2026, 12), None, 10),
        ("2020-01-01", (2026, 12), None, 12),
        ("2026-01-05", (2026, 4), "2026-03-10", 3),
        ("2025-01-05", (2026, 1), "2025-12-10", 0),
    ],
)
def test_months_employed_are_those_of_the_year_of_payment(
    start: str, paid: tuple[int, int], last: str | None, months: int
) -> None:
    end = None if last is None else date.fromisoformat(last)
    assert months_employed(date.fromisoformat(start), Month(*paid), end) == months


def test_first_wages_of_the_year_deduct_five_thousand_from_january() -> None:
    """Hired in July 2026 after university: 40,000 − 5,000 x 7 = 5,000 at 3 %."""
    payment = WagesPayment(income=D("40000"), months_employed=1, first_job=True)
    result = withhold("wages", Month(2026, 7), payment, None, BOOK)
    assert result.tax == D("150.00")
    assert [law.table for law in result.laws] == ["cn.wages.cumulative", "cn.wages.first_job"]
    ordinary = withhold("wages", Month(2026, 7), replace(payment, first_job=False), None, BOOK)
    assert ordinary.tax == D("1050.00")


def test_sixty_thousand_are_deducted_at_once_for_last_years_low_wages() -> None:
    """
    20,000 a month: 60,000 are reached in March, 20,000 x 3 % in April
    """
    payments = [
        replace(payment, sixty_thousand=True) for payment in same_wage("20000", "0", "0", 4)
    ]
    results = wages_year(payments, Month(2026, 1))
    assert [result.tax for result in results] == amounts("0.00 0.00 0.00 600.00")
    assert results[0].laws[1].source == "国家税务总局公告2020年第19号"


@pytest.mark.parametrize(
    ("months", "wages", "may"), [(12, "60000", True), (12, "60000.01", False), (11, "1", False)]
)
def test_the_sixty_thousand_rule_asks_for_twelve_months_and_no_more_than_sixty_thousand(
    months: int, wages: str, may: bool
) -> None:
    assert may_deduct_sixty_thousand(months, D(wages), Month(2026, 1), BOOK) is may


@pytest.mark.parametrize(
    ("flag", "month"),
    [("first_job", Month(2020, 6)), ("sixty_thousand", Month(2020, 12))],
)
def test_a_flag_is_refused_before_its_rule(flag: str, month: Month) -> None:
    payment = replace(_paid("9000", 1)[0], **{flag: True})
    with pytest.raises(NoRule, match=f"no rule covers {month}"):
        withhold("wages", month, payment, None, BOOK)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"income": D("-1")}, "income"),
        ({"special_additional": D("-1")}, "special_additional"),
        ({"months_employed": 4}, "months_employed"),
        ({"months_employed": 1}, "months_employed"),
        ({"first_job": True, "sixty_thousand": True}, "first_job"),
        ({"bonus": D("36000")}, "bonus_method"),
    ],
)
def test_wages_that_cannot_be_are_refused_with_the_field(
    change: dict[str, object], field: str
) -> None:
    payment = replace(_paid("9000", 3)[0], **change)
    before = WagesYear(year=2026, months_employed=2)
    with pytest.raises(Invalid) as refused:
        withhold("wages", Month(2026, 3), payment, before, BOOK)
    assert refused.value.details["field"] == field


def test_contributions_given_back_raise_the_taxable_income() -> None:
    payment = WagesPayment(income=D("10000"), months_employed=1, contributions=D("-500"))
    assert withhold("wages", Month(2026, 1), payment, None, BOOK).tax == D("165.00")


def test_wages_before_2019_are_refused() -> None:
    with pytest.raises(NoRule, match="no rule covers 2018-12"):
        withhold("wages", Month(2018, 12), *_paid("9000", 1), BOOK)


def test_special_additional_deductions_are_those_declared_at_the_tables_amounts() -> None:
    """2 children 4,000 + elderly 3,000 + rent 1,500 + half a small child 1,000."""
    total, law = special_additional(
        {"child": D(2), "elderly": D(1), "rent_1500": D(1), "infant": D("0.5")},
        Month(2026, 1), BOOK,
    )  # fmt: skip
    assert (total, law.source) == (D("9500.00"), "国发〔2023〕13号")
    assert special_additional({}, Month(2026, 1), BOOK)[0] == 0
    for wrong in ({"yacht": D(1)}, {"child": D(-1)}):
        with pytest.raises(Invalid):
            special_additional(wrong, Month(2026, 1), BOOK)
    with pytest.raises(NoRule, match="2022-12"):
        special_additional({}, Month(2022, 12), BOOK)


def test_nothing_is_withheld_from_business_income() -> None:
    result = withhold(
        "business_income", Month(2026, 1), BusinessPayment(income=D("90000")), None, BOOK
    )
    assert (result.tax, result.laws[0].table) == (D("0.00"), "cn.business_income")


def test_amounts_of_another_character_are_refused() -> None:
    with pytest.raises(Invalid, match="business_income"):
        withhold("business_income", Month(2026, 1), *_paid("9000", 1), BOOK)
    with pytest.raises(Invalid, match="platform"):
        wrong = WagesYear(year=2026)
        withhold(
            "platform_labour_remuneration",
            Month(2026, 1),
            PlatformPayment(income=D(1)),
            wrong,
            BOOK,
        )


def test_a_result_shows_its_arithmetic_and_names_the_law() -> None:
    result = withhold("wages", Month(2026, 1), *_paid("50000", 1), BOOK)
    shown = {step.label_en: step.amount for step in result.steps}
    assert shown["cumulative income"] == D("50000")
    assert shown["cumulative basic deduction (1 months)"] == D("5000")
    assert shown["cumulative taxable income"] == D("45000")
    assert (shown["rate"], shown["quick deduction"]) == (D("0.10"), D("2520"))
    assert shown["tax to withhold now"] == result.tax == D("1980.00")
    assert all(step.label_zh for step in result.steps)
    law = result.laws[0]
    assert (law.table, law.version) == ("cn.wages.cumulative", 1)
    assert "公告2018年第61号" in law.source


def test_the_tables_known_at_a_position_are_the_ones_used() -> None:
    wages = BOOK.on("cn.wages.cumulative", date(2026, 1, 1))
    later = LawTable(
        wages.table, 2, date(2026, 7, 1), None, "a later law",
        {**wages.data, "monthly_deduction": "6000"},
    )  # fmt: skip
    book = BOOK.with_later([later])
    payment, none = _paid("50000", 1)
    known_before = withhold("wages", Month(2026, 7), payment, none, BOOK)
    known_after = withhold("wages", Month(2026, 7), payment, none, book)
    assert (known_before.tax, known_after.tax) == (D("1980.00"), D("1880.00"))
    assert known_after.laws[0].version == 2
    assert withhold("wages", Month(2026, 6), payment, none, book) == withhold(
        "wages", Month(2026, 6), payment, none, BOOK
    )
