"""What-if over a real past: by person and in total, at a position, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.refusals import MonthNotOver, NotFound
from domain.what_if_command import AmendedPay, WhatIf
from tests.domain.paying import commission, guarantee, performance, team
from tests.workflows.company import TENANT, TODAY, Company, opened_desk
from workflows.what_if import WhatIfAnswer, amended_pay, what_if

FLAT = {**commission("5%", ("100000", "1%"))}
D = Decimal


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def ask(company: Company, known: int | None = None, **said: Any) -> WhatIfAnswer:
    command = WhatIf.model_validate({"first": "2025-01", "last": "2025-03", **said})
    return what_if(company.desk, TENANT, command, today=TODAY, known=known)


def test_a_lower_threshold_pays_who_crosses_it_and_nobody_else(company: Company) -> None:
    """
    S1 sells 90,000 in January and 120,000 in March; S2 sells 20,000 in January.
    5 %, above 100,000 + 1 %; what if above 50,000?
    S1: January 4,500 -> 4,900, March 6,200 -> 6,700. S2: 1,000 both ways.
    """
    company.hire("S1", {"commission": FLAT})
    company.hire("S2", {"commission": FLAT})
    company.figures(
        ("S1", "sales", "2025-01-10", "90000"),
        ("S1", "sales", "2025-03-10", "120000"),
        ("S2", "sales", "2025-01-10", "20000"),
    )
    before = company.desk.store.head(TENANT)

    tiers = [{"start": "50000", "rate": "1%"}]
    answer = ask(company, parameters={"commission": {"tiers": tiers}})

    assert company.desk.store.head(TENANT) == before
    assert (answer.sums.before, answer.sums.after) == (D("11700.00"), D("12600.00"))
    assert (answer.sums.gain, answer.sums.lose, answer.sums.same) == (1, 0, 1)
    assert [(m.month, m.difference) for m in answer.months] == [
        ("2025-01", D("400.00")),
        ("2025-02", D("0")),
        ("2025-03", D("500.00")),
    ]
    [winner] = [one for one in answer.people if one.difference]
    assert winner.person == "S1"
    [crossing] = [c for m in winner.months for c in m.crossed]
    assert crossing.up
    assert "tier 0 of 1" in crossing.en
    assert "behaviour is held fixed" in answer.behaviour_en


def test_other_weights_tell_who_gains_and_who_loses(company: Company) -> None:
    """
    60 % sales / 40 % fans; S1 sells all and gains no fans, S2 the other way round.
    With 20 / 80 the two change places.
    """
    company.scheme("live", {"sales": ("0.6", "1000"), "fans_gained": ("0.4", "1000")})
    terms = {"performance": performance("1000", scheme="live")}
    for person, metric in (("S1", "sales"), ("S2", "fans_gained")):
        company.hire(person, terms)
        company.figures((person, metric, "2025-02-10", "1500"), source=person)
    other = [
        {"metric": "sales", "weight": "0.2", "target": "1000", "cap": "1.5"},
        {"metric": "fans_gained", "weight": "0.8", "target": "1000", "cap": "1.5"},
    ]

    answer = ask(company, first="2025-02", last="2025-02", weights={"live": other})

    # 0.6 x 1.5 = 0.9 -> coefficient 0.8; 0.8 x 1.5 = 1.2 -> coefficient 1.2
    assert [(one.person, one.before, one.after) for one in answer.people] == [
        ("S1", D("800.00"), D("0.00")),
        ("S2", D("0.00"), D("1200.00")),
    ]
    assert (answer.sums.gained, answer.sums.lost) == (D("1200.00"), D("-800.00"))
    assert (answer.crossed_up, answer.crossed_down) == (1, 1)


def test_a_month_keeps_the_weights_it_was_paid_with_on_the_side_that_stands(
    company: Company,
) -> None:
    company.scheme("live", {"sales": ("1", "1000")})
    company.hire("S1", {"performance": performance("1000", scheme="live")})
    company.figures(("S1", "sales", "2025-01-10", "1000"))
    company.pay("2025-01")
    company.weights("live", "2025-01-01", {"fans_gained": ("1", "1000")})

    same = [{"metric": "sales", "weight": "1", "target": "1000", "cap": "1.5"}]
    answer = ask(company, last="2025-01", weights={"live": same})

    assert (answer.sums.before, answer.sums.difference) == (D("1000.00"), D("0.00"))


def test_who_changes_team_takes_his_figures_along(company: Company) -> None:
    """Team A grew by 10 %; with S3's 100 in March it grows by more than 15 %."""
    company.scheme("live", {"sales": ("1", "1000")})
    terms = {
        "performance": performance("1000", scheme="live"),
        "team": team("10%", metric="sales"),
    }
    company.hire("S1", terms, team="A")
    company.hire("S3", {"commission": commission("1%")}, team="B")
    company.figures(
        ("S1", "sales", "2025-02-10", "1000"),
        ("S1", "sales", "2025-03-10", "1100"),
        ("S3", "sales", "2025-03-11", "100"),
    )

    answer = ask(company, first="2025-03", cohort={"team": "B"}, teams={"C-S3": "A"})

    [winner] = [one for one in answer.people if one.difference]
    assert (winner.person, winner.difference) == ("S1", D("120.00"))


