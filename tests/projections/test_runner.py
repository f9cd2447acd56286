"""The runner: nothing skipped, nothing twice, and a fact it cannot apply stops one model only."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from ledger.names import TABLE, Names
from ledger.records import NewFact, Recorded
from ledger.store import FactStore, Pool
from projections import contract_terms, directory, payout_ledger
from projections.contract_queries import ContractTerms
from projections.digest import digest
from projections.errors import Behind, Halted
from projections.model import Connection, ReadModel
from projections.models import MODELS
from projections.runner import Runner
from tests.projections.business import TENANT, Book, act, amended, commission, signed
from tests.projections.company import everything


class Poisoned:
    """The contracts' read model, with facts at some positions that it cannot apply."""

    name, version = contract_terms.name, contract_terms.version
    tables, names = contract_terms.tables, contract_terms.names

    def __init__(self, *poison: int, error: type[Exception] = ValueError) -> None:
        self.poison = set(poison)
        self.error = error
        self.batches: list[int] = []

    def apply(self, connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
        contract_terms.apply(connection, tenant, recorded)
        self.batches.append(len(recorded))
        if self.poison & {fact.position for fact in recorded}:
            raise self.error("the clause has a kind nobody knows")


def digests(pool: Pool, models: Sequence[ReadModel] = MODELS) -> dict[str, str]:
    return {model.name: digest(pool, TENANT, model) for model in models}


def contracts(book: Book, count: int) -> int:
    return [book.add_many(signed(f"K-{number:03}")) for number in range(count)][-1]


def test_batches_of_any_size_give_the_same_rows(book: Book, pool: Pool, store: FactStore) -> None:
    everything(book)
    book.add("contract/K-1", amended("base", commission("0.07"), date(2025, 2, 1)))
    seen = set()
    for size in (5000, 7, 1):
        Runner(pool, store, MODELS, batch=size).catch_up(TENANT)
        seen.add(tuple(digests(pool).values()))
        with pool.connection() as connection:
            for table in ("progress", *(table for model in MODELS for table in model.tables)):
                connection.execute(f"DELETE FROM projections.{table}")
    assert len(seen) == 1


def test_catching_up_to_a_position(book: Book, runner: Runner) -> None:
    contracts(book, 3)
    runner.catch_up(TENANT, 7)
    assert {(s.position, s.lag) for s in runner.status(TENANT)} == {(7, 11)}
    runner.catch_up(TENANT)
    assert {s.lag for s in runner.status(TENANT)} == {0}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(1, 60), batch=st.sampled_from([1, 2, 16, 5000]))
def test_a_poison_fact_halts_its_model_just_before_it(
    empty: Book, pool: Pool, store: FactStore, at: int, batch: int
) -> None:
    tenant = f"company-{at}-{batch}-{time.monotonic_ns()}"
    book = Book(store, tenant)
    contracts(book, 10)
    poisoned = Poisoned(at)
    runner = Runner(pool, store, [poisoned, directory], batch=batch)
    runner.catch_up(tenant)
    bad, good = runner.status(tenant)
    assert (bad.position, bad.halted) == (at - 1, True)
    assert bad.error is not None and f"position {at}," in bad.error and "ValueError" in bad.error
    assert (good.position, good.halted) == (60, False)
    assert len(poisoned.batches) <= 60 if batch == 1 else len(poisoned.batches) < 30
    with pytest.raises(Halted):
        runner.wait_for(tenant, 60, timeout=5)
    runner.wait_for(tenant, at - 1, ["contract_terms"])
    again = Runner(pool, store, [contract_terms, directory])
    again.catch_up(tenant)
    assert again.status(tenant)[0].halted, "a halt survives a restart"
    again.resume(tenant, "contract_terms")
    assert again.status(tenant)[0].lag == 0
    assert len(ContractTerms(pool).states(tenant)) == 10


@pytest.fixture
def empty(book: Book) -> Book:
    return book


def test_a_fact_of_an_unknown_name_halts_every_model_before_it(
    book: Book, pool: Pool, store: FactStore
) -> None:
    class Bonus(Fact):
        amount: str

    newer = FactStore(pool, Names({**TABLE, "contract.bonus_agreed.v1": Bonus}))
    last = contracts(book, 2)
    newer.append(TENANT, [NewFact("contract/K-000", 7, Bonus(amount="5000"))], act())
    runner = Runner(pool, store, MODELS)
    runner.catch_up(TENANT)
    assert {(s.position, s.halted) for s in runner.status(TENANT)} == {(last, True)}
    upgraded = Runner(pool, newer, [directory, payout_ledger])
    upgraded.resume(TENANT, "directory")
    assert {s.name: s.lag for s in upgraded.status(TENANT)} == {"directory": 0, "payout_ledger": 1}


