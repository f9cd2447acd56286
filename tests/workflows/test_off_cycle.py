"""Runs beside the month's own: leavers, corrections, one-off payments; nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.contract_commands import EndContract
from domain.law import load_law_book
from domain.lines import Payslip
from domain.one_off import AgreeOneOff, ChooseBonusTax
from domain.payrun import ApprovePayRun, PayRun, StartPayRun
from domain.person import SetTaxProfile
from domain.refusals import Refusal, SeparationOfDuties, WrongState
from ledger.verify_report import Check
from tests.domain.paying import base_pay, commission
from tests.workflows.company import TENANT, TODAY, Company, by, opened_desk
from workflows import law, one_offs, payrun, run_steps, setup
from workflows.payslips import find_payslip, payslips
from workflows.verify_pay import PayVerification

D = Decimal


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def start(company: Company, month: str, kind: str, today: date = TODAY, **more: Any) -> PayRun:
    """Compute a run beside the month's own, by finance."""
    command = StartPayRun.model_validate({"month": month, "off_cycle": kind, **more})
    return payrun.compute(company.desk, TENANT, command, by("finance.zhao"), today=today).state


def run(company: Company, month: str, kind: str, today: date = TODAY, **more: Any) -> PayRun:
    """The same, reviewed, approved and posted."""
    made = start(company, month, kind, today, **more)
    company.review(made.run)
    return company.approve_and_post(made.run)


def slip(company: Company, run_id: str, contract: str = "C-S1") -> Payslip:
    found = find_payslip(company.desk, TENANT, run_id, contract)
    assert found is not None
    return found


def verified(company: Company) -> list[Check]:
    checks = PayVerification(company.desk, TENANT, lambda *_: None).run()
    assert [finding for check in checks for finding in check.findings] == []
    return checks


def test_a_leaver_is_paid_in_full_at_the_exit_and_not_again_with_the_month(
    company: Company,
) -> None:
    """
    S1, base pay 8,000 by calendar days, leaves on 10 March and is paid on the 12th:
    8,000 x 10 / 31 = 2,580.65. The month's own run pays S2 alone.
    """
    for person in ("S1", "S2"):
        company.hire(person, {"base": base_pay("8000", "calendar_days")}, character="wages")
    company.pay("2025-02")
    company.act("C-S1", EndContract(effective=date(2025, 3, 11), ending="terminated"))

    at_exit = run(company, "2025-03", "leavers", date(2025, 3, 12))
    own = company.pay("2025-03")

    assert (at_exit.run, own.run) == ("2025-03-1", "2025-03-2")
    assert (at_exit.pay_date, at_exit.scope) == (date(2025, 3, 12), ("C-S1",))
    assert slip(company, at_exit.run).gross == D("2580.65")
    assert [one.contract for one in payslips(company.desk, TENANT, own)] == ["C-S2"]
    verified(company)


def test_what_is_found_after_the_exit_is_owed_with_the_months_own_run(company: Company) -> None:
    """Sales of 9 March become known on the 15th: 5 % of 1,000 are still owed to the leaver."""
    company.hire("S1", {"commission": commission("5%")})
    company.hire("S2", {"commission": commission("5%")})
    company.pay("2025-02")
    company.act("C-S1", EndContract(effective=date(2025, 3, 11), ending="terminated"))
    run(company, "2025-03", "leavers", date(2025, 3, 12))
    company.figures(("S1", "sales", "2025-03-09", "1000"))

    own = company.pay("2025-03")

    made = slip(company, own.run)
    assert [(line.component, line.period, line.amount) for line in made.lines][:1] == [
        ("arrears", "2025-03", D("50.00"))
    ]
    assert made.lineage["supplement"] is True
    verified(company)


