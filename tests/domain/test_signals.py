"""Signals: rules over figures, switched by dated facts, answered once and with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.facts import Act, Place
from domain.periods import Month
from domain.refusals import Invalid, WrongState
from domain.signals import (
    CODES,
    RULES,
    Decided,
    DecideSignal,
    RuleSettings,
    SetSignalRule,
    decide,
    evolve,
    evolve_rule,
    falling,
    in_words,
    interaction,
    made,
    set_rule,
    signal_id,
    too_short,
)

LEAD = Act(actor="lead.wu", at=datetime(2025, 9, 1, tzinfo=UTC), reason="已谈话")
SHIPPED = RULES["interaction"].params


def monthly(*values: Any) -> list[Decimal | None]:
    return [None if one is None else Decimal(str(one)) for one in values]


@pytest.mark.parametrize(
    ("viewers", "gifts", "answers", "says"),
    [
        ((100, 110, 120), (900, 950, 900), (40, 40, 40), True),
        ((100, 105, 110), (900, 900, 945), (0, 0, 59), True),
        ((100, 105, 109), (900, 900, 900), (40, 40, 40), False),  # viewers rose by 9 %
        ((100, 110, 120), (900, 900, 946), (40, 40, 40), False),  # gifts rose by more than 5 %
        ((100, 110, 120), (900, 900, 854), (40, 40, 40), False),  # gifts fell by more than 5 %
        ((100, 110, 120), (900, 900, 900), (40, 40, 60), False),  # fans are answered
        ((None, 110, 120), (900, 900, 900), (40, 40, 40), False),  # not measured
        ((100, 110, 120), (0, 0, 0), (40, 40, 40), False),
    ],
)
def test_viewers_up_gifts_flat_and_few_answers(viewers: Any, gifts: Any, answers: Any, says: bool):
    said = interaction(monthly(*viewers), monthly(*gifts), monthly(*answers), SHIPPED)
    assert (said is not None) == says


def test_the_figures_are_named():
    said = interaction(monthly(200, 240, 280), monthly(900, 900, 900), monthly(0, 0, 12), SHIPPED)
    assert said is not None
    assert "200 → 280（40%）" in said[0] and "回复粉丝 12 次" in said[0]


@pytest.mark.parametrize(
    ("traffic", "says"),
    [
        ((400, 300, 200, 100), True),
        ((400, 300, 300, 100), False),
        ((400, 300, 200, 201), False),
        ((None, 300, 200, 100), False),
        ((400,), False),
    ],
)
def test_traffic_falls_only_where_every_month_lies_below_the_one_before(traffic: Any, says: bool):
    assert (falling(monthly(*traffic)) is not None) == says


def test_hours_below_the_clause_and_at_it():
    assert too_short(Decimal(3599), Decimal(60), Decimal(1)) is not None
    assert too_short(Decimal(3600), Decimal(60), Decimal(1)) is None
    assert too_short(Decimal(3000), Decimal(60), Decimal("0.8")) is None


def settings(*said: tuple[str, bool, dict[str, str]]) -> RuleSettings:
    state = RuleSettings()
    for effective, enabled, params in said:
        body = {"effective": effective, "enabled": enabled, "params": params}
        for fact in set_rule("interaction", SetSignalRule.model_validate(body)):
            state = evolve_rule(state, fact, Place(version=state.version + 1))
    return state


def test_a_rule_is_on_as_shipped_and_switched_from_a_day_on():
    state = settings(("2025-07-01", False, {}), ("2025-09-01", True, {"answers": "30"}))
    assert state.on("interaction", date(2025, 6, 30)) == (True, SHIPPED)
    assert state.on("interaction", date(2025, 7, 1))[0] is False
    enabled, params = state.on("interaction", date(2025, 9, 1))
    assert enabled and params["answers"] == 30 and params["months"] == 3


@pytest.mark.parametrize("params", [{"luck": "1"}, {"months": "2.5"}, {"months": "25"}])
def test_a_number_that_the_rule_does_not_have_is_refused(params: dict[str, str]):
    with pytest.raises(Invalid):
        settings(("2025-07-01", True, params))


def test_every_rule_can_be_read_with_its_numbers():
    for code in CODES:
        zh, en = in_words(code, RULES[code].params)
        assert "{" not in zh + en
        assert RULES[code].proposes_zh and RULES[code].proposes_en
    assert "at least 10 %" in in_words("interaction", SHIPPED)[1]


def test_a_signal_is_answered_once_with_a_reason():
    signal = made("team_traffic", "美妆一组", Month(2025, 8), ("下降", "fell"), None, "美妆一组")
    command = DecideSignal(decision="dismissed")
    with pytest.raises(Invalid, match="reason"):
        decide(Decided(), signal, command, Act(actor="x", at=LEAD.at), date(2025, 9, 1))
    (fact,) = decide(Decided(), signal, command, LEAD, date(2025, 9, 1))
    state = evolve(Decided(), fact, Place(version=1))
    with pytest.raises(WrongState, match="dismissed already"):
        decide(state, signal, DecideSignal(decision="accepted"), LEAD, date(2025, 9, 2))


def test_the_same_rule_subject_and_month_are_the_same_signal():
    first = signal_id("team_traffic", "美妆一组", Month(2025, 8))
    assert first == signal_id("team_traffic", "美妆一组", Month(2025, 8))
    others = {
        signal_id("team_traffic", "美妆二组", Month(2025, 8)),
        signal_id("team_traffic", "美妆一组", Month(2025, 9)),
        signal_id("interaction", "美妆一组", Month(2025, 8)),
    }
    assert first not in others and len(others) == 3
