"""The restatement report: a posted month against what became known later, by person and cause."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.contract_commands import EndContract
from domain.metric import DefineMetric
from domain.money import ZERO
from domain.periods import Month
from domain.refusals import NotFound, WrongState
from domain.restatement import RestatedPay, Restatement
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import setup
from workflows.late_truth import find_late_truth
from workflows.pay_books import open_books
from workflows.restatement import restate

RUN = "2025-03-1"


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def commission(rate: str = "0.05") -> dict[str, Any]:
    return {"kind": "commission", "rate": rate, "base": "settled"}


def raised(rate: str) -> dict[str, Any]:
    return {"op": "change", "key": "commission", "clause": commission(rate)}


def base_pay(amount: str) -> dict[str, Any]:
    return {"kind": "base_pay", "amount": amount, "proration": "calendar_days"}


def restated(company: Company, known: int | None = None) -> Restatement:
    return restate(company.desk, TENANT, RUN, known)


def told(item: RestatedPay) -> list[tuple[str, Decimal]]:
    return [(cause.kind, cause.amount) for cause in item.causes]


def head(company: Company) -> int:
    return company.desk.store.head(TENANT)[0]


def test_a_month_of_which_nothing_became_known_has_nothing_to_restate(company: Company) -> None:
    company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    company.figures(("S0044", "sales", "2025-04-05", "100000"))
    made = restated(company)
    assert (made.items, made.causes, made.difference) == ((), (), ZERO)


def test_each_later_fact_is_a_cause_with_its_amount_its_author_and_its_reason(
    company: Company,
) -> None:
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    company.figures(("S0044", "sales", "2025-03-30", "20000"))
    company.amend(contract, "2025-03-01", [raised("0.06")])
    company.figures(("S0044", "sales", "2025-03-30", "10000"))
    made = restated(company)
    [item] = made.items
    assert (item.person, item.contract) == ("S0044", contract)
    assert (item.posted, item.now) == (Decimal("5000.00"), Decimal("6600.00"))
    assert told(item) == [
        ("figures", Decimal("1000.00")),
        ("clauses", Decimal("1200.00")),
        ("figures", Decimal("-600.00")),
    ]
    amended = item.causes[1]
    assert (amended.actor, amended.reason) == ("hr.lin", "as agreed")
    assert amended.effective == date(2025, 3, 1)
    assert "5 % to 6 %" in amended.en
    assert "5%" in amended.zh
    assert company.desk.store.stream(TENANT, amended.stream)[-1].position == amended.position
    [clause] = item.clauses
    assert (clause.clause, clause.difference) == ("commission", Decimal("1600.00"))
    assert [(one.kind, one.facts, one.persons, one.amount) for one in made.causes] == [
        ("clauses", 1, 1, Decimal("1200.00")),
        ("figures", 2, 1, Decimal("400.00")),
    ]


def test_what_a_later_run_paid_is_made_good_and_the_rest_is_open(company: Company) -> None:
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    company.amend(contract, "2025-03-01", [raised("0.06")])
    company.figures(("S0044", "sales", "2025-04-05", "1"))
    before = head(company)
    company.pay("2025-04")
    company.figures(("S0044", "sales", "2025-03-31", "50000"))
    [item] = restated(company).items
    assert (item.difference, item.made_good, item.open) == (
        Decimal("4000.00"),
        Decimal("1000.00"),
        Decimal("3000.00"),
    )
    [then] = restated(company, before).items
    assert (then.difference, then.made_good, then.open) == (
        Decimal("1000.00"),
        ZERO,
        Decimal("1000.00"),
    )


def test_what_came_between_computing_and_posting_says_so(company: Company) -> None:
    company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.compute("2025-03")
    company.figures(("S0044", "sales", "2025-03-30", "20000"))
    company.review(run.run)
    company.approve_and_post(run.run)
    company.figures(("S0044", "sales", "2025-03-31", "1000"))
    [item] = restated(company).items
    assert [(one.before_posting, one.amount) for one in item.causes] == [
        (True, Decimal("1000.00")),
        (False, Decimal("50.00")),
    ]


def test_a_contract_signed_late_and_one_ended_in_the_past_are_causes(company: Company) -> None:
    left = company.hire("S0044", {"commission": commission()})
    company.figures(
        ("S0044", "sales", "2025-03-05", "100000"), ("S0001", "sales", "2025-03-05", "40000")
    )
    company.pay("2025-03")
    came = company.hire("S0001", {"commission": commission()})
    company.act(left, EndContract(effective=date(2025, 3, 1), ending="terminated"))
    found = {item.contract: item for item in restated(company).items}
    assert told(found[came]) == [("clauses", Decimal("2000.00"))]
    assert found[came].causes[0].name == "contract.activated.v1"
    assert told(found[left]) == [("clauses", Decimal("-5000.00"))]


def test_a_colleagues_late_figure_is_a_cause_for_the_team(company: Company) -> None:
    team = {
        "kind": "team_incentive",
        "metric": "sales",
        "threshold": "0.15",
        "boundary": "above",
        "percentage": "0.10",
    }
    company.scheme("team", {"sales": ("1", "1000")})
    performance = {
        "kind": "performance_pay",
        "amount": "2000",
        "scheme": "team",
        "coefficients": [{"from_score": "0", "coefficient": "1"}],
        "proration": "calendar_days",
    }
    contract = company.hire("S0044", {"performance": performance, "team": team})
    company.hire("S0001", {"commission": commission()})
    company.figures(
        ("S0044", "sales", "2025-02-05", "1000"), ("S0044", "sales", "2025-03-05", "1000")
    )
    company.pay("2025-03")
    company.figures(("S0001", "sales", "2025-03-20", "500"))
    found = {item.contract: item for item in restated(company).items}
    assert told(found[contract]) == [("team", Decimal("200.00"))]
    assert told(found["C-S0001"]) == [("figures", Decimal("25.00"))]


def count_the_larger(company: Company, metric: str) -> None:
    command = DefineMetric(
        metric=metric,
        title_zh="指标",
        title_en="Metric",
        unit="1",
        aggregation="max",
        counts="the larger of what two sources say",
        effective=date(2025, 1, 1),
    )
    setup.define_metric(company.desk, TENANT, command, by("finance.zhao", "two sources overlap"))


def test_another_way_of_counting_is_a_cause(company: Company) -> None:
    bonus = {
        "kind": "metric_bonus",
        "metric": "fans_gained",
        "threshold": "100",
        "boundary": "above",
        "amount": "500",
        "per": "once",
    }
    company.hire("S0044", {"bonus": bonus})
    company.figures(("S0044", "fans_gained", "2025-03-05", "80"))
    company.figures(("S0044", "fans_gained", "2025-03-05", "60"), source="platform-b")
    company.pay("2025-03")
    count_the_larger(company, "fans_gained")
    [item] = restated(company).items
    assert told(item) == [("metric", Decimal("-500.00"))]
    assert item.causes[0].reason == "two sources overlap"


def test_a_month_that_can_no_longer_be_rated_says_why(company: Company) -> None:
    company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    count_the_larger(company, "sales")
    [item] = restated(company).items
    assert told(item) == [("metric", Decimal("-5000.00"))]
    assert item.refusal_en
    assert item.refusal_zh


def test_only_a_posted_month_can_be_restated(company: Company) -> None:
    company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.compute("2025-03")
    with pytest.raises(WrongState, match="not posted"):
        restated(company)
    computed = head(company)
    company.review(run.run)
    company.approve_and_post(run.run)
    assert restated(company).items == ()
    with pytest.raises(WrongState, match="not posted"):
        restated(company, computed)
    with pytest.raises(NotFound):
        restate(company.desk, TENANT, "2025-02-1")


def test_the_causes_add_up_and_what_is_open_is_what_the_next_run_owes(company: Company) -> None:
    """Thirty later facts by chance, held against the arrears of the run that follows."""
    chance = random.Random("restatement")
    people = [f"S000{number}" for number in range(4)]
    clauses = {"commission": commission(), "base": base_pay("3000")}
    held = [company.hire(person, clauses) for person in people]
    company.figures(*((person, "sales", "2025-03-05", "10000") for person in people))
    company.pay("2025-03")
    for number in range(30):
        person, day = chance.choice(people), f"2025-03-{chance.randint(1, 31):02}"
        match chance.randrange(4):
            case 0:
                changes = [raised(f"0.0{chance.randint(3, 9)}")]
                said = {"amendment": f"A-{number}", "supersede_later": True}
                company.amend(f"C-{person}", day, changes, **said)
            case 1:
                until = f"2025-0{chance.randint(4, 6)}-01"
                change = {"op": "change", "key": "base", "clause": base_pay(str(3000 + number))}
                said = {"amendment": f"A-{number}", "until": until}
                company.amend(f"C-{person}", day, [change], **said)
            case _:
                value = str(chance.randint(1, 2_000_000) / 100)
                company.figures((person, "sales", day, value))
    company.pay("2025-04")
    for number in range(6):
        company.figures((chance.choice(people), "sales", "2025-03-17", str(1000 + number)))
    made = restated(company)
    assert {item.contract for item in made.items} == set(held)
    for item in made.items:
        assert sum((cause.amount for cause in item.causes), ZERO) == item.difference
        assert item.difference == item.now - item.posted
        assert sum((one.difference for one in item.clauses), ZERO) == item.difference
        assert item.made_good != ZERO
    books = open_books(company.desk, TENANT, head(company))
    late = find_late_truth(company.desk, books, Month.parse("2025-05"))
    for item in made.items:
        owed = late.lines(books.contracts[item.contract])
        march = sum((line.amount for line in owed if line.period == "2025-03"), ZERO)
        assert item.open == march
    assert made.difference == sum((one.amount for one in made.causes), ZERO)