@pytest.mark.parametrize("leaver", ["S1", "S3"])
def test_what_is_found_after_the_exit_does_not_hang_on_who_is_computed_first(
    company: Company, monkeypatch: pytest.MonkeyPatch, leaver: str
) -> None:
    """The end was known before February's run, so that a late figure alone makes March late; it is
    owed whether people whom nobody has paid yet are computed before the leaver or after."""
    monkeypatch.setattr(payrun, "CHUNK", 1)
    for person in ("S1", "S2", "S3"):
        company.hire(person, {"commission": commission("5%")})
    company.act(f"C-{leaver}", EndContract(effective=date(2025, 3, 11), ending="terminated"))
    company.pay("2025-02")
    run(company, "2025-03", "leavers", date(2025, 3, 12))
    company.figures((leaver, "sales", "2025-03-09", "1000"))

    own = company.pay("2025-03")

    late = [line for line in slip(company, own.run, f"C-{leaver}").lines if line.amount]
    assert [(line.component, line.period, line.amount) for line in late][:1] == [
        ("arrears", "2025-03", D("50.00"))
    ]
    verified(company)


def test_a_correction_run_pays_what_is_late_and_the_next_month_does_not_pay_it_again(
    company: Company,
) -> None:
    company.hire("S1", {"commission": commission("5%")})
    company.figures(("S1", "sales", "2025-01-10", "1000"))
    company.pay("2025-01")
    company.figures(("S1", "sales", "2025-01-20", "600"), source="late")

    correction = run(company, "2025-01", "corrections", date(2025, 2, 12))
    february = company.pay("2025-02")

    assert correction.run == "2025-01-2"
    assert slip(company, correction.run).gross == D("30.00")
    assert slip(company, february.run).gross == D("0.00")
    assert not [line for line in slip(company, february.run).lines if line.component == "arrears"]
    verified(company)


def test_tax_of_a_second_payment_goes_on_with_the_year(company: Company) -> None:
    """
    January's wages of 10,000 and an award of 20,000, both paid in February, are taxed as 30,000
    at once, with 5,000 for each of two months: (30,000 - 10,000) x 3 % = 600.00 in all.
    """
    company.hire("S1", {"base": base_pay("10000")}, character="wages")
    own = company.pay("2025-01")
    one_offs.agree(company.desk, TENANT, award("A-1", "20000"), by("hr.lin", "for the gala"))

    beside = run(company, "2025-01", "one_offs", date(2025, 2, 12))

    taxes = [slip(company, one.run).tax for one in (own, beside)]
    assert sum(taxes) == D("600.00")
    assert slip(company, beside.run).net == D("20000") - taxes[1]
    verified(company)


def award(name: str, amount: str, **more: Any) -> AgreeOneOff:
    said = {"one_off": name, "contract": "C-S1", "kind": "award", "month": "2025-01"}
    return AgreeOneOff.model_validate({**said, "amount": amount, **more})


