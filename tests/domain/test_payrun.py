"""Pay runs and payouts: given facts, when a command, then facts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from domain import payout, payrun
from domain.facts import Act, Place
from domain.payout import Payable, Payout, ReturnPayout, SettlePayout
from domain.payrun import ApprovePayRun, PayRun, PayRunComputed, PayRunStarted
from domain.periods import Month
from domain.refusals import Invalid, NotFound, SeparationOfDuties, WrongState
from domain.run_step_facts import PayRunReviewed

NOON = datetime(2025, 4, 2, 4, tzinfo=UTC)
FINANCE = Act(actor="finance.zhao", at=NOON)
APPROVER = Act(actor="approver.qian", at=NOON, reason="looked at")
HR = Act(actor="hr.lin", at=NOON)
DIGEST = "d" * 64


def run(*facts, actor="finance.zhao") -> PayRun:
    state = PayRun()
    for number, fact in enumerate(facts, start=1):
        state = payrun.evolve(state, fact, Place(version=number, position=number, actor=actor))
    return state


def computed() -> tuple:
    zero = Decimal(0)
    return (
        PayRunStarted(
            run="2025-03-1",
            month="2025-03",
            pay_date=date(2025, 4, 10),
            pinned=100,
            engine="1",
            contracts=1,
        ),
        PayRunComputed(
            payslips=1,
            gross=zero,
            contributions=zero,
            tax=zero,
            net=zero,
            digest=DIGEST,
            exceptions=(),
        ),
    )


def reviewed() -> tuple:
    noted = PayRunReviewed(
        digest=DIGEST,
        known=100,
        change=Decimal("0.3"),
        findings={},
        findings_digest="f" * 64,
        acknowledged=(),
    )
    return (*computed(), noted)


def test_a_month_that_is_not_over_is_not_computed():
    with pytest.raises(Invalid, match="not over"):
        payrun.check_month_over(Month.parse("2025-03"), date(2025, 3, 31))
    payrun.check_month_over(Month.parse("2025-03"), date(2025, 4, 1))


def test_another_person_approves_what_was_computed():
    (made,) = payrun.approve(run(*reviewed()), ApprovePayRun(), APPROVER, frozenset())
    assert made == payrun.PayRunApproved(digest=DIGEST)


def test_who_computed_a_run_may_not_approve_it():
    with pytest.raises(SeparationOfDuties):
        payrun.approve(run(*reviewed()), ApprovePayRun(), FINANCE, frozenset())


def test_who_amended_a_contract_may_not_approve_its_pay():
    with pytest.raises(SeparationOfDuties):
        payrun.approve(run(*reviewed()), ApprovePayRun(), HR, frozenset({"hr.lin"}))


def test_an_approval_names_the_digest_that_was_looked_at():
    other = ApprovePayRun(digest="e" * 64)
    with pytest.raises(WrongState, match="not the one you looked at"):
        payrun.approve(run(*reviewed()), other, APPROVER, frozenset())


def test_no_step_is_skipped():
    with pytest.raises(WrongState):
        payrun.post(run(*computed()))
    with pytest.raises(NotFound):
        payrun.post(PayRun())
    approved = run(*computed(), payrun.PayRunApproved(digest=DIGEST), actor="approver.qian")
    assert payrun.post(approved) == [payrun.PayRunPosted(digest=DIGEST)]
    with pytest.raises(WrongState):
        payrun.approve(approved, ApprovePayRun(), APPROVER, frozenset())


def test_a_posted_run_is_final():
    posted = run(
        *computed(), payrun.PayRunApproved(digest=DIGEST), payrun.PayRunPosted(digest=DIGEST)
    )
    with pytest.raises(WrongState, match="posted"):
        payrun.reject(posted, APPROVER)


def test_a_rejection_needs_a_reason():
    with pytest.raises(Invalid):
        payrun.reject(run(*computed()), FINANCE)
    assert payrun.reject(run(*computed()), APPROVER) == [payrun.PayRunRejected()]


MARCH = Payable(
    contract="C-0044",
    person="S0044",
    month="2025-03",
    component="net",
    run="2025-03-1",
    amount=Decimal("9876.54"),
)


def paid(*facts) -> Payout:
    state = Payout()
    for number, fact in enumerate(facts, start=1):
        state = payout.evolve(state, fact, Place(version=number))
    return state


def test_a_payable_is_instructed_once():
    (first,) = payout.instruct(Payout(), MARCH)
    assert first.end_to_end_id == "2025-03-1.C-0044.net.1"
    with pytest.raises(WrongState, match="not paid twice"):
        payout.instruct(paid(first), MARCH)


def test_what_the_bank_returned_can_be_instructed_again_under_another_id():
    (first,) = payout.instruct(Payout(), MARCH)
    (back,) = payout.returned(paid(first), ReturnPayout(reason_code="AC04", on=date(2025, 4, 11)))
    (second,) = payout.instruct(paid(first, back), MARCH)
    assert second.end_to_end_id == "2025-03-1.C-0044.net.2"
    with pytest.raises(WrongState):
        payout.instruct(paid(first, back, second), MARCH)


def test_a_settled_payout_is_neither_paid_nor_returned_again():
    (first,) = payout.instruct(Payout(), MARCH)
    settle = SettlePayout(bank_reference="B-1", on=date(2025, 4, 10))
    (settled,) = payout.settle(paid(first), settle)
    state = paid(first, settled)
    for act in (
        lambda: payout.instruct(state, MARCH),
        lambda: payout.settle(state, settle),
        lambda: payout.returned(state, ReturnPayout(reason_code="x", on=date(2025, 4, 11))),
    ):
        with pytest.raises(WrongState):
            act()


def test_the_banks_amount_has_to_be_the_instructed_one():
    (first,) = payout.instruct(Payout(), MARCH)
    other = SettlePayout(bank_reference="B-1", on=date(2025, 4, 10), amount=Decimal("9876.55"))
    with pytest.raises(Invalid, match=r"9876\.55"):
        payout.settle(paid(first), other)


def test_nothing_is_paid_for_nothing():
    with pytest.raises(Invalid):
        payout.instruct(Payout(), msgspec.structs.replace(MARCH, amount=Decimal(0)))


def test_an_unknown_payout_has_no_answer_from_the_bank():
    with pytest.raises(NotFound):
        payout.settle(Payout(), SettlePayout(bank_reference="B", on=date(2025, 4, 10)))
