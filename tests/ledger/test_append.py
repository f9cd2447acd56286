"""The promises of an append: one order without gaps, all or nothing, nothing taken back."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import RestrictViolation

from domain.refusals import Invalid, KeyReused, NotFound, StaleVersion
from ledger.errors import KeyTaken
from ledger.idempotency import Idempotency
from ledger.names import UnknownFact
from ledger.queries import Pool
from ledger.records import NewFact, Receipt
from ledger.store import FactStore
from tests.ledger.samples import ACT, Opened, changed, opened
from tests.ledger.threads import race

pytestmark = pytest.mark.postgres
Tenants = Callable[[], str]


def versions(receipts: list[Receipt]) -> list[tuple[str, int, int]]:
    return [(receipt.stream, receipt.version, receipt.position) for receipt in receipts]


def test_facts_get_the_next_positions_in_the_order_given(store: FactStore, tenant: str) -> None:
    first = store.append(tenant, [opened("a"), opened("b"), changed("a", 2)], ACT)
    second = store.append(tenant, [changed("b", 2)], ACT)
    assert versions(first) == [("a", 1, 1), ("b", 1, 2), ("a", 2, 3)]
    assert versions(second) == [("b", 2, 4)]
    assert store.head(tenant) == (4, second[0].recorded_at)


def test_ten_thousand_facts_in_one_append(store: FactStore, tenant: str) -> None:
    facts = [opened("long"), *(changed("long", n, str(n)) for n in range(2, 10_001))]
    receipts = store.append(tenant, facts, ACT)
    assert [receipt.position for receipt in receipts] == list(range(1, 10_001))
    assert [r.version for r in store.stream(tenant, "long")] == list(range(1, 10_001))


def test_nothing_appended_is_no_position(store: FactStore, tenant: str) -> None:
    assert store.append(tenant, [], ACT) == []
    assert store.head(tenant)[0] == 0


def test_eight_writers_with_conflicts_and_rollbacks_leave_no_gap(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    told: dict[int, list[Receipt]] = defaultdict(list)

    def write(number: int) -> int:
        chance = random.Random(number)
        refused = 0
        for turn in range(60):
            stream = f"shared-{chance.randrange(6)}"
            version = len(store.stream(tenant, stream)) + 1
            try:
                if chance.random() < 0.2:
                    _rolled_back(pool, store, tenant, f"lost-{number}-{turn}")
                else:
                    facts = [changed(stream, version), opened(f"own-{number}-{turn}")]
                    told[number] += store.append(tenant, facts, ACT)
            except StaleVersion:
                refused += 1
        return refused

    refused = race(8, write)
    receipts = sorted((r for some in told.values() for r in some), key=lambda r: r.position)
    assert sum(refused) > 0, "the race had no conflict: it proves nothing"
    assert [receipt.position for receipt in receipts] == list(range(1, len(receipts) + 1))
    recorded = store.facts_after(tenant, 0, 10_000)
    assert [(r.stream, r.version, r.position) for r in recorded] == versions(receipts)
    assert [r.recorded_at for r in recorded] == sorted(r.recorded_at for r in recorded)
    _no_holes([(r.stream, r.version) for r in recorded])


def _rolled_back(pool: Pool, store: FactStore, tenant: str, stream: str) -> None:
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        store.append_in(connection, tenant, [opened(stream)], ACT)


def _no_holes(found: list[tuple[str, int]]) -> None:
    streams: dict[str, list[int]] = defaultdict(list)
    for stream, version in found:
        streams[stream].append(version)
    assert all(those == list(range(1, len(those) + 1)) for those in streams.values())


def test_a_reader_that_tails_eight_writers_sees_every_position_in_order(
    store: FactStore, tenant: str
) -> None:
    each = 50

    def work(number: int) -> list[int]:
        seen: list[int] = []
        if number == 0:
            while len(seen) < 8 * each:
                after = seen[-1] if seen else 0
                seen += [r.position for r in store.facts_after(tenant, after, 100)]
            return seen
        for turn in range(each):
            store.append(tenant, [opened(f"s-{number}-{turn}")], ACT)
        return seen

    assert race(9, work)[0] == list(range(1, 8 * each + 1))


def test_recorded_time_never_falls_even_after_a_clock_that_ran_ahead(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    move: LiteralString = "UPDATE ledger.head SET recorded_at = %s WHERE tenant_id = %s"
    with pool.connection() as connection:
        connection.execute(move, [ahead, tenant])
    times = [store.append(tenant, [opened(f"s{n}")], ACT)[0].recorded_at for n in range(3)]
    assert times == [ahead] * 3
    assert [r.recorded_at for r in store.facts_after(tenant, 0, 9)] == times


@pytest.mark.parametrize(
    ("given", "present"),
    [
        ([opened("new", 2)], 0),
        ([opened("s", 2)], 2),
        ([opened("s", 4)], 2),
        ([opened("s", 3), opened("s", 5)], 3),
        ([opened("s", 3), opened("s", 3)], 3),
        ([opened("other"), opened("s", 1)], 2),
    ],
)
def test_a_version_that_does_not_follow_is_refused_with_the_present_one(
    store: FactStore, tenant: str, given: list[NewFact], present: int
) -> None:
    store.append(tenant, [opened("s"), changed("s", 2)], ACT)
    with pytest.raises(StaleVersion) as refusal:
        store.append(tenant, given, ACT)
    assert refusal.value.details["current_version"] == present
    assert refusal.value.details["stream"] == given[-1].stream
    assert refusal.value.status == 409
    assert store.head(tenant)[0] == 2, "nothing of a refused append is kept"


def test_of_eight_who_append_one_version_exactly_one_wins(store: FactStore, tenant: str) -> None:
    def write(number: int) -> str:
        try:
            store.append(tenant, [NewFact("s", 1, Opened(owner=str(number)))], ACT)
        except StaleVersion as refusal:
            assert refusal.details["current_version"] == 1
            return "refused"
        return "won"

    assert sorted(race(8, write)) == ["refused"] * 7 + ["won"]


def test_versions_begin_at_one(store: FactStore, tenant: str) -> None:
    with pytest.raises(Invalid, match="versions begin at 1"):
        store.append(tenant, [opened("s", 0)], ACT)


def test_an_unknown_tenant_is_named(store: FactStore) -> None:
    with pytest.raises(NotFound, match="no tenant nobody"):
        store.append("nobody", [opened("s")], ACT)
    with pytest.raises(NotFound, match="no tenant nobody"):
        store.head("nobody")


def test_a_class_without_a_name_and_a_text_with_nul_leave_nothing(
    store: FactStore, tenant: str
) -> None:
    class Nameless(Opened, frozen=True, kw_only=True):
        pass

    with pytest.raises(UnknownFact, match="Nameless"):
        store.append(tenant, [opened("s"), NewFact("s", 2, Nameless(owner="x"))], ACT)
    with pytest.raises(Invalid, match="NUL"):
        store.append(tenant, [NewFact("s", 1, Opened(owner="x\0"))], ACT)
    with pytest.raises(Invalid, match="stream"):
        store.append(tenant, [opened("s\0")], ACT)
    with pytest.raises(Invalid, match="not exact"):
        store.append(tenant, [changed("s", 1, more={"rate": 0.1})], ACT)
    assert store.head(tenant)[0] == 0


def test_two_tenants_do_not_see_each_other(store: FactStore, new_tenant: Tenants) -> None:
    one, other = new_tenant(), new_tenant()
    key = Idempotency("same", b"f")
    store.append(one, [opened("s"), changed("s", 2)], ACT, idempotency=key)
    assert store.append(other, [opened("s")], ACT, idempotency=key)[0].position == 1
    assert [r.version for r in store.stream(other, "s")] == [1]
    assert len(store.facts_after(one, 0, 10)) == 2
    assert {one, other} <= set(store.tenants())


@pytest.mark.parametrize("table", ["fact", "idempotency", "head"])
@pytest.mark.parametrize(
    "act", ["DELETE FROM ledger.{}", "TRUNCATE ledger.{} CASCADE", "UPDATE ledger.{} SET {}"]
)
def test_what_is_recorded_is_never_changed_or_removed(
    pool: Pool, store: FactStore, tenant: str, table: str, act: str
) -> None:
    store.append(tenant, [opened("s")], ACT, idempotency=Idempotency("k", b"f"))
    column = {"fact": "name = 'x'", "idempotency": "answer = ''", "head": "position = 0"}
    for role in ("origin", "replica"):
        with pool.connection() as connection, connection.transaction(force_rollback=True):
            connection.execute(f"SET LOCAL session_replication_role = {role}")
            with pytest.raises(RestrictViolation, match=r"refused: what is recorded|go backwards"):
                connection.execute(act.format(table, column[table]))
    assert len(store.facts_after(tenant, 0, 10)) == 1


def test_a_head_goes_neither_back_in_time_nor_to_another_tenant(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    for change in ("recorded_at = recorded_at - interval '1 second'", "tenant_id = 'other'"):
        with pool.connection() as connection, pytest.raises(RestrictViolation, match="backwards"):
            connection.execute(f"UPDATE ledger.head SET {change} WHERE tenant_id = %s", [tenant])
    assert not store.open_tenant(tenant), "opening again changes nothing"


def test_a_crash_in_the_middle_leaves_nothing(pool: Pool, store: FactStore, tenant: str) -> None:
    key = Idempotency("k", b"f", b"answer")
    with pool.connection() as victim, pool.connection() as killer, victim.transaction():
        store.append_in(victim, tenant, [opened("s")], ACT, idempotency=key)
        pid = victim.info.backend_pid
        killer.execute("SELECT pg_terminate_backend(%s)", [pid])
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")
    assert store.head(tenant)[0] == 0
    assert store.stream(tenant, "s") == []
    assert store.idempotent_answer(tenant, "k", b"f") is None
    assert store.append(tenant, [opened("s")], ACT, idempotency=key)[0].position == 1


def test_rows_of_the_caller_are_stored_in_the_same_transaction(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    with pool.connection() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS beside (position bigint)")
        with connection.transaction():
            [receipt] = store.append_in(connection, tenant, [opened("s")], ACT)
            connection.execute("INSERT INTO beside VALUES (%s)", [receipt.position])
        with pytest.raises(StaleVersion), connection.transaction():
            connection.execute("INSERT INTO beside VALUES (99)")
            store.append_in(connection, tenant, [opened("s")], ACT)
        assert connection.execute("SELECT * FROM beside").fetchall() == [(1,)]


# Idempotency


def test_a_repeated_request_gets_the_first_receipts(store: FactStore, tenant: str) -> None:
    key = Idempotency("k", b"f", b"the answer")
    first = store.append(tenant, [opened("s"), changed("s", 2)], ACT, idempotency=key)
    store.append(tenant, [changed("s", 3)], ACT)
    assert store.append(tenant, [opened("s")], ACT, idempotency=key) == first
    answer = store.idempotent_answer(tenant, "k", b"f")
    assert answer is not None
    assert (answer.answer, answer.receipts) == (b"the answer", first)
    assert store.head(tenant)[0] == 3


def test_the_key_is_judged_before_the_version(store: FactStore, tenant: str) -> None:
    store.append(tenant, [opened("s")], ACT, idempotency=Idempotency("k", b"f"))
    with pytest.raises(KeyReused) as refusal:
        store.append(tenant, [opened("s", 7)], ACT, idempotency=Idempotency("k", b"other"))
    assert refusal.value.details["key"] == "k"
    with pytest.raises(KeyReused):
        store.idempotent_answer(tenant, "k", b"other")
    assert store.head(tenant)[0] == 1


def test_a_refused_append_does_not_use_up_its_key(store: FactStore, tenant: str) -> None:
    key = Idempotency("k", b"f")
    with pytest.raises(StaleVersion):
        store.append(tenant, [opened("s", 2)], ACT, idempotency=key)
    assert store.append(tenant, [opened("s", 1)], ACT, idempotency=key)[0].position == 1


def test_a_command_that_changed_nothing_is_remembered_too(store: FactStore, tenant: str) -> None:
    key = Idempotency("k", b"f", b"nothing to do")
    assert store.append(tenant, [], ACT, idempotency=key) == []
    assert store.append(tenant, [opened("s")], ACT, idempotency=key) == []
    answer = store.idempotent_answer(tenant, "k", b"f")
    assert answer is not None
    assert (answer.answer, answer.receipts) == (b"nothing to do", [])
    assert store.head(tenant)[0] == 0


def test_eight_retries_at_once_write_once(store: FactStore, tenant: str) -> None:
    for turn in range(10):
        key = Idempotency(f"k{turn}", b"f")
        facts = [opened(f"s{turn}"), changed(f"s{turn}", 2)]
        answers = race(8, lambda _: store.append(tenant, facts, ACT, idempotency=key))  # noqa: B023
        assert all(answer == answers[0] for answer in answers)
        assert store.head(tenant)[0] == 2 * (turn + 1)


def test_inside_a_transaction_a_taken_key_ends_it(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    key = Idempotency("k", b"f")
    store.append(tenant, [opened("s")], ACT, idempotency=key)
    with pool.connection() as connection, pytest.raises(KeyTaken), connection.transaction():
        store.append_in(connection, tenant, [opened("t")], ACT, idempotency=key)
    assert store.stream(tenant, "t") == []