def test_a_one_off_is_paid_once_whichever_run_comes_first(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    one_offs.agree(company.desk, TENANT, award("A-1", "500"), by("hr.lin", "gala"))
    run(company, "2025-01", "one_offs", date(2025, 1, 20))
    own = company.pay("2025-01")
    assert slip(company, own.run).gross == D("0.00")
    with pytest.raises(WrongState):
        start(company, "2025-01", "one_offs")
    assert [(one.one_off, paid) for one, paid in one_offs.listed(company.desk, TENANT)] == [
        ("A-1", True)
    ]
    verified(company)


def test_an_annual_bonus_waits_for_the_choice_and_shows_both_ways(company: Company) -> None:
    """36,000 by itself bears 1,080.00 (rules-cn.md)."""
    company.hire("S1", {"base": base_pay("20000")}, character="wages")
    bonus = award("B-1", "36000", kind="annual_bonus")
    one_offs.agree(company.desk, TENANT, bonus, by("hr.lin", "2024's bonus"))
    waiting = company.compute("2025-01")
    listed = run_steps.findings(company.desk, TENANT, waiting.run, _review(), TODAY)
    assert {one.code for one in listed} >= {"bonus_waits"}
    assert slip(company, waiting.run).gross == D("20000.00")
    payrun.reject(company.desk, TENANT, waiting.run, by("finance.zhao", "bonus chosen"))
    choice = ChooseBonusTax(way="separate", year=2025)
    one_offs.choose(company.desk, TENANT, "B-1", choice, by("hr.lin"))

    own = company.pay("2025-01")

    made = slip(company, own.run)
    taxes = {line.code: -line.amount for line in made.lines if line.component == "tax"}
    # 20,000 less 2 x 5,000 at 3 %, and the bonus by itself.
    assert taxes == {"tax": D("300.00"), "tax_annual_bonus": D("1080.00")}
    assert (made.gross, made.tax, made.net) == (D("56000.00"), D("1380.00"), D("54620.00"))
    [line] = [one for one in made.lines if one.component == "one_off"]
    # merged: 46,000 x 10 % - 2,520 = 2,080.00, less the 300.00 of the wages
    assert line.lineage["tax_ways"] == {"separate": "1080.00", "merged": "1780.00"}
    assert "单独计税 1,080.00，并入本次工资 1,780.00；员工选择：单独计税" in line.zh
    assert made.taxed is not None
    assert made.taxed.income == D("20000.00"), "the bonus is not in the year's wages"
    verified(company)


def test_a_bonus_is_taxed_by_itself_once_a_year(company: Company) -> None:
    company.hire("S1", {"base": base_pay("10000")}, character="wages")
    for name in ("B-1", "B-2"):
        bonus = award(name, "1000", kind="annual_bonus")
        one_offs.agree(company.desk, TENANT, bonus, by("hr.lin", "bonus"))
    separate = ChooseBonusTax(way="separate", year=2025)
    one_offs.choose(company.desk, TENANT, "B-1", separate, by("hr.lin"))
    with pytest.raises(WrongState, match="once a year"):
        one_offs.choose(company.desk, TENANT, "B-2", separate, by("hr.lin"))
    one_offs.choose(
        company.desk, TENANT, "B-2", ChooseBonusTax(way="merged", year=2025), by("hr.lin")
    )
    own = company.pay("2025-01")
    assert slip(company, own.run).gross == D("12000.00")


def test_a_withdrawn_payment_is_not_paid_and_a_paid_one_cannot_be_withdrawn(
    company: Company,
) -> None:
    company.hire("S1", {"base": base_pay("1000")})
    for name in ("A-1", "A-2"):
        one_offs.agree(company.desk, TENANT, award(name, "500"), by("hr.lin", "gala"))
    one_offs.withdraw(company.desk, TENANT, "A-1", by("hr.lin"))
    own = company.pay("2025-01")
    assert slip(company, own.run).gross == D("1500.00")
    for name in ("A-1", "A-2"):
        with pytest.raises(WrongState):
            one_offs.withdraw(company.desk, TENANT, name, by("hr.lin"))


def test_who_agreed_on_a_payment_does_not_approve_it(company: Company) -> None:
    company.hire("S1", {"base": base_pay("1000")})
    one_offs.agree(company.desk, TENANT, award("A-1", "500"), by("approver.qian", "gala"))
    made = company.compute("2025-01")
    company.review(made.run)
    with pytest.raises(SeparationOfDuties):
        payrun.approve(company.desk, TENANT, made.run, ApprovePayRun(), by("approver.qian"))


def _review() -> Any:
    from domain.run_step_facts import ReviewPayRun

    return ReviewPayRun()


def insured(company: Company, base: str, effective: str = "2025-07-01") -> None:
    """Shanghai's insurance from a month on."""
    profile = {"insurance": {"city": "shanghai", "base": base}}
    command = SetTaxProfile.model_validate({"effective": effective, "profile": profile})
    setup.set_tax_profile(company.desk, TENANT, "S1", command, by("hr.lin"))


def test_severance_is_computed_from_the_last_months_and_taxed_by_itself(company: Company) -> None:
    """
    From 1 January to 16 August 2025: half a year and more counts as one year. The average of two
    posted months of 10,000 is one month's wage, far below three times the city's yearly average:
    free of tax.
    """
    company.hire("S1", {"base": base_pay("10000")}, character="wages", start="2025-01-01")
    insured(company, "10000")
    for month in ("2025-07",):
        company.pay(month)
    company.act("C-S1", EndContract(effective=date(2025, 8, 17), ending="terminated"))
    command = AgreeOneOff(one_off="X-1", contract="C-S1", kind="severance", month="2025-08")

    agreed = one_offs.agree(company.desk, TENANT, command, by("hr.lin", "ended")).state
    at_exit = run(company, "2025-08", "leavers", date(2025, 8, 18))

    assert agreed.amount == D("10000.00")
    assert agreed.working["months"] == "1"
    made = slip(company, at_exit.run)
    [line] = [one for one in made.lines if one.code == "severance"]
    assert line.amount == D("10000.00")
    [own_tax] = [one for one in made.lines if one.code == "tax_severance"]
    assert own_tax.amount == D("0.00")
    assert made.taxed is not None
    assert made.taxed.income == made.gross - D("10000.00")
    verified(company)


def test_a_months_non_compete_pay_is_the_clauses_share_of_the_average(company: Company) -> None:
    """30 % of 17,434.48 would be 5,230.34 (rules-cn.md); here of 10,000: 3,000.00."""
    clauses = {
        "base": base_pay("10000"),
        "nc": {"kind": "non_compete", "scope": "美妆", "months": 24, "compensation_share": "0.3"},
    }
    company.hire("S1", clauses, character="wages")
    insured(company, "10000")
    company.pay("2025-07")
    company.act("C-S1", EndContract(effective=date(2025, 8, 1), ending="terminated"))
    asked = AgreeOneOff(one_off="N-1", contract="C-S1", kind="non_compete", month="2025-08")
    agreed = one_offs.agree(company.desk, TENANT, asked, by("hr.lin", "as agreed")).state
    assert agreed.amount == D("3000.00")
    company.pay("2025-08")
    assert slip(company, "2025-08-1").gross == D("3000.00")
    outside = asked.model_copy(update={"one_off": "N-2", "month": "2027-08"})
    with pytest.raises(Refusal, match="outside"):
        one_offs.agree(company.desk, TENANT, outside, by("hr.lin", "as agreed"))


def test_a_city_base_that_arrives_in_september_for_july_is_posted_in_the_open_month(
    company: Company,
) -> None:
    """
    Shanghai's ceiling is first carried on at 36,921; in September 37,302 is published for July.
    A wage of 50,000: pension 8 % of 381.00 is 30.48 more for July and for August, in September's
    run, with the employer's 16 % beside it.
    """
    company.hire("S1", {"base": base_pay("50000")}, character="wages")
    insured(company, "50000")
    official = load_law_book().on("cn.shanghai.insurance", date(2025, 7, 1))
    before = {**official.data, "floor": "7384", "ceiling": "36921"}
    provisional = _table(official, 10, before, "carried on until the notice")
    law.publish(company.desk, TENANT, provisional, by("finance.zhao").act)
    july, august = company.pay("2025-07"), company.pay("2025-08")
    law.publish(
        company.desk, TENANT, _table(official, 11, official.data, official.source),
        by("finance.zhao").act,
    )  # fmt: skip

    september = company.pay("2025-09")

    made = slip(company, september.run)
    pension = {
        line.period: (line.amount, line.lineage["employer"])
        for line in made.lines
        if line.code == "insurance_pension"
    }
    assert pension["2025-07"] == (D("-30.48"), "60.96")
    assert pension["2025-08"] == (D("-30.48"), "60.96")
    assert pension["2025-09"][0] == D("-2984.16")
    assert slip(company, july.run) == slip(company, july.run)
    for run_id in (july.run, august.run):
        taken = sum(x.amount for x in slip(company, run_id).lines if x.code == "insurance_pension")
        assert taken == D("-2953.68"), "a posted payslip stays as it is"
    october = company.pay("2025-10")
    late = [x for x in slip(company, october.run).lines if x.period != "2025-10"]
    assert late == [], "nothing is found twice"
    verified(company)


def _table(official: Any, version: int, data: Any, source: str) -> Any:
    import msgspec

    return msgspec.structs.replace(official, version=version, data=data, source=source)


def test_late_truth_of_an_earlier_month_is_not_lost_when_a_run_leaves_the_contract_out(
    company: Company,
) -> None:
    """A late figure of January comes with February's run, which cannot pay S1 at all (its KPI
    scheme is not there); March pays both February and January's difference."""
    company.hire("S1", {"commission": commission("5%")})
    company.hire("S2", {"commission": commission("5%")})
    company.pay("2025-01")
    company.figures(("S1", "sales", "2025-01-20", "1000"), ("S1", "sales", "2025-02-20", "200"))
    profile = {"insurance": {"city": "shanghai", "base": "9000"}}
    command = SetTaxProfile.model_validate({"effective": "2025-02-01", "profile": profile})
    setup.set_tax_profile(company.desk, TENANT, "S1", command, by("hr.lin"))
    february = company.compute("2025-02")
    assert [one["contract"] for one in february.exceptions if "refused" in one["code"]] == ["C-S1"]
    company.review(february.run)
    payrun.approve(
        company.desk, TENANT, february.run, ApprovePayRun(leave_out=("C-S1",)), by("approver.qian")
    )
    payrun.post(company.desk, TENANT, february.run, by("finance.zhao"))
    command = SetTaxProfile.model_validate({"effective": "2025-02-01", "profile": {}})
    setup.set_tax_profile(company.desk, TENANT, "S1", command, by("hr.lin"))

    march = company.pay("2025-03")

    late = {x.period: x.amount for x in slip(company, march.run).lines if x.component == "arrears"}
    assert late == {"2025-01": D("50.00"), "2025-02": D("10.00")}
    verified(company)


def test_only_one_run_is_open_at_a_time_and_one_that_was_overtaken_is_not_posted(
    company: Company,
) -> None:
    company.hire("S1", {"commission": commission("5%")})
    company.compute("2025-01")
    with pytest.raises(WrongState, match="neither posted nor rejected"):
        company.compute("2025-02")
    with pytest.raises(WrongState, match="neither posted nor rejected"):
        start(company, "2025-01", "leavers")


def test_off_cycle_runs_keep_the_order_of_months_and_of_payment(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    company.pay("2025-01")
    company.pay("2025-02")
    one_offs.agree(company.desk, TENANT, award("A-1", "500"), by("hr.lin", "gala"))
    with pytest.raises(WrongState, match="months are run in order"):
        start(company, "2025-01", "one_offs")
    with pytest.raises(WrongState, match="month after"):
        start(company, "2025-04", "one_offs")
    with pytest.raises(WrongState, match="lies before 2025-03"):
        start(company, "2025-02", "one_offs", date(2025, 2, 28))
    with pytest.raises(WrongState, match="Nothing for a run of leavers"):
        start(company, "2025-03", "leavers", date(2025, 3, 10))
    with pytest.raises(WrongState, match="C-X"):
        start(company, "2025-03", "one_offs", date(2025, 3, 10), contracts=["C-X"])


def test_a_leaver_who_owes_something_is_listed_as_a_receivable(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    company.figures(("S1", "sales", "2025-01-10", "10000"))
    company.pay("2025-01")
    company.figures(("S1", "sales", "2025-01-11", "-4000"), source="returns")
    company.act("C-S1", EndContract(effective=date(2025, 2, 15), ending="terminated"))
    february = company.compute("2025-02")
    listed = run_steps.findings(company.desk, TENANT, february.run, _review(), TODAY)
    [found] = [one for one in listed if one.code == "receivable"]
    assert D(found.figures["owed"]) == D("-200.00")
