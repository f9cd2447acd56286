"""Details of pay and tax that nothing else looks at: each was once changed unseen by any test."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain import tax
from domain.carry import overtaken
from domain.guards import deduction_guard, non_compete_pay
from domain.insurance import DeclaredLine, contributions, declared, difference
from domain.kpi_terms import KpiMetric, check_weights
from domain.law import load_law_book
from domain.lines import Line, PaidMonth, Payslip
from domain.pay_input import Attendance, Insurance, TaxProfile, Unpaid
from domain.payslip import differences, payslip
from domain.periods import Month, Period
from domain.refusals import AmbiguousClause, Invalid
from tests.domain.paying import (
    amounts,
    base_pay,
    commission,
    earned,
    fan_bonus,
    guarantee,
    measured,
    on,
    pay_input,
    performance,
    scheme,
    team,
    term,
)

D = Decimal
BOOK = load_law_book()
DECEMBER = Month(2025, 12)
POLICIES = ("paid_days_21_75", "deduct_21_75", "workdays_actual", "calendar_days")
SHANGHAI = Insurance(city="shanghai", base=D(20000), fund_rate=D("0.07"), transferred=True)


def slip(amount: str, **more: Any) -> Payslip:
    """A month of base pay of December 2025, paid on its last day."""
    given: dict[str, Any] = {"month": DECEMBER, "pay_date": date(2025, 12, 31), **more}
    return payslip(pay_input(term("base", base_pay(amount)), **given))


def late(amount: str, **lineage: Any) -> Line:
    return Line(
        code="arrears", component="arrears", clause="base", period="2025-11", zh="", en="",
        unrounded=D(amount), amount=D(amount), lineage=lineage,
    )  # fmt: skip


def carried(made: Payslip) -> list[str]:
    return amounts(line for line in made.lines if line.component == "carry")


class TestBalances:
    def test_late_differences_of_an_employee_are_taken_back_by_a_fifth_of_the_wage(self):
        made = slip("10000", arrears=(late("-3000"),))
        assert carried(made) == ["carry_out 1000.00"]
        assert (made.gross, made.carried_out) == (D(8000), D(-1000))

    def test_late_differences_and_the_balance_of_before_are_guarded_together(self):
        made = slip("10000", arrears=(late("-1500"),), carried_in=D(-1500))
        assert carried(made) == ["carry_in -1500.00", "carry_out 1000.00"]

    def test_what_is_paid_late_makes_room_for_what_is_taken_back(self):
        made = slip("10000", arrears=(late("1500"),), carried_in=D(-3500))
        assert carried(made) == ["carry_in -3500.00"]
        assert made.gross == 8000

    def test_an_advance_given_back_is_income_and_not_held_against_the_wage(self):
        """1,000 more for the month, 1,000 less guarantee; that advance was paid back already."""
        made = slip("1000", arrears=(late("1000"), late("-1000", draw="-1000")))
        assert carried(made) == ["draw_returned 1000.00"]
        assert (made.gross, made.carried_out, made.draw_balance) == (D(2000), 0, 0)

    def test_an_advance_is_given_back_only_beyond_the_balance(self):
        pay = pay_input(draw_balance=D(300))
        assert overtaken(pay, (late("-1000", draw="-1000"),)) == 700
        assert overtaken(pay, (late("-300", draw="-300"),)) == 0

    def test_contributions_beyond_pay_are_owed_and_taken_from_the_next_run(self):
        own = Insurance(declared_insurance=D("700"))
        first = slip("500", insurance=own)
        assert carried(first) == ["owed_out 200.00"]
        assert (first.net, first.owed_out) == (0, D(-200))
        second = slip("900.50", insurance=own, owed_in=first.owed_out)
        assert carried(second) == ["owed_in -200.00"]
        assert (second.net, second.owed_out) == (D("0.50"), 0)

    def test_pay_that_covers_exactly_what_is_owed_leaves_no_balance(self):
        made = slip("900", insurance=Insurance(declared_insurance=D(700)), owed_in=D(-200))
        assert carried(made) == ["owed_in -200.00"]

    def test_a_balance_line_says_its_month_and_its_amount_before_and_after_rounding(self):
        made = slip("10000", carried_in=D("-100"))
        line = next(line for line in made.lines if line.code == "carry_in")
        assert (line.period, line.unrounded, line.lineage) == ("2025-12", D(-100), {"engine": "1"})

    def test_without_a_minimum_wage_of_the_city_a_fifth_alone_guards(self):
        """Beijing's minimum wage starts in September 2025."""
        own = Insurance(city="beijing", declared_insurance=D(0), declared_fund=D(0), base=D(1))
        given = {"month": Month(2025, 6), "pay_date": date(2025, 6, 30), "insurance": own}
        with pytest.raises(Exception, match="beijing"):
            slip("1000", **given)
        known = {**given, "insurance": Insurance(declared_insurance=D(0))}
        assert slip("1000", carried_in=D(-500), **known).gross == 800


