"""Payout ledger, expiry watch and directory."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain import contract_facts as facts
from domain.payout import PayoutSettled
from domain.refusals import Invalid
from ledger.store import Pool
from projections.directory import Directory
from projections.expiry_watch import ExpiryWatch, whole_months
from projections.payout_ledger import PayoutLedger
from projections.runner import Runner
from tests.projections.business import NOON, TENANT, Book, act, instructed, signed
from tests.projections.company import everything


def test_a_returned_and_repeated_payout(book: Book, runner: Runner, pool: Pool) -> None:
    everything(book)
    runner.catch_up(TENANT)
    ledger = PayoutLedger(pool)
    (row,) = ledger.payouts(TENANT, run="2025-03-2").items
    assert (row.status, row.attempts, row.bank_reference) == ("settled", 2, "ICBC-77")
    assert (row.amount, row.reason_code, row.age(NOON)) == (Decimal(13580), None, 0)
    first, second = ledger.attempts(TENANT, row.payout_id)
    assert (first.status, first.reason_code) == ("returned", "AC04")
    assert (second.status, second.answered_on) == ("settled", date(2025, 4, 14))
    found = ledger.by_end_to_end_id(TENANT, [first.end_to_end_id, "unknown"])
    assert list(found) == [first.end_to_end_id]
    assert ledger.totals(TENANT) == {"settled": (1, Decimal(13580))}


def test_payouts_by_status_with_a_cursor(book: Book, runner: Runner, pool: Pool) -> None:
    streamed = [instructed("2025-03-1", f"K-{number:02}", "9000") for number in range(12)]
    book.add_many(streamed)
    paid = PayoutSettled(
        end_to_end_id="2025-03-1.K-03.net.1", bank_reference="X", effective=date(2025, 4, 10)
    )
    book.add("payout/2025-03-1.K-03.net", paid)
    runner.catch_up(TENANT)
    ledger = PayoutLedger(pool)
    first = ledger.payouts(TENANT, status="instructed", limit=5)
    rest = ledger.payouts(TENANT, status="instructed", cursor=first.next)
    contracts = [row.contract_id for row in (*first.items, *rest.items)]
    assert contracts == [f"K-{number:02}" for number in range(12) if number != 3]
    at = first.items[0].first_instructed_at + timedelta(days=9, hours=3)
    assert first.items[0].age(at) == 9
    with pytest.raises(Invalid):
        ledger.payouts(TENANT, cursor="not-a-cursor")


def test_a_bank_answer_without_an_instruction_halts(book: Book, runner: Runner, pool: Pool) -> None:
    book.add(
        "payout/2025-03-1.K-1.net",
        PayoutSettled(end_to_end_id="?", bank_reference="X", effective=date(2025, 4, 10)),
    )
    runner.catch_up(TENANT)
    halted = {status.name for status in runner.status(TENANT) if status.halted}
    assert halted == {"payout_ledger"}


def test_expiring_within_one_calendar_month(book: Book, runner: Runner, pool: Pool) -> None:
    for contract, end in (
        ("K-1", date(2025, 6, 30)),
        ("K-2", date(2025, 7, 1)),
        ("K-3", date(2025, 5, 31)),
        ("K-4", None),
    ):
        book.add_many(signed(contract, end=end, team="games" if contract == "K-2" else "beauty"))
    book.add_many(signed("K-5", end=date(2025, 6, 15))[:3])
    runner.catch_up(TENANT)
    watch, day = ExpiryWatch(pool), date(2025, 5, 31)

    def ids(**asked: object) -> list[str]:
        return [row.contract_id for row in watch.expiring(TENANT, day, **asked)]

    assert ids() == ["K-1"], "a month after 31 May is 30 June"
    assert ids(lead_months=2) == ["K-1", "K-2"]
    assert ids(lead_months=2, team="games") == ["K-2"]
    assert ids(lapsed=True) == ["K-3", "K-1"]
    decided = facts.ExpiryDecided(decision="renew", effective=date(2025, 6, 30))
    book.add("contract/K-1", decided, by=act("lead.sun"))
    runner.catch_up(TENANT)
    (row,) = watch.expiring(TENANT, day)
    assert (row.decision, row.decided_by, row.months) == ("renew", "lead.sun", 5)
    assert ids(undecided=True) == []
    renewed = facts.ContractRenewed(
        effective=date(2025, 6, 30), end=date(2026, 6, 30), fixed_terms=2
    )
    book.add("contract/K-1", renewed)
    runner.catch_up(TENANT)
    assert ids() == []
    (row,) = watch.expiring(TENANT, date(2026, 6, 1))
    assert (row.decision, row.months, row.fixed_terms) == (None, 12, 2)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2025-01-01", "2026-01-01", 12),
        ("2025-01-31", "2025-02-28", 1),
        ("2025-01-15", "2025-03-14", 1),
        ("2025-01-15", None, None),
    ],
)
def test_whole_months(start: str, end: str | None, months: int | None) -> None:
    assert whole_months(date.fromisoformat(start), end and date.fromisoformat(end)) == months


def test_directory_lists(book: Book, runner: Runner, pool: Pool) -> None:
    everything(book)
    runner.catch_up(TENANT)
    directory = Directory(pool)
    assert directory.counts(TENANT) == {
        "batch": 1, "kpi": 1, "law": 1, "metric": 1, "person": 1, "template": 1, "tenant": 1,
    }  # fmt: skip
    (scheme,) = directory.entries(TENANT, "kpi").items
    assert scheme.title == "主播考核"
    assert [dated["weights"]["fans_gained"] for dated in scheme.data["weights"]] == ["0.1", "0.4"]
    person = directory.get(TENANT, "person", "P-0007")
    assert person is not None and person.data == {"tags": ["skincare"], "profiles": ["2025-01-01"]}
    assert directory.entries(TENANT, "template", search="美妆").items[0].id == "beauty"
    assert directory.get(TENANT, "person", "P-9999") is None
