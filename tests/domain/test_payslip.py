"""Payslips: earnings, balances, contributions, tax and net, to the fen."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lines import PaidMonth, total
from domain.payslip import Insurance, TaxProfile, differences, earn, encoded, payslip
from domain.periods import Month, Period, months_between
from domain.refusals import Invalid, NoRule
from tests.domain.paying import (
    MARCH,
    amount_of,
    amounts,
    base_pay,
    commission,
    guarantee,
    measured,
    on,
    pay_input,
    performance,
    scheme,
    term,
)

JANUARY = Month(2025, 1)
YEAR = Period(date(2025, 1, 1))


def year_of(wage, months, *, deducted="0", extra="0", first=JANUARY, **more):
    """Payslips of a wage from the first month on, each paid in its own month."""
    slips, history = [], ()
    for month in months_between(first, first.plus(months - 1)):
        slip = payslip(
            pay_input(
                term("base", base_pay(wage)),
                month=month,
                pay_date=month.last,
                tax=TaxProfile(special_additional=Decimal(extra)),
                insurance=Insurance(declared_insurance=Decimal(deducted)),
                history=history,
                **{"engagement": YEAR, **more},
            )
        )
        slips.append(slip)
        history = (*history, slip.taxed)
    return slips


class TestTax:
    def test_10000_a_month_with_1500_and_1000_deducted_bears_75_each(self):
        slips = year_of("10000", 3, deducted="1500", extra="1000")
        assert [str(slip.tax) for slip in slips] == ["75.00", "75.00", "75.00"]
        assert [str(slip.net) for slip in slips] == ["8425.00"] * 3

    def test_30000_a_month_through_the_year(self):
        slips = year_of("30000", 12, deducted="4500", extra="2000")
        taxes = [str(slip.tax) for slip in slips]
        assert taxes == [
            "555.00",
            "625.00",
            *["1850.00"] * 5,
            "2250.00",
            *["3700.00"] * 4,
        ]
        assert sum(slip.tax for slip in slips) == Decimal("27480.00")

    def test_a_raise_on_16_march_2026(self):
        """22,000 → 26,400, 10 + 12 of 22 work days, insurance and fund 3,850 (rules-cn.md)."""
        slips, history = [], ()
        for month in months_between(Month(2026, 1), Month(2026, 3)):
            change = date(2026, 3, 16)
            slip = payslip(
                pay_input(
                    term("base", base_pay("22000"), end=change),
                    term("base", base_pay("26400"), start=change),
                    month=month,
                    pay_date=month.last,
                    engagement=Period(date(2026, 1, 1)),
                    insurance=Insurance(declared_insurance=Decimal(3850)),
                    history=history,
                )
            )
            slips.append(slip)
            history = (*history, slip.taxed)
        assert [str(slip.tax) for slip in slips] == ["394.50", "394.50", "876.00"]
        assert str(slips[2].gross) == "24400.00"
        assert str(slips[2].net) == "19674.00"

    def test_a_tax_year_ends_with_the_year_of_payment(self):
        """December's pay, paid in January, is the first payment of the new year."""
        paid = PaidMonth(month="2025-12", income=Decimal(30000), withheld=Decimal(3700))
        slip = payslip(
            pay_input(
                term("base", base_pay("30000")),
                month=Month(2025, 12),
                pay_date=date(2026, 1, 10),
                history=(paid,),
                tax=TaxProfile(special_additional=Decimal(2000)),
                insurance=Insurance(declared_insurance=Decimal(4500)),
            )
        )
        assert str(slip.tax) == "555.00"
        assert slip.taxed.month == "2026-01"

    def test_a_second_payment_in_a_month_deducts_nothing_twice(self):
        def pay(amount, history=()):
            return payslip(
                pay_input(
                    term("base", base_pay(amount)),
                    pay_date=date(2025, 3, 31),
                    engagement=Period(date(2025, 3, 1)),
                    tax=TaxProfile(special_additional=Decimal(1000)),
                    history=history,
                )
            )

        first = pay("10000")
        second = pay("10000", (first.taxed,))
        assert first.tax + second.tax == pay("20000").tax

    def test_pay_after_leaving_counts_the_months_until_leaving(self):
        """Left on 31 March, paid in April: 3 × 5,000, not 4."""
        slip = payslip(
            pay_input(
                term("base", base_pay("20000")),
                engagement=Period(date(2025, 1, 1), date(2025, 4, 1)),
            )
        )
        assert slip.taxed.months_employed == 3
        assert str(slip.tax) == "150.00"

    def test_deductions_of_another_character_do_not_use_up_those_of_wages(self):
        other = PaidMonth(month="2025-04", income=Decimal(100), character="business_income")
        pay = pay_input(
            term("base", base_pay("10000")),
            tax=TaxProfile(special_additional=Decimal(1000)),
            history=(other,),
        )
        assert payslip(pay).taxed.special_additional == 1000

    def test_deductions_can_be_claimed_by_kind(self):
        slip = payslip(
            pay_input(
                term("base", base_pay("10000")),
                tax=TaxProfile(claims={"child": Decimal(2), "rent_1500": Decimal(1)}),
            )
        )
        assert slip.taxed.special_additional == 5500

    @pytest.mark.parametrize(
        ("wage", "tax"),
        [("800", "0.00"), ("3000", "440.00"), ("25000", "4000.00"), ("62500", "13000.00")],
    )
    def test_labour_remuneration_is_taxed_each_time(self, wage, tax):
        slip = payslip(pay_input(term("base", base_pay(wage)), character="labour_remuneration"))
        assert str(slip.tax) == tax

    def test_two_payments_of_labour_in_a_month_are_one_time(self):
        def pay(amount, history=()):
            return payslip(
                pay_input(
                    term("base", base_pay(amount)),
                    character="labour_remuneration",
                    history=history,
                )
            )

        first = pay("3000")
        assert first.tax + pay("4000", (first.taxed,)).tax == pay("7000").tax == 1120

    def test_what_the_first_of_two_payments_deducted_stays_deducted(self):
        def pay(amount, history=()):
            return payslip(
                pay_input(
                    term("base", base_pay(amount)),
                    character="labour_remuneration",
                    history=history,
                    tax=TaxProfile(exempt=Decimal(500), relief=Decimal(10)),
                )
            )

        first = pay("3000")
        assert first.tax + pay("4000", (first.taxed,)).tax == pay("7000").tax

    def test_platform_labour_from_october_2025(self):
        slips, history = [], ()
        for month in months_between(Month(2025, 10), Month(2025, 12)):
            slip = payslip(
                pay_input(
                    term("base", base_pay("30000")),
                    month=month,
                    pay_date=month.last,
                    character="platform_labour_remuneration",
                    history=history,
                )
            )
            slips.append(slip)
            history = (*history, slip.taxed)
        assert [str(slip.tax) for slip in slips] == ["570.00", "710.00", "1900.00"]

    def test_a_date_no_table_covers_is_refused(self):
        with pytest.raises(NoRule, match="no rule covers 2018"):
            payslip(pay_input(month=Month(2018, 3), engagement=Period(date(2018, 1, 1))))


