"""Reading: by stream, by position, as known at a position, and by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest

from domain.refusals import Invalid, NotFound
from ledger.codec import split
from ledger.names import UnknownFact
from ledger.queries import Pool
from ledger.store import FactStore
from tests.ledger.samples import ACT, changed, opened

pytestmark = pytest.mark.postgres


def filled(store: FactStore, tenant: str) -> None:
    """Positions 1 to 9: opened and changed by turns in streams a, b, c."""
    for turn in range(3):
        for stream in "abc":
            new = opened(stream) if turn == 0 else changed(stream, turn + 1, str(turn))
            store.append(tenant, [new], ACT)


def test_a_stream_is_read_as_it_was_known_at_a_position(store: FactStore, tenant: str) -> None:
    filled(store, tenant)
    known = {at: [r.version for r in store.stream(tenant, "b", known=at)] for at in (0, 1, 2, 5, 9)}
    assert known == {0: [], 1: [], 2: [1], 5: [1, 2], 9: [1, 2, 3]}
    assert [r.position for r in store.stream(tenant, "b")] == [2, 5, 8]
    assert store.stream(tenant, "nothing") == []


def test_a_stream_is_read_by_pages(store: FactStore, tenant: str) -> None:
    filled(store, tenant)
    assert [r.version for r in store.stream(tenant, "a", limit=2)] == [1, 2]
    assert [r.version for r in store.stream(tenant, "a", after_version=2, limit=2)] == [3]


def test_all_facts_are_read_by_pages_in_one_order(store: FactStore, tenant: str) -> None:
    filled(store, tenant)
    pages, position = [], 0
    while page := store.facts_after(tenant, position, 4):
        pages.append([r.position for r in page])
        position = page[-1].position
    assert pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9]]
    assert [r.position for r in store.facts_after(tenant, 2, 99, upto=5)] == [3, 4, 5]


def test_some_names_are_read_by_pages_in_the_same_order(store: FactStore, tenant: str) -> None:
    filled(store, tenant)

    def positions(
        *names: str, after: int = 0, limit: int = 99, upto: int | None = None
    ) -> list[int]:
        page = store.facts_after(tenant, after, limit, names=names, upto=upto)
        return [r.position for r in page]

    assert positions("account.opened.v1") == [1, 2, 3]
    assert positions("account.changed.v1", after=4, limit=2) == [5, 6]
    both = ("account.changed.v1", "account.opened.v1")
    assert positions(*both, limit=5) == [1, 2, 3, 4, 5]
    assert positions(*both, after=2, upto=4) == [3, 4]
    assert positions("account.closed.v1") == []
    assert positions() == []
    with pytest.raises(UnknownFact):
        positions("account.misspelt.v1")


def test_envelopes_come_undecoded(store: FactStore, tenant: str) -> None:
    filled(store, tenant)
    envelopes = store.envelopes_after(tenant, 7, 10)
    assert [split(envelope).payload for envelope in envelopes] == [
        b'{"amount":"2","at":null,"effective":"2025-09-01","more":{}}'
    ] * 2


def test_a_moment_names_the_last_position_recorded_by_then(store: FactStore, tenant: str) -> None:
    empty = store.position_at(tenant, datetime.now(UTC))
    filled(store, tenant)
    recorded = store.facts_after(tenant, 0, 99)
    tick = timedelta(microseconds=1)
    assert empty == 0
    assert store.position_at(tenant, recorded[0].recorded_at - tick) == 0
    for fact in recorded:
        assert store.position_at(tenant, fact.recorded_at) == fact.position
        assert store.position_at(tenant, fact.recorded_at - tick) == fact.position - 1
    there = recorded[4].recorded_at.astimezone(timezone(timedelta(hours=8)))
    assert store.position_at(tenant, there) == 5
    assert store.position_at(tenant, datetime(9999, 1, 1, tzinfo=UTC)) == 9


def test_facts_of_one_append_share_a_moment_and_are_known_together(
    store: FactStore, tenant: str
) -> None:
    receipts = store.append(tenant, [opened("a"), opened("b"), opened("c")], ACT)
    assert len({receipt.recorded_at for receipt in receipts}) == 1
    assert store.position_at(tenant, receipts[0].recorded_at) == 3


def test_a_naive_moment_and_an_unknown_tenant_are_refused(store: FactStore, tenant: str) -> None:
    with pytest.raises(Invalid, match="no time zone"):
        store.position_at(tenant, datetime(2025, 9, 1))
    with pytest.raises(NotFound):
        store.position_at("nobody", datetime.now(UTC))


def test_a_gap_in_the_positions_is_an_error_not_an_answer(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    filled(store, tenant)
    move = "UPDATE ledger.head SET position = 20 WHERE tenant_id = %s"
    with pool.connection() as connection:
        connection.execute(move, [tenant])
    with pytest.raises(psycopg.errors.DataCorrupted, match="is missing"):
        store.position_at(tenant, datetime(9999, 1, 1, tzinfo=UTC))


def test_times_are_in_utc_whatever_the_session_says(shared_database: str, tenant: str) -> None:
    from ledger.store import open_pool
    from tests.ledger.samples import NAMES

    with open_pool(shared_database) as pool:
        with pool.connection() as connection:
            connection.execute("SET TIME ZONE 'Asia/Shanghai'")
        store = FactStore(pool, NAMES)
        [receipt] = store.append(tenant, [opened("s")], ACT)
        [fact] = store.stream(tenant, "s")
        assert receipt.recorded_at.tzinfo is UTC
        assert store.head(tenant) == (1, receipt.recorded_at)
        assert fact.recorded_at == receipt.recorded_at
        assert fact.recorded_at.utcoffset() == timedelta(0)
