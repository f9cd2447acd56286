"""Reading ahead changes nothing but the time it takes."""

from __future__ import annotations

import gc

import psycopg
import pytest

from domain.contract_facts import ContractDrafted, PartySigned
from ledger.names import UnreadableFact
from ledger.store import FactStore, Pool
from projections.ahead import Ahead
from projections.model import names_of
from projections.pages import Facts, Pages
from projections.quiet import quiet
from tests.projections.business import TENANT, Book, signed

WANTED = names_of(ContractDrafted, PartySigned)


class Counted(Pages):
    """Pages that keep count, and fail where they are told to."""

    def __init__(self, pool: Pool, store: FactStore, *errors: Exception) -> None:
        super().__init__(pool, store)
        self.asked: list[int] = []
        self.errors = list(errors)

    def read(self, tenant, after, upto, wanted, limit) -> Facts:  # type: ignore[no-untyped-def]
        self.asked.append(after)
        if len(self.asked) > 1 and self.errors:
            raise self.errors.pop()
        return super().read(tenant, after, upto, wanted, limit)


@pytest.fixture
def head(book: Book) -> int:
    return [book.add_many(signed(f"K-{number}")) for number in range(5)][-1]


def positions(pages: Ahead | Pages, head: int) -> list[int]:
    found, after = [], 0
    while after < head:
        page = pages.read(TENANT, after, head, WANTED, 3)
        found += [recorded.position for recorded in page.recorded]
        after = page.end
    return found


def test_the_same_pages_each_read_once(head: int, pool: Pool, store: FactStore) -> None:
    pages = Counted(pool, store)
    with Ahead(pages) as ahead:
        found = positions(ahead, head)
    assert found == positions(Pages(pool, store), head)
    assert len(pages.asked) == len(set(pages.asked))


def test_another_question_than_foreseen_is_read_when_asked(
    head: int, pool: Pool, store: FactStore
) -> None:
    with Ahead(Pages(pool, store)) as ahead:
        ahead.read(TENANT, 0, head, WANTED, 3)
        page = ahead.read(TENANT, 6, 12, WANTED, 2)
    assert [recorded.position for recorded in page.recorded] == [7, 9]


def test_a_lost_connection_ahead_is_read_again_and_an_unreadable_fact_is_raised(
    head: int, pool: Pool, store: FactStore
) -> None:
    with Ahead(Counted(pool, store, psycopg.OperationalError("lost"))) as ahead:
        assert positions(ahead, head) == positions(Pages(pool, store), head)
    with Ahead(Counted(pool, store, UnreadableFact("no such name"))) as ahead:
        ahead.read(TENANT, 0, head, WANTED, 3)
        with pytest.raises(UnreadableFact):
            ahead.read(TENANT, 4, head, WANTED, 3)


def test_the_collector_is_on_again_when_the_last_one_has_finished() -> None:
    assert gc.isenabled()
    with quiet:
        with quiet:
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