def test_an_error_that_may_pass_is_raised_and_halts_nothing(
    book: Book, pool: Pool, store: FactStore
) -> None:
    contracts(book, 2)
    runner = Runner(pool, store, [Poisoned(9, error=psycopg.errors.DeadlockDetected)])
    with pytest.raises(psycopg.errors.DeadlockDetected):
        runner.catch_up(TENANT)
    (status,) = runner.status(TENANT)
    assert (status.position, status.halted) == (0, False)
    with pool.connection() as connection:
        rows = connection.execute("SELECT count(*) FROM projections.contract_header").fetchone()
    assert rows == (0,), "rows without their position would be applied twice"


def test_two_runners_at_once_apply_each_fact_once(book: Book, pool: Pool, store: FactStore) -> None:
    contracts(book, 30)
    runners = [Runner(pool, store, MODELS, batch=3) for _ in range(3)]
    threads = [threading.Thread(target=runner.catch_up, args=[TENANT]) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(s.lag, s.halted) for s in runners[0].status(TENANT)} == {(0, False)}
    raced = digests(pool)
    with pool.connection() as connection:
        for table in ("progress", *(table for model in MODELS for table in model.tables)):
            connection.execute(f"DELETE FROM projections.{table}")
    Runner(pool, store, MODELS).catch_up(TENANT)
    assert digests(pool) == raced


def test_a_connection_killed_in_the_middle_leaves_rows_and_position_together(
    book: Book, pool: Pool, store: FactStore
) -> None:
    contracts(book, 4)

    def killed(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
        contract_terms.apply(connection, tenant, recorded)
        if recorded[0].position > 6:
            with pool.connection() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])

    fields = {name: getattr(contract_terms, name) for name in ("name", "version", "names")}
    model = SimpleNamespace(**fields, tables=contract_terms.tables, apply=killed)
    with pytest.raises(psycopg.OperationalError):
        Runner(pool, store, [model], batch=6).catch_up(TENANT)
    runner = Runner(pool, store, [contract_terms])
    assert runner.status(TENANT)[0].position == 6
    assert list(ContractTerms(pool).states(TENANT)) == ["K-000"]
    runner.catch_up(TENANT)
    assert list(ContractTerms(pool).states(TENANT)) == ["K-000", "K-001", "K-002", "K-003"]


def test_a_gap_in_the_ledger_halts(book: Book, pool: Pool, store: FactStore) -> None:
    contracts(book, 2)
    with pool.connection() as connection:
        connection.execute("ALTER TABLE ledger.fact DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM ledger.fact WHERE position = 4")
    runner = Runner(pool, store, [contract_terms])
    runner.catch_up(TENANT)
    (status,) = runner.status(TENANT)
    assert (status.position, status.halted) == (3, True)
    assert status.error is not None and "gap after position 3" in status.error


def test_in_the_background_a_write_can_soon_be_read(
    book: Book, pool: Pool, store: FactStore
) -> None:
    runner, stop = Runner(pool, store, MODELS, poll=0.05), threading.Event()
    thread = threading.Thread(target=runner.run, args=[stop])
    thread.start()
    try:
        for number in range(5):
            position = book.add_many(signed(f"K-{number}"))
            runner.hint()
            runner.wait_for(TENANT, position, ["contract_terms"], timeout=20)
            assert f"K-{number}" in ContractTerms(pool).states(TENANT)
        with pytest.raises(Behind):
            runner.wait_for(TENANT, position + 1, timeout=0.2)
    finally:
        stop.set()
        thread.join()


def test_tenants_do_not_see_each_other(book: Book, runner: Runner, store: FactStore) -> None:
    other = Book(store, "chengdu-media")
    contracts(book, 2)
    contracts(other, 1)
    other.add("contract/K-000", amended("base", commission("0.09"), date(2025, 3, 1)))
    runner.catch_up_all()
    terms = ContractTerms(runner._pool)
    assert len(terms.states(TENANT)) == 2
    assert len(terms.states("chengdu-media")["K-000"].terms) == 3
    assert len(terms.states(TENANT)["K-000"].terms) == 2
