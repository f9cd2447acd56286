"""Earnings: given clauses and figures, the month's lines."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.payslip import Attendance, Unpaid, differences
from domain.periods import Month, Period
from domain.refusals import AmbiguousClause, Invalid
from tests.domain.paying import (
    MARCH,
    amount_of,
    amounts,
    base_pay,
    commission,
    earned,
    fan_bonus,
    guarantee,
    live_days,
    measured,
    on,
    term,
)

RAISE = ("100000", "1%")
MID = date(2025, 3, 16)


def march(metric, *values, category=""):
    """Figures on 10 and 20 March."""
    days = zip((10, 20), values, strict=False)
    return [on(day, metric, value, category) for day, value in days]


class TestBasePay:
    def test_a_whole_month_pays_the_whole_amount_under_every_policy(self):
        for policy in ("paid_days_21_75", "deduct_21_75", "workdays_actual", "calendar_days"):
            for month in (Month(2025, 2), Month(2025, 7)):  # 20 and 23 workdays
                lines = earned(term("base", base_pay("8000", policy)), month=month)
                assert amounts(lines) == ["base_pay 8000.00"]

    def test_a_raise_from_22000_to_26400_on_16_march_2026_gives_24400(self):
        """10 + 12 of 22 work days (rules-cn.md)."""
        change = date(2026, 3, 16)
        lines = earned(
            term("base", base_pay("22000"), end=change),
            term("base", base_pay("26400"), start=change),
            month=Month(2026, 3),
        )
        assert amounts(lines) == ["base_pay 10000.00", "base_pay 14400.00"]
        assert lines[0].zh == "底薪（03-01 至 03-15）：22,000.00 × 10 ÷ 22 = 10,000.00"

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            # Joined on Monday 17 March 2025: 11 of 21 workdays, 15 of 31 days.
            ("paid_days_21_75", "4045.98"),  # 8,000 ÷ 21.75 × 11
            ("deduct_21_75", "4321.84"),  # 8,000 − 8,000 ÷ 21.75 × 10
            ("workdays_actual", "4190.48"),  # 8,000 × 11 ÷ 21
            ("calendar_days", "3870.97"),  # 8,000 × 15 ÷ 31
        ],
    )
    def test_a_joiner_is_paid_by_the_policy_the_clause_names(self, policy, expected):
        lines = earned(term("base", base_pay("8000", policy)), engagement=Period(date(2025, 3, 17)))
        assert amounts(lines) == [f"base_pay {expected}"]

    def test_a_leaver_is_paid_until_the_last_day(self):
        lines = earned(term("base", base_pay("8000")), engagement=Period(date(2024, 1, 1), MID))
        assert amounts(lines) == ["base_pay 3809.52"]  # 10 of 21

    def test_unpaid_days_are_not_paid_and_half_a_day_counts_half(self):
        off = (Unpaid(date(2025, 3, 4)), Unpaid(date(2025, 3, 5), Decimal("0.5")))
        lines = earned(term("base", base_pay("2100")), attendance=Attendance(off))
        assert amounts(lines) == ["base_pay 1950.00"]

    def test_an_unpaid_saturday_takes_nothing_from_pay_by_workdays(self):
        off = Attendance((Unpaid(date(2025, 3, 8)),))
        lines = earned(term("base", base_pay("2100")), attendance=off)
        assert amounts(lines) == ["base_pay 2100.00"]

    def test_no_day_of_contract_no_line(self):
        lines = earned(term("base", base_pay("8000")), engagement=Period(date(2025, 4, 1)))
        assert lines == ()


class TestCommission:
    def test_the_line_shows_the_sum_in_both_languages(self):
        lines = earned(
            term("c", commission("5%", RAISE), position=42),
            figures=measured(*march("sales", 60000, 60000)),
        )
        assert amounts(lines) == ["commission 6200.00"]
        sum_ = "120,000.00 × 5 % + 20,000.00 × 1 % = 6,200.00"
        assert lines[0].zh == f"提成（直播间销售额）：{sum_}"
        assert lines[0].en == f"Commission on live-room sales: {sum_}"
        assert lines[0].lineage["clauses"][0]["position"] == 42
        assert lines[0].lineage["batches"] == ["batch-1"]

    def test_tiers_without_mode_and_step_pay_nothing_but_are_refused(self):
        unsaid = commission("5%", RAISE, mode=None, step=None)
        with pytest.raises(AmbiguousClause, match=r"6,200\.00, 7,200\.00 or 6,060\.00"):
            earned(term("c", unsaid), figures=measured(*march("sales", 120000)))

    def test_a_category_counts_alone(self):
        figures = measured(*march("sales", 1000, category="beauty"), *march("sales", 5000))
        lines = earned(term("c", commission("5%", category="beauty")), figures=figures)
        assert amounts(lines) == ["commission 50.00"]

    def test_paid_and_settled_sales_are_two_metrics(self):
        figures = measured(*march("sales", 1000), *march("sales_paid", 3000))
        assert amounts(earned(term("c", commission("5%")), figures=figures)) == ["commission 50.00"]
        assert amounts(earned(term("c", commission("5%", base="paid")), figures=figures)) == [
            "commission 150.00"
        ]

    def test_cap_and_floor_hold_the_month(self):
        figures = measured(*march("sales", 100000))
        capped = earned(term("c", commission("5%", cap="3000")), figures=figures)
        assert amounts(capped) == ["commission 3000.00"]
        assert capped[0].zh.endswith("100,000.00 × 5 % = 5,000.00，封顶 3,000.00 → 3,000.00")
        lifted = earned(term("c", commission("5%", floor="6000")), figures=figures)
        assert amounts(lifted) == ["commission 6000.00"]

    def test_returns_make_the_month_negative_and_the_line_too(self):
        lines = earned(term("c", commission("5%")), figures=measured(*march("sales", 100, -500)))
        assert amounts(lines) == ["commission -20.00"]

    def test_no_sales_is_a_line_of_nothing(self):
        assert amounts(earned(term("c", commission("5%")))) == ["commission 0.00"]

    def test_peak_viewers_cannot_bear_a_commission(self):
        with pytest.raises(Invalid, match="do not add up"):
            earned(
                term("c", commission("5%", metric="peak")),
                figures=measured(on(3, "peak", 9), peak="max"),
            )

    def test_a_share_of_gift_income(self):
        share = {"kind": "revenue_share", "metric": "gift_income", "share": "45%"}
        lines = earned(term("s", share), figures=measured(*march("gift_income", 20000)))
        assert amounts(lines) == ["revenue_share 9000.00"]

    def test_uplifts_stack_by_order_and_add_up(self):
        def uplift(rate, order):
            return {
                "kind": "category_uplift",
                "category": "beauty",
                "added_rate": rate,
                "stacking_order": order,
            }

        lines = earned(
            term("a_late", uplift("0.5%", 2)),
            term("z_early", uplift("1%", 1)),
            figures=measured(*march("sales", 10000, category="beauty"), on(9, "sales", 7)),
        )
        assert [(line.clause, str(line.amount)) for line in lines] == [
            ("z_early", "100.00"),
            ("a_late", "50.00"),
        ]


class TestChangesInsideTheMonth:
    def test_marginal_tiers_walk_on_through_the_month(self):
        """80,000 to the 15th at 5 %; then 40,000 under 6 %, of which 20,000 lie above 100,000."""
        lines = earned(
            term("c", commission("5%", RAISE), end=MID),
            term("c", commission("6%", RAISE), start=MID),
            figures=measured(*march("sales", 80000, 40000)),
        )
        assert amounts(lines) == ["commission 4000.00", "commission 2600.00"]
        assert "40,000.00 × 6 % + 20,000.00 × 1 %" in lines[1].zh

    def test_whole_tiers_take_the_rate_of_the_months_total(self):
        lines = earned(
            term("c", commission("5%", RAISE, mode="whole"), end=MID),
            term("c", commission("6%", RAISE, mode="whole"), start=MID),
            figures=measured(*march("sales", 80000, 40000)),
        )
        assert amounts(lines) == ["commission 4800.00", "commission 2800.00"]

    def test_a_clause_that_begins_inside_the_month_does_not_see_earlier_sales(self):
        lines = earned(
            term("c", commission("5%", RAISE), start=MID),
            figures=measured(*march("sales", 80000, 40000)),
        )
        assert amounts(lines) == ["commission 2000.00"]

    def test_a_cap_holds_over_both_versions(self):
        lines = earned(
            term("c", commission("5%", cap="3000"), end=MID),
            term("c", commission("6%", cap="3000"), start=MID),
            figures=measured(*march("sales", 40000, 40000)),
        )
        assert amounts(lines) == ["commission 2000.00", "commission 1000.00"]

    def test_a_cap_that_changes_inside_the_month_is_refused(self):
        with pytest.raises(Invalid, match="changes inside the month"):
            earned(
                term("c", commission("5%", cap="3000"), end=MID),
                term("c", commission("5%", cap="4000"), start=MID),
            )

    def test_a_key_that_changes_its_kind_pays_both_for_their_days(self):
        share = {"kind": "revenue_share", "metric": "sales", "share": "10%"}
        lines = earned(
            term("pay", commission("5%"), end=MID),
            term("pay", share, start=MID),
            figures=measured(*march("sales", 1000, 1000)),
        )
        assert sorted(amounts(lines)) == ["commission 50.00", "revenue_share 100.00"]


class TestMetricBonus:
    @pytest.mark.parametrize(
        ("boundary", "fans", "expected"),
        [("above", 50000, 0), ("above", 50001, 5000), ("from", 50000, 5000), ("from", 49999, 0)],
    )
    def test_fans_above_50000_in_a_month_pay_5000(self, boundary, fans, expected):
        lines = earned(
            term("fans", fan_bonus(boundary=boundary)), figures=measured(on(31, "fans", fans))
        )
        assert amount_of(lines, "metric_bonus") == expected

    @pytest.mark.parametrize(
        ("boundary", "fans", "expected"),
        [
            ("from", 59999, 0),
            ("from", 60000, 500),
            ("from", 79999, 1000),
            ("above", 60000, 0),
            ("above", 60001, 500),
            ("above", 80000, 1000),
            ("from", 10, 0),
        ],
    )
    def test_a_step_bonus_pays_for_each_full_step_beyond_the_threshold(
        self, boundary, fans, expected
    ):
        step = fan_bonus(per="step", step_size="10000", amount="500", boundary=boundary)
        lines = earned(term("fans", step), figures=measured(on(31, "fans", fans)))
        assert amount_of(lines, "metric_bonus") == expected

    def test_the_version_under_which_it_is_reached_pays_and_only_once(self):
        def paid(first, second):
            return [
                line.amount
                for line in earned(
                    term("fans", fan_bonus(), end=MID),
                    term("fans", fan_bonus(amount="8000"), start=MID),
                    figures=measured(*march("fans", first, second)),
                )
            ]

        assert paid(60000, 10000) == [5000, 0]
        assert paid(30000, 30000) == [0, 8000]
        assert paid(60000, -20000) == [0, 0]  # the month's total does not reach it

    def test_peak_viewers_are_judged_by_their_peak(self):
        bonus = fan_bonus(metric="peak", threshold="100", boundary="from")
        figures = measured(*march("peak", 100, 60), peak="max")
        assert amount_of(earned(term("p", bonus), figures=figures), "metric_bonus") == 5000


class TestGuarantee:
    SALES = measured(*march("sales", 100000))  # 5,000 at 5 %

    def lines(self, offset, *, sales=SALES, base=None, **more):
        terms = [term("c", commission("5%")), term("g", guarantee("10000", offset))]
        if base:
            terms.append(term("base", base_pay(base)))
        return earned(*terms, figures=sales, **more)

    def test_max_pays_the_guarantee_or_the_variable_pay_with_base_pay_on_top(self):
        assert amount_of(self.lines("max", base="8000"), "guarantee") == 5000

    def test_top_up_looks_at_all_earnings_of_the_month(self):
        assert amount_of(self.lines("top_up"), "guarantee") == 5000
        assert amount_of(self.lines("top_up", base="3000"), "guarantee") == 2000
        assert amount_of(self.lines("top_up", base="8000"), "guarantee") == 0

    def test_a_recoverable_draw_is_an_advance_that_excess_pays_back(self):
        assert amounts(self.lines("recoverable_draw"))[-1] == "guarantee_draw 5000.00"
        rich = measured(*march("sales", 240000))  # 12,000
        back = self.lines("recoverable_draw", sales=rich, draw_balance=Decimal(5000))
        assert amounts(back) == ["commission 12000.00", "draw_recovery -2000.00"]
        small = self.lines("recoverable_draw", sales=rich, draw_balance=Decimal(500))
        assert amounts(small)[-1] == "draw_recovery -500.00"

    @pytest.mark.parametrize(
        ("days", "hours", "due"), [(26, "6", True), (25, "6", False), (26, "5.9", False)]
    )
    def test_10000_are_guaranteed_for_26_days_of_6_hours(self, days, hours, due):
        asked = guarantee("10000", "max", conditions={"days": 26, "hours_a_day": "6"})
        lines = earned(term("g", asked), figures=measured(*live_days(days, hours)))
        assert amount_of(lines, "guarantee") == (10000 if due else 0)
        assert lines[0].component == ("earnings" if due else "information")

    def test_months_measured_as_a_whole_give_their_live_days_as_a_number(self):
        asked = guarantee("10000", "max", conditions={"days": 26, "hours_a_day": "6"})
        rows = [on(31, "live_days", 26), on(31, "live_minutes", 26 * 360)]
        assert amount_of(earned(term("g", asked), figures=measured(*rows)), "guarantee") == 10000

    def test_a_guarantee_with_a_share_of_gifts(self):
        """保底 10,000, 45 % of 20,000 gift income is 9,000: 1,000 more."""
        share = {"kind": "revenue_share", "metric": "gift_income", "share": "45%"}
        lines = earned(
            term("s", share),
            term("g", guarantee("10000")),
            figures=measured(*march("gift_income", 20000)),
        )
        assert amounts(lines) == ["revenue_share 9000.00", "guarantee 1000.00"]

    def test_a_guarantee_that_is_raised_inside_the_month_is_shared_by_its_policy(self):
        """10,000 for 15 of 31 days and 12,000 for 16: 4,838.71 + 6,193.55, rounded once."""
        lines = earned(
            term("g", guarantee("10000"), end=MID), term("g", guarantee("12000"), start=MID)
        )
        assert amounts(lines) == ["guarantee 11032.26"]
        assert len(lines[0].lineage["clauses"]) == 2

    def test_an_offset_that_changes_inside_the_month_is_refused(self):
        with pytest.raises(Invalid, match="offset"):
            earned(
                term("g", guarantee("1", "max"), end=MID),
                term("g", guarantee("1", "top_up"), start=MID),
            )

    @pytest.mark.parametrize(("sales", "taken"), [("200000", 0), ("206000", 300), ("300000", 700)])
    def test_a_draw_is_taken_back_only_from_what_lies_above_the_guarantee(self, sales, taken):
        """The same where the conditions of the month were missed."""
        asked = guarantee("10000", "recoverable_draw", conditions={"days": 26})
        lines = earned(
            term("c", commission("5%")),
            term("g", asked),
            figures=measured(*march("sales", sales)),
            draw_balance=Decimal(700),
        )
        assert amount_of(lines, "draw_recovery") == -taken

    def test_a_joiners_guarantee_is_prorated(self):
        lines = earned(term("g", guarantee("3100")), engagement=Period(date(2025, 3, 22)))
        assert amounts(lines) == ["guarantee 1000.00"]


class TestMinimums:
    def test_hours_that_were_not_reached_are_said_and_cost_nothing(self):
        hours = {"kind": "hours", "minimum_hours": "100", "minimum_days": 20}
        (line,) = earned(term("h", hours), figures=measured(*live_days(19, "6")))
        assert (line.component, line.amount) == ("information", 0)
        assert line.zh == "直播时长（03-01 – 03-31）：114 小时、19 天，未达到 100小时 / 20天"
        assert earned(term("h", hours), figures=measured(*live_days(20, "6"))) == ()

    def test_sessions_a_week_are_counted_by_live_days_in_whole_weeks(self):
        sessions = {"kind": "sessions", "least": 2, "most": 3, "per": "week", "hours_each": "2"}
        rows = live_days(14, "2")  # 1–14 March; whole weeks begin on 3, 10, 17, 24 March
        lines = earned(term("s", sessions), figures=measured(*rows))
        assert [line.zh[3:16] for line in lines] == ["03-17 – 03-23", "03-24 – 03-30"]


days = st.integers(1, 31)
splits = st.lists(days.filter(lambda day: day > 1), unique=True, max_size=3).map(sorted)
CLAUSES = [
    commission("5%", RAISE, ("150000", "2%")),
    commission("5%", RAISE, mode="whole"),
    commission("5%", RAISE, step="relative", boundary="from", cap="6000", floor="100"),
    {"kind": "revenue_share", "metric": "sales", "share": "45%"},
    {"kind": "category_uplift", "category": "beauty", "added_rate": "0.5%", "stacking_order": 1},
    base_pay("8000", "paid_days_21_75"),
    base_pay("8000", "deduct_21_75"),
    fan_bonus(metric="sales"),
    fan_bonus(metric="sales", per="step", step_size="10000"),
    guarantee("9000", "top_up"),
    guarantee("9000", "max", conditions={"days": 10, "hours_a_day": "1"}),
]
figure_rows = st.lists(
    st.builds(
        on,
        days,
        st.sampled_from(["sales", "live_minutes"]),
        st.integers(-5000, 90000),
        st.sampled_from(["", "beauty"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CLAUSES), splits, figure_rows)
def test_splitting_a_month_where_the_terms_are_equal_changes_nothing(clause, cuts, rows):
    figures = measured(*rows)
    bounds = [date(2024, 1, 1), *(date(2025, 3, day) for day in cuts), date(2025, 5, 1)]
    parts = [term("c", clause, a, b, position=n) for n, (a, b) in enumerate(pairwise(bounds))]
    whole = earned(term("c", clause), figures=figures)
    split = earned(*parts, figures=figures)
    assert [(line.code, line.unrounded, line.zh) for line in split] == [
        (line.code, line.unrounded, line.zh) for line in whole
    ]


@settings(max_examples=40, deadline=None)
@given(figure_rows, st.randoms())
def test_the_order_in_which_figures_arrive_does_not_matter(rows, random):
    terms = [term(f"c{n}", clause) for n, clause in enumerate(CLAUSES)]
    shuffled = random.sample(rows, len(rows))
    assert earned(*terms, figures=measured(*rows)) == earned(*terms, figures=measured(*shuffled))


@settings(max_examples=40, deadline=None)
@given(figure_rows)
def test_rating_a_month_again_with_nothing_changed_gives_no_difference(rows):
    terms = [term(f"c{n}", clause) for n, clause in enumerate(CLAUSES)]
    lines = earned(*terms, figures=measured(*rows))
    assert differences(MARCH, lines, earned(*terms, figures=measured(*rows))) == ()
