"""The audit history says in words what changed from what to what."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.store import Pool
from projections.audit_history import AuditHistory
from projections.clause_words import clause_changes
from projections.runner import Runner
from tests.projections.business import (
    TENANT,
    Book,
    act,
    amended,
    base_pay,
    commission,
    signed,
)
from tests.projections.company import everything


@pytest.fixture
def history(pool: Pool) -> AuditHistory:
    return AuditHistory(pool)


def told(history: AuditHistory, **filters: Any) -> list[tuple[str, str]]:
    page = history.entries(TENANT, oldest_first=True, **filters)
    return [(entry.en, entry.zh) for entry in page.items]


def test_an_amendment_names_the_old_and_the_new_rate(
    book: Book, runner: Runner, history: AuditHistory
) -> None:
    book.add_many(signed("K-1"))
    change = amended("commission", commission("0.05", "150000"), date(2025, 9, 1))
    book.add("contract/K-1", change, by=act("hr.zhou", "renewal bonus talks"))
    runner.catch_up(TENANT)
    (entry,) = history.entries(TENANT, kind="contract.clause_amended").items
    assert entry.en == (
        "Commission from 5 % to 6 % above 150,000; mode set to “marginal”, "
        "effective from 1 September 2025"
    )
    assert entry.zh == "自2025年9月1日起提成超过150,000部分由5%变为6%；分档方式定为“marginal”"
    assert (entry.actor, entry.reason) == ("hr.zhou", "renewal bonus talks")
    assert (entry.contract, entry.person) == ("K-1", "P-0007")
    assert entry.before["clause"]["rate"] == "0.05"
    assert entry.after["clause"]["tiers"][0]["start"] == "150000"


def test_every_kind_of_fact_has_words(book: Book, runner: Runner, history: AuditHistory) -> None:
    everything(book)
    runner.catch_up(TENANT)
    assert [status for status in runner.status(TENANT) if status.halted] == []
    words = told(history, limit=1000)
    assert len(words) == book.store.head(TENANT)[0]
    assert all(zh and en for en, zh in words)
    english = "\n".join(en for en, _ in words)
    for expected in (
        "Drafted contract HT-2025-K-1 for P-0007: full-time, team beauty, from 1 January 2025 "
        "until 1 January 2026, 2 clauses",
        "Signed by the streamer (Chen, recorded)",
        "Ended commission from 1 October 2025",
        "Renewed: the end moves from 1 January 2026 to 1 January 2027 (fixed term 2)",
        "KPI weights from 1 June 2025: fans_gained from 10 % to 40 %, sales from 90 % to 60 %",
        "The bank returned 13,580.00 yuan (AC04)",
        "Personal data changed (kept encrypted)",
        "Figures of 2025-03-01/2025-04-01 from taobao: 25,943 rows, 12 rejected",
    ):
        assert expected in english


def test_sealed_personal_data_is_nowhere(book: Book, runner: Runner, pool: Pool) -> None:
    everything(book)
    runner.catch_up(TENANT)
    with pool.connection() as connection:
        for table in ("audit_entry", "audit_state", "directory_entry"):
            (count,) = connection.execute(
                f"SELECT count(*) FROM projections.{table} AS t WHERE t::text LIKE '%c2VhbGVk%'"
            ).fetchone()
            assert count == 0, table


def test_filters_and_search_in_both_languages(
    book: Book, runner: Runner, history: AuditHistory
) -> None:
    everything(book)
    runner.catch_up(TENANT)
    assert {e.subject for e in history.entries(TENANT, kind="kpi").items} == {"streamers"}
    assert len(history.entries(TENANT, search="考核权重").items) == 1
    assert len(history.entries(TENANT, search="kpi WEIGHTS").items) == 1
    assert len(history.entries(TENANT, search="100%").items) == 0, "% is a text, not a pattern"
    of_person = history.entries(TENANT, person="P-1", limit=1000).items
    assert {entry.subject_kind for entry in of_person} == {"payslip", "payout"}
    assert history.entries(TENANT, actor="nobody").items == ()
    late = history.entries(TENANT, known=3, limit=1000).items
    assert [entry.position for entry in late] == [3, 2, 1]
    with pytest.raises(TypeError):
        history.entries(TENANT, colour="red")


def test_pages_stay_as_they_were_while_facts_arrive(
    book: Book, runner: Runner, history: AuditHistory
) -> None:
    everything(book)
    runner.catch_up(TENANT)
    first = history.entries(TENANT, limit=5)
    book.add_many(signed("K-9"))
    runner.catch_up(TENANT)
    second = history.entries(TENANT, limit=5, cursor=first.next)
    positions = [entry.position for entry in (*first.items, *second.items)]
    assert positions == list(range(positions[0], positions[0] - 10, -1))


def test_clause_words() -> None:
    plain, stepped = commission("0.05"), commission("0.05", "150000")
    assert clause_changes(stepped, commission("0.05", "120000"))[1] == (
        "from 5 % to 6 % above 120,000"
    )
    assert clause_changes(plain, commission("0.06"))[0] == "由5%变为6%"
    assert (
        clause_changes(base_pay("8000"), base_pay("9500.50"))[1] == "amount from 8,000 to 9,500.5"
    )
    assert clause_changes(plain, plain)[1] == "unchanged"
