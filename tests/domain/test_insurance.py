"""Insurance and housing fund by city and month, and the payslips they lead to, to the fen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.insurance import (
    Contributions,
    DeclaredLine,
    contributions,
    declared,
    difference,
    fund_starts,
    minimum_wage,
)
from domain.law import LawTable, load_law_book
from domain.money import fen
from domain.periods import Month
from domain.refusals import Invalid, NoRule
from domain.tax import WagesPayment, months_employed, withhold

BOOK = load_law_book()
D = Decimal
SEVEN = D("0.07")
HIRED = date(2025, 12, 1)
DECEMBER, JULY = Month(2025, 12), Month(2026, 7)


def shanghai(
    average: str, month: Month = DECEMBER, *, fund_from: Month = DECEMBER
) -> Contributions:
    return contributions("shanghai", month, D(average), BOOK, fund_rate=SEVEN, fund_from=fund_from)


def by_code(made: Contributions, side: str) -> dict[str, Decimal]:
    return {line.code: getattr(line, side) for line in made.lines}


def test_shanghai_hired_on_1_december_2025_at_20000_transferred_with_7_percent_fund() -> None:
    """
    The fund is in the first payroll, so the worker is transferred; the wage is paid in December
    (or in January: the new tax year counts one month too), so 5,000 x 1 is deducted.

    kind          base       rate   employee  rate   employer
    pension       20,000.00   8 %   1,600.00  16 %   3,200.00
    medical       20,000.00   2 %     400.00   9 %   1,800.00
    unemployment  20,000.00   0.5 %   100.00   0.5 %   100.00
    injury        20,000.00   –         0.00   0.2 %    40.00
    fund          20,000.00   7 %   1,400.00   7 %   1,400.00
    tax           11,500.00   3 %     345.00
    net                            16,155.00  cost   6,540.00
    """
    start = fund_starts("shanghai", HIRED, BOOK, transferred=True)
    made = shanghai("20000", fund_from=start)
    assert by_code(made, "employee") == {
        "pension": D("1600.00"), "medical": D("400.00"), "unemployment": D("100.00"),
        "injury": D("0.00"), "fund": D("1400.00"),
    }  # fmt: skip
    assert (made.employee, made.employer) == (D("3500.00"), D("6540.00"))
    for paid in (Month(2025, 12), Month(2026, 1)):
        payment = WagesPayment(
            income=D("20000"),
            contributions=made.employee,
            months_employed=months_employed(HIRED, paid),
        )
        tax = withhold("wages", paid, payment, None, BOOK).tax
        assert tax == D("345.00")
        assert payment.income - made.employee - tax == D("16155.00")


def test_shanghai_50000_with_the_base_capped() -> None:
    """
    First month of employment that counts in the tax year: 5,000 x 1.

    kind          base       employee
    pension       37,302.00  2,984.16
    medical       37,302.00    746.04
    unemployment  37,302.00    186.51
    fund          37,302.00  2,611.00  (2,611.14 to the whole yuan)
    tax           38,472.29  1,327.23  (x 10 % − 2,520 = 1,327.229)
    net                     42,145.06
    """
    made = shanghai("50000")
    assert by_code(made, "employee") == {
        "pension": D("2984.16"), "medical": D("746.04"), "unemployment": D("186.51"),
        "injury": D("0.00"), "fund": D("2611.00"),
    }  # fmt: skip
    assert {line.base for line in made.lines} == {D("37302")}
    payment = WagesPayment(
        income=D("50000"), contributions=made.employee, months_employed=1
    )  # fmt: skip
    tax = withhold("wages", DECEMBER, payment, None, BOOK).tax
    assert tax == D("1327.23")
    assert payment.income - made.employee - tax == D("42145.06")


def test_a_low_average_contributes_from_the_floors() -> None:
    made = shanghai("1000")
    assert {line.code: line.base for line in made.lines} == {
        "pension": D(7460), "medical": D(7460), "unemployment": D(7460), "injury": D(7460),
        "fund": D(2690),
    }  # fmt: skip
    assert by_code(made, "employee")["fund"] == D("188.00")  # 188.30 to the whole yuan


@pytest.mark.parametrize(("average", "share"), [("20007.14", "1400"), ("20007.15", "1401")])
def test_half_a_yuan_of_fund_is_rounded_up_on_each_side(average: str, share: str) -> None:
    fund = shanghai(average).lines[-1]
    assert (fund.employee, fund.employer) == (D(share), D(share))
    assert fund.employee_unrounded == D(average) * SEVEN


def test_a_new_workers_fund_starts_in_the_second_month_a_transferred_ones_in_the_first() -> None:
    start = fund_starts("shanghai", HIRED, BOOK, transferred=False)
    assert start == Month(2026, 1)
    assert fund_starts("shanghai", HIRED, BOOK, transferred=True) == DECEMBER
    assert "fund" not in by_code(shanghai("20000", fund_from=start), "employee")
    january = shanghai("20000", Month(2026, 1), fund_from=start)
    assert by_code(january, "employee")["fund"] == D("1400.00")


def test_who_was_hired_before_the_first_table_is_judged_by_the_month_contributed_for() -> None:
    hired = date(2019, 3, 1)
    with pytest.raises(NoRule):
        fund_starts("shanghai", hired, BOOK, transferred=False)
    start = fund_starts("shanghai", hired, BOOK, transferred=False, month=DECEMBER)
    assert start == Month(2019, 4)


def test_the_fund_may_have_an_average_of_its_own() -> None:
    made = contributions(
        "shanghai", DECEMBER, D("20000"), BOOK,
        fund_rate=SEVEN, fund_from=DECEMBER, fund_average=D("10000"),
    )  # fmt: skip
    assert (made.lines[0].base, made.lines[-1].base) == (D("20000"), D("10000"))
    assert made.lines[-1].employee == D("700.00")


@pytest.mark.parametrize("rate", ["0.0499", "0.0701", "0", "7"])
def test_a_fund_rate_outside_the_citys_range_is_refused(rate: str) -> None:
    with pytest.raises(Invalid, match="housing fund rate"):
        contributions("shanghai", DECEMBER, D("20000"), BOOK, fund_rate=D(rate), fund_from=DECEMBER)


def test_every_line_names_the_tables_it_was_made_with() -> None:
    made = shanghai("20000")
    assert [law.table for law in made.lines[0].laws] == [
        "cn.shanghai.insurance", "cn.shanghai.insurance_rates",
    ]  # fmt: skip
    assert [law.source for law in made.lines[-1].laws] == ["沪公积金管委会〔2025〕8号"]
    assert len(made.laws) == 3


@pytest.mark.parametrize(
    ("city", "month"),
    [
        ("shanghai", Month(2025, 6)),
        ("shanghai", Month(2026, 7)),
        ("shanghai", Month(2027, 7)),
        ("beijing", DECEMBER),
        ("xian", DECEMBER),
    ],
)
def test_a_month_without_a_table_of_the_city_is_refused(city: str, month: Month) -> None:
    """From July 2026 Shanghai's bounds are known, its rates were not read: refused as well."""
    with pytest.raises(NoRule, match=f"no rule covers {month}"):
        contributions(city, month, D("20000"), BOOK, fund_rate=SEVEN, fund_from=month)