class TestContributions:
    def test_shanghai_hired_on_1_december_2025(self):
        """20,000, fund 7 %: 1,600 + 400 + 100 + 1,400; tax 345; net 16,155 (rules-cn.md)."""
        slip = payslip(
            pay_input(
                term("base", base_pay("20000"), start=date(2025, 12, 1)),
                month=Month(2026, 1),
                pay_date=date(2026, 1, 31),
                engagement=Period(date(2025, 12, 1)),
                insurance=Insurance(
                    city="shanghai", base=Decimal(20000), fund_rate=Decimal("0.07")
                ),
            )
        )
        assert amounts(slip.lines)[1:] == [
            "insurance_pension -1600.00",
            "insurance_medical -400.00",
            "insurance_unemployment -100.00",
            "insurance_injury 0.00",
            "fund -1400.00",
            "tax -345.00",
        ]
        assert (str(slip.net), str(slip.employer_cost)) == ("16155.00", "6540.00")

    def test_a_new_worker_pays_no_fund_in_the_first_month(self):
        slip = payslip(
            pay_input(
                term("base", base_pay("20000"), start=date(2025, 12, 1)),
                month=Month(2025, 12),
                engagement=Period(date(2025, 12, 1)),
                insurance=Insurance(
                    city="shanghai", base=Decimal(20000), fund_rate=Decimal("0.07")
                ),
            )
        )
        assert amount_of(slip, "fund") == 0

    def test_shanghai_50000_with_the_base_capped(self):
        slip = payslip(
            pay_input(
                term("base", base_pay("50000"), start=date(2025, 12, 1)),
                month=Month(2026, 1),
                pay_date=date(2026, 1, 31),
                engagement=Period(date(2025, 12, 1)),
                insurance=Insurance(
                    city="shanghai", base=Decimal(50000), fund_rate=Decimal("0.07")
                ),
            )
        )
        assert amounts(slip.lines)[1:] == [
            "insurance_pension -2984.16",
            "insurance_medical -746.04",
            "insurance_unemployment -186.51",
            "insurance_injury 0.00",
            "fund -2611.00",
            "tax -1327.23",
        ]
        assert str(slip.net) == "42145.06"

    def test_declared_amounts_take_the_place_of_the_citys(self):
        slip = payslip(
            pay_input(
                term("base", base_pay("20000")),
                month=Month(2026, 1),
                insurance=Insurance(
                    city="shanghai",
                    base=Decimal(20000),
                    fund_rate=Decimal("0.07"),
                    declared_insurance=Decimal("2000.50"),
                ),
            )
        )
        assert slip.contributions == Decimal("3400.50")

    def test_contributions_from_pay_that_is_no_wage_are_refused(self):
        with pytest.raises(Invalid, match="go with wages"):
            payslip(
                pay_input(
                    character="business_income",
                    insurance=Insurance(declared_insurance=Decimal(1)),
                )
            )

    def test_contributions_that_pay_does_not_cover_are_owed_to_the_next_run(self):
        month = Month(2026, 1)
        slip = payslip(
            pay_input(
                term("base", base_pay("100")),
                month=month,
                insurance=Insurance(declared_insurance=Decimal(700)),
            )
        )
        assert (slip.net, slip.owed_out, slip.carried_out) == (0, -600, 0)
        following = payslip(
            pay_input(
                term("base", base_pay("5000")),
                month=month.plus(1),
                owed_in=slip.owed_out,
                history=(slip.taxed,),
            )
        )
        assert (following.net, following.gross) == (4400, 5000)


