"""The journal of a posted run over a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from domain.accounts import MapAccounts
from domain.refusals import WrongState
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import journal


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def test_a_posted_run_has_a_voucher_with_the_accounts_known_when_it_was_posted(company: Company):
    company.hire("S0044", {"commission": {"kind": "commission", "rate": "0.05", "base": "settled"}})
    company.figures(("S0044", "sales", "2025-03-05", "100000"))
    run = company.compute("2025-03")
    with pytest.raises(WrongState, match="only posted runs"):
        journal.read_voucher(company.desk, TENANT, run.run)
    company.review(run.run)
    company.approve_and_post(run.run)
    named = {"labour_payable": {"code": "2202.09", "name": "劳务", "beancount": "Liabilities:L"}}
    command = MapAccounts.model_validate({"effective": "2025-01-01", "accounts": named})
    journal.map_accounts(company.desk, TENANT, command, by("finance.zhao"))
    made = journal.read_voucher(company.desk, TENANT, run.run)
    sides = {one.account.code: one.debit - one.credit for one in made.entries}
    assert sides == {
        "6601.02": Decimal("5000.00"),
        "2202.01": Decimal("-4200.00"),
        "2221.12": Decimal("-800.00"),
    }
