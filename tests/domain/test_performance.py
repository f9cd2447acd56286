"""KPI scores, performance pay and the team incentive."""

from datetime import date
from decimal import Decimal

import pytest

from domain.figures import figures_of
from domain.kpi_terms import KpiMetric, check_weights
from domain.performance import score
from domain.periods import Month, Period
from domain.refusals import Invalid, NoRule
from tests.domain.paying import (
    MARCH,
    amount_of,
    amounts,
    earned,
    measured,
    on,
    performance,
    scheme,
    team,
    term,
)

BEFORE = scheme(("sales", "0.9", "100000", "1.5"), ("fans", "0.1", "1000", "1.5"))
AFTER = scheme(("sales", "0.6", "100000", "1.5"), ("fans", "0.4", "1000", "1.5"))
FIGURES = measured(on(9, "sales", 90000), on(9, "fans", 2000), on(9, "live_minutes", 6000))


def scored(kpi, figures=FIGURES):
    return score(kpi["live"], figures, [MARCH.period])


class TestScore:
    def test_a_score_is_the_sum_of_weight_times_actual_over_target_up_to_the_cap(self):
        """90 % × 0.9 + 10 % × min(1.5, 2) = 0.96."""
        assert scored(BEFORE).value == Decimal("0.96")
        assert scored(BEFORE).text == "90 % × 0.9 + 10 % × 1.5 = 0.96"

    def test_fans_gained_from_10_to_40_per_cent_changes_the_score(self):
        assert scored(AFTER).value == Decimal("1.14")

    def test_every_part_stands_in_the_lineage_unrounded(self):
        kpi = scheme(("sales", "1", "110000", "1.5"), position=99)
        cited = scored(kpi).cited
        assert cited["position"] == 99
        assert cited["parts"][0]["reached"] == str(Decimal(90000) / Decimal(110000))
        assert cited["score"] == str(Decimal(90000) / Decimal(110000))

    @pytest.mark.parametrize(
        ("weights", "sum_"), [(("0.5", "0.4999"), "99.99%"), (("0.5", "0.5001"), "100.01%")]
    )
    def test_weights_that_do_not_sum_to_100_per_cent_are_refused_with_their_sum(
        self, weights, sum_
    ):
        kpi = scheme(("sales", weights[0], "1", "1"), ("fans", weights[1], "1", "1"))
        with pytest.raises(Invalid) as refused:
            scored(kpi)
        assert sum_ in refused.value.en and sum_ in refused.value.zh
        assert refused.value.details["sum"] == sum_

    def test_three_thirds_are_written_so_that_they_sum_to_one(self):
        thirds = [
            KpiMetric(m, Decimal(w), Decimal(1), Decimal(1))
            for m, w in (("a", "0.3333"), ("b", "0.3333"), ("c", "0.3334"))
        ]
        check_weights(tuple(thirds))

    def test_a_metric_stands_once_and_its_target_is_above_nothing(self):
        with pytest.raises(Invalid, match="twice"):
            scored(scheme(("sales", "0.5", "1", "1"), ("sales", "0.5", "1", "1")))
        with pytest.raises(Invalid, match="above 0"):
            scored(scheme(("sales", "1", "0", "1")))


