"""The plan check: given clauses and what they may refer to, findings."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clauses import clause_of
from domain.law import LawBook
from domain.periods import Period
from domain.plan_check import PlanContext, check_plan, refuse_bad_plan
from domain.refusals import AmbiguousClause, Invalid
from domain.tiers import rule_of
from tests.domain.paying import (
    base_pay,
    commission,
    fan_bonus,
    guarantee,
    performance,
    scheme,
    team,
)

RAISE = ("100000", "1%")
TERM = Period(date(2025, 9, 1), date(2026, 9, 1))


def found(context=None, /, **clauses):
    """Findings as "severity code clause"."""
    typed = {key: clause_of(data) for key, data in clauses.items()}
    return [f"{f.severity} {f.code} {f.clause}".strip() for f in check_plan(typed, context)]


def only(context=None, /, **clauses):
    typed = {key: clause_of(data) for key, data in clauses.items()}
    (finding,) = check_plan(typed, context)
    return finding


def with_tiers(*rows, **more):
    tiers = [{"start": a, "end": b, "rate": c} for a, b, c in rows]
    return {**commission("5%", RAISE, **more), "tiers": tiers}


def test_a_sound_plan_has_nothing_to_be_said():
    assert found(base=base_pay("8000"), c=commission("5%", RAISE), fans=fan_bonus()) == []


class TestTiers:
    @pytest.mark.parametrize(
        ("rows", "code"),
        [
            ([("0", "100", "1%"), ("200", None, "2%")], "tiers_gap"),
            ([("0", "300", "1%"), ("200", None, "2%")], "tiers_overlap"),
            ([("200", None, "1%"), ("100", None, "2%")], "tiers_order"),
            ([("100", "200", "1%")], "tiers_open_top"),
        ],
    )
    def test_gaps_and_overlaps_are_refused(self, rows, code):
        assert found(c=with_tiers(*rows)) == [f"refuse {code} c"]

    def test_a_clause_with_several_readings_is_refused_with_their_amounts(self):
        finding = only(c=commission("5%", RAISE, mode=None, step=None))
        assert (finding.severity, finding.code) == ("refuse", "ambiguous_clause")
        assert "6,200.00, 7,200.00 or 6,060.00" in finding.en
        with pytest.raises(AmbiguousClause):
            refuse_bad_plan({"c": clause_of(commission("5%", RAISE, mode=None))})

    def test_at_100000_01_pay_jumps_by_1000(self):
        finding = only(c=commission("5%", RAISE, mode="whole"))
        assert (finding.severity, finding.code) == ("warn", "cliff")
        assert finding.en == "At 100,000.01 pay jumps by 1,000.00"
        assert only(c=commission("5%", RAISE, mode="whole", boundary="from")).en == (
            "At 100,000.00 pay jumps by 1,000.00"
        )

    def test_pay_that_falls_as_sales_rise_is_told(self):
        dropping = commission("5%", ("100000", "-1%"), mode="whole")
        assert only(c=dropping).en == "At 100,000.01 pay drops by 1,000.00"
        assert found(c=dropping) == ["warn falling_pay c"]
        assert found(c=commission("5%", ("100000", "-6%"))) == ["warn falling_pay c"]
        assert found(c=commission("5%", ("100000", "-1%"))) == []

    def test_a_tier_behind_the_cap_never_pays(self):
        assert found(c=commission("5%", RAISE, cap="5000")) == ["warn unreachable_tier c"]
        assert found(c=commission("5%", RAISE, cap="5000.01")) == []

    def test_a_tier_above_every_month_so_far_is_told_with_the_highest(self):
        context = PlanContext(highest={"sales": Decimal(80000)})
        assert "80,000.00" in only(context, c=commission("5%", RAISE)).en

    def test_coefficient_tables_are_looked_at(self):
        def table(*rows):
            return performance(
                "1", coefficients=[{"from_score": a, "coefficient": b} for a, b in rows]
            )

        assert found(p=table(("0", "0"), ("0", "1"))) == ["refuse coefficients_contradict p"]
        assert found(p=table(("0", "1"), ("1", "0.5"))) == ["warn falling_pay p"]
        assert found(p=table(("0.8", "1"))) == ["warn coefficients_start_above_zero p"]
        best = PlanContext(kpi=scheme(("sales", "1", "1", "1.2")))
        assert found(best, p=table(("0", "0"), ("1.3", "1"))) == ["warn unreachable_tier p"]


class TestReferences:
    def test_a_metric_that_nobody_defined_is_refused(self):
        context = PlanContext(metrics=frozenset({"sales"}))
        assert found(context, c=commission("5%"), fans=fan_bonus()) == [
            "refuse metric_not_defined fans"
        ]
        assert found(context, c=commission("5%", base="paid")) == ["refuse metric_not_defined c"]
        asked = guarantee("9000", conditions={"days": 26, "hours_a_day": "6"})
        assert found(context, g=asked) == ["refuse metric_not_defined g"]
        gated = performance("1", gates=[{"metric": "minutes", "minimum": "1"}])
        assert found(context, p=gated) == ["refuse metric_not_defined p"]

    def test_without_a_list_of_metrics_none_is_missed(self):
        assert found(fans=fan_bonus()) == []

    def test_a_rate_on_peak_viewers_is_refused(self):
        context = PlanContext(aggregations={"peak": "max"})
        assert found(context, c=commission("5%", metric="peak")) == [
            "refuse metric_does_not_add_up c"
        ]

    @pytest.mark.parametrize(
        ("left", "right", "twice"),
        [
            (commission("5%"), commission("1%"), True),
            (commission("5%"), commission("1%", category="beauty"), True),
            (commission("5%", category="food"), commission("1%", category="beauty"), False),
            (commission("5%"), {"kind": "revenue_share", "metric": "sales", "share": "1%"}, True),
            (fan_bonus(), fan_bonus(amount="1"), True),
            (fan_bonus(), fan_bonus(threshold="80000"), False),
            (base_pay("1"), base_pay("2"), True),
            (base_pay("1"), commission("5%"), False),
        ],
    )
    def test_two_rules_that_pay_for_the_same_thing_are_told(self, left, right, twice):
        assert found(a=left, b=right) == (["warn paid_twice b"] if twice else [])

    def test_a_team_incentive_needs_performance_pay(self):
        assert found(t=team()) == ["refuse team_incentive_without_performance_pay t"]
        assert found(t=team(), p=performance("2000")) == []

    def test_performance_pay_needs_a_kpi_scheme_that_is_known(self):
        none = PlanContext(schemes=frozenset())
        assert found(none, p=performance("2000")) == ["refuse kpi_scheme_unknown p"]
        known = PlanContext(schemes=frozenset({"live"}))
        assert found(known, p=performance("2000")) == []

    def test_hours_a_day_without_days_are_refused(self):
        asked = guarantee("9000", conditions={"hours_a_day": "6"})
        assert found(g=asked) == ["refuse hours_without_days g"]

    def test_a_team_incentive_that_starts_inside_a_month_is_refused(self):
        clauses = {"t": team(), "p": performance("2000")}
        inside = PlanContext(effective=date(2025, 10, 15), changed=frozenset({"t"}))
        assert found(inside, **clauses) == ["refuse starts_inside_a_month t"]
        first = PlanContext(effective=date(2025, 10, 1), changed=frozenset({"t"}))
        assert found(first, **clauses) == []

    def changed(self, old, new, day=date(2025, 10, 15)):
        before = {"x": clause_of(old)} if old else {}
        context = PlanContext(
            effective=day, changed=frozenset({"x"}), before=before, term=TERM, probation_months=0
        )
        return found(context, p=performance("2000"), **({"x": new} if new else {}))

    @pytest.mark.parametrize(
        ("old", "new", "refused"),
        [
            (team(), None, True),
            (team(), team("20%"), True),
            (commission("5%", cap="1"), commission("5%", cap="2"), True),
            (commission("5%"), commission("5%", floor="2"), True),
            (guarantee("9000", "max"), guarantee("9000", "top_up"), True),
            (guarantee("9000", "max"), guarantee("8000", "max"), False),
            (commission("5%", cap="1"), commission("6%", cap="1"), False),
            (commission("5%", cap="1"), None, False),
            (None, commission("5%", cap="1"), False),
        ],
    )
    def test_what_holds_for_whole_months_changes_on_the_first_of_one(self, old, new, refused):
        expected = ["refuse starts_inside_a_month x"] if refused else []
        assert self.changed(old, new) == expected
        assert self.changed(old, new, date(2025, 10, 1)) == []
        assert self.changed(old, new, TERM.start) == []


class TestLaw:
    def full_time(self, **more):
        return PlanContext(term=TERM, city="shanghai", probation_months=1, **more)

    def test_a_guarantee_below_the_minimum_wage_is_refused(self):
        assert found(self.full_time(), g=guarantee("2739.99")) == [
            "refuse guarantee_below_minimum_wage g"
        ]
        assert found(self.full_time(), g=guarantee("2740")) == []
        assert (
            found(PlanContext(engagement="agency", term=TERM, city="shanghai"), g=guarantee("1"))
            == []
        )

    def test_base_pay_below_the_minimum_wage_without_a_guarantee_is_told(self):
        assert found(self.full_time(), b=base_pay("2000")) == ["warn base_pay_below_minimum_wage b"]
        assert found(self.full_time(), b=base_pay("2000"), g=guarantee("3000")) == []

    @pytest.mark.parametrize(
        ("months", "share", "findings"),
        [
            (24, "50%", []),
            (12, "30%", []),
            (12, "29.99%", ["warn non_compete_underpaid n"]),
            (13, "30%", ["warn non_compete_below_guidance n"]),
        ],
    )
    def test_a_non_compete_is_held_to_the_rule_and_the_guidance(self, months, share, findings):
        data = {"kind": "non_compete", "scope": "x", "months": months, "compensation_share": share}
        assert found(self.full_time(), n=data) == findings

    def test_a_non_compete_beyond_24_months_does_not_even_parse(self):
        data = {"kind": "non_compete", "scope": "x", "months": 25, "compensation_share": "50%"}
        with pytest.raises(Invalid):
            clause_of(data)

    def test_a_service_period_for_free_training_is_told(self):
        data = {"kind": "training", "times_a_month": 1, "service_months": 12}
        assert found(self.full_time(), t=data) == ["warn training_without_cost t"]
        assert found(self.full_time(), t={**data, "cost": "5000"}) == []

    def test_a_penalty_in_free_text_is_told_to_employers(self):
        data = {"kind": "custom", "text_zh": "提前离职须支付违约金。"}
        assert found(self.full_time(), x=data) == ["warn penalty_clause x"]
        assert found(PlanContext(engagement="agency"), x=data) == []

    def test_an_agency_contract_that_fixes_hours_looks_like_employment(self):
        finding = only(PlanContext(engagement="agency"), h={"kind": "hours", "minimum_days": 26})
        assert (finding.severity, finding.code) == ("warn", "looks_like_employment")
        assert "指导性案例239号" in finding.zh

    def test_part_time_work_beyond_4_hours_a_day_or_24_a_week_is_told(self):
        def part_time(least, hours):
            data = {"kind": "sessions", "least": least, "per": "week", "hours_each": hours}
            context = PlanContext(engagement="part_time", character="wages", term=TERM)
            return found(context, s=data)

        assert part_time(6, "4") == []
        assert part_time(7, "4") == part_time(3, "5") == ["warn part_time_hours s"]

    def test_a_contract_that_says_nothing_of_probation_has_none(self):
        bare = PlanContext(term=TERM)
        assert found(bare, b=base_pay("8000")) == ["warn probation_not_covered"]
        said = {"kind": "custom", "text_zh": "试用期一个月。"}
        assert found(bare, b=base_pay("8000"), x=said) == []

    @pytest.mark.parametrize(
        ("end", "most"),
        [
            (date(2025, 11, 30), 0),
            (date(2025, 12, 1), 1),
            (date(2026, 8, 31), 1),
            (date(2026, 9, 1), 2),
            (date(2028, 8, 31), 2),
            (date(2028, 9, 1), 6),
            (None, 6),
        ],
    )
    def test_probation_is_as_long_as_the_term_allows(self, end, most):
        term = Period(date(2025, 9, 1), end)
        fine = PlanContext(term=term, probation_months=most)
        long = PlanContext(term=term, probation_months=most + 1)
        assert found(fine, b=base_pay("8000")) == []
        assert found(long, b=base_pay("8000")) == ["refuse probation_too_long"]

    def test_a_day_no_law_covers_leaves_the_law_out(self):
        context = PlanContext(term=TERM, city="shanghai", probation_months=0, book=LawBook([]))
        assert found(context, g=guarantee("1")) == []


def test_refusals_come_first_and_are_raised_with_every_finding():
    clauses = {"c": clause_of(commission("5%", RAISE, mode="whole")), "t": clause_of(team())}
    assert [f.severity for f in check_plan(clauses)] == ["refuse", "warn"]
    with pytest.raises(Invalid) as refused:
        refuse_bad_plan(clauses)
    assert refused.value.details["finding"] == "team_incentive_without_performance_pay"
    assert [f["code"] for f in refused.value.details["findings"]] == [
        "team_incentive_without_performance_pay",
        "cliff",
    ]


def test_warnings_do_not_stand_in_the_way():
    clauses = {"c": clause_of(commission("5%", RAISE, mode="whole"))}
    assert [f.code for f in refuse_bad_plan(clauses)] == ["cliff"]


rates = st.decimals("-0.1", "0.1", places=3)
figures = st.decimals("0", "300000", places=2)


@given(st.decimals("0", "0.1", places=3), rates, rates, figures, figures)
def test_pay_rises_with_sales_wherever_the_check_finds_no_falling_pay(base, one, two, a, b):
    clause = clause_of(commission(str(base), ("100000", str(one)), ("150000", str(two))))
    if any(f.code == "falling_pay" for f in check_plan({"c": clause})):
        return
    rule = rule_of(clause)
    assert rule.pay(min(a, b)) <= rule.pay(max(a, b))