class TestTaxHistory:
    def test_an_earlier_payment_without_a_count_of_months_counts_them_from_the_dates(self):
        """Opening balances of January to March; in April four months are counted, in all."""
        rows = [PaidMonth(month=f"2025-0{n}", income=D(10000)) for n in (1, 2, 3)]
        made = slip(
            "10000", month=Month(2025, 4), pay_date=date(2025, 4, 30), history=tuple(rows),
            engagement=Period(date(2025, 1, 1)),
        )  # fmt: skip
        assert made.taxed is not None
        assert made.taxed.months_employed == 4
        assert made.tax == 600

    def test_who_is_paid_after_leaving_keeps_the_months_until_the_last_day(self):
        """Left on 1 November: eleven months, though paid in December."""
        engagement = Period(date(2025, 1, 1), date(2025, 11, 2))
        made = slip("10000", month=Month(2025, 10), engagement=engagement)
        assert made.taxed is not None
        assert made.taxed.months_employed == 11

    def test_more_months_were_counted_before_than_the_dates_say_and_they_stay(self):
        before = PaidMonth(month="2025-11", income=D(0), months_employed=11)
        made = slip("60000", history=(before,), tax=TaxProfile(employed_from=date(2025, 6, 1)))
        assert made.taxed is not None
        assert made.taxed.months_employed == 11

    def test_every_amount_of_earlier_payments_counts_in_the_year(self):
        """60,000 − 1,000 − 200 − 300 − 400 and 10,000 − 100, less 5,000 × 2: 48,000 taxable."""
        before = PaidMonth(
            month="2025-11", income=D(50000), exempt=D(1000), contributions=D(200),
            special_additional=D(300), other=D(400), relief=D(50), withheld=D(600),
            months_employed=1,
        )  # fmt: skip
        facts = TaxProfile(exempt=D(100), relief=D(7), employed_from=date(2025, 11, 1))
        made = slip("10000", history=(before,), tax=facts)
        assert made.tax == D(48000) * D("0.1") - 2520 - 50 - 7 - 600

    def test_a_second_payment_of_one_time_of_labour_adds_up_what_the_first_deducted(self):
        """5,000 and 5,000 are 10,000, less 500 exempt, less a fifth, less 300: 7,300 taxable."""
        facts = TaxProfile(exempt=D(500), other=D(300), relief=D(10))
        given = {"character": "labour_remuneration", "tax": facts}
        first = slip("5000", **given)
        second = slip("5000", history=(first.taxed,), **given)
        assert first.tax == (D(4500) * D("0.8") - 300) * D("0.2") - 10
        assert first.tax + second.tax == D(7300) * D("0.2") - 10

    def test_a_platforms_payments_add_up_what_they_deduct(self):
        facts = TaxProfile(exempt=D(500), other=D(300), relief=D(10))
        given = {"character": "platform_labour_remuneration", "tax": facts}
        first = slip("20000", month=Month(2025, 11), pay_date=date(2025, 11, 30), **given)
        second = slip("20000", history=(first.taxed,), **given)
        assert first.tax == (D(16000) - 5000 - 800) * D("0.03") - 10
        assert first.tax + second.tax == (D(32000) - 10000 - 1600) * D("0.03") - 20

    def test_a_student_intern_is_paid_cumulatively_from_the_payslip_on(self):
        facts = TaxProfile(student_intern=True, exempt=D(100), other=D(200), relief=D(5))
        given = {"character": "labour_remuneration", "tax": facts}
        first = slip("20000", month=Month(2025, 11), pay_date=date(2025, 11, 30), **given)
        second = slip("20000", history=(first.taxed,), **given)
        assert first.tax == (D(16000) - 5000 - 300) * D("0.03") - 5
        assert first.tax + second.tax == (D(32000) - 10000 - 600) * D("0.03") - 10

    def test_a_platforms_month_of_a_fen_is_no_empty_month(self):
        rows = [
            tax.LabourMonth(month=Month(2026, n), income=D(i)) for n, i in ((1, 9000), (2, "0.01"))
        ]
        payment = tax.PlatformPayment(income=D(9000))
        assert tax.platform_tax(payment, rows, Month(2026, 3), BOOK).taxable == 0
        rows[1] = replace(rows[1], income=D(0))
        assert tax.platform_tax(payment, rows, Month(2026, 3), BOOK).taxable == 9400

    def test_a_second_payment_in_a_month_is_in_no_run_of_months_before_it(self):
        rows = [tax.LabourMonth(month=Month(2026, 2), income=D(4000))]
        payment = tax.PlatformPayment(income=D(4000))
        made = tax.platform_tax(payment, rows, Month(2026, 2), BOOK)
        assert made.taxable == 1400, "one month, once"

    def test_a_run_of_months_crosses_the_year(self):
        paid = {Month(2025, 11), Month(2025, 12)}
        assert tax.continuous_months(paid, Month(2026, 1), 1) == (*sorted(paid), Month(2026, 1))

    def test_the_tax_line_shows_what_was_taxed_at_which_rate(self):
        made = slip("9000.33", engagement=Period(date(2025, 12, 1)))
        line = next(line for line in made.lines if line.code == "tax")
        assert (line.base, line.rate) == (D("4000.33"), D("0.03"))
        assert (line.unrounded, line.amount) == (D("-120.0099"), D("-120.01"))
        assert (line.period, line.lineage["method"]) == ("2025-12", "cumulative")
        assert line.en.endswith("taxable 4,000.33 × 3 % ≈ 120.01")

    def test_nothing_is_withheld_from_business_income_and_the_line_says_so(self):
        made = slip("9000", character="business_income")
        line = next(line for line in made.lines if line.code == "tax")
        assert (line.base, line.rate, line.amount) == (0, 0, 0)
        assert (line.lineage["character"], line.lineage["month"]) == ("business_income", "2025-12")
        assert "nothing withheld" in line.en


