"""Contracts over two times: the read model agrees with a fold of the facts, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import contract_facts as facts
from domain.contract_state import Contract, evolve
from domain.facts import Fact
from domain.terms import terms_on
from ledger.store import FactStore, Pool, open_pool
from projections import contract_terms
from projections.contract_queries import ContractFilter, ContractTerms
from projections.runner import Runner
from tests.projections.business import TENANT, Book, amended, base_pay, commission, signed

FIRST = date(2025, 1, 1)
DAYS = st.integers(-40, 500).map(lambda days: FIRST + timedelta(days=days))
KEYS = st.sampled_from(["base", "commission", "fan_bonus"])
RATES = st.integers(1, 99).map(lambda rate: commission(f"0.{rate:02}"))

KINDS = ["amend", "amend", "amend", "clause_end", "renew", "end", "character", "decide"]


@st.composite
def changes(draw: st.DrawFn) -> Fact:
    """An amendment, an ended clause, a renewal, another tax character, an end."""
    effective = draw(DAYS)
    until = draw(st.none() | st.integers(1, 120).map(lambda days: effective + timedelta(days)))
    kind = draw(st.sampled_from(KINDS))
    match kind:
        case "amend":
            return amended(draw(KEYS), draw(RATES), effective, until)
        case "clause_end":
            return facts.ClauseEnded(
                amendment="A", key=draw(KEYS), effective=effective, until=until, document=None
            )
        case "renew":
            return facts.ContractRenewed(effective=effective, end=until, fixed_terms=2)
        case "end":
            return facts.ContractEnded(effective=effective, ending="terminated", note="")
        case "character":
            character = draw(st.sampled_from(["wages", "business_income"]))
            return facts.TaxCharacterSet(character=character, effective=effective)
    return facts.ExpiryDecided(decision="renew", effective=effective)


@pytest.fixture(scope="module")
def module_pool(shared_database: str) -> Iterator[Pool]:
    with open_pool(shared_database, max_size=8) as pool:
        yield pool


@pytest.fixture(scope="module")
def tenants() -> Iterator[str]:
    return (f"company-{number}" for number in range(10**6))


def fold(store: FactStore, tenant: str, contract: str, known: int) -> Contract:
    state = Contract()
    for recorded in store.stream(tenant, f"contract/{contract}", known=known):
        state = evolve(state, recorded.fact, recorded)
    return state


def without_order(state: Contract) -> tuple[Any, ...]:
    """The order of terms is that of the fold; nothing that is read depends on it."""
    terms = sorted(state.terms, key=lambda term: (term.key, term.period))
    return (*[getattr(state, f) for f in state.__struct_fields__ if f != "terms"], terms)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    history=st.lists(st.tuples(st.sampled_from(["K-1", "K-2"]), changes()), max_size=12),
    batch=st.integers(1, 9),
    days=st.lists(DAYS, min_size=3, max_size=6),
)
def test_equals_the_fold_at_every_effective_and_known(
    module_pool: Pool,
    tenants: Iterator[str],
    history: list[tuple[str, Fact]],
    batch: int,
    days: list[date],
) -> None:
    tenant, store = next(tenants), FactStore(module_pool)
    book = Book(store, tenant)
    book.add_many([*signed("K-1"), *signed("K-2", end=None)])
    for contract, change in history:
        book.add(f"contract/{contract}", change)
    Runner(module_pool, store, [contract_terms], batch=batch).catch_up(tenant)
    model, head = ContractTerms(module_pool), store.head(tenant)[0]
    bounds = {change.effective for _, change in history if change.effective}
    for known in range(1, head + 1):
        states = model.states(tenant, known)
        for contract in states:
            expected = fold(store, tenant, contract, known)
            assert without_order(states[contract]) == without_order(expected)
        assert set(states) == {c for c in ("K-1", "K-2") if fold(store, tenant, c, known).version}
    for day in {*days, *bounds}:
        for known in (head, head - len(history) // 2):
            page = model.contracts(tenant, day, known)
            for found in page.items:
                expected = fold(store, tenant, found.state.contract, known)
                assert found.state.terms == terms_on(expected.terms, day)
                assert found.character == expected.character_on(day)
                assert found.status == expected.status_on(day)


def test_a_retroactive_amendment_rewrites_no_knowledge(
    book: Book, runner: Runner, pool: Pool
) -> None:
    activated = book.add_many(signed("K-1"))
    book.add("contract/K-1", amended("commission", commission("0.06"), date(2025, 3, 1)))
    runner.catch_up(TENANT)
    model = ContractTerms(pool)

    def rate(day: date, known: int | None) -> str:
        (found,) = model.contracts(TENANT, day, known).items
        return next(t.data["rate"] for t in found.state.terms if t.key == "commission")

    march = date(2025, 3, 15)
    assert rate(march, activated) == "0.05"
    assert rate(march, None) == "0.06"
    assert rate(date(2025, 2, 28), None) == "0.05"


def test_list_filters(book: Book, runner: Runner, pool: Pool) -> None:
    book.add_many(signed("K-1", person="P-1"))
    book.add_many(signed("K-2", person="P-2", team="games", end=None))
    book.add_many(signed("K-3", person="P-1", team="games")[:1])
    runner.catch_up(TENANT)
    model, day = ContractTerms(pool), date(2025, 5, 1)

    def ids(**filters: Any) -> list[str]:
        return [
            c.state.contract
            for c in model.contracts(TENANT, day, None, ContractFilter(**filters)).items
        ]

    assert ids() == ["K-1", "K-2", "K-3"]
    assert ids(team="games") == ["K-2", "K-3"]
    assert ids(status="drafted") == ["K-3"]
    assert ids(person="P-1", in_force=True) == ["K-1"]
    assert ids(search="2025-k-2") == ["K-2"]
    assert ids(search="%") == []
    assert ids(engagement="agency") == []
    assert ids(track="skincare", contracts=["K-3", "K-9"]) == ["K-3"]
    in_force = model.contracts(TENANT, date(2026, 1, 1), None, ContractFilter(in_force=True)).items
    assert [c.state.contract for c in in_force] == ["K-2"], "the end is the first day after"
    own = ContractFilter(teams=["games"])
    assert model.counts(TENANT, day) == {"active": 2, "drafted": 1}
    assert model.counts(TENANT, date(2026, 1, 1)) == {"active": 1, "drafted": 1, "ended": 1}
    assert model.counts(TENANT, day, None, own, by="team") == {"games": 2}
    assert [c.state.contract for c in model.contracts(TENANT, day, None, own).items] == [
        "K-2",
        "K-3",
    ]
    over = model.contracts(TENANT, date(2026, 1, 1), None, ContractFilter(status="ended")).items
    assert [(c.state.contract, c.status) for c in over] == [("K-1", "ended")], "a term that is over"
    assert model.contracts(TENANT, day, terms=False).items[0].state.terms == ()
    assert model.contracts("nobody", day).items == ()


def test_later_pages_show_the_moment_of_the_first(book: Book, runner: Runner, pool: Pool) -> None:
    for number in range(7):
        book.add_many(signed(f"K-{number}"))
    runner.catch_up(TENANT)
    model, day = ContractTerms(pool), date(2025, 5, 1)
    first = model.contracts(TENANT, day, limit=3)
    book.add("contract/K-4", amended("base", base_pay("9000"), FIRST))
    book.add_many(signed("K-35"))
    runner.catch_up(TENANT)
    second = model.contracts(TENANT, day, limit=3, cursor=first.next)
    third = model.contracts(TENANT, day, limit=3, cursor=second.next)
    shown = [*first.items, *second.items, *third.items]
    assert [c.state.contract for c in shown] == [f"K-{number}" for number in range(7)]
    assert shown[4].state.terms[0].data["amount"] == "8000"
    assert first.known == second.known == third.known
    assert third.next is None
