"""The pay register: runs, payslips, posted lines, and what earlier pay says to later pay."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.payrun import PayRunRejected
from domain.refusals import NotFound
from ledger.store import Pool
from projections.pay_register import Balances, PayRegister
from projections.runner import Runner
from tests.projections.business import TENANT, Book, act, pay_run, payslip, posting


@pytest.fixture
def register(pool: Pool) -> PayRegister:
    return PayRegister(pool)


def test_a_run_from_computing_to_posted(book: Book, runner: Runner, register: PayRegister) -> None:
    facts = pay_run("2025-03-1", "2025-03", ["K-1", "K-2"], pinned=0)
    book.add_many(facts[:1], by=act("pay.wu"))
    runner.catch_up(TENANT)
    assert register.run(TENANT, "2025-03-1").status == "computing"
    book.add_many(facts[1:])
    book.add_many(posting("2025-03-1"), by=act("finance.li"))
    runner.catch_up(TENANT)
    run = register.run(TENANT, "2025-03-1")
    assert (run.status, run.computed_by, run.approved_by) == ("posted", "pay.wu", "finance.li")
    assert (run.payslips, run.gross, run.posted_position) == (2, Decimal(28000), 6)
    assert run.exceptions[0]["contract"] == "K-1"
    with pytest.raises(NotFound):
        register.run(TENANT, "2025-04-1")


def test_a_payslip_comes_back_as_it_was_computed(
    book: Book, runner: Runner, register: PayRegister
) -> None:
    book.add_many(pay_run("2025-03-1", "2025-03", ["K-1"], pinned=0))
    runner.catch_up(TENANT)
    assert register.payslip(TENANT, "2025-03-1", "K-1") == payslip("K-1", "2025-03", "120000")
    assert register.payslip(TENANT, "2025-03-1", "K-2") is None


def test_only_posted_runs_speak_to_later_pay(
    book: Book, runner: Runner, register: PayRegister
) -> None:
    book.add_many(pay_run("2025-03-1", "2025-03", ["K-1"], pinned=0))
    book.add("payrun/2025-03-1", PayRunRejected())
    book.add_many(pay_run("2025-03-2", "2025-03", ["K-1"], pinned=0))
    march = book.add_many(posting("2025-03-2"))
    book.add_many(pay_run("2025-04-1", "2025-04", ["K-1"], pinned=march))
    april = book.add_many(posting("2025-04-1"))
    runner.catch_up(TENANT)
    assert [run.run for run in register.posted_runs(TENANT)] == ["2025-03-2", "2025-04-1"]
    assert [run.run for run in register.posted_runs(TENANT, known=april - 1)] == ["2025-03-2"]
    lines = register.posted_lines(TENANT, ["K-1"])
    assert {period: len(found) for period, found in lines["K-1"].items()} == {
        "2025-03": 3,
        "2025-04": 3,
    }
    assert register.paid_months(TENANT) == {"K-1": {"2025-03", "2025-04"}}
    history = register.tax_history(TENANT, 2025)
    assert [paid.month for paid in history["P-1"]] == ["2025-04", "2025-05"]
    assert register.tax_history(TENANT, 2024) == {}
    assert register.balances(TENANT) == {"K-1": Balances()}


def test_pages_go_through_a_register_once(
    book: Book, runner: Runner, register: PayRegister
) -> None:
    contracts = [f"K-{number:02}" for number in range(25)]
    book.add_many(pay_run("2025-03-1", "2025-03", contracts, pinned=0))
    runner.catch_up(TENANT)
    seen: list[str] = []
    cursor = None
    while True:
        page = register.register(TENANT, "2025-03-1", cursor=cursor, limit=10)
        seen += [row.contract_id for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == contracts
    assert len(register.payslips_of(TENANT, "K-07").items) == 1