@pytest.mark.parametrize("field", ["income", "exempt", "special_additional", "other", "relief"])
def test_negative_amounts_of_wages_are_refused_with_their_name(field: str) -> None:
    payment = tax.WagesPayment(**{"income": D(1), "months_employed": 1, field: D(-1)})
    with pytest.raises(Invalid) as refused:
        tax.wages_tax(tax.WagesYear(year=2025), payment, DECEMBER, BOOK)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    "field", ["income", "earlier_income", "earlier_withheld", "exempt", "other", "relief"]
)
def test_negative_amounts_of_labour_are_refused_with_their_name(field: str) -> None:
    payment = tax.LabourPayment(**{"income": D(1), field: D(-1)})
    with pytest.raises(Invalid) as refused:
        tax.labour_tax(payment, DECEMBER, BOOK)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("field", ["income", "exempt", "other", "relief"])
def test_negative_amounts_from_a_platform_are_refused_with_their_name(field: str) -> None:
    payment = tax.PlatformPayment(**{"income": D(1), field: D(-1)})
    with pytest.raises(Invalid) as refused:
        tax.platform_tax(payment, (), DECEMBER, BOOK)
    assert refused.value.details["field"] == field


def test_every_result_names_its_month_and_its_character() -> None:
    labour = tax.labour_tax(tax.LabourPayment(income=D(1)), DECEMBER, BOOK)
    intern = tax.LabourPayment(income=D(1), student_intern=True)
    made = {
        "wages": tax.bonus_tax(D(1), DECEMBER, BOOK),
        "labour_remuneration": labour,
        "platform_labour_remuneration": tax.platform_tax(
            tax.PlatformPayment(income=D(1)), (), DECEMBER, BOOK
        ),
        "business_income": tax.business_income(tax.BusinessPayment(income=D(1)), DECEMBER, BOOK),
    }
    assert {name: (r.character, r.month) for name, r in made.items()} == {
        name: (name, DECEMBER) for name in made
    }
    assert tax.student_tax(intern, (), DECEMBER, BOOK).character == "labour_remuneration"


def test_both_ways_to_tax_a_bonus_are_shown_with_what_is_due() -> None:
    """36,000 apart is 1,080; with 5,000 of wages in January it is 36,000 above the 5,000."""
    payments = [(Month(2026, 1), tax.WagesPayment(income=D(5000), months_employed=1))]
    made = tax.compare_bonus(D(36000), tax.WagesYear(year=2026), payments, BOOK)
    assert (made.separate, made.separate_due) == (1080, 1080)
    assert (made.merged, made.merged_due, made.lower) == (1080, 1080, "equal")