def test_once_the_rates_are_published_july_2026_uses_the_new_bounds() -> None:
    old = BOOK.on("cn.shanghai.insurance_rates", DECEMBER.first)
    notice = LawTable(
        old.table, 2, JULY.first, date(2027, 7, 1), "a notice of 2026", old.data
    )  # fmt: skip
    book = BOOK.with_later([notice])
    made = contributions("shanghai", JULY, D("50000"), book, fund_rate=SEVEN, fund_from=JULY)
    assert by_code(made, "employee") == {
        "pension": D("3018.48"), "medical": D("754.62"), "unemployment": D("188.66"),
        "injury": D("0.00"), "fund": D("2641.00"),
    }  # fmt: skip


def test_a_notice_that_arrives_late_changes_a_month_by_the_difference_of_its_lines() -> None:
    """December was run with the table of July; a later notice moves its ceiling to 37,000."""
    old = BOOK.on("cn.shanghai.insurance", DECEMBER.first)
    notice = replace(old, version=9, data={**old.data, "ceiling": "37000"})
    late = contributions(
        "shanghai", DECEMBER, D("50000"), BOOK.with_later([notice]),
        fund_rate=SEVEN, fund_from=DECEMBER,
    )  # fmt: skip
    before = shanghai("50000")
    assert difference(before, late) == (
        ("pension", D("-24.16"), D("-48.32")),
        ("medical", D("-6.04"), D("-27.18")),
        ("unemployment", D("-1.51"), D("-1.51")),
        ("injury", D("0.00"), D("-0.60")),
    )
    assert difference(before, before) == ()
    with pytest.raises(Invalid):
        difference(before, shanghai("50000", Month(2026, 1)))


