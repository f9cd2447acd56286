"""Three ways: settled orders, commission lines, the bank's lines; and the sums that add up."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.bank_batch import ApproveBatch, ProposeBatch
from domain.payout import SettlePayout
from domain.person import ChangePersonalData, PersonalData
from domain.refusals import NotFound, WrongState
from tests.workflows.bank import (
    ACCOUNT,
    CLERK,
    DEBTOR,
    FINANCE,
    RUN,
    TODAY,
    account_of,
    amount_of,
    paid,
    posted_run,
    sent_batch,
    statement_csv,
)
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import (
    bank_batches,
    bank_files,
    bank_match,
    bank_statements,
    payouts,
    reconcile,
    setup,
)
from workflows.desk import Desk


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with opened_desk(database) as made:
        posted_run(made, 5)
        yield made


def bring(desk: Desk, data: bytes) -> None:
    bank_statements.import_statement(desk, TENANT, "csv", [data], CLERK, account=ACCOUNT)
    bank_match.match(desk, TENANT, CLERK)


def test_a_run_with_every_trouble_still_adds_up_and_lists_what_is_open(desk: Desk):
    one, two, three, four, five = paid(sent_batch(desk))
    twice = ("B1b", one[1], one[2], "")
    short = (two[0], "-1.00", two[2], "")
    back = ("B3r", three[1].lstrip("-"), three[2], "AC04")
    bring(desk, statement_csv([one, twice, short, three, back, ("B9", "-7.00", "", "")]))
    by_hand = SettlePayout(bank_reference="told by phone", on=TODAY)
    payouts.settle(desk, TENANT, f"{RUN}.C00004.net", by_hand, CLERK)
    found = reconcile.reconcile(desk, TENANT, on=TODAY + timedelta(days=40), run=RUN)
    assert found.adds_up
    assert {one.kind: one.count for one in found.payouts} == {
        "settled": 0,
        "unpaid": 1,
        "amount_differs": 1,
        "duplicate": 1,
        "returned": 1,
        "unknown": 1,
    }
    assert {one.kind: one.count for one in found.lines if one.count} == {
        "settled": 1,
        "amount_differs": 1,
        "duplicate": 1,
        "returned": 2,
        "unknown": 1,
    }
    assert found.payslips.amount == sum(amount_of(n) for n in range(1, 6))
    assert max(one.oldest for one in found.payouts) >= 40
    assert (four[0], five[0]) == ("B4", "B5")
    text, table = reconcile.as_text(found), reconcile.as_csv(found)
    assert "Everything adds up." in text
    assert "amount_differs" in table
    cells = [cell for row in csv.reader(table.splitlines()) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_the_statement_of_yesterday_can_be_read_as_it_was_known(desk: Desk):
    lines = paid(sent_batch(desk))
    before = desk.store.head(TENANT)[0]
    bring(desk, statement_csv(lines))
    then = reconcile.reconcile(desk, TENANT, on=TODAY, run=RUN, known=before)
    now = reconcile.reconcile(desk, TENANT, on=TODAY, month="2025-03")
    assert [one.count for one in then.payouts if one.kind == "unpaid"] == [5]
    assert [one.count for one in now.payouts if one.kind == "settled"] == [5]
    assert then.adds_up
    assert now.adds_up


def test_a_run_that_is_not_posted_and_a_month_without_one_have_no_statement(database: str):
    with opened_desk(database) as desk:
        company = Company(desk)
        company.open()
        company.hire("S0044", {"pay": {"kind": "commission", "rate": "0.05", "base": "settled"}})
        run = company.compute("2025-03")
        with pytest.raises(WrongState, match="not posted"):
            reconcile.reconcile(desk, TENANT, on=TODAY, run=run.run)
        with pytest.raises(NotFound, match="no posted run of 2025-04"):
            reconcile.reconcile(desk, TENANT, on=TODAY, month="2025-04")


def test_settled_orders_commission_lines_and_bank_lines_are_matched_three_ways(database: str):
    with opened_desk(database) as desk:
        company = Company(desk)
        company.open()
        company.hire("S0044", {"pay": {"kind": "commission", "rate": "0.05", "base": "settled"}})
        details = PersonalData(name="林小满", bank_account=account_of(44))
        change = ChangePersonalData(personal=details)
        setup.change_personal_data(desk, TENANT, "S0044", change, by("hr.lin"))
        company.figures(("S0044", "sales", "2025-03-05", "100000"))
        company.figures(("S0044", "sales", "2025-03-06", "20000"), source="app")
        run = company.pay("2025-03").run
        payouts.instruct_run(desk, TENANT, run, FINANCE)
        proposed = bank_batches.propose(desk, TENANT, run, ProposeBatch(debtor=DEBTOR), FINANCE)
        batch = proposed.state.batch
        bank_batches.approve(desk, TENANT, batch, ApproveBatch(), by("approver.qian"))
        file = bank_files.write_file(desk, TENANT, batch, "csv", None, FINANCE)
        bank_batches.send(desk, TENANT, batch, FINANCE)
        bring(desk, statement_csv(paid(file.data)))
        (found,) = reconcile.order_matches(desk, TENANT, run)
        assert (found.orders, found.base, found.difference) == (
            Decimal(120000),
            Decimal(120000),
            0,
        )
        assert (found.amount, found.verdict, found.bank_reference) == (
            Decimal("6000.00"),
            "settled",
            "B1",
        )