def test_an_answer_at_a_position_stays_as_it_is_when_more_becomes_known(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    company.figures(("S1", "sales", "2025-01-10", "1000"))
    at, _ = company.desk.store.head(TENANT)
    asked = {"parameters": {"commission": {"rate": "6%"}}}
    then = ask(company, **asked)

    company.figures(("S1", "sales", "2025-01-11", "500"), source="late")

    assert ask(company, known=at, **asked) == then
    assert ask(company, **asked).sums.difference == D("15.00")


def test_an_advance_goes_from_month_to_month_on_both_sides(company: Company) -> None:
    """January earns 400 under a draw of 1,000: 600 are advanced. February earns 1,500: the 500
    above it are taken back. Under 2,000 January's advance is 1,600 and February's another 500."""
    terms = {"c": commission("10%"), "g": guarantee("1000", "recoverable_draw")}
    company.hire("S1", terms)
    company.figures(("S1", "sales", "2025-01-10", "4000"), ("S1", "sales", "2025-02-10", "15000"))
    answer = ask(company, last="2025-02", parameters={"g": {"amount": "2000"}})
    [one] = answer.people
    assert [(m.before, m.after) for m in one.months] == [
        (D("1000.00"), D("2000.00")),
        (D("1000.00"), D("2000.00")),
    ]


def test_a_clause_that_cannot_be_rated_is_named_and_in_no_sum(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    company.figures(("S1", "sales", "2025-01-10", "1000"))
    open_reading = {"tiers": [{"start": "500", "rate": "1%"}]}
    answer = ask(company, parameters={"commission": open_reading})
    assert {one.code for one in answer.not_rated} == {"ambiguous_clause"}
    assert answer.people == ()


@pytest.mark.parametrize(
    "said",
    [
        {"parameters": {"comission": {"rate": "6%"}}},
        {"cohort": {"team": "nobody"}, "parameters": {"commission": {"rate": "6%"}}},
        {"cohort": {"contracts": ["C-X"]}, "parameters": {"commission": {"rate": "6%"}}},
        {"teams": {"C-X": "A"}},
    ],
)
def test_a_name_that_nobody_has_is_refused_not_answered_with_zero(
    company: Company, said: dict[str, Any]
) -> None:
    company.hire("S1", {"commission": commission("5%")})
    with pytest.raises(NotFound):
        ask(company, **said)


def test_a_month_that_is_not_over_is_refused(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    with pytest.raises(MonthNotOver):
        ask(company, last="2026-01", parameters={"commission": {"rate": "6%"}})


def test_the_last_months_of_a_contract_under_an_amendment(company: Company) -> None:
    contract = company.hire("S1", {"commission": commission("5%")}, end="2025-12-16")
    company.hire("S2", {"commission": commission("5%")})
    for month in ("09", "10", "11", "12"):
        company.figures(("S1", "sales", f"2025-{month}-10", "1000"), source=month)
    changes = [{"op": "change", "key": "commission", "clause": commission("6%")}]
    command = AmendedPay.model_validate({"contract": contract, "changes": changes})

    answer = amended_pay(company.desk, TENANT, command, today=date(2026, 1, 15))

    assert (answer.first, answer.last) == ("2025-10", "2025-12")
    assert answer.sums.difference == D("30.00")
    assert [line.amount for line in answer.people[0].months[0].lines] == [D("60.00")]


def test_a_contract_without_a_month_that_is_over_has_no_such_answer(company: Company) -> None:
    contract = company.hire("S1", {"commission": commission("5%")}, start="2026-01-01")
    command = AmendedPay(contract=contract, parameters={"commission": {"rate": "6%"}})
    with pytest.raises(NotFound):
        amended_pay(company.desk, TENANT, command, today=TODAY)