def test_declared_amounts_are_taken_as_they_are_where_a_city_has_no_table() -> None:
    lines = [
        DeclaredLine(code="insurance", employee=D("2450"), employer=D("6000.5")),
        DeclaredLine(code="fund", employee=D("1400"), employer=D("1400"), zh="公积金", en="fund"),
    ]
    made = declared(Month(2026, 3), lines, "payroll office, bill of March 2026")
    assert (made.employee, made.employer) == (D("3850.00"), D("7400.50"))
    assert made.lines[0].base is None
    assert [(law.table, law.source) for law in made.laws] == [
        ("declared", "payroll office, bill of March 2026")
    ]


@pytest.mark.parametrize(
    ("employee", "employer", "source", "times"),
    [("1.005", "1", "a bill", 1), ("-1", "1", "a bill", 1), ("1", "1", " ", 1), ("1", "1", "a", 2)],
    ids=["part of a fen", "negative", "no source", "twice"],
)
def test_declared_amounts_that_cannot_be_are_refused(
    employee: str, employer: str, source: str, times: int
) -> None:
    line = DeclaredLine(code="fund", employee=D(employee), employer=D(employer))
    with pytest.raises(Invalid):
        declared(DECEMBER, [line] * times, source)


def test_minimum_wages_are_those_of_the_city_and_the_day() -> None:
    shanghai_wage = minimum_wage("shanghai", date(2025, 12, 1), BOOK)
    beijing_wage = minimum_wage("beijing", date(2025, 12, 1), BOOK)
    assert (shanghai_wage.month, shanghai_wage.hour) == (D("2740"), None)
    assert (beijing_wage.month, beijing_wage.hour) == (D("2540"), D("27.7"))
    assert beijing_wage.law.table == "cn.beijing.minimum_wage"
    for city, day in (("shanghai", date(2025, 6, 30)), ("beijing", date(2025, 8, 31))):
        with pytest.raises(NoRule):
            minimum_wage(city, day, BOOK)


@given(st.decimals(min_value=0, max_value=200_000, places=2))
def test_a_base_stays_between_floor_and_ceiling_and_each_line_is_its_base_times_its_rate(
    average: Decimal,
) -> None:
    made = contributions("shanghai", DECEMBER, average, BOOK, fund_rate=SEVEN, fund_from=DECEMBER)
    for line in made.lines:
        assert line.base is not None
        assert line.employee_rate is not None
        floor = 2690 if line.code == "fund" else 7460
        assert floor <= line.base <= 37302
        within = D("0.5") if line.code == "fund" else D("0.005")
        assert abs(line.employee - line.base * line.employee_rate) <= within
        assert line.employee == fen(line.employee)
