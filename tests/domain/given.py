"""Given facts, when a command, then facts: the notation of the domain's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from domain import contract
from domain.contract_commands import ContractCommand
from domain.contract_facts import (
    ClauseEntry,
    ContractActivated,
    ContractDrafted,
    ContractSent,
    PartySigned,
)
from domain.contract_state import Contract
from domain.facts import Act, Fact, Place
from domain.periods import date
from domain.plan_check import PlanContext
from domain.refusals import Refusal

HR = Act(actor="hr.lin", at=datetime(2025, 9, 1, 2, 0, tzinfo=UTC), reason="campaign")
METRICS = frozenset({"sales", "fans_gained", "live_minutes"})


def commission(rate: str = "0.05", **more: Any) -> dict[str, Any]:
    """A plain commission on settled sales."""
    return {"kind": "commission", "rate": rate, "base": "settled", **more}


def drafted(**changes: Any) -> ContractDrafted:
    """Streamer S0044's contract for 2025: base pay 8,000 and 5 % commission."""
    values: dict[str, Any] = {
        "contract": "C-0044",
        "person": "S0044",
        "number": "2025-044",
        "engagement": "full_time",
        "character": "wages",
        "effective": date(2025, 1, 1),
        "end": date(2026, 1, 1),
        "team": "Korean",
        "track": "beauty",
        "template": None,
        "template_version": None,
        "clauses": (
            ClauseEntry(
                key="base",
                clause={"kind": "base_pay", "amount": "8000", "proration": "workdays_actual"},
                text_zh="底薪",
                text_en="base",
            ),
            ClauseEntry(key="commission", clause=commission(), text_zh="提成", text_en="5 %"),
        ),
    }
    return ContractDrafted(**{**values, **changes})


def active(**changes: Any) -> list[Fact]:
    """The facts of a contract that is in force."""
    signed = [
        PartySigned(
            party=party, signatory="x", document_sha256="0" * 64, method="seal", evidence=""
        )
        for party in ("business_department", "company_seal", "streamer")
    ]
    first = drafted(**changes)
    return [
        first,
        ContractSent(document_sha256="0" * 64),
        *signed,
        ContractActivated(effective=first.effective),
    ]


def folded(facts: Sequence[Fact]) -> Contract:
    """The contract after these facts, each at the position of its version."""
    state = Contract()
    for number, fact in enumerate(facts, start=1):
        place = Place(position=number, version=number, actor="hr.lin")
        state = contract.evolve(state, fact, place)
    return state


def when(given: Sequence[Fact], command: ContractCommand, act: Act = HR) -> list[Fact]:
    """The facts that follow."""
    return contract.decide(folded(given), command, act, PlanContext(metrics=METRICS))


def refused(given: Sequence[Fact], command: ContractCommand, act: Act = HR) -> Refusal:
    """The refusal that follows."""
    with pytest.raises(Refusal) as caught:
        when(given, command, act)
    assert caught.value.zh
    assert caught.value.do, "a refusal says what to do"
    return caught.value
