"""Statements and disputes over a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from domain.dispute import DisputeLine, ResolveDispute
from domain.refusals import Invalid
from tests.domain.test_statement import TIERED
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import disputes, statements
from workflows.payslips import read_payslip


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        made.hire("S0044", {"commission": TIERED})
        made.figures(("S0044", "sales", "2025-03-05", "105000"))
        made.figures(("S0044", "sales", "2025-03-09", "-6000"))
        made.pay("2025-03")
        yield made


def test_a_statement_tells_the_next_tier_and_the_return_and_looks_the_same_every_time(
    company: Company,
):
    made = statements.read_statement(company.desk, TENANT, "2025-03-1", "C-S0044")
    assert [note.figures["missing"] for note in made.next_tiers] == ["1000"]
    assert [note.figures["cost"] for note in made.returns] == ["1350.00"]
    page = statements.as_html(made)
    assert "4,950.00" in page and "1,350.00" in page and "{{" not in page
    assert "http" not in page and "<script" not in page
    pdf = statements.as_pdf(made)
    assert pdf.startswith(b"%PDF-") and pdf == statements.as_pdf(made)
    assert b"payslip.json" in pdf


def test_a_page_with_a_character_that_has_no_glyph_is_not_issued(company: Company):
    made = statements.read_statement(company.desk, TENANT, "2025-03-1", "C-S0044")
    strange = msgspec.structs.replace(made.payslip, person="𠮷")
    with pytest.raises(Invalid, match="cannot be set"):
        statements.as_pdf(msgspec.structs.replace(made, payslip=strange))


def test_an_accepted_dispute_is_linked_to_its_correction_which_the_next_run_pays(
    company: Company,
):
    """
    given   4,950.00 posted after a return of 6,000 that never was
    when    the line is disputed, the figure put right, the dispute accepted
    then    March's payslip stays and April's run pays the 1,350.00
    """
    desk, run, contract = company.desk, "2025-03-1", "C-S0044"
    command = DisputeLine(dispute="D-1", line=1, statement="nothing came back")
    disputes.raise_dispute(desk, TENANT, run, contract, command, by("hr.lin"))
    assert disputes.open_disputes(desk, TENANT) == [(run, contract, "D-1")]
    before = read_payslip(desk, TENANT, run, contract)
    wrong = ResolveDispute(outcome="accepted", answer="see there", correction=1)
    with pytest.raises(Invalid, match="names the position"):
        disputes.resolve(desk, TENANT, run, contract, "D-1", wrong, by("finance.zhao"))
    company.figures(
        ("S0044", "sales", "2025-03-09", "0"),
    )
    batches = ["figures.batch_recorded.v1"]
    position = desk.store.facts_after(TENANT, 0, 1000, names=batches)[-1].position
    right = ResolveDispute(outcome="accepted", answer="put right", correction=position)
    state = disputes.resolve(desk, TENANT, run, contract, "D-1", right, by("finance.zhao")).state
    assert state.disputes["D-1"].status == "accepted"
    assert disputes.open_disputes(desk, TENANT) == []
    assert read_payslip(desk, TENANT, run, contract) == before
    company.compute("2025-04")
    lines = read_payslip(desk, TENANT, "2025-04-1", contract).lines
    arrears = [line.amount for line in lines if line.component == "arrears"]
    assert arrears == [Decimal("1350.00")]
