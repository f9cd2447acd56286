"""What is kept between commands changes no answer: not the state after, not the plan check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from domain.contract_commands import AmendContract
from domain.metric import DefineMetric
from domain.refusals import BadPlan, Refusal, StaleVersion
from ledger.idempotency import Idempotency
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import contracts, memory, setup
from workflows.desk import Ask, Outcome

CLAUSES = {"base": {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"}}


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


@pytest.fixture
def elsewhere(database: str) -> Iterator[Company]:
    """The same company in another process, as far as memory goes."""
    with opened_desk(database) as desk:
        yield Company(desk)


def change(name: str, amount: str = "9000.00", **more: Any) -> AmendContract:
    clause = {"kind": "base_pay", "amount": amount, "proration": "calendar_days"}
    changes = [{"op": "change", "key": "base", "clause": clause}]
    return AmendContract.model_validate(
        {"amendment": name, "effective": "2025-09-01", "changes": changes, **more}
    )


def bonus(name: str, metric: str) -> AmendContract:
    clause = {
        "kind": "metric_bonus", "metric": metric, "threshold": "5", "boundary": "above",
        "amount": "100", "per": "once",
    }  # fmt: skip
    changes = [{"op": "add", "key": f"bonus_{metric}", "clause": clause}]
    return AmendContract.model_validate(
        {"amendment": name, "effective": "2025-09-01", "changes": changes}
    )


def act_on(company: Company, contract: str, command: Any, ask: Ask | None = None) -> Outcome[Any]:
    return contracts.act_on(company.desk, TENANT, contract, command, ask or by("hr.lin"))


def test_the_state_after_is_the_one_that_is_read(company: Company) -> None:
    contract = company.hire("S1", CLAUSES)
    for turn, amount in enumerate(("9000.00", "10000.0", "0.50"), start=1):
        outcome = act_on(company, contract, change(f"A-{turn}", amount))
        assert outcome.state == contracts.read(company.desk, TENANT, contract)
        assert not outcome.replayed


def test_a_repeated_command_has_the_state_of_then(company: Company) -> None:
    contract = company.hire("S1", CLAUSES)
    once = Ask(by("hr.lin").act, idempotency=Idempotency("k", b"f"))
    first = act_on(company, contract, change("A-1"), once)
    act_on(company, contract, change("A-2", "7000"))
    again = act_on(company, contract, change("A-1"), once)
    assert again.replayed and not first.replayed
    assert (again.receipts, again.state) == (first.receipts, first.state)


def test_what_was_recorded_elsewhere_counts_at_once(company: Company, elsewhere: Company) -> None:
    contract = company.hire("S1", CLAUSES)
    for turn, metric in enumerate(("gifts", "likes"), start=1):
        with pytest.raises(Refusal) as refused:
            act_on(company, contract, bonus(f"A-{turn}", metric))
        assert isinstance(refused.value, BadPlan)
        define = DefineMetric(
            metric=metric, title_zh=metric, title_en=metric, unit="1", counts="all",
            effective=date(2024, 1, 1),
        )  # fmt: skip
        setup.define_metric(elsewhere.desk, TENANT, define, by("hr.lin"))
        state = act_on(company, contract, bonus(f"A-{turn}", metric)).state
        assert f"bonus_{metric}" in {term.key for term in state.terms}


def test_a_contract_that_moved_after_the_look_is_decided_anew(
    company: Company, elsewhere: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = company.hire("S1", CLAUSES)
    act_on(company, contract, change("A-1"))
    look = memory.stream_and_news

    def overtaken(*asked: Any) -> Any:
        found = look(*asked)
        act_on(elsewhere, contract, change(f"B-{len(found[0])}", "7000"))
        return found

    monkeypatch.setattr(memory, "stream_and_news", overtaken)
    monkeypatch.setattr(elsewhere.desk.memory, "get_with", _fresh(elsewhere))
    outcome = act_on(company, contract, change("A-2", "6000"))
    assert outcome.state == contracts.read(company.desk, TENANT, contract)
    before = outcome.state.version
    with pytest.raises(StaleVersion):
        ask = Ask(by("hr.lin").act, expected_version=before)
        act_on(company, contract, change("A-3", "5000"), ask)
    assert contracts.read(company.desk, TENANT, contract).version == before + 1


def _fresh(company: Company) -> Any:
    def get_with(*_: Any) -> Any:
        return contracts._plan_context(company.desk, TENANT, 2**62), None

    return get_with


def test_memory_is_bounded(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 3)
    kept = memory.Memory()
    for number in range(10):
        made = kept.get(company.desk.store, TENANT, f"what-{number}", ["metric.defined.v1"], str)
        assert made == str(company.desk.store.head(TENANT)[0])
        assert len(kept._kept) <= 3
