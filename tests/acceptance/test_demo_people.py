"""The demo's people: the case of the business is found in the facts, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.metric import DefineMetric
from domain.tenant import OpenTenant
from tests.workflows.company import by, opened_desk
from workflows import careers, demo_people, setup
from workflows import demo_people_data as data
from workflows.demo_company import METRICS, TENANT
from workflows.desk import Desk
from workflows.foretold import foretold
from workflows.funnel import funnel
from workflows.leaving_report import leaving
from workflows.onboarding import report as report_onboarding
from workflows.onboarding import waiting
from workflows.signals import read_signals
from workflows.team_report import TeamReport, teams
from workflows.weight_changes import weight_changes

DAY = date(2026, 2, 15)
YEAR = {"day": DAY, "since": date(2025, 1, 1), "until": date(2026, 1, 1)}


@pytest.fixture(scope="module")
def desk(shared_database: str) -> Iterator[Desk]:
    with opened_desk(shared_database) as made:
        setup.open_tenant(made, OpenTenant(tenant=TENANT, name="星光传媒"), by("admin").act)
        for code, zh, en, unit, aggregation, counts in METRICS:
            said = {"metric": code, "title_zh": zh, "title_en": en, "unit": unit}
            said |= {"aggregation": aggregation, "counts": counts, "effective": "2024-12-01"}
            setup.define_metric(made, TENANT, DefineMetric.model_validate(said), by("hr.lin"))
        demo_people.fill(made)
        yield made


@pytest.fixture(scope="module")
def report(desk: Desk) -> TeamReport:
    return teams(desk, TENANT, **YEAR)


def test_the_team_that_loses_three_in_ten_stands_out_and_no_other(report: TeamReport):
    case, *others = report.teams
    assert (case.team, case.people, case.left) == (data.CASE, 40, 12)
    assert case.share is not None and case.share.value == Decimal("0.3")
    assert [row.stands_out for row in report.teams] == [True, False, False, False]
    assert {row.left for row in others} == {4}
    assert case.others is not None and case.others.value == Decimal("0.1")


def test_beside_it_stand_its_target_its_weight_for_fans_and_its_traffic(report: TeamReport):
    said = {(one.code, one.metric): one for one in report.teams[0].beside}
    target = said["target", "sales"]
    assert (target.own, target.others) == (3750, 3000)
    assert target.en == "The target of sales is 25 % above the other teams' average"
    assert target.zh == "sales 目标比其他团队平均高 25%"
    assert said["weight", "fans_gained"].own == Decimal("0.1")
    assert said["weight", "fans_gained"].others == Decimal("0.4")
    traffic = said["traffic", ""]
    assert traffic.own < 0 < traffic.others


def test_no_sentence_claims_a_cause(report: TeamReport):
    for row in report.teams:
        for one in row.beside:
            assert "because" not in one.en and "cause" not in one.en and "导致" not in one.zh


def test_what_leavers_of_the_case_say_is_targets_and_pay_rules(report: TeamReport):
    reasons = [one.reason for one in report.teams[0].reasons]
    assert reasons[:2] == ["targets", "pay_rules"]
    assert sum(one.weight for one in report.teams[0].reasons) == 12


def test_the_curves_say_how_many_are_left_with_an_interval(desk: Desk):
    groups = {one.group: one for one in leaving(desk, TENANT, "team", **YEAR).groups}
    case = groups[data.CASE].curve
    assert (case.stays, case.left, case.few) == (40, 12, False)
    last = case.points[-1]
    assert last.low is not None and last.high is not None
    assert last.low < last.share < last.high < 1
    assert groups[data.FOOD].curve.points[-1].share > last.share
    assert groups[data.FOOD].curve.few, "four leavings are too few to say much"


def test_curves_by_scheme_version_start_with_the_version(desk: Desk):
    groups = {one.group: one for one in leaving(desk, TENANT, "scheme", **YEAR).groups}
    names = [name for name in groups if name.startswith("team-fashion")]
    assert names == ["team-fashion @ 2024-01-01", "team-fashion @ 2025-07-01"]
    assert [groups[name].left for name in names] == [3, 1]
    assert set(groups) >= {f"{scheme} @ 2024-01-01" for scheme in data.SCHEMES.values()}


def test_before_and_after_the_change_of_weights_too_few_left_to_compare(desk: Desk):
    (change,) = weight_changes(desk, TENANT, data.SCHEMES[data.FASHION], day=DAY, months=6)
    assert (change.before.left, change.after.left) == (3, 1)
    assert change.before.people >= 30 and change.after.people >= 30
    assert change.few and "Too few to compare" in change.en
    assert change.en.endswith("other things changed in the same time.")
    assert weight_changes(desk, TENANT, data.SCHEMES[data.CASE], day=DAY) == []


def test_the_funnel_of_the_year(desk: Desk):
    facts = careers.histories(desk, TENANT)
    rows = funnel(facts, date(2025, 1, 1), date(2026, 1, 1))
    hired = sum(one.hired for one in data.workers())
    assert rows[0].rounds == data.CANDIDATES + hired == 180
    assert rows[-1].rounds == hired
    assert sum(row.waiting for row in rows) == 8
    assert [row.rounds for row in rows] == sorted((row.rounds for row in rows), reverse=True)


def test_nothing_personal_stands_in_clear(desk: Desk):
    planted = ("DEMO-ID-", "指标太高", "每月销售目标", "同行给了")
    position = 0
    while page := desk.store.envelopes_after(TENANT, position, 1000):
        text = b"".join(page).decode()
        assert not any(value in text for value in planted)
        position += len(page)


def test_a_second_fill_changes_nothing(desk: Desk):
    before = desk.store.head(TENANT)[0]
    demo_people.fill(desk)
    assert desk.store.head(TENANT)[0] == before


def test_a_fill_that_was_cut_off_goes_on(desk: Desk):
    before = desk.store.head(TENANT)[0]
    demo_people._define(desk)
    demo_people._take_over(desk)
    assert desk.store.head(TENANT)[0] == before


def test_every_history_of_the_demo_is_taken(desk: Desk):
    facts = careers.histories(desk, TENANT)
    assert len(facts) == len(data.workers()) + data.CANDIDATES


def test_onboarding_names_signing_and_what_the_new_template_and_way_changed(desk: Desk):
    found = report_onboarding(desk, TENANT, since=date(2025, 1, 1), until=date(2025, 7, 1))
    assert {one.step for one in found.bottlenecks} == {"signed"}
    assert {one.team for one in found.bottlenecks} == set(data.TRACKS)
    year = report_onboarding(desk, TENANT, since=date(2025, 1, 1), until=date(2026, 1, 1))
    version, way = year.compared
    assert (version.before_is, version.after_is) == ("hiring-full-time v1", "hiring-full-time v2")
    assert (way.before_is, way.after_is) == ("paper", "electronic")
    assert version.before.median > 5 * version.after.median
    assert not version.few
    assert {row.month for row in year.rows} >= {f"2025-{month:02}" for month in range(1, 11)}


def test_those_who_wait_since_december_have_come_to_the_lead(desk: Desk):
    now = datetime(2026, 2, 15, 4, tzinfo=UTC)
    found = waiting(desk, TENANT, now)
    assert len(found) == 8
    assert {one.level for one in found} == {"escalated"}
    early = waiting(desk, TENANT, datetime(2025, 12, 16, 2, tzinfo=UTC))
    assert {one.level for one in early} >= {"in_time"}


def test_scores_of_the_demo_foretold_staying_with_a_warning_where_too_few(desk: Desk):
    found = {one.track: one for one in foretold(desk, TENANT, day=date(2026, 6, 30))}
    assert set(found) == {"beauty", "food", "fashion"}
    assert (found["beauty"].hires, found["food"].hires) == (30, 15)
    food = found["food"]
    assert food.few and "Fewer than 30" in food.en and "不足 30 人" in food.zh
    beauty = found["beauty"]
    assert beauty.with_staying is not None and beauty.with_staying > 0
    assert beauty.with_sales is not None and beauty.with_sales > Decimal("0.3")
    assert beauty.high.stayed is not None and beauty.low.stayed is not None
    assert beauty.high.stayed.value > beauty.low.stayed.value


def test_who_started_too_lately_is_not_judged(desk: Desk):
    found = {one.track: one for one in foretold(desk, TENANT, day=date(2025, 6, 30), days=90)}
    assert 0 < found["beauty"].judged < found["beauty"].hires < 30


def test_the_demo_proposes_training_and_names_the_falling_team(desk: Desk):
    found = read_signals(desk, TENANT, date(2026, 1, 10))
    said = {(one.rule, one.subject): one for one in found}
    assert ("interaction", data.TALKATIVE) in said
    assert ("team_traffic", data.CASE) in said
    assert {subject for rule, subject in said if rule == "team_traffic"} == {data.CASE}
    assert said["interaction", data.TALKATIVE].proposes_zh == "安排粉丝互动培训"
    assert all(one.decision is None for one in found)
