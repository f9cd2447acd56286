"""The audit trail tells every fact there is."""

from __future__ import annotations

import json

from ledger.names import Names
from ledger.stored_names import STORED_NAMES
from projections import audit_history, pay_register, payout_ledger
from projections.audit_words_steps import WORDS, tell_step
from tests.ledger.test_stored_facts import GOLDEN

NAMES = Names()


def test_no_stored_fact_is_missing_from_the_trail():
    assert set(STORED_NAMES) == set(audit_history.names)


def test_every_step_has_a_sentence_in_both_languages_from_its_own_fields():
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for name, kind in STORED_NAMES.items():
        if kind in WORDS:
            told = tell_step(NAMES.decode(name, golden[name].encode()))
            assert told is not None
            assert told.zh
            assert told.en
            assert "{" not in told.zh + told.en


def test_lists_follow_every_step_of_runs_and_payouts():
    runs = {name for name in STORED_NAMES if name.startswith("pay.")}
    assert set(pay_register.names) == runs
    answers = {"sent", "settled", "returned", "failed", "instructed"}
    assert set(payout_ledger.names) == {f"payout.{answer}.v1" for answer in answers}
