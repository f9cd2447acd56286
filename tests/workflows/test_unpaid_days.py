"""Unpaid days as they were entered cut the month's pay; entered late, they are a difference."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.attendance import AttendanceEntry
from domain.lines import Payslip
from tests.domain.paying import base_pay
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import attendance
from workflows.payslips import find_payslip
from workflows.verify_pay import PayVerification

ENTRY: TypeAdapter[Any] = TypeAdapter(AttendanceEntry)


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        made.hire("S1", {"base": base_pay("22000", "workdays_actual")})
        yield made


def away(company: Company, start: str, last: str, name: str = "L-1") -> None:
    said = {"kind": "leave", "entry": name, "leave": "unpaid", "start": start, "last": last}
    command = ENTRY.validate_python(said)
    attendance.record(company.desk, TENANT, "S1", command, by("hr.lin"))


def slip(company: Company, run_id: str) -> Payslip:
    found = find_payslip(company.desk, TENANT, run_id, "C-S1")
    assert found is not None
    return found


def test_unpaid_days_cut_the_month(company: Company) -> None:
    """Two of the 20 workdays of February 2025: 22,000 x 18 / 20 = 19,800."""
    away(company, "2025-02-03", "2025-02-04")
    assert slip(company, company.pay("2025-02").run).gross == Decimal("19800.00")


def test_days_entered_after_the_month_was_paid_are_taken_back_with_the_next(
    company: Company,
) -> None:
    february = company.pay("2025-02")
    away(company, "2025-02-03", "2025-02-04")
    march = company.pay("2025-03")
    assert slip(company, february.run).gross == Decimal("22000.00")
    late = [x for x in slip(company, march.run).lines if x.component == "arrears"]
    assert [(x.period, x.amount) for x in late] == [("2025-02", Decimal("-2200.00"))]
    checks = PayVerification(company.desk, TENANT, lambda *_: None).run()
    assert [finding for check in checks for finding in check.findings] == []
