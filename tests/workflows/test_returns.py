"""A return counts on the day of the order it names, tiers of that month included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.lines import Payslip
from domain.periods import Month
from ledger.figure_rows import MetricRow
from tests.domain.paying import commission
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows.payslips import find_payslip
from workflows.statements import read_statement
from workflows.verify_pay import PayVerification

D = Decimal


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def send(company: Company, *rows: tuple[str, str, str, str], source: str = "shop") -> None:
    """Rows of (id, day, value, order that came back or "")."""
    made = [
        MetricRow(row, "S1", "sales", date.fromisoformat(day), D(value), "", order)
        for row, day, value, order in rows
    ]
    company.desk.figures.record(TENANT, source, made, by("data.bot").act)


def sales(company: Company, month: str, **more: Any) -> Decimal:
    """The month's figure as known now."""
    known, _ = company.desk.store.head(TENANT)
    period = Month.parse(month).period
    found = company.desk.figures.read(TENANT, None, period, known, {"sales": "sum"})
    return found["S1"].total("sales", period, **more) if "S1" in found else D(0)


def slip(company: Company, run_id: str) -> Payslip:
    found = find_payslip(company.desk, TENANT, run_id, "C-S1")
    assert found is not None
    return found


def late(made: Payslip) -> dict[str, Decimal]:
    return {line.period: line.amount for line in made.lines if line.component == "arrears"}


def test_a_return_re_rates_the_month_of_its_order_with_its_tiers(company: Company) -> None:
    """
    January sells 120,000 at 5 %, above 100,000 + 1 %: 6,200. In February 40,000 of it come back:
    80,000 is 4,000, so 2,200 are taken back; February's own 10,000 stay 500.
    """
    company.hire("S1", {"commission": commission("5%", ("100000", "1%"))})
    send(company, ("o-1", "2025-01-10", "80000", ""), ("o-2", "2025-01-20", "40000", ""))
    january = company.pay("2025-01")
    send(company, ("r-2", "2025-02-05", "-40000", "o-2"), ("o-3", "2025-02-06", "10000", ""))

    february = company.pay("2025-02")

    assert slip(company, january.run).gross == D("6200.00")
    made = slip(company, february.run)
    assert late(made) == {"2025-01": D("-2200.00")}
    assert [x.amount for x in made.lines if x.component == "earnings"] == [D("500.00")]
    assert (sales(company, "2025-01"), sales(company, "2025-02")) == (D("80000"), D("10000"))
    march = company.pay("2025-03")
    assert late(slip(company, march.run)) == {}
    checks = PayVerification(company.desk, TENANT, lambda *_: None).run()
    assert [finding for check in checks for finding in check.findings] == []


def test_order_and_return_in_any_order_of_arrival_come_to_the_same(company: Company) -> None:
    """The return of 5 February is known before its order of 10 January is: February is paid
    without 400 first, and gets it back when January takes it over."""
    company.hire("S1", {"commission": commission("10%")})
    company.pay("2025-01")
    send(company, ("r-1", "2025-02-05", "-400", "o-1"), ("o-9", "2025-02-06", "1000", ""))
    february = company.pay("2025-02")
    send(company, ("o-1", "2025-01-10", "700", ""))
    march = company.pay("2025-03")
    assert slip(company, february.run).gross == D("60.00")
    assert late(slip(company, march.run)) == {"2025-01": D("30.00"), "2025-02": D("40.00")}


def test_a_return_whose_order_is_not_known_stays_on_its_own_day(company: Company) -> None:
    send(company, ("o-1", "2025-01-10", "700", ""), ("r-1", "2025-02-05", "-400", "o-404"))
    send(company, ("r-2", "2025-02-07", "-50", ""))
    send(company, ("r-3", "2025-02-08", "-1", "o-1"), source="another-shop")
    assert (sales(company, "2025-01"), sales(company, "2025-02")) == (D("700"), D("-451"))


def test_a_corrected_return_counts_once(company: Company) -> None:
    send(company, ("o-1", "2025-01-10", "700", ""))
    send(company, ("r-1", "2025-02-05", "-400", "o-1"))
    send(company, ("r-1", "2025-02-05", "-100", "o-1"))
    assert (sales(company, "2025-01"), sales(company, "2025-02")) == (D("600"), D("0"))


def test_what_is_returned_inside_the_month_counts_on_the_orders_day(company: Company) -> None:
    """The rate is 5 % until the 15th and 10 % from the 16th: the order of the 10th comes back on
    the 20th, at the 5 % it was paid."""
    contract = company.hire("S1", {"commission": commission("5%")})
    change = {"op": "change", "key": "commission", "clause": commission("10%")}
    company.amend(contract, "2025-01-16", [change])
    send(company, ("o-1", "2025-01-10", "1000", ""), ("o-2", "2025-01-20", "1000", ""))
    send(company, ("r-1", "2025-01-20", "-1000", "o-1"))
    assert slip(company, company.pay("2025-01").run).gross == D("100.00")


def test_the_statement_tells_what_each_return_of_the_months_orders_cost(company: Company) -> None:
    company.hire("S1", {"commission": commission("5%")})
    send(company, ("o-1", "2025-01-10", "1000", ""), ("r-1", "2025-01-12", "-200", "o-1"))
    run = company.pay("2025-01")
    [note] = read_statement(company.desk, TENANT, run.run, "C-S1").returns
    assert note.figures["order"] == "o-1"
    assert D(note.figures["cost"]) == D("10.00")


def test_what_comes_back_after_the_clawback_window_is_not_taken_back(company: Company) -> None:
    """15 days after the order of 10 January are over on the 25th: the return of 20 January is
    taken back, that of 5 February is not."""
    company.hire("S1", {"commission": commission("5%", clawback_days=15)})
    send(company, ("o-1", "2025-01-10", "1000", ""), ("r-1", "2025-01-20", "-100", "o-1"))
    january = company.pay("2025-01")
    send(company, ("r-2", "2025-02-05", "-300", "o-1"))
    february = company.pay("2025-02")
    assert slip(company, january.run).gross == D("45.00")
    assert late(slip(company, february.run)) == {}
    assert sales(company, "2025-01") == D("600"), "it is no sale all the same"