class TestPerformancePay:
    @pytest.mark.parametrize(
        ("sales", "expected"),
        [
            (79999, "0.00"),
            (80000, "1600.00"),
            (99999, "1600.00"),
            (100000, "2000.00"),
            (110000, "2400.00"),
        ],
    )
    def test_the_coefficient_of_the_row_the_score_reaches_is_paid(self, sales, expected):
        lines = earned(
            term("p", performance("2000")),
            figures=measured(on(9, "sales", sales)),
            kpi=scheme(("sales", "1", "100000", "1.5")),
        )
        assert amounts(lines) == [f"performance_pay {expected}"]

    def test_the_line_shows_the_score_and_names_the_weights(self):
        (line,) = earned(term("p", performance("2000")), figures=FIGURES, kpi=BEFORE)
        assert line.zh == (
            "绩效：得分 90 % × 0.9 + 10 % × 1.5 = 0.96，系数 0.8：2,000.00 × 0.8 = 1,600.00"
        )
        assert line.lineage["kpi"]["position"] == 7

    def test_below_the_lowest_row_nothing_is_paid(self):
        low = performance("2000", coefficients=[{"from_score": "2", "coefficient": "1"}])
        lines = earned(term("p", low), figures=FIGURES, kpi=BEFORE)
        assert amounts(lines) == ["performance_pay 0.00"]

    def test_a_gate_that_is_not_passed_pays_nothing_and_says_so(self):
        gated = performance("2000", gates=[{"metric": "live_minutes", "minimum": "6001"}])
        (line,) = earned(term("p", gated), figures=FIGURES, kpi=AFTER)
        assert line.amount == 0
        assert "未过门槛：直播分钟数 6,000，须达到 6,001" in line.zh

    def test_a_scheme_without_weights_for_the_month_is_refused(self):
        with pytest.raises(NoRule, match="no weights for 2025-03"):
            earned(term("p", performance("2000")), figures=FIGURES)

    def test_a_joiners_base_is_prorated_by_the_clauses_policy(self):
        lines = earned(
            term("p", performance("3100")),
            figures=measured(on(25, "sales", 100000)),
            kpi=scheme(("sales", "1", "100000", "1")),
            engagement=Period(date(2025, 3, 22)),
        )
        assert amounts(lines) == ["performance_pay 1000.00"]


class TestTeamIncentive:
    def lines(self, this_month, last_month, own="333.33", **more):
        month_before = Month(2025, 2)
        last = [on(20, "traffic", last_month, month=month_before)] if last_month else []
        return earned(
            term("p", performance(own)),
            term("t", team(**more)),
            figures=measured(on(9, "sales", 100000)),
            kpi=scheme(("sales", "1", "100000", "1")),
            team_figures=measured(on(9, "traffic", this_month)),
            team_figures_last=figures_of(last),
        )

    @pytest.mark.parametrize(
        ("this_month", "boundary", "expected"),
        [("1150", "above", "0.00"), ("1150.01", "above", "33.33"), ("1150", "from", "33.33")],
    )
    def test_growth_above_15_per_cent_adds_10_per_cent(self, this_month, boundary, expected):
        lines = self.lines(this_month, "1000", boundary=boundary)
        assert amounts(lines)[1] == f"team_incentive {expected}"

    def test_the_percentage_is_of_the_rounded_performance_pay(self):
        """1,000 × 10 of 31 days = 322.5806… → 322.58; 25 % of it is 80.645 → 80.65, not 80.64."""
        month_before = measured(on(20, "traffic", "1000", month=Month(2025, 2)))
        lines = earned(
            term("p", performance("1000")),
            term("t", team("25%")),
            figures=measured(on(25, "sales", 100000)),
            kpi=scheme(("sales", "1", "100000", "1")),
            team_figures=measured(on(25, "traffic", "2000")),
            team_figures_last=month_before,
            engagement=Period(date(2025, 3, 22)),
        )
        assert amounts(lines) == ["performance_pay 322.58", "team_incentive 80.65"]

    def test_a_team_without_figures_last_month_has_no_growth(self):
        line = self.lines("1000", None)[1]
        assert (line.amount, "上月没有团队数据" in line.zh) == (0, True)

    def test_the_line_shows_the_growth(self):
        line = self.lines("1200", "1000")[1]
        assert "(1,200 − 1,000) ÷ 1,000 = 20 %" in line.en
        assert line.en.endswith("333.33 × 10 % ≈ 33.33")

    def test_a_change_inside_the_month_is_refused_for_growth_is_of_whole_months(self):
        with pytest.raises(Invalid, match="whole months"):
            earned(term("t", team(), start=date(2025, 3, 10)))

    def test_without_performance_pay_there_is_nothing_to_take_a_percentage_of(self):
        lines = earned(
            term("t", team()),
            team_figures=measured(on(9, "traffic", 2000)),
            team_figures_last=measured(on(9, "traffic", 1000, month=Month(2025, 2))),
        )
        assert amount_of(lines, "team_incentive") == 0
