"""Pay runs over a real ledger: compute, approve, post, late truth, payouts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.contract_commands import EndContract
from domain.payout import ReturnPayout, SettlePayout
from domain.payrun import ApprovePayRun, PayRun, StartPayRun
from domain.refusals import Invalid, NotFound, SeparationOfDuties, WrongState
from ledger.codec import canonical
from tests.workflows.company import TENANT, TODAY, Company, by, opened_desk
from workflows import payouts, payrun
from workflows.payslips import payslips, read_payslip


def commission(rate: str = "0.05", **more: Any) -> dict[str, Any]:
    return {"kind": "commission", "rate": rate, "base": "settled", **more}


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def amounts(company: Company, run: str, contract: str) -> dict[str, Decimal]:
    slip = read_payslip(company.desk, TENANT, run, contract)
    found: dict[str, Decimal] = {}
    for line in slip.lines:
        name = line.clause or line.code
        name = f"{line.period} {name}" if line.component == "arrears" else name
        found[name] = found.get(name, Decimal(0)) + line.amount
    return found


def test_a_month_is_computed_approved_posted_and_paid_once(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.pay("2025-03")
    assert run.status == "posted"
    slip = read_payslip(company.desk, TENANT, run.run, contract)
    assert slip.gross == Decimal("5000.00")
    assert slip.net == slip.gross - slip.tax == Decimal("4200.00")
    first = payouts.instruct_run(company.desk, TENANT, run.run, by("finance.zhao"))
    again = payouts.instruct_run(company.desk, TENANT, run.run, by("finance.zhao"))
    assert (first.instructed, again.instructed, again.already) == (1, 0, 1)


def test_every_line_names_the_facts_it_was_made_from(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    batch = company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.compute("2025-03")
    slip = read_payslip(company.desk, TENANT, run.run, contract)
    (line,) = (line for line in slip.lines if line.clause == "commission")
    assert line.lineage["batches"] == [batch.batch]
    drafted = company.desk.store.stream(TENANT, f"contract/{contract}", limit=1)[0]
    assert str(drafted.position) in str(line.lineage["clauses"])
    assert "5%" in line.zh.replace(" ", "")


def test_the_run_is_computed_as_known_at_its_position_for_ever(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    first = company.compute("2025-03")
    payrun.reject(company.desk, TENANT, first.run, by("approver.qian", "look again"))
    company.figures(("S0044", "sales", "2025-03-06", "50000"))
    second = company.compute("2025-03")
    assert (first.run, second.run) == ("2025-03-1", "2025-03-2")
    one = read_payslip(company.desk, TENANT, first.run, contract)
    two = read_payslip(company.desk, TENANT, second.run, contract)
    assert (one.gross, two.gross) == (Decimal("5000.00"), Decimal("7500.00"))


def test_a_retroactive_amendment_is_a_difference_in_the_next_run(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    march = company.pay("2025-03")
    before = canonical(read_payslip(company.desk, TENANT, march.run, contract))
    change = {"op": "change", "key": "commission", "clause": commission("0.06")}
    company.amend(contract, "2025-03-01", [change])
    company.figures(("S0044", "sales", "2025-04-05", "10000"))
    april = company.compute("2025-04")
    assert amounts(company, april.run, contract)["2025-03 commission"] == Decimal("1000.00")
    assert amounts(company, april.run, contract)["commission"] == Decimal("600.00")
    assert canonical(read_payslip(company.desk, TENANT, march.run, contract)) == before


def test_a_late_figure_and_a_correction_re_rate_their_own_month(company: Company):
    tiers = {
        "tiers": [{"start": "100000", "rate": "0.01"}],
        "mode": "marginal",
        "step": "percentage_point",
        "boundary": "above",
    }
    contract = company.hire("S0044", {"commission": commission(**tiers)})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    company.figures(("S0044", "sales", "2025-03-30", "20000"))
    company.pay("2025-04")
    assert amounts(company, "2025-04-1", contract)["2025-03 commission"] == Decimal("1200.00")
    company.figures(("S0044", "sales", "2025-03-30", "10000"))
    company.compute("2025-05")
    assert amounts(company, "2025-05-1", contract)["2025-03 commission"] == Decimal("-600.00")


def test_nothing_new_means_no_difference_lines(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    company.figures(("S0044", "sales", "2025-04-05", "100000"))
    company.pay("2025-04")
    slip = read_payslip(company.desk, TENANT, "2025-04-1", contract)
    assert not [line for line in slip.lines if line.component == "arrears"]


def test_scores_of_closed_months_keep_the_weights_they_were_given(company: Company):
    company.scheme("team", {"sales": ("0.9", "100000"), "fans_gained": ("0.1", "1000")})
    clause = {
        "kind": "performance_pay",
        "amount": "2000",
        "scheme": "team",
        "coefficients": [
            {"from_score": "0", "coefficient": "0.5"},
            {"from_score": "0.8", "coefficient": "1"},
        ],
        "proration": "calendar_days",
    }
    contract = company.hire("S0044", {"performance": clause})
    company.figures(
        ("S0044", "sales", "2025-05-05", "100000"), ("S0044", "fans_gained", "2025-05-31", "0")
    )
    company.pay("2025-05")
    assert amounts(company, "2025-05-1", contract)["performance"] == Decimal("2000.00")
    company.weights(
        "team", "2025-05-01", {"sales": ("0.6", "100000"), "fans_gained": ("0.4", "1000")}
    )
    company.figures(("S0044", "sales", "2025-05-20", "1"))
    company.figures(
        ("S0044", "sales", "2025-06-05", "100000"), ("S0044", "fans_gained", "2025-06-30", "0")
    )
    company.compute("2025-06")
    june = amounts(company, "2025-06-1", contract)
    assert june["performance"] == Decimal("1000.00")
    assert "2025-05 performance" not in june


def test_a_contract_that_was_signed_late_is_paid_its_earlier_months(company: Company):
    company.hire("S0001", {"commission": commission()})
    company.figures(
        ("S0001", "sales", "2025-03-05", "1000"), ("S0044", "sales", "2025-03-05", "100000")
    )
    company.pay("2025-03")
    contract = company.hire("S0044", {"commission": commission()})
    company.compute("2025-04")
    assert amounts(company, "2025-04-1", contract)["2025-03 commission"] == Decimal("5000.00")


def test_who_has_left_is_paid_what_becomes_known_later(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    company.hire("S0001", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.act(contract, EndContract(effective=date(2025, 4, 1), ending="terminated"))
    company.pay("2025-03")
    company.figures(("S0044", "sales", "2025-03-31", "20000"))
    company.pay("2025-04")
    assert amounts(company, "2025-04-1", contract)["2025-03 commission"] == Decimal("1000.00")
    run = company.compute("2025-05")
    with pytest.raises(NotFound):
        read_payslip(company.desk, TENANT, run.run, contract)


def test_an_end_in_the_past_takes_back_what_was_paid_after_it(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    company.pay("2025-03")
    company.act(contract, EndContract(effective=date(2025, 3, 1), ending="terminated"))
    run = company.compute("2025-04")
    slip = read_payslip(company.desk, TENANT, run.run, contract)
    assert amounts(company, run.run, contract)["2025-03 commission"] == Decimal("-5000.00")
    assert (slip.net, slip.carried_out) == (Decimal(0), Decimal("-5000.00"))
    assert [entry["code"] for entry in run.exceptions] == ["negative"]


def test_who_computed_or_amended_may_not_approve(company: Company):
    contract = company.hire("S0044", {"commission": commission()})
    change = {"op": "change", "key": "commission", "clause": commission("0.06")}
    company.amend(contract, "2025-03-01", [change])
    run = company.compute("2025-03")
    company.review(run.run)
    for actor in ("finance.zhao", "hr.lin"):
        with pytest.raises(SeparationOfDuties):
            payrun.approve(company.desk, TENANT, run.run, ApprovePayRun(), by(actor))


def test_a_month_has_one_run_that_stands_and_months_go_in_order(company: Company):
    company.hire("S0044", {"commission": commission()})
    company.pay("2025-03")
    with pytest.raises(WrongState, match="posted already"):
        company.compute("2025-03")
    with pytest.raises(WrongState, match="in order"):
        company.compute("2025-02")
    with pytest.raises(Invalid, match="not over"):
        company.compute("2026-01")


def test_a_computation_that_was_cut_off_goes_on_where_it_stopped(company: Company):
    for number in range(5):
        company.hire(f"S000{number}", {"commission": commission()})
    company.figures(*((f"S000{n}", "sales", "2025-03-05", "1000") for n in range(5)))

    def cut_off(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    chunk, payrun.CHUNK = payrun.CHUNK, 2
    try:
        with pytest.raises(KeyboardInterrupt):
            payrun.compute(
                company.desk,
                TENANT,
                StartPayRun(month="2025-03"),
                by("finance.zhao"),
                today=TODAY,
                progress=cut_off,
            )
        half = payrun.read_run(company.desk, TENANT, "2025-03-1")
        assert half.status == "computing"
        assert len(list(payslips(company.desk, TENANT, half))) == 2
        company.figures(("S0001", "sales", "2025-03-06", "999999"))
        run = company.compute("2025-03")
    finally:
        payrun.CHUNK = chunk
    assert (run.run, run.status, run.payslips) == ("2025-03-1", "computed", 5)
    assert run.gross == Decimal("250.00")


def test_three_people_compute_a_month_at_once_and_there_is_one_run(company: Company):
    people = [f"S00{n:02}" for n in range(9)]
    for person in people:
        company.hire(person, {"commission": commission()})
    company.figures(*((person, "sales", "2025-03-05", "1000") for person in people))

    def compute(_: int) -> PayRun:
        with suppress(WrongState):  # who comes when the run stands is told so
            company.compute("2025-03")
        return payrun.read_run(company.desk, TENANT, "2025-03-1")

    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(compute, range(3)))
    assert {run.run for run in runs} == {"2025-03-1"}
    assert {(run.status, run.payslips, run.digest) for run in runs} == {
        ("computed", 9, runs[0].digest)
    }
    names = ["pay.run_started.v1", "pay.run_computed.v1", "pay.payslip_computed.v1"]
    facts = company.desk.store.facts_after(TENANT, 0, 1000, names=names)
    assert len(facts) == 1 + 1 + 9


def test_a_contract_that_cannot_be_paid_is_an_exception_and_holds_nobody_up(company: Company):
    company.hire("S0001", {"commission": commission()})
    clause = {"kind": "base_pay", "amount": "20000", "proration": "workdays_actual"}
    company.hire("S0002", {"base": clause}, character="wages")
    insured = {"insurance": {"city": "shanghai", "base": "20000"}}
    from domain.person import SetTaxProfile
    from workflows import setup

    profile = SetTaxProfile(effective=date(2025, 1, 1), profile=insured)
    setup.set_tax_profile(company.desk, TENANT, "S0002", profile, by("hr.lin"))
    company.figures(("S0001", "sales", "2025-03-05", "1000"))
    run = company.compute("2025-03")
    assert run.payslips == 1
    codes = {entry["contract"]: entry["code"] for entry in run.exceptions}
    assert codes == {"C-S0002": "refused:no_rule_covers"}
    company.review(run.run)
    with pytest.raises(WrongState, match="no payslip"):
        payrun.approve(company.desk, TENANT, run.run, ApprovePayRun(), by("approver.qian"))
    named = ApprovePayRun(leave_out=("C-S0002",))
    approved = payrun.approve(company.desk, TENANT, run.run, named, by("approver.qian"))
    assert approved.state.status == "approved"


def test_a_returned_payout_opens_again_and_is_paid_under_a_new_id(company: Company):
    company.hire("S0044", {"commission": commission()})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.pay("2025-03")
    payouts.instruct_run(company.desk, TENANT, run.run, by("finance.zhao"))
    payout_id = f"{run.run}.C-S0044.net"
    with pytest.raises(WrongState, match="not paid twice"):
        payouts.instruct_again(company.desk, TENANT, payout_id, by("finance.zhao"))
    back = ReturnPayout(reason_code="AC04", on=date(2025, 4, 11))
    payouts.give_back(company.desk, TENANT, payout_id, back, by("bank"))
    payouts.instruct_again(company.desk, TENANT, payout_id, by("finance.zhao"))
    settled = SettlePayout(bank_reference="B-7", on=date(2025, 4, 14), amount=Decimal("4200.00"))
    state = payouts.settle(company.desk, TENANT, payout_id, settled, by("bank")).state
    assert (state.status, state.attempt) == ("settled", 2)


def test_eight_people_instruct_a_run_at_once_and_everybody_is_paid_once(company: Company):
    people = [f"S00{n:02}" for n in range(12)]
    for person in people:
        company.hire(person, {"commission": commission()})
    company.figures(*((person, "sales", "2025-03-05", "1000") for person in people))
    run = company.pay("2025-03")

    def instruct(number: int) -> None:
        payouts.instruct_run(company.desk, TENANT, run.run, by(f"finance.{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(instruct, range(8)))
    names = ["payout.instructed.v1"]
    facts = company.desk.store.facts_after(TENANT, 0, 1000, names=names)
    assert sorted(record.fact.contract for record in facts) == [f"C-{person}" for person in people]
