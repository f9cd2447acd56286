"""Exceptions of a run over a real ledger, and a run computed again beside the one before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from domain.person import ChangePersonalData, PersonalData
from domain.refusals import WrongState
from domain.run_step_facts import ReconcilePayRun, ReviewPayRun
from tests.workflows.company import TENANT, TODAY, Company, by, opened_desk
from workflows import payouts, payrun, run_steps, setup
from workflows.run_compare import compare_runs

COMMISSION = {"commission": {"kind": "commission", "rate": "0.05", "base": "settled"}}


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def found(company: Company, run: str, today: date = TODAY, change: str = "0.30") -> set:
    command = ReviewPayRun.model_validate({"change": change})
    listed = run_steps.findings(company.desk, TENANT, run, command, today)
    return {(one.contract, one.code) for one in listed}


def test_pay_is_compared_with_the_posted_month_before(company: Company):
    company.hire("S0044", COMMISSION)
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    assert found(company, company.pay("2025-03").run) == {("C-S0044", "first_payslip")}
    company.figures(("S0044", "sales", "2025-04-05", "140000"))
    run = company.compute("2025-04").run
    assert found(company, run) == {("C-S0044", "pay_up")}
    assert found(company, run, change="0.40") == set()


def test_no_figures_two_contracts_and_a_gap_are_seen(company: Company):
    company.hire("S0044", COMMISSION, end="2025-03-10")
    company.sign("S0044", COMMISSION, contract="C-2", start="2025-03-15")
    company.hire("S0001", COMMISSION)
    company.figures(
        ("S0044", "sales", "2025-03-05", "1000"), ("S0044", "sales", "2025-03-20", "1000")
    )
    codes = found(company, company.compute("2025-03").run)
    assert {("C-2", "no_contract"), ("C-2", "same_person"), ("C-2", "same_amount")} <= codes
    assert {("C-S0001", "no_figures"), ("C-S0001", "nothing_to_pay")} <= codes
    assert ("C-S0044", "no_figures") not in codes


def test_personal_data_that_was_replaced_lately_is_seen_and_not_read(company: Company):
    company.hire("S0044", COMMISSION)
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.compute("2025-03").run
    command = ChangePersonalData(personal=PersonalData(name="主播", bank_account="6222000000"))
    setup.change_personal_data(company.desk, TENANT, "S0044", command, by("hr.lin"))
    (record,) = company.desk.store.facts_after(
        TENANT, 0, 10, names=["person.personal_data_changed.v1"]
    )
    on = record.recorded_at.date()
    assert ("C-S0044", "bank_account_changed") in found(company, run, on)
    later = date.fromordinal(on.toordinal() + 32)
    assert ("C-S0044", "bank_account_changed") not in found(company, run, later)


def test_a_run_computed_again_is_compared_with_the_one_that_was_rejected(company: Company):
    company.hire("S0044", COMMISSION)
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    first = company.compute("2025-03").run
    payrun.reject(company.desk, TENANT, first, by("approver.qian", "a figure is missing"))
    company.figures(("S0044", "sales", "2025-03-06", "20000"))
    second = company.compute("2025-03").run
    (change,) = compare_runs(company.desk, TENANT, first, second)
    lines = {line.code: (line.before, line.after) for line in change.lines}
    assert lines["commission"] == (Decimal("5000.00"), Decimal("6000.00"))


def test_a_run_goes_from_posted_to_closed_and_no_step_is_skipped(company: Company):
    company.hire("S0044", COMMISSION)
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    desk, run, ask = company.desk, company.pay("2025-03").run, by("finance.zhao")
    with pytest.raises(WrongState, match="not instructed"):
        run_steps.mark_paid(desk, TENANT, run, ask)
    payouts.instruct_run(desk, TENANT, run, ask)
    assert run_steps.mark_paid(desk, TENANT, run, ask).state.status == "paid"
    with pytest.raises(WrongState, match="verdict"):
        run_steps.reconcile(desk, TENANT, run, ReconcilePayRun(), ask)
    with pytest.raises(WrongState, match="cannot be closed"):
        run_steps.close(desk, TENANT, run, ask)
    verdict = ReconcilePayRun(verdicts={f"{run}.C-S0044.net": "unpaid"})
    assert run_steps.reconcile(desk, TENANT, run, verdict, ask).state.status == "reconciled"
    assert run_steps.close(desk, TENANT, run, ask).state.status == "closed"