class TestGuards:
    rule = BOOK.on("cn.deduction_guard", DECEMBER.first)
    non_compete = BOOK.on("cn.non_compete", DECEMBER.first)

    @pytest.mark.parametrize("amounts_", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
    def test_a_guard_refuses_amounts_below_0(self, amounts_):
        with pytest.raises(Invalid):
            deduction_guard(*map(D, amounts_), self.rule)

    @pytest.mark.parametrize(("average", "minimum"), [(-1, 0), (0, -1)])
    def test_a_non_compete_refuses_amounts_below_0(self, average, minimum):
        with pytest.raises(Invalid):
            non_compete_pay(D(average), 1, None, minimum_wage=D(minimum), rule=self.non_compete)

    def test_a_non_compete_may_last_one_month_and_pay_the_whole_average(self):
        made = non_compete_pay(D(9000), 1, D(1), minimum_wage=D(9000), rule=self.non_compete)
        assert (made.monthly, made.total, made.raised_to_minimum) == (9000, 9000, False)
        assert made.law.table == "cn.non_compete"


class TestContributions:
    def test_a_line_shows_base_rate_and_what_was_rounded(self):
        """12,345.67 × 8 % is 987.6536."""
        own = replace(SHANGHAI, base=D("12345.67"))
        line = next(n for n in slip("20000", insurance=own).lines if "pension" in n.code)
        assert (line.code, line.period) == ("insurance_pension", "2025-12")
        assert (line.base, line.rate) == (D("12345.67"), D("0.08"))
        assert (line.unrounded, line.amount) == (D("-987.6536"), D("-987.65"))
        assert line.en == ("pension, employee: 12,345.67 × 8 % ≈ 987.65; employer 1,975.31")

    def test_the_fund_may_have_a_base_of_its_own_in_the_payslip(self):
        made = slip("20000", insurance=replace(SHANGHAI, fund_base=D(10000)))
        assert {n.code: n.amount for n in made.lines}["fund"] == -700

    def test_a_declared_fund_takes_the_place_of_the_citys_and_leaves_its_insurance(self):
        own = replace(SHANGHAI, declared_fund=D(111), declared_employer=D(222))
        made = slip("20000", insurance=own)
        taken = {n.code: n.amount for n in made.lines if n.component == "contribution"}
        assert taken["fund"] == -111
        assert taken["insurance_pension"] == -1600
        assert made.employer_cost == D(3200) + 1800 + 100 + 40 + 222

    def test_declared_insurance_takes_the_place_of_the_citys_and_leaves_its_fund(self):
        made = slip("20000", insurance=replace(SHANGHAI, declared_insurance=D(333)))
        taken = {n.code: n.amount for n in made.lines if n.component == "contribution"}
        assert {k: v for k, v in taken.items() if v} == {"insurance": -333, "fund": -1400}

    def test_the_employers_side_of_declared_amounts_is_counted_once(self):
        own = Insurance(declared_insurance=D(300), declared_fund=D(100), declared_employer=D(500))
        made = slip("20000", insurance=own)
        assert (made.contributions, made.employer_cost) == (400, 500)

    def test_settings_that_say_nothing_take_nothing(self):
        assert slip("20000", insurance=Insurance(base=D(20000))).contributions == 0
        labour = slip("20000", insurance=Insurance(), character="labour_remuneration")
        assert labour.contributions == 0

    def test_nobody_contributes_for_a_month_without_a_contract(self):
        gone = Period(date(2025, 1, 1), date(2025, 12, 1))
        assert slip("20000", insurance=SHANGHAI, engagement=gone).contributions == 0

    def test_what_was_not_read_in_an_official_text_is_said_in_the_lineage(self):
        made = slip("20000", insurance=SHANGHAI)
        line = next(n for n in made.lines if n.code == "insurance_pension")
        unread = {law["table"]: law.get("unread") for law in line.lineage["laws"]}
        assert unread["cn.shanghai.insurance"] == ["rounding"]
        fund = next(n for n in made.lines if n.code == "fund")
        assert "unread" not in fund.lineage["laws"][0]

    def test_a_change_of_the_employers_side_alone_is_a_difference(self):
        lines = [DeclaredLine(code="fund", employee=D(5), employer=D(7))]
        before = declared(DECEMBER, lines, "a bill")
        after = declared(DECEMBER, [replace(lines[0], employer=D(9))], "a bill")
        assert difference(before, after) == (("fund", D(0), D(2)),)
        assert difference(after, before) == (("fund", D(0), D(-2)),)

    def test_a_change_of_the_employees_side_alone_is_a_difference(self):
        lines = [DeclaredLine(code="fund", employee=D(5), employer=D(7))]
        before = declared(DECEMBER, lines, "a bill")
        after = declared(DECEMBER, [replace(lines[0], employee=D(4))], "a bill")
        assert difference(before, after) == (("fund", D(-1), D(0)),)

    @pytest.mark.parametrize(("average", "of_fund"), [(-1, 1), (1, -1)])
    def test_averages_below_0_are_refused(self, average, of_fund):
        with pytest.raises(Invalid):
            contributions(
                "shanghai", DECEMBER, D(average), BOOK,
                fund_rate=D("0.07"), fund_from=DECEMBER, fund_average=D(of_fund),
            )  # fmt: skip

    def test_the_lowest_and_the_highest_rate_of_the_fund_are_allowed(self):
        for rate in ("0.05", "0.07"):
            assert slip("20000", insurance=replace(SHANGHAI, fund_rate=D(rate))).contributions

    def test_a_kind_knows_both_rates_and_both_unrounded_amounts(self):
        made = contributions(
            "shanghai", DECEMBER, D("10000.01"), BOOK, fund_rate=D(0), fund_from=Month(2200, 1)
        )
        pension = made.lines[0]
        assert (pension.zh, pension.en) == ("养老保险", "pension")
        assert (pension.employee_rate, pension.employer_rate) == (D("0.08"), D("0.16"))
        assert pension.employee_unrounded == D("800.0008")
        assert pension.employer_unrounded == D("1600.0016")

    def test_declared_amounts_know_their_month_and_that_they_were_declared(self):
        made = declared(DECEMBER, [DeclaredLine(code="fund", employee=D(5), employer=D(7))], "x")
        assert (made.month, made.laws[0].version) == (DECEMBER, 1)
        assert made.lines[0].employer_unrounded == 7


class TestLineage:
    def test_a_guarantee_line_says_what_it_was_lifted_to_and_under_which_conditions(self):
        asked = {"days": 0, "hours_a_day": "6"}
        line = earned(term("g", guarantee("9000", "top_up", conditions=asked)))[0]
        assert (line.base, line.lineage["conditions"]) == (9000, ["0 days x 6 h"])

    def test_a_second_late_difference_names_only_what_changed_since_the_first(self):
        """Figures came late first, then the clause changed: each line names its own cause."""
        figures, rest = [on(3, "sales", 1000)], [on(4, "sales", 500)]
        five, six = commission("5%"), commission("6%")
        posted = earned(term("c", five), figures=measured(*figures, batches=["one"]))
        known = measured(*figures, *rest, batches=["one", "two"])
        first = differences("2025-03", posted, earned(term("c", five), figures=known))
        assert [line.lineage["causes"] for line in first] == [["batches"]]
        changed = earned(term("c", six, position=9), figures=known)
        second = differences("2025-03", (*posted, *first), changed)
        assert [line.lineage["causes"] for line in second] == [["clauses"]]
        again = earned(term("c", five, position=11), figures=known)
        third = differences("2025-03", (*posted, *first, *second), again)
        assert [line.lineage["causes"] for line in third] == [["clauses"]]
        assert [line.amount for line in (*first, *second, *third)] == [D(25), D(15), D(-15)]
        more = measured(*figures, *rest, on(5, "sales", 100), batches=["one", "two", "three"])
        last = earned(term("c", five, position=11), figures=more)
        fourth = differences("2025-03", (*posted, *first, *second, *third), last)
        assert [line.lineage["causes"] for line in fourth] == [["batches"]]

    def test_a_difference_names_changed_weights_and_a_changed_team(self):
        figures = measured(on(3, "sales", 90), on(3, "fans", 50))
        before = {"team_figures_last": measured(on(3, "traffic", 100, month=Month(2025, 2)))}
        clauses = (term("p", performance("1000")), term("t", team("10%")))

        def rated(weight: str, traffic: int) -> tuple[Line, ...]:
            rest = str(1 - D(weight))
            kpi = scheme(("sales", weight, "100", "1"), ("fans", rest, "100", "1"))
            now = measured(on(3, "traffic", traffic))
            return earned(*clauses, figures=figures, kpi=kpi, team_figures=now, **before)

        posted = rated("0.9", 100)
        made = differences("2025-03", posted, rated("1", 200))
        assert [(n.clause, n.unrounded, n.lineage["causes"]) for n in made] == [
            ("t", D(80), ["team"])
        ]
        made = differences("2025-03", posted, rated("0", 100))
        assert [(n.clause, n.unrounded, n.lineage["causes"]) for n in made] == [
            ("p", D(-800), ["kpi"])
        ]
        assert "draw" not in made[0].lineage

    def test_a_score_is_taken_apart_to_its_parts(self):
        kpi = scheme(("sales", "0.4", "100", "1.5"), ("fans", "0.6", "50", "2"), position=12)
        figures = measured(on(3, "sales", 200), on(3, "fans", 40))
        line = earned(term("p", performance("1000")), figures=figures, kpi=kpi)[0]
        assert line.lineage["kpi"] == {
            "scheme": "live", "position": 12, "score": "1.08",
            "parts": [
                {"metric": "sales", "weight": "0.4", "actual": "200", "target": "100",
                 "cap": "1.5", "reached": "1.5"},
                {"metric": "fans", "weight": "0.6", "actual": "40", "target": "50",
                 "cap": "2", "reached": "0.8"},
            ],
        }  # fmt: skip
        assert (line.base, line.rate, line.lineage["proration"]) == (1000, 1, "calendar_days")

    def test_a_team_line_says_both_months_and_their_batches(self):
        kpi = scheme(("sales", "1", "100", "1"))
        line = earned(
            term("p", performance("1000")),
            term("t", team("10%")),
            figures=measured(on(3, "sales", 100)),
            kpi=kpi,
            team_figures=measured(on(3, "traffic", 1200), batches=["now"]),
            team_figures_last=measured(
                on(3, "traffic", 1000, month=Month(2025, 2)), batches=["last"]
            ),
        )[-1]
        assert (line.base, line.rate, line.amount) == (1000, D("0.1"), 100)
        assert line.lineage["team"] == {
            "metric": "traffic", "this_month": "1200", "last_month": "1000"
        }  # fmt: skip
        assert line.lineage["batches"] == ["now", "last"]

    def test_fixed_pay_names_its_amount_and_policy_and_no_figures(self):
        line = earned(term("b", base_pay("8000")), figures=measured(on(3, "sales", 1)))[0]
        assert (line.base, line.lineage["proration"]) == (8000, "workdays_actual")
        assert line.lineage["batches"] == []

    def test_a_bonus_names_its_figure_and_how_often_it_was_earned(self):
        clause = fan_bonus(threshold="10", per="step", step_size="5", category="beauty")
        figures = measured(on(3, "fans", 21, "beauty"), on(3, "fans", 99, "food"))
        line = earned(term("f", clause), figures=figures)[0]
        assert (line.base, line.amount) == (21, 10000)
        assert line.lineage["metrics"] == ["fans/beauty"]
        assert line.lineage["awards"] == 2
        assert line.en.endswith("paid above 10, for each full 5: 2 × 5,000.00 = 10,000.00")

    def test_a_bonus_without_a_category_names_its_metric_alone(self):
        line = earned(term("f", fan_bonus()), figures=measured(on(3, "fans", 60000, "food")))[0]
        assert (line.lineage["metrics"], line.amount) == (["fans"], 5000)

    def test_an_uplift_names_its_figure_and_its_rate(self):
        clause = {"kind": "category_uplift", "category": "beauty", "added_rate": "0.5%"}
        given = term("u", {**clause, "stacking_order": 1})
        line = earned(given, figures=measured(on(3, "sales", 1000, "beauty")))[0]
        assert (line.code, line.base, line.rate) == ("category_uplift", 1000, D("0.005"))
        assert line.lineage["metrics"] == ["sales/beauty"]

    def test_an_uplift_on_days_that_do_not_add_up_is_refused_with_its_clause(self):
        clause = {"kind": "category_uplift", "category": "beauty", "added_rate": "0.5%"}
        given = term("u", {**clause, "metric": "peak", "stacking_order": 1})
        with pytest.raises(Invalid, match="metric peak do not add up: clause u"):
            earned(given, figures=measured(on(3, "peak", 1, "beauty"), peak="max"))


class TestFigures:
    def test_a_bonus_whose_terms_change_twice_gives_each_award_once(self):
        """A step each 10 fans: two reached on the 3rd, a third on the 13th, none after."""
        clause = fan_bonus(threshold="0", boundary="from", per="step", step_size="10")
        parts = [
            term("f", {**clause, "amount": amount}, start=date(2025, 3, a), end=date(2025, 3, b))
            for amount, a, b in (("1", 1, 10), ("2", 10, 20), ("4", 20, 31))
        ]
        figures = measured(on(3, "fans", 20), on(13, "fans", 10), on(23, "fans", 9))
        assert [line.amount for line in earned(*parts, figures=figures)] == [2, 2, 0]

    def test_a_day_is_live_by_all_its_minutes_together(self):
        asked = {"days": 1, "hours_a_day": "6"}
        given = term("g", guarantee("1000", conditions=asked))
        rows = (on(3, "live_minutes", 200), on(3, "live_minutes", 160))
        assert amounts(earned(given, figures=measured(*rows))) == ["guarantee 1000.00"]

    def test_days_after_the_guarantees_end_do_not_meet_its_conditions(self):
        asked = {"days": 1, "hours_a_day": "1"}
        given = term("g", guarantee("3100", conditions=asked), end=date(2025, 3, 11))
        on_its_days = earned(given, figures=measured(on(10, "live_minutes", 60)))
        assert amounts(on_its_days) == ["guarantee 1000.00"]
        after = earned(given, figures=measured(on(11, "live_minutes", 60)))
        assert amounts(after) == ["guarantee 0.00"]
        assert "0 days live of 1 hours or more; 1 were agreed" in after[0].en

    def test_sessions_of_a_category_are_counted_by_its_own_minutes(self):
        clause = {"kind": "sessions", "least": 1, "per": "month", "hours_each": "1"}
        given = term("s", {**clause, "category": "beauty"})
        of_another = earned(given, figures=measured(on(3, "live_minutes", 60, "food")))
        assert [line.component for line in of_another] == ["information"]
        assert earned(given, figures=measured(on(3, "live_minutes", 60, "beauty"))) == ()

    def test_pay_of_exactly_the_guarantee_has_no_line_for_it(self):
        lines = earned(
            term("c", commission("100%")),
            term("g", guarantee("1000")),
            figures=measured(on(3, "sales", 1000)),
        )
        assert amounts(lines) == ["commission 1000.00"]

    def test_half_a_yuan_above_the_guarantee_comes_back_and_the_line_says_what_is_left(self):
        line = earned(
            term("b", base_pay("500")),
            term("c", commission("100%")),
            term("g", guarantee("1000", "recoverable_draw")),
            figures=measured(on(3, "sales", "500.50")),
            draw_balance=D("9.50"),
        )[-1]
        assert (line.code, line.amount, line.base) == ("draw_recovery", D("-0.50"), D("9.50"))
        assert line.en.endswith("0.50 taken back, 9.00 left")


def test_a_wages_result_names_its_month() -> None:
    payment = tax.WagesPayment(income=D(1), months_employed=1)
    assert tax.wages_tax(tax.WagesYear(year=2025), payment, DECEMBER, BOOK).month == DECEMBER


def test_a_metric_may_weigh_nothing_but_not_be_capped_at_nothing() -> None:
    check_weights((KpiMetric("a", D(1), D(1), D(1)), KpiMetric("b", D(0), D(1), D(1))))
    with pytest.raises(Invalid):
        check_weights((KpiMetric("a", D(1), D(1), D(0)),))


class TestAggregations:
    """Three days of 10, 30 and 20: the peak is 30, the last is 20, the average is 20, in all 60."""

    @pytest.mark.parametrize(
        ("how", "month"), [("max", 30), ("last", 20), ("average", 20), ("sum", 60)]
    )
    def test_a_bonus_is_judged_by_the_month_as_its_metric_makes_it(self, how, month):
        figures = measured(*(on(d, "fans", v) for d, v in ((1, 10), (2, 30), (3, 20))), fans=how)
        line = earned(term("f", fan_bonus()), figures=figures)[0]
        assert line.base == month

    def test_an_average_of_two_days_is_half_of_both(self):
        figures = measured(on(1, "fans", 10), on(2, "fans", 31), fans="average")
        assert earned(term("f", fan_bonus()), figures=figures)[0].base == D("20.5")


class TestEdges:
    def test_a_day_of_rest_that_is_not_paid_counts_by_calendar_days_alone(self):
        """Sunday 2 March 2025."""
        away = Attendance((Unpaid(date(2025, 3, 2)),))
        by = {
            p: earned(term("b", base_pay("3100", p)), attendance=away)[0].amount for p in POLICIES
        }
        assert by == {**dict.fromkeys(POLICIES, 3100), "calendar_days": 3000}

    def test_a_gate_is_passed_by_exactly_its_minimum(self):
        clause = performance("1000", gates=[{"metric": "fans", "minimum": "5"}])
        kpi = scheme(("sales", "1", "100", "1"))
        for fans, paid in ((5, 1000), (4, 0)):
            figures = measured(on(3, "sales", 100), on(3, "fans", fans))
            assert earned(term("p", clause), figures=figures, kpi=kpi)[0].amount == paid

    def test_a_team_grows_on_a_last_month_of_one(self):
        lines = earned(
            term("p", performance("1000")),
            term("t", team("10%")),
            figures=measured(on(3, "sales", 100)),
            kpi=scheme(("sales", "1", "100", "1")),
            team_figures=measured(on(3, "traffic", 2)),
            team_figures_last=measured(on(3, "traffic", 1, month=Month(2025, 2))),
        )
        assert amounts(lines)[-1] == "team_incentive 100.00"

    def test_a_team_that_did_not_grow_enough_has_no_rate(self):
        lines = earned(
            term("p", performance("1000")),
            term("t", team("10%")),
            figures=measured(on(3, "sales", 100)),
            kpi=scheme(("sales", "1", "100", "1")),
        )
        assert (lines[-1].rate, lines[-1].amount) == (0, 0)
        assert "no team figures last month" in lines[-1].en

    def test_contributions_owed_from_before_are_held_against_pay_after_tax(self):
        """1,000 less 30 of tax leaves 970 for the 980 that are owed."""
        before = PaidMonth(month="2025-11", income=D(5000), months_employed=1)
        facts = TaxProfile(employed_from=date(2025, 11, 1))
        made = slip("6000", history=(before,), tax=facts, owed_in=D(-5980))
        assert (made.tax, made.net, made.owed_out) == (30, 0, D(-10))

    def test_a_fen_beyond_a_fifth_is_held_back_though_little_is_wanted(self):
        made = slip("4.99", arrears=(late("-1"),))
        assert (made.gross, made.carried_out) == (4, D("-0.01"))

    def test_a_city_whose_minimum_wage_is_not_known_on_the_pay_date_guards_by_a_fifth(self):
        """July 2025 paid in advance, on a day before Shanghai's table starts."""
        own = replace(SHANGHAI, declared_insurance=D(0), declared_fund=D(0))
        given = {"month": Month(2025, 7), "pay_date": date(2025, 6, 30), "insurance": own}
        assert slip("1000", carried_in=D(-500), **given).gross == 800

    def test_a_payslip_says_whose_it_is_and_for_which_month(self):
        made = slip("1", contract="C-7", person="P-8", character="business_income")
        assert (made.contract, made.person) == ("C-7", "P-8")
        assert (made.month, made.pay_date) == ("2025-12", "2025-12-31")
        assert made.character == "business_income"

    def test_a_commission_line_says_its_figure_and_a_rate_where_there_is_one(self):
        figures = measured(on(3, "sales", 150000, "beauty"))
        plain = earned(term("c", commission("5%", category="beauty")), figures=figures)[0]
        assert (plain.base, plain.rate) == (150000, D("0.05"))
        assert plain.lineage["metrics"] == ["sales/beauty"]
        tiers = commission("5%", ("100000", "1%"))
        tiered = earned(term("c", tiers), figures=figures)[0]
        assert (tiered.base, tiered.rate) == (150000, None)
        assert tiered.lineage["slices"] == [["150000", "0.05"], ["50000", "0.01"]]

    @pytest.mark.parametrize(
        ("tiers", "problem"),
        [
            ([("1000", None), ("500", None)], "order"),
            ([("500", "500")], "order"),
            ([("500", "900"), ("1000", None)], "gap"),
            ([("500", "1100"), ("1000", None)], "overlap"),
            ([("500", "900")], "open_top"),
        ],
    )
    def test_bad_tiers_are_refused_with_their_clause_and_their_problem(self, tiers, problem):
        rows = [{"start": s, "rate": "1%", **({"end": e} if e else {})} for s, e in tiers]
        clause = commission("5%", ("1", "1%"), tiers=rows)
        with pytest.raises(Invalid) as refused:
            earned(term("special", clause))
        assert refused.value.details["problem"] == problem
        assert refused.value.details["field"] == "special.tiers"

    def test_tiers_that_can_be_read_in_many_ways_are_refused_with_their_clause(self):
        clause = commission("5%", ("1000", "1%"), mode=None)
        with pytest.raises(AmbiguousClause, match="Clause special does not say its mode"):
            earned(term("special", clause))

    def test_a_tier_is_left_at_its_end_by_the_boundary(self):
        """Above 100 up to 200 and from 100 to 200 differ at both ends."""
        for boundary, at_200 in (("above", "0.06"), ("from", "0.07")):
            tiers = (("100", "1%"), ("200", "2%"))
            clause = commission("5%", *tiers, mode="whole", boundary=boundary)
            line = earned(term("c", clause), figures=measured(on(3, "sales", 200)))[0]
            assert line.rate == D(at_200)

    def test_a_changed_team_incentive_is_refused_with_its_clause(self):
        kpi = scheme(("sales", "1", "100", "1"))
        parts = (
            term("t", team("10%"), end=date(2025, 3, 16)),
            term("t", team("20%"), start=date(2025, 3, 16)),
        )
        with pytest.raises(Invalid) as refused:
            earned(term("p", performance("1")), *parts, kpi=kpi)
        assert refused.value.details["field"] == "t.effective"
        with pytest.raises(Invalid) as refused:
            earned(term("p", performance("1")), parts[1], kpi=kpi)
        assert refused.value.details["field"] == "t.effective"
