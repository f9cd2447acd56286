"""The reference alone gives the worked cases of rules-cn.md and terms.md."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tests.reference import shanghai, tax
from tests.reference.case import Case, Version, month_days
from tests.reference.earnings import Earned, earn
from tests.reference.payslip import Balances, Person, Slip, payslip
from tests.reference.rounding import number

HIRED = date(2025, 1, 1)


def withheld(incomes: list[str], contributions: str, special: str) -> list[Fraction]:
    """Tax of each month of a year of wages."""
    before: list[tax.Paid] = []
    for place, income in enumerate(incomes, start=1):
        amounts = {"contributions": number(contributions), "special": number(special)}
        now = tax.Paid((2025, place), number(income), **amounts)
        due = tax.wages(before, now, place)
        before.append(tax.Paid(**{**vars(now), "withheld": due}))
    return [paid.withheld for paid in before]


def platform(*incomes: int, first: tuple[int, int] = (2025, 10)) -> list[Fraction]:
    before: list[tax.Paid] = []
    for place, income in enumerate(incomes):
        now = tax.Paid((first[0], first[1] + place), Fraction(income))
        due = tax.platform(before, now)
        before.append(tax.Paid(**{**vars(now), "withheld": due}))
    return [paid.withheld for paid in before]


def test_wages_of_10000_bear_75_a_month() -> None:
    assert withheld(["10000"] * 3, "1500", "1000") == [75, 75, 75]


def test_wages_of_30000_through_a_year() -> None:
    year = withheld(["30000"] * 12, "4500", "2000")
    assert year == [555, 625, *[1850] * 5, 2250, *[3700] * 4]
    assert sum(year) == 27480


def test_labour_remuneration_once() -> None:
    paid = (800, 2000, 3000, 4000, 7000, 25000, 30000, 62500, 100000)
    due = [0, 240, 440, 640, 1120, 4000, 5200, 13000, 25000]
    assert [tax.labour([tax.Paid((2025, 3), Fraction(n))]) for n in paid] == due


def test_labour_remuneration_from_a_platform() -> None:
    assert platform(30000, 30000, 30000) == [570, 710, 1900]
    assert platform(12000, 4000, 20000) == [138, 0, 276]
    assert platform(7000, 7000, 7000) == [18, 18, 18]
    assert platform(*[6250] * 12, first=(2026, 1)) == [0] * 12


@pytest.mark.parametrize(
    ("bonus", "due"),
    [
        ("36000", "1080"),
        ("36001", "3390.10"),
        ("50000", "4790"),
        ("144000", "14190"),
        ("144000.01", "27390"),
        ("960000", "328840"),
    ],
)
def test_an_annual_bonus(bonus: str, due: str) -> None:
    assert tax.bonus(number(bonus)) == number(due)


def in_shanghai(average: str, income: str, hired: date, **more: bool) -> Slip:
    """December 2025's pay, paid in that month as the first of the year."""
    person = Person("wages", hired, average=number(average), fund_rate=Fraction("0.07"), **more)
    earned = Earned({("base", "base_pay"): number(income)})
    return payslip(person, (2025, 12), date(2025, 12, 31), earned, [], Balances(), [])


def test_shanghai_hired_on_1_december_at_20000() -> None:
    slip = in_shanghai("20000", "20000", date(2025, 12, 1), transferred=True)
    assert [slip.contributions, slip.tax, slip.net, slip.employer] == [3500, 345, 16155, 6540]


def test_shanghai_50000_with_the_base_capped() -> None:
    slip = in_shanghai("50000", "50000", date(2025, 12, 1), transferred=True)
    own = [side[0] for side in shanghai.insurance(Fraction(50000)).values()]
    assert own == [number("2984.16"), number("746.04"), number("186.51"), 0]
    assert slip.contributions - sum(own) == 2611
    assert [slip.tax, slip.net] == [number("1327.23"), number("42145.06")]


def test_a_raise_on_16_march_2026() -> None:
    says = {"kind": "base_pay", "proration": "workdays_actual"}
    versions = (
        Version("base", HIRED, None, {**says, "amount": "22000"}),
        Version("base", date(2026, 3, 16), None, {**says, "amount": "26400"}),
    )
    gross = [sum(earn(Case(2026, m, HIRED, None, versions)).amounts.values()) for m in (1, 2, 3)]
    assert gross == [22000, 22000, 24400]
    taxes = withheld([str(amount) for amount in gross], "3850", "0")
    assert taxes == [number("394.50"), number("394.50"), 876]
    assert gross[2] - 3850 - taxes[2] == 19674


@pytest.mark.parametrize(
    ("mode", "step", "pay"),
    [
        ("marginal", "percentage_point", 6200),
        ("whole", "percentage_point", 7200),
        ("whole", "relative", 6060),
    ],
)
def test_above_100000_rate_plus_1(mode: str, step: str, pay: int) -> None:
    says = {
        "kind": "commission",
        "rate": "0.05",
        "tiers": [{"start": "100000", "rate": "0.01"}],
        "mode": mode,
        "step": step,
        "boundary": "above",
    }
    sold = ((month_days(2025, 3)[4], "sales", "", Fraction(120000)),)
    case = Case(2025, 3, HIRED, None, (Version("commission", HIRED, None, says),), sold)
    assert earn(case).amounts == {("commission", "commission"): pay}
