"""Taxes and contributions against the reference: years of payments, bonuses, Shanghai's year."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain import tax as program
from domain.brackets import quick_form, read_brackets, slice_form
from domain.insurance import contributions
from domain.periods import Month
from tests.reference import law, shanghai, tax
from tests.reference.bridge import book, decimal
from tests.reference.campaign import examples
from tests.reference.rounding import money, number
from tests.reference.stories import cents

TABLES = {
    "cn.wages.cumulative": (law.YEAR, law.YEAR_QUICK),
    "cn.bonus.annual": (law.MONTH, law.MONTH_QUICK),
    "cn.labour.ordinary": (law.LABOUR, law.LABOUR_QUICK),
}
WAGES = cents(0, 120_000)
SMALL = st.sampled_from(("0", "0", "1000", "2000.50", "4500"))


def seams() -> list[tuple[str, Fraction]]:
    """Every bound of every table, and a fen on both sides."""
    return [
        (name, bound + Fraction(beside, 100))
        for name, (brackets, _) in TABLES.items()
        for bound, _ in brackets
        if bound is not None
        for beside in (-1, 0, 1)
    ]


def test_quick_deductions_and_slices_agree_at_every_seam_in_both_calculators() -> None:
    for name, amount in seams():
        brackets, quick = TABLES[name]
        table = read_brackets(book().on(name, Month(2025, 12).first))
        slices = tax.by_slices(amount, brackets)
        assert tax.by_quick_deduction(amount, amount, brackets, quick) == slices
        assert quick_form(table, decimal(amount)) == slice_form(table, decimal(amount))
        assert Fraction(quick_form(table, decimal(amount))) == slices


@examples(0.05)
@given(
    st.lists(st.tuples(WAGES, SMALL, SMALL, SMALL, SMALL, SMALL), min_size=1, max_size=12),
    st.integers(0, 11),
    st.sampled_from(("", "first_job", "sixty_thousand")),
)
def test_wages_of_a_year_are_withheld_alike(payments: list, skipped: int, rule: str) -> None:
    before, year = [], program.WagesYear(year=2026)
    flags = {rule: True} if rule else {}
    for place, amounts in enumerate(payments[: 12 - skipped], start=1):
        month = (2026, place + skipped)
        income, exempt, paid_in, special, other, relief = map(number, amounts)
        now = tax.Paid(month, income, exempt, paid_in, special, other, relief)
        due = tax.wages(before, now, place, **flags)
        payment = program.WagesPayment(
            income=decimal(income),
            months_employed=place,
            exempt=decimal(exempt),
            contributions=decimal(paid_in),
            special_additional=decimal(special),
            other=decimal(other),
            relief=decimal(relief),
            **flags,
        )
        made = program.withhold("wages", Month(*month), payment, year, book())
        assert made.tax == money(due)
        assert made.year_after is not None
        year = made.year_after
        before.append(tax.Paid(**{**vars(now), "withheld": due}))


@examples(0.05)
@given(st.lists(st.tuples(cents(0, 120_000), SMALL, SMALL), min_size=1, max_size=4))
def test_payments_of_one_time_of_labour_are_withheld_alike(payments: list) -> None:
    before: list[tax.Paid] = []
    for amounts in payments:
        income, other, relief = map(number, amounts)
        now = tax.Paid((2026, 3), income, other=other, relief=relief)
        due = tax.labour([*before, now])
        payment = program.LabourPayment(
            income=decimal(income),
            earlier_income=decimal(sum((p.income for p in before), Fraction(0))),
            earlier_withheld=decimal(sum((p.withheld for p in before), Fraction(0))),
            other=decimal(sum((p.other for p in before), other)),
            relief=decimal(sum((p.relief for p in before), relief)),
        )
        made = program.withhold("labour_remuneration", Month(2026, 3), payment, None, book())
        assert made.tax == money(due)
        before.append(tax.Paid(**{**vars(now), "withheld": due}))


@examples(0.05)
@given(
    st.lists(
        st.tuples(st.one_of(st.just("0"), cents(0, 80_000)), SMALL, SMALL, SMALL),
        min_size=1,
        max_size=12,
    ),
    st.sets(st.integers(1, 12), max_size=3),
)
def test_a_platforms_year_is_withheld_alike_with_empty_months_in_it(
    payments: list, empty: set[int]
) -> None:
    before: list[tax.Paid] = []
    history: list[program.LabourMonth] = []
    for place, amounts in enumerate(payments, start=1):
        if place in empty:
            continue
        income, other, relief, exempt = map(number, amounts)
        now = tax.Paid((2026, place), income, exempt, other=other, relief=relief)
        due = tax.platform(before, now)
        names = ("income", "exempt", "other", "relief")
        said = {name: decimal(getattr(now, name)) for name in names}
        made = program.withhold(
            "platform_labour_remuneration",
            Month(2026, place),
            program.PlatformPayment(**said),
            tuple(history),
            book(),
        )
        assert made.tax == money(due)
        before.append(tax.Paid(**{**vars(now), "withheld": due}))
        history.append(program.LabourMonth(month=Month(2026, place), **said, withheld=made.tax))


@examples(0.05)
@given(st.one_of(cents(0, 1_200_000), st.sampled_from([str(12 * b) for b, _ in law.MONTH if b])))
def test_an_annual_bonus_is_taxed_alike_by_itself_and_with_the_wages(bonus: str) -> None:
    assert program.bonus_tax(Decimal(bonus), Month(2026, 2), book()).tax == money(
        tax.bonus(number(bonus))
    )
    paid = {"income": Decimal(9000), "months_employed": 2}
    with_wages = program.WagesPayment(**paid, bonus=Decimal(bonus), bonus_method="merged")
    made = program.withhold("wages", Month(2026, 2), with_wages, None, book())
    merged = tax.wages([], tax.Paid((2026, 2), 9000 + number(bonus)), 2)
    assert made.tax == money(merged)


@examples(0.05)
@given(
    cents(0, 60_000),
    st.sampled_from(((2025, 7), (2025, 8), (2025, 12), (2026, 6))),
    st.sampled_from((None, "0.05", "0.06", "0.07")),
    st.booleans(),
)
def test_shanghais_contributions_are_the_same_kind_by_kind(
    average: str, month: tuple[int, int], rate: str | None, transferred: bool
) -> None:
    starts = Month(2025, 8).plus(-1 if transferred else 0)
    fund_from = starts if rate else Month(2200, 1)
    made = contributions(
        "shanghai",
        Month(*month),
        Decimal(average),
        book(),
        fund_rate=Decimal(rate or 0),
        fund_from=fund_from,
    )
    due = shanghai.insurance(number(average))
    if rate and shanghai.fund_is_due(month, (2025, 7), transferred=transferred):
        due["fund"] = shanghai.fund(number(average), number(rate))
    sides = {line.code: (line.employee, line.employer) for line in made.lines}
    assert sides == {kind: (money(own), money(other)) for kind, (own, other) in due.items()}
