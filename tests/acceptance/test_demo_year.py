"""The demo's year on the sample files: the whole chain, and what each event did to pay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.lines import Line, Payslip
from domain.money import fen
from domain.terms import terms_on
from ledger.census import census
from ledger.store import open_pool
from tests.workflows.company import opened_desk
from workflows import contracts, demo, payouts, payrun
from workflows.demo_company import TENANT, read_streamers
from workflows.desk import Desk
from workflows.import_mapping import read_mapping
from workflows.payslips import payslips, read_payslip

DATA = Path(__file__).resolve().parents[2] / "demo_data"
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def desk(shared_database: str) -> Iterator[Desk]:
    with opened_desk(shared_database) as made:
        _fill(made)
        yield made


def _fill(desk: Desk) -> None:
    demo.fill(desk, DATA / "sample", read_mapping(DATA / "mapping.yaml"), today=TODAY)


def _all_payslips(desk: Desk) -> list[Payslip]:
    runs = [payrun.read_run(desk, TENANT, f"{month}-1") for month in demo.MONTHS]
    return [slip for run in runs for slip in payslips(desk, TENANT, run)]


def _line(desk: Desk, run: str, contract: str, clause: str, period: str) -> Line:
    slip = read_payslip(desk, TENANT, run, contract)
    (found,) = (line for line in slip.lines if (line.clause, line.period) == (clause, period))
    return found


def test_twelve_runs_are_posted_and_everybody_has_a_payslip_in_each(desk: Desk):
    assert demo.is_filled(desk)
    everybody = {one.contract for one in read_streamers(DATA / "sample")}
    for month in demo.MONTHS:
        run = payrun.read_run(desk, TENANT, f"{month}-1")
        assert run.status == "closed"
        assert {slip.contract for slip in payslips(desk, TENANT, run)} == everybody


def test_every_row_of_the_files_is_a_fact_or_a_rejected_row(shared_database: str, desk: Desk):
    with open_pool(shared_database) as pool:
        counted = census(pool, TENANT)
    lines = {
        name: len((DATA / "sample" / name).read_text(encoding="utf-8").splitlines()) - 1
        for name in ("orders.csv", "traffic.csv")
    }
    figures_a_traffic_row = 5
    assert counted.rows_in == lines["orders.csv"] + lines["traffic.csv"] * figures_a_traffic_row
    assert set(counted.rejected_by_code) == {
        "accounting_adjustment",
        "no_buyer",
        "stock_correction",
        "zero_price",
    }


def test_every_net_is_the_sum_of_its_rounded_lines(desk: Desk):
    for slip in _all_payslips(desk):
        in_net = [line for line in slip.lines if line.component != "information"]
        assert slip.net == sum((line.amount for line in in_net), Decimal(0))
        assert all(line.amount == fen(line.unrounded) for line in in_net)


def test_the_raise_from_may_is_paid_back_in_august_month_by_month(desk: Desk):
    contract = f"C-{demo.RETROACTIVE[1:]}"
    for month in ("2025-05", "2025-06", "2025-07"):
        late = _line(desk, "2025-08-1", contract, "commission", month)
        posted = _line(desk, f"{month}-1", contract, "commission", month)
        assert late.component == "arrears"
        assert late.amount > 0
        assert Decimal(late.lineage["posted"]) == posted.amount
    with pytest.raises(ValueError, match="not enough"):
        _line(desk, "2025-08-1", contract, "commission", "2025-04")


def test_the_city_base_of_september_is_paid_for_july_and_august_in_september(desk: Desk):
    """A base of 7,400 is lifted to the floor of 7,460: 8 % of 60.00 is 4.80 more of pension for
    each of two months, and 9.60 of the employer's."""
    lifted = [
        {(line.code, line.period): line for line in slip.lines}
        for slip in payslips(desk, TENANT, payrun.read_run(desk, TENANT, "2025-09-1"))
        if any(line.component == "contribution" and line.period < "2025-09" for line in slip.lines)
    ]
    assert lifted, "the sample has full-time streamers with a base below the floor"
    for lines in lifted:
        for month in ("2025-07", "2025-08"):
            pension = lines["insurance_pension", month]
            assert (pension.amount, pension.lineage["employer"]) == (Decimal("-4.80"), "9.60")
            assert "补差" in pension.zh
    for month in ("2025-10", "2025-11"):
        run = payrun.read_run(desk, TENANT, f"{month}-1")
        for slip in payslips(desk, TENANT, run):
            late = [x for x in slip.lines if x.component == "contribution" and x.period != month]
            assert late == [], "nothing is found twice"


def test_the_renewal_brings_the_fan_bonus_and_not_before(desk: Desk):
    contract = f"C-{demo.RENEWED[1:]}"
    assert _line(desk, "2025-10-1", contract, "fans", "2025-10").amount == Decimal("5000.00")
    before = read_payslip(desk, TENANT, "2025-09-1", contract)
    assert "fans" not in {line.clause for line in before.lines}
    state = contracts.read(desk, TENANT, contract)
    assert (state.fixed_terms, state.end) == (2, date(2026, 10, 1))


def test_the_beauty_campaign_is_in_force_in_september_only(desk: Desk):
    cohort = [
        one
        for one in read_streamers(DATA / "sample")
        if one.track == "beauty" and one.kind != "agency"
    ]
    assert cohort, "the sample has beauty rooms"
    for one in cohort:
        state = contracts.read(desk, TENANT, one.contract)
        keys = [
            {term.key for term in terms_on(state.terms, day)}
            for day in (date(2025, 8, 31), date(2025, 9, 1), date(2025, 9, 30), date(2025, 10, 1))
        ]
        assert ["beauty_campaign" in found for found in keys] == [False, True, True, False]


def test_fans_count_forty_percent_from_june_on(desk: Desk):
    scored = [
        line
        for slip in _all_payslips(desk)
        for line in slip.lines
        if line.code == "performance_pay" and line.component == "earnings"
    ]
    weights = {
        line.period: {part["metric"]: part["weight"] for part in line.lineage["kpi"]["parts"]}
        for line in scored
    }
    assert weights["2025-05"]["fans_gained"] == "0.1"
    assert weights["2025-06"]["fans_gained"] == "0.4"


def test_what_the_bank_returned_is_paid_once_or_stands_open(desk: Desk):
    for month, count in demo.RETURNED.items():
        run = payrun.read_run(desk, TENANT, f"{month}-1")
        ids = [
            f"{run.run}.{slip.contract}.{payouts.COMPONENT}"
            for slip in payslips(desk, TENANT, run)
            if slip.net > 0
        ][:count]
        states = [payouts.read_payout(desk, TENANT, one) for one in ids]
        assert [state.status for state in states] == ["settled"] + ["returned"] * (count - 1)
        assert [state.attempt for state in states] == [2] + [1] * (count - 1)


def test_no_personal_data_stands_in_clear_in_any_fact(desk: Desk):
    planted = ("DEMO-ID-", "DEMO0000", "演示银行")
    position = 0
    while page := desk.store.envelopes_after(TENANT, position, 1000):
        for envelope in page:
            text = envelope.decode()
            assert not any(value in text for value in planted)
        position += len(page)


def test_a_second_fill_changes_nothing(desk: Desk):
    before = desk.store.head(TENANT)[0]
    _fill(desk)
    assert desk.store.head(TENANT)[0] == before
