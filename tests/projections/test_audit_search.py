"""A search through blocks of words finds what a look at every entry finds."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.store import FactStore, Pool
from projections import audit_history, audit_search
from projections.audit_queries import AuditHistory
from projections.digest import digest
from projections.runner import Runner
from tests.projections.business import TENANT, Book, act, amended, commission, signed
from tests.projections.company import everything

ALL = "SELECT position, zh || ' ' || en || ' ' || reason FROM projections.audit_entry"


def filled(book: Book) -> int:
    everything(book)
    everything(Book(book.store, "chengdu-media"))
    change = amended("commission", commission("0.11"), date(2025, 9, 1))
    return book.add("contract/K-1", change, by=act("hr.zhou", "50%_more \\ 双十一 大促"))


@pytest.mark.parametrize("batch", [1, 3, 5000])
def test_finds_what_a_look_at_every_entry_finds(
    book: Book, pool: Pool, store: FactStore, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "BLOCK", 4)
    filled(book)
    Runner(pool, store, [audit_history], batch=batch).catch_up(TENANT)
    with pool.connection() as connection:
        said = connection.execute(ALL + " ORDER BY position DESC").fetchall()
        (blocks,) = connection.execute("SELECT count(*) FROM projections.audit_words").fetchone()
    assert blocks == len(said) // 4
    texts = {word for _, text in said for word in (text[3:9], text[-7:], text[10:40], text[20:22])}
    for search in {
        *texts,
        "KPI WEIGHTS",
        "双十一 大",
        "%_",
        "\\",
        "nowhere",
        " ",
        "a",
        "条款 draft",
    }:
        found = AuditHistory(pool).entries(TENANT, search=search, limit=1000)
        expected = [position for position, text in said if search.lower() in text.lower()]
        assert [entry.position for entry in found.items] == expected, search


def test_blocks_do_not_depend_on_batches(
    book: Book, pool: Pool, store: FactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "BLOCK", 8)
    head, seen = filled(book), set()
    for size in (1, 7, 8, 64, 5000):
        Runner(pool, store, [audit_history], batch=size).catch_up(TENANT)
        seen.add(digest(pool, TENANT, audit_history))
        with pool.connection() as connection:
            last = "SELECT max(block) FROM projections.audit_words"
            assert connection.execute(last).fetchone() == (head // 8 - 1,)
            for table in ("progress", *audit_history.tables):
                connection.execute(f"TRUNCATE projections.{table}")
    assert len(seen) == 1


def test_a_search_goes_on_from_its_cursor_and_keeps_its_filters(
    book: Book, runner: Runner, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "BLOCK", 4)
    for number in range(6):
        book.add_many(signed(f"K-{number}"), by=act(reason=f"round {number % 2}"))
    runner.catch_up(TENANT)
    history, found, cursor = AuditHistory(pool), [], None
    while True:
        page = history.entries(
            TENANT, search="ROUND 1", kind="contract.drafted", known=30, limit=1, cursor=cursor
        )
        found += [entry.position for entry in page.items]
        if (cursor := page.next) is None:
            break
    assert found == [19, 7]