class TestBalances:
    def test_a_negative_month_of_a_contractor_is_carried_and_pays_nothing(self):
        slip = payslip(
            pay_input(
                term("c", commission("5%")),
                figures=measured(on(9, "sales", -10000)),
                character="business_income",
            )
        )
        assert amounts(slip.lines)[:2] == ["commission -500.00", "carry_out 500.00"]
        assert (slip.net, slip.gross, slip.carried_out) == (0, 0, -500)

    def test_the_balance_is_taken_from_the_next_run(self):
        slip = payslip(
            pay_input(
                term("base", base_pay("2000")),
                character="business_income",
                carried_in=Decimal(-500),
            )
        )
        assert (slip.gross, slip.net, slip.carried_out) == (1500, 1500, 0)

    def test_a_clawback_from_an_employee_is_held_to_20_per_cent_of_the_wage(self):
        slip = payslip(pay_input(term("base", base_pay("8000")), carried_in=Decimal(-3000)))
        assert (slip.gross, slip.carried_out) == (6400, -1400)

    def test_a_clawback_leaves_an_employee_the_minimum_wage(self):
        """Shanghai, 2,740 from 2025-07: of a wage of 3,000, only 260 may be taken."""
        slip = payslip(
            pay_input(
                term("base", base_pay("3000")),
                month=Month(2025, 9),
                carried_in=Decimal(-3000),
                insurance=Insurance(city="shanghai", base=Decimal(8000)),
            )
        )
        assert (slip.gross, slip.carried_out) == (2740, -2740)

    def test_balances_have_the_right_sign(self):
        with pytest.raises(Invalid, match="carried_in"):
            payslip(pay_input(carried_in=Decimal(5)))

    def test_a_draw_changes_the_balance_of_draws(self):
        terms = [term("c", commission("5%")), term("g", guarantee("3000", "recoverable_draw"))]
        slip = payslip(pay_input(*terms, figures=measured(on(9, "sales", 40000))))
        assert (slip.gross, slip.draw_balance) == (3000, 1000)
        back = payslip(
            pay_input(
                *terms,
                figures=measured(on(9, "sales", 100000)),
                draw_balance=slip.draw_balance,
            )
        )
        assert (back.gross, back.draw_balance) == (4000, 0)


