"""Contracts: given facts, when a command, then facts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from domain.contract_commands import (
    ActivateContract,
    AmendContract,
    CancelContract,
    ClauseChange,
    ClauseDraft,
    DecideExpiry,
    DraftContract,
    EndContract,
    RenewContract,
    SendContract,
    SetTaxCharacter,
    SignContract,
)
from domain.contract_facts import (
    ClauseAdded,
    ClauseAmended,
    ClauseEnded,
    ContractActivated,
    ContractCancelled,
    ContractDrafted,
    ContractEnded,
    ContractRenewed,
    ContractSent,
    ExpiryDecided,
    PartySigned,
    TaxCharacterSet,
)
from domain.documents import document_sha256, document_text
from domain.facts import Act
from domain.terms import terms_on
from tests.domain.given import active, commission, drafted, folded, refused, when

SEPTEMBER, OCTOBER, NOVEMBER = date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1)


def amend(effective=SEPTEMBER, changes=None, **more) -> AmendContract:
    changed = changes or [{"op": "change", "key": "commission", "clause": commission("0.06")}]
    return AmendContract.model_validate(
        {"amendment": "A-1", "effective": effective.isoformat(), "changes": changed, **more}
    )


def draft_command(**more) -> DraftContract:
    values = {
        "contract": "C-0044",
        "person": "S0044",
        "number": "2025-044",
        "engagement": "full_time",
        "character": "wages",
        "start": "2025-01-01",
        "end": "2026-01-01",
        "team": "Korean",
        "clauses": [{"key": "commission", "clause": commission()}],
    }
    return DraftContract.model_validate({**values, **more})


def rate_on(facts, day) -> str:
    (term,) = (t for t in terms_on(folded(facts).terms, day) if t.key == "commission")
    return term.data["rate"]


def test_a_draft_holds_the_clauses_and_the_sentences_that_will_be_signed():
    (made,) = when([], draft_command())
    assert isinstance(made, ContractDrafted)
    (entry,) = made.clauses
    assert entry.clause["rate"] == "0.05"
    assert "5%" in entry.text_zh.replace(" ", "")


def test_a_contract_is_drafted_once():
    assert refused([drafted()], draft_command()).code == "wrong_state"


def test_a_contract_without_clauses_is_refused():
    assert refused([], draft_command(clauses=[])).details["field"] == "clauses"


def test_two_clauses_with_one_key_are_refused():
    twice = [{"key": "commission", "clause": commission()}] * 2
    assert refused([], draft_command(clauses=twice)).code == "invalid"


def test_a_clause_outside_the_term_is_refused():
    late = [{"key": "commission", "clause": commission(), "start": "2026-06-01"}]
    assert refused([], draft_command(clauses=late)).details["field"] == "clauses.commission"


def test_a_contract_that_ends_before_it_starts_is_refused_at_the_door():
    with pytest.raises(ValidationError, match="end after it starts"):
        draft_command(end="2024-12-31")


def test_sending_fixes_the_hash_of_exactly_the_text():
    (sent,) = when([drafted()], SendContract())
    assert sent == ContractSent(document_sha256=document_sha256(folded([drafted()])))
    assert "2025-044" in document_text(folded([drafted()]))


def signing(party: str, sha: str = "0" * 64) -> SignContract:
    return SignContract.model_validate({"party": party, "signatory": "Lin", "document_sha256": sha})


def test_parties_sign_in_order():
    sent = active()[:2]
    assert refused(sent, signing("streamer")).details["next_party"] == "business_department"
    (made,) = when(sent, signing("business_department"))
    assert isinstance(made, PartySigned)


def test_another_text_cannot_be_signed():
    refusal = refused(active()[:2], signing("business_department", "1" * 64))
    assert refusal.code == "stale_version"


def test_a_contract_is_activated_when_all_have_signed_and_not_before():
    assert refused(active()[:4], ActivateContract()).code == "wrong_state"
    assert when(active()[:5], ActivateContract()) == [ContractActivated(effective=date(2025, 1, 1))]


def test_a_draft_can_be_cancelled_but_not_a_contract_in_force():
    assert when([drafted()], CancelContract()) == [ContractCancelled()]
    assert refused(active(), CancelContract()).code == "wrong_state"


def test_an_amendment_changes_the_clause_from_its_day_on():
    (made,) = when(active(), amend())
    assert isinstance(made, ClauseAmended)
    history = [*active(), made]
    assert rate_on(history, date(2025, 8, 31)) == "0.05"
    assert rate_on(history, SEPTEMBER) == "0.06"


def test_an_amendment_may_lie_in_the_past():
    history = [*active(), *when(active(), amend(date(2025, 2, 1)))]
    assert rate_on(history, date(2025, 2, 1)) == "0.06"


def test_a_campaign_ends_by_itself_and_the_old_terms_are_back():
    history = [*active(), *when(active(), amend(until="2025-10-01"))]
    assert rate_on(history, date(2025, 9, 30)) == "0.06"
    assert rate_on(history, OCTOBER) == "0.05"


def test_an_open_ended_change_never_silently_undoes_a_later_one():
    later = [*active(), *when(active(), amend(NOVEMBER))]
    refusal = refused(later, amend(SEPTEMBER))
    assert refusal.details["later_change"] == "2025-11-01"
    kept = [*later, *when(later, amend(SEPTEMBER, until="2025-11-01"))]
    assert rate_on(kept, NOVEMBER) == "0.06"
    replaced = when(later, amend(SEPTEMBER, supersede_later=True))
    assert rate_on([*later, *replaced], NOVEMBER) == "0.06"


def test_adding_and_ending_clauses():
    bonus = {
        "kind": "metric_bonus",
        "metric": "fans_gained",
        "threshold": "50000",
        "boundary": "above",
        "amount": "5000",
        "per": "once",
    }
    changes = [
        {"op": "add", "key": "fans", "clause": bonus},
        {"op": "end", "key": "commission"},
    ]
    added, ended = when(active(), amend(changes=changes))
    assert isinstance(added, ClauseAdded)
    assert isinstance(ended, ClauseEnded)
    after = folded([*active(), added, ended])
    assert [term.key for term in terms_on(after.terms, SEPTEMBER)] == ["base", "fans"]


def test_what_is_not_there_cannot_be_changed_and_what_is_there_not_added():
    gone = [{"op": "change", "key": "fans", "clause": commission()}]
    assert refused(active(), amend(changes=gone)).details["in_force"] == ["base", "commission"]
    there = [{"op": "add", "key": "commission", "clause": commission()}]
    assert refused(active(), amend(changes=there)).code == "invalid"


def test_an_amendment_needs_a_reason():
    silent = Act(actor="hr.lin", at=datetime(2025, 9, 1, tzinfo=UTC))
    assert refused(active(), amend(), silent).details["field"] == "reason"


def test_an_amendment_outside_the_term_is_refused():
    assert refused(active(), amend(date(2026, 1, 1))).details["field"] == "effective"


def test_an_ended_contract_is_not_amended():
    over = [*active(), ContractEnded(effective=OCTOBER, ending="terminated", note="")]
    refusal = refused(over, amend())
    assert refusal.code == "wrong_state"
    assert refusal.details["state"] == "ended"


def test_tiers_that_do_not_say_how_they_are_read_are_refused_with_the_readings():
    unclear = commission("0.05", tiers=[{"start": "100000", "rate": "0.01"}])
    changes = [{"op": "change", "key": "commission", "clause": unclear}]
    refusal = refused(active(), amend(changes=changes))
    assert refusal.code == "ambiguous_clause"
    assert "6,200.00" in refusal.en
    assert "7,200.00" in refusal.en
    assert "6,060.00" in refusal.en


def test_an_amendment_names_each_clause_once():
    twice = [{"op": "end", "key": "commission"}] * 2
    with pytest.raises(ValidationError, match="each clause once"):
        amend(changes=twice)


def test_a_renewal_starts_where_the_term_ends_and_counts_fixed_terms():
    command = RenewContract.model_validate(
        {
            "amendment": "R-1",
            "end": "2027-01-01",
            "changes": [{"op": "change", "key": "commission", "clause": commission("0.06")}],
        }
    )
    renewed, changed = when(active(), command)
    assert renewed == ContractRenewed(
        effective=date(2026, 1, 1), end=date(2027, 1, 1), fixed_terms=2
    )
    assert changed.effective == date(2026, 1, 1)
    after = folded([*active(), renewed, changed])
    assert after.period.end == date(2027, 1, 1)


def test_an_open_ended_contract_is_not_renewed():
    command = RenewContract.model_validate({"amendment": "R-1"})
    assert refused(active(end=None), command).code == "wrong_state"


def test_a_contract_ends_inside_its_term():
    command = EndContract(effective=OCTOBER, ending="terminated", note="personal reasons")
    (made,) = when(active(), command)
    assert folded([*active(), made]).status == "ended"
    ended = folded([*active(), made])
    assert ended.status_on(date(2025, 9, 30)) == "active", "in force until the day"
    assert ended.status_on(OCTOBER) == "ended"
    outside = EndContract(effective=date(2024, 1, 1), ending="terminated")
    assert refused(active(), outside).details["field"] == "effective"


def test_a_term_that_is_over_has_ended_without_a_fact():
    state = folded(active())
    assert state.status == "active"
    assert state.status_on(date(2025, 12, 31)) == "active"
    assert state.status_on(date(2026, 1, 1)) == "ended"
    assert folded([drafted()]).status_on(date(2026, 1, 1)) == "drafted", "never in force"


def test_the_tax_character_is_a_dated_fact():
    command = SetTaxCharacter(character="labour_remuneration", effective=SEPTEMBER)
    (made,) = when(active(), command)
    assert isinstance(made, TaxCharacterSet)
    state = folded([*active(), made])
    assert state.character_on(date(2025, 8, 31)) == "wages"
    assert state.character_on(SEPTEMBER) == "labour_remuneration"


def test_what_is_decided_before_the_end_is_a_fact():
    assert when(active(), DecideExpiry(decision="renew")) == [
        ExpiryDecided(decision="renew", effective=date(2026, 1, 1))
    ]


def test_a_command_on_nothing_is_not_found():
    assert refused([], SendContract()).code == "not_found"


def test_changes_that_end_a_clause_take_no_clause():
    with pytest.raises(ValidationError, match="end takes none"):
        ClauseChange.model_validate({"op": "end", "key": "commission", "clause": commission()})


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ({"kind": "lottery"}, "does not match any of the expected tags"),
        (commission("0.123456789"), "at most 8 decimals"),
        ({"kind": "base_pay", "amount": "8000.001", "proration": "calendar_days"}, "at most 2"),
        ({"kind": "base_pay", "amount": "NaN", "proration": "calendar_days"}, "NaN"),
        ({"kind": "base_pay", "amount": 8000.5, "proration": "calendar_days"}, "not exact"),
        ({"kind": "base_pay", "amount": "8000"}, "Field required"),
        ({"kind": "base_pay", "amount": "1" * 20, "proration": "calendar_days"}, "below"),
    ],
)
def test_a_malformed_clause_is_refused_with_a_clear_word(clause, said):
    with pytest.raises(ValidationError, match=said):
        ClauseDraft.model_validate({"key": "x", "clause": clause})


@pytest.mark.parametrize(
    "day", ["2568-09-01", "114-09-01", "2025/09/01", "2025-02-30", "tomorrow", 20250901]
)
def test_a_date_in_another_calendar_or_form_is_refused(day):
    with pytest.raises(ValidationError):
        EndContract.model_validate({"effective": day, "ending": "expired"})
