"""Steps of a run: reviewed, paid, reconciled, closed; exceptions that are looked at before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain import payrun, run_steps
from domain.facts import Place
from domain.lines import Line, Payslip
from domain.payout import Payout
from domain.payrun import PayRun
from domain.periods import Month, Period
from domain.refusals import WrongState
from domain.run_checks import check_run, gaps_between
from domain.run_findings import RunCase, RunFinding, counted, digest_of
from domain.run_step_facts import PayRunClosed, PayRunPaid, ReconcilePayRun, ReviewPayRun
from tests.domain.test_payrun import DIGEST, computed, reviewed, run

POSTED = (payrun.PayRunApproved(digest=DIGEST), payrun.PayRunPosted(digest=DIGEST))
UP = RunFinding(code="pay_up", severity="look", contract="C-1", person="P-1", zh="增", en="up")
NEW = RunFinding(code="first_payslip", severity="note", contract="C-1", person="P-1", zh="", en="")


def slip(gross: str, contract: str = "C-1", **more) -> Payslip:
    amount = Decimal(gross)
    line = Line(
        code="commission",
        component="earnings",
        period="2025-03",
        unrounded=amount,
        amount=amount,
        zh="",
        en="",
    )
    values = {
        "contract": contract,
        "person": "P-1",
        "month": "2025-03",
        "pay_date": "2025-04-10",
        "character": "wages",
        "lines": (line,),
        "gross": amount,
        "contributions": Decimal(0),
        "tax": Decimal(0),
        "net": amount,
        "employer_cost": Decimal(0),
    }
    return Payslip(**{**values, **more})


def codes(gross: str = "1000", **beside) -> list[str]:
    made = beside.pop("slip", None) or slip(gross)
    beside = {"before": slip("1000"), "change": Decimal("0.3"), **beside}
    return [finding.code for finding in check_run([RunCase(slip=made, **beside)])]


@pytest.mark.parametrize(
    ("gross", "found"),
    [("1300", []), ("1300.01", ["pay_up"]), ("700", []), ("699.99", ["pay_down"])],
)
def test_pay_up_or_down_by_more_than_the_share_is_an_exception(gross: str, found: list[str]):
    assert codes(gross) == found


def test_what_is_beside_a_payslip_makes_its_exceptions():
    assert codes(figure_clauses=("commission",)) == ["no_figures"]
    assert codes(figure_clauses=("commission",), has_figures=True) == []
    assert codes(minimum=Decimal("2740")) == ["below_minimum_wage"]
    assert codes(minimum=Decimal("2740"), whole_month=False) == []
    assert codes(bank_changed=date(2025, 4, 1)) == ["bank_account_changed"]
    assert codes(others=(("C-2", Decimal("7")),)) == ["same_person"]
    assert codes(others=(("C-2", Decimal("1000")),)) == ["same_amount", "same_person"]
    assert codes(gaps=(Period(date(2025, 3, 3), date(2025, 3, 5)),)) == ["no_contract"]
    assert codes(before=None) == ["first_payslip"]


def test_a_negative_balance_and_nothing_to_pay_are_exceptions():
    carried = slip("0", carried_out=Decimal("-5000"))
    assert codes(slip=carried, before=None) == ["negative"]
    assert codes(slip=slip("0"), before=slip("0")) == ["nothing_to_pay"]


def test_every_exception_says_its_figures_in_both_languages():
    case = RunCase(slip=slip("2000"), change=Decimal("0.3"), before=slip("1000"))
    (found,) = check_run([case])
    assert found.figures == {"gross": "2000", "gross_before": "1000", "change": "100.00 %"}
    assert "2,000.00" in found.zh and "30 %" in found.en


def test_days_between_two_contracts_are_gaps_and_days_after_the_last_are_not():
    march = Month.parse("2025-03")
    first = Period(date(2025, 1, 1), date(2025, 3, 10))
    second = Period(date(2025, 3, 15), None)
    assert gaps_between(march, [second, first]) == (Period(date(2025, 3, 10), date(2025, 3, 15)),)
    assert gaps_between(march, [first]) == ()
    assert gaps_between(march, [Period(date(2025, 1, 1), None), second]) == ()


def test_a_review_names_every_kind_of_exception_but_the_notes():
    with pytest.raises(WrongState, match="not acknowledged exactly") as no:
        run_steps.review(run(*computed()), ReviewPayRun(), [UP, NEW], 7)
    assert no.value.details["acknowledge"] == ["pay_up"]
    command = ReviewPayRun(acknowledge=("pay_up",), findings_digest=digest_of([UP, NEW]))
    (made,) = run_steps.review(run(*computed()), command, [UP, NEW], 7)
    assert made.findings == counted([UP, NEW]) == {"first_payslip": 1, "pay_up": 1}
    with pytest.raises(WrongState, match="not the one you looked at"):
        run_steps.review(run(*computed()), command, [UP], 7)


def test_a_run_is_not_approved_before_it_is_reviewed():
    with pytest.raises(WrongState, match="computed"):
        payrun.need(run(*computed()), "reviewed", "approved")


def test_a_run_that_was_approved_before_there_were_reviews_stays_readable():
    assert run(*computed(), *POSTED).status == "posted"
    assert run(*reviewed(), *POSTED).status == "posted"


def test_a_run_is_paid_once_every_payable_is_instructed():
    posted = run(*reviewed(), *POSTED)
    payables = {"a": Decimal("5.00"), "b": Decimal("7.50"), "c": Decimal(0)}
    one = {"a": Payout(status="instructed", amount=Decimal("5.00"))}
    with pytest.raises(WrongState) as no:
        run_steps.paid(posted, payables, one)
    assert no.value.details["missing"] == ["b"]
    both = {**one, "b": Payout(status="settled", amount=Decimal("7.50"))}
    assert run_steps.paid(posted, payables, both) == [
        PayRunPaid(payouts=2, amount=Decimal("12.50"), nothing_to_pay=1)
    ]


def test_a_run_is_reconciled_once_every_payout_is_settled_or_has_a_verdict():
    paid = after(
        run(*reviewed(), *POSTED), PayRunPaid(payouts=2, amount=Decimal(9), nothing_to_pay=0)
    )
    payouts = {
        "a": Payout(status="settled", amount=Decimal(5)),
        "b": Payout(status="returned", amount=Decimal(4)),
    }
    for verdicts in ({}, {"a": "unpaid", "b": "returned"}):
        with pytest.raises(WrongState, match="verdict"):
            run_steps.reconcile(paid, ReconcilePayRun(verdicts=verdicts), payouts)
    (made,) = run_steps.reconcile(paid, ReconcilePayRun(verdicts={"b": "returned"}), payouts)
    assert (made.settled, made.amount, made.verdicts) == (1, Decimal(5), {"b": "returned"})
    reconciled = after(paid, made)
    assert run_steps.close(reconciled) == [PayRunClosed(digest=DIGEST)]
    closed = after(reconciled, PayRunClosed(digest=DIGEST))
    for step in (run_steps.close, payrun.post):
        with pytest.raises(WrongState, match="closed"):
            step(closed)


def after(state: PayRun, fact) -> PayRun:
    return payrun.evolve(state, fact, Place(version=state.version + 1))