class TestArrears:
    TERMS = (term("c", commission("5%", ("100000", "1%"))), term("base", base_pay("8000")))

    def rated(self, *terms, sales=120000, batches=("b1",)):
        figures = measured(on(9, "sales", sales), batches=batches)
        return earn(pay_input(*(terms or self.TERMS), figures=figures))

    def test_a_return_after_the_month_re_rates_the_month_with_its_tiers(self):
        """120,000 paid 6,200; 30,000 come back: 90,000 pay 4,500; the difference is −1,700."""
        posted = self.rated()
        (line,) = differences(MARCH, posted, self.rated(sales=90000, batches=("b1", "b2")))
        assert (line.clause, line.period, line.amount) == ("c", "2025-03", Decimal("-1700.00"))
        assert line.lineage["causes"] == ["batches"]
        assert line.en == (
            "Difference for 2025-03, c (figures corrected): re-rated "
            "4,500.00 − 6,200.00 = -1,700.00"
        )

    def test_a_retroactive_amendment_names_the_clause_as_the_cause(self):
        raised = term("base", base_pay("9000"), position=50)
        (line,) = differences("2025-03", self.rated(), self.rated(self.TERMS[0], raised))
        assert (line.clause, line.amount, line.lineage["causes"]) == ("base", 1000, ["clauses"])

    def test_what_earlier_arrears_paid_is_not_paid_again(self):
        posted = self.rated()
        later = self.rated(sales=90000, batches=("b1", "b2"))
        first = differences(MARCH, posted, later)
        assert differences(MARCH, (*posted, *first), later) == ()
        back = differences(MARCH, (*posted, *first), posted)
        assert [line.amount for line in back] == [1700]

    def test_a_clause_that_fell_away_is_taken_back_and_a_new_one_paid(self):
        posted = self.rated()
        lines = differences(MARCH, posted, self.rated(self.TERMS[0]))
        assert [(line.clause, line.amount) for line in lines] == [("base", -8000)]
        lines = differences(MARCH, self.rated(self.TERMS[0]), posted)
        assert [(line.clause, line.amount) for line in lines] == [("base", 8000)]

    def test_lines_of_other_months_and_other_kinds_do_not_count(self):
        slip = payslip(
            pay_input(*self.TERMS, figures=measured(on(9, "sales", 120000), batches=("b1",)))
        )
        assert differences(MARCH, slip.lines, self.rated()) == ()
        assert differences("2025-04", slip.lines, ()) == ()

    def test_an_arrears_line_is_taxed_as_paid_now(self):
        arrears = differences(MARCH, (), self.rated(self.TERMS[1]))
        slip = payslip(
            pay_input(term("base", base_pay("8000")), month=Month(2025, 4), arrears=arrears)
        )
        assert (slip.gross, slip.taxed.income) == (16000, 16000)

    def test_a_recoverable_draw_that_is_re_rated_moves_its_balance(self):
        terms = (term("c", commission("5%")), term("g", guarantee("3000", "recoverable_draw")))
        posted = self.rated(*terms, sales=40000)  # 2,000 and a draw of 1,000
        lines = differences(MARCH, posted, self.rated(*terms, sales=60000))
        assert [(line.clause, line.amount) for line in lines] == [("c", 1000), ("g", -1000)]
        slip = payslip(pay_input(month=Month(2025, 4), arrears=lines, draw_balance=Decimal(1000)))
        assert (slip.draw_balance, slip.gross) == (0, 0)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 31), st.decimals("-20000", "90000", places=2)), max_size=6),
    st.sampled_from(["wages", "labour_remuneration", "business_income"]),
    st.decimals("-5000", "0", places=2),
    st.decimals("0", "3000", places=2),
)
def test_net_is_the_sum_of_the_rounded_lines_and_never_negative(sales, character, carried, own):
    pay = pay_input(
        term("c", commission("4.37%", ("50000", "0.61%"))),
        term("p", performance("1999.99")),
        figures=measured(*(on(day, "sales", value) for day, value in sales)),
        kpi=scheme(("sales", "1", "70000", "1.2")),
        character=character,
        carried_in=carried,
        insurance=Insurance(declared_insurance=own) if character == "wages" else None,
    )
    slip = payslip(pay)
    paying = [line for line in slip.lines if line.component != "information"]
    assert slip.net == sum(line.amount for line in paying) >= 0
    assert slip.net == slip.gross - slip.contributions - slip.tax - slip.owed_out
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) for line in slip.lines)
    kept = total(slip.lines, "earnings") + carried
    assert slip.gross + slip.carried_out == kept  # nothing is lost between two runs


def test_the_same_input_gives_the_same_bytes():
    def made():
        return payslip(
            pay_input(
                term("c", commission("5%", ("100000", "1%"))),
                term("p", performance("2000")),
                figures=measured(on(9, "sales", 120000)),
                kpi=scheme(("sales", "1", "100000", "1.5")),
            )
        )

    assert encoded(made()) == encoded(made())
    assert msgspec.json.decode(encoded(made()))["net"] == str(made().net)


def test_every_line_names_the_engine_that_made_it():
    slip = payslip(pay_input(term("base", base_pay("8000"))))
    assert {line.lineage["engine"] for line in slip.lines} == {"1"}
