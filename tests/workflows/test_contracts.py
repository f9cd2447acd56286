"""Contracts over a real ledger: templates, two times, cohorts, races and differences."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from domain.contract_commands import AmendContract, DraftContract, EndContract
from domain.refusals import Invalid, NotFound, StaleVersion
from domain.template import DefineTemplate
from domain.terms import terms_on
from ledger.idempotency import Idempotency, fingerprint
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import contracts, setup
from workflows.desk import Ask
from workflows.diff import Look, diff


def commission(rate: str = "0.05", **more: Any) -> dict[str, Any]:
    return {"kind": "commission", "rate": rate, "base": "settled", **more}


def amendment(rate: str, effective: str = "2025-09-01", **more: Any) -> AmendContract:
    change = {"op": "change", "key": "commission", "clause": commission(rate)}
    return AmendContract.model_validate(
        {"amendment": "A-1", "effective": effective, "changes": [change], **more}
    )


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def rate(company: Company, contract: str, day: date, known: int | None = None) -> str:
    state = contracts.read(company.desk, TENANT, contract, known)
    (term,) = terms_on(state.terms, day)
    return term.data["rate"]


def test_a_contract_is_read_effective_on_a_day_as_known_at_a_position(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    before, _ = company.desk.store.head(TENANT)
    company.amend(contract, "2025-02-01", [amendment("0.06").changes[0].model_dump()])
    assert rate(company, contract, date(2025, 3, 1), known=before) == "0.05"
    assert rate(company, contract, date(2025, 3, 1)) == "0.06"
    assert rate(company, contract, date(2025, 1, 31)) == "0.05"


def test_a_difference_names_what_was_and_what_is(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    known, _ = company.desk.store.head(TENANT)
    company.amend(contract, "2025-09-01", [amendment("0.06").changes[0].model_dump()])
    (found,) = diff(
        company.desk,
        TENANT,
        contract,
        Look(date(2025, 9, 1), known),
        Look(date(2025, 9, 1)),
    )
    assert found.change == "changed"
    assert "0.05 → 0.06" in found.zh
    assert found.position_after > found.position_before
    assert not diff(
        company.desk, TENANT, contract, Look(date(2025, 8, 1), known), Look(date(2025, 8, 1))
    )


def test_a_contract_comes_from_a_template_and_remembers_its_version(company: Company):
    define = DefineTemplate.model_validate(
        {
            "template": "full-time",
            "title": "全职主播",
            "engagement": "full_time",
            "clauses": [{"key": "commission", "clause": commission("{{rate}}")}],
        }
    )
    setup.define_template(company.desk, TENANT, define, by("hr.lin"))
    company.hire("S0044", {"commission": commission()})
    command = DraftContract.model_validate(
        {
            "contract": "C-2",
            "person": "S0044",
            "number": "2",
            "engagement": "full_time",
            "character": "wages",
            "start": "2025-01-01",
            "team": "Korean",
            "template": "full-time",
        }
    )
    state = contracts.draft(company.desk, TENANT, command, {"rate": "0.07"}, by("hr.lin")).state
    assert state.template_version == 1
    assert rate(company, "C-2", date(2025, 1, 1)) == "0.07"
    with pytest.raises(Invalid, match="variables do not match"):
        contracts.draft(company.desk, TENANT, command, {}, by("hr.lin"))


def test_a_contract_is_drafted_for_a_registered_person_only(company: Company):
    with pytest.raises(NotFound, match="no person"):
        company.sign("S9999", {"commission": commission()})


def test_a_clause_on_an_undefined_metric_is_refused(company: Company):
    with pytest.raises(Invalid, match="not defined"):
        company.hire("S0044", {"commission": commission(metric="gift_income")})


def test_a_cohort_is_previewed_without_a_trace_and_then_amended_each_for_itself(company: Company):
    one = company.hire("S0001", {"commission": commission()})
    two = company.hire("S0002", {"commission": commission()})
    over = company.hire("S0003", {"commission": commission()})
    company.act(over, EndContract(effective=date(2025, 6, 1), ending="terminated"))
    head, _ = company.desk.store.head(TENANT)
    cohort = {contract: amendment("0.06") for contract in (one, two, over, "C-none")}
    ask = Ask(by("hr.lin").act, None, Idempotency("campaign", fingerprint("amend", "/", {})))
    seen = contracts.amend_cohort(company.desk, TENANT, cohort, ask, preview=True)
    assert [result.accepted for result in seen] == [True, True, False, False]
    assert seen[0].after[0].data["rate"] == "0.06"
    assert company.desk.store.head(TENANT)[0] == head
    done = contracts.amend_cohort(company.desk, TENANT, cohort, ask)
    assert [result.accepted for result in done] == [True, True, False, False]
    again = contracts.amend_cohort(company.desk, TENANT, cohort, ask)
    assert again[0].receipts == done[0].receipts
    assert company.desk.store.head(TENANT)[0] == head + 2


def test_of_two_amendments_on_one_version_exactly_one_wins(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    version = contracts.read(company.desk, TENANT, contract).version

    def amend(rate_wanted: str) -> str:
        ask = Ask(by("hr.lin").act, expected_version=version)
        command = amendment(rate_wanted, supersede_later=True)
        try:
            contracts.act_on(company.desk, TENANT, contract, command, ask)
        except StaleVersion as refusal:
            assert refusal.details["current_version"] == version + 1
            return "stale"
        return "won"

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(amend, [f"0.0{n}" for n in range(1, 9)]))
    assert sorted(verdicts) == ["stale"] * 7 + ["won"]
