"""Competence models: weights sum to 100 %, scores are explained line by line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.career import Career
from domain.career_commands import AssessCandidate
from domain.competence import (
    CompetenceModel,
    DefineCompetenceModel,
    assess,
    define,
    evolve,
    match,
)
from domain.facts import Act, Place
from domain.refusals import Invalid, NoRule, WrongWeights

HR = Act(actor="hr.lin", at=datetime(2025, 9, 1, 2, 0, tzinfo=UTC))


def drafted(effective: str = "2025-01-01", **weights: str) -> DefineCompetenceModel:
    tags = [
        {"tag": tag, "title_zh": tag, "title_en": tag, "weight": weight,
         "full": "10" if tag == "fan_cases" else "100"}
        for tag, weight in weights.items()
    ]  # fmt: skip
    said = {"track": "beauty", "title": "美妆主播", "effective": effective, "tags": tags}
    return DefineCompetenceModel.model_validate(said)


def model(*drafts: DefineCompetenceModel) -> CompetenceModel:
    state = CompetenceModel()
    for number, draft in enumerate(drafts, start=1):
        for fact in define(draft):
            state = evolve(state, fact, Place(version=number, position=number))
    return state


BEAUTY = drafted(live_experience="40%", product_test="35%", fan_cases="25%")


def marked(**marks: str) -> AssessCandidate:
    return AssessCandidate.model_validate({"track": "beauty", "marks": marks, "on": "2025-03-05"})


def test_a_score_is_the_sum_of_its_explained_lines():
    found = match(
        model(BEAUTY).on(date(2025, 3, 5)),
        {"live_experience": Decimal(80), "product_test": Decimal(72), "fan_cases": Decimal(6)},
    )
    assert [line.points for line in found.lines] == [32, Decimal("25.2"), 15]
    assert found.score == Decimal("72.2")
    assert found.lines[2].zh == "fan_cases：权重 25% × 6 / 10 = 15 分"
    assert found.lines[2].en == "fan_cases: weight 25 % × 6 / 10 = 15 points"


def test_what_was_not_assessed_gives_no_points_and_says_so():
    found = match(model(BEAUTY).on(date(2025, 3, 5)), {"live_experience": Decimal(80)})
    assert (found.score, found.missing) == (32, ("product_test", "fan_cases"))
    assert "not assessed" in found.lines[1].en


@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=8),
    st.lists(st.decimals(0, 100, places=2), min_size=9, max_size=9),
)
def test_a_score_lies_between_0_and_100_and_full_marks_give_100(parts: list[int], given_marks: Any):
    shares = [Decimal(part) / 1000 for part in parts]
    shares = [*shares, 1 - sum(shares, Decimal(0))]
    weights = {f"t{number}": str(share) for number, share in enumerate(shares)}
    version = model(drafted(**weights)).on(date(2025, 3, 5))
    marks = dict(zip(weights, given_marks, strict=False))
    assert 0 <= match(version, marks).score <= 100
    assert match(version, dict.fromkeys(weights, Decimal(100))).score == 100


@pytest.mark.parametrize("weights", [{"a": "99%"}, {"a": "60%", "b": "41%"}, {"a": "0.999999"}])
def test_weights_that_do_not_sum_to_a_hundred_per_cent_are_refused(weights: dict[str, str]):
    with pytest.raises(WrongWeights):
        define(drafted(**weights))


def test_a_competence_that_stands_twice_is_refused():
    twice = BEAUTY.model_copy(update={"tags": (*BEAUTY.tags[:1], *BEAUTY.tags)})
    with pytest.raises(Invalid, match="once"):
        define(twice)


def test_an_assessment_is_by_the_version_in_force_on_its_day():
    state = model(BEAUTY, drafted("2025-04-01", live_experience="100%"))
    (fact,) = assess(Career(), "P-1", marked(fan_cases="6"), state, HR)
    assert fact.model_version == 1
    later = marked(live_experience="50").model_copy(update={"on": date(2025, 4, 1)})
    (fact,) = assess(Career(), "P-1", later, state, HR)
    assert fact.model_version == 2
    with pytest.raises(NoRule):
        state.on(date(2024, 12, 31))


@pytest.mark.parametrize("marks", [{"fan_cases": "10.01"}, {"dancing": "1"}])
def test_marks_the_model_does_not_know_are_refused(marks: dict[str, str]):
    with pytest.raises(Invalid) as refused:
        assess(Career(), "P-1", marked(**marks), model(BEAUTY), HR)
    assert "live_experience, product_test, fan_cases" in refused.value.do


def test_of_two_versions_for_one_day_the_one_recorded_later_counts():
    state = model(BEAUTY, drafted(live_experience="100%"))
    assert state.on(date(2025, 3, 1)).number == 2
