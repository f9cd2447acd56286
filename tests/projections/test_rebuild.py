"""Rebuilding: beside the rows in use, compared with them, taken over in one step."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from domain.refusals import WrongState
from ledger.store import FactStore, Pool
from projections import contract_terms, payout_ledger
from projections.contract_queries import ContractTerms
from projections.digest import digest
from projections.model import ReadModel
from projections.models import MODELS
from projections.rebuild import Difference, rebuild
from projections.runner import Runner
from tests.projections.business import TENANT, Book, amended, commission, signed
from tests.projections.company import everything


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_rebuilt_equals_live(
    model: ReadModel, book: Book, runner: Runner, pool: Pool, store: FactStore
) -> None:
    everything(book)
    everything(Book(store, "chengdu-media"))
    runner.catch_up_all()
    before = {tenant: digest(pool, tenant, model) for tenant in (TENANT, "chengdu-media")}
    steps: list[tuple[int, int]] = []
    found = rebuild(pool, store, model, TENANT, batch=7, report=lambda *step: steps.append(step))
    head = store.head(TENANT)[0]
    assert (found.rows, found.taken_over, found.position) == (0, True, head)
    assert steps == sorted(steps) and steps[-1] == (head, head)
    assert {tenant: digest(pool, tenant, model) for tenant in before} == before
    assert len(set(before.values())) == 2, "the tenant is part of the rows"


def test_the_difference_is_shown_before_it_takes_over(
    book: Book, runner: Runner, pool: Pool, store: FactStore
) -> None:
    everything(book)
    runner.catch_up(TENANT)
    right = digest(pool, TENANT, payout_ledger)
    with pool.connection() as connection:
        connection.execute("UPDATE projections.payout SET amount = 99999")
        connection.execute("DELETE FROM projections.payout_attempt WHERE attempt = 2")
    wrong = digest(pool, TENANT, payout_ledger)
    assert wrong != right
    refused = rebuild(pool, store, payout_ledger, TENANT, accept=lambda found: False)
    assert digest(pool, TENANT, payout_ledger) == wrong
    payout, attempt = refused.tables
    assert (payout.only_live, payout.only_rebuilt, payout.changed) == (0, 0, 1)
    assert (attempt.only_live, attempt.only_rebuilt, attempt.changed) == (0, 1, 0)
    live, rebuilt = payout.sample[0]
    assert live is not None and rebuilt is not None
    assert (live["amount"], rebuilt["amount"]) == (99999, 13580)
    assert not refused.taken_over
    assert rebuild(pool, store, payout_ledger, TENANT).taken_over
    assert digest(pool, TENANT, payout_ledger) == right


def test_readers_see_whole_rows_and_facts_arrive_meanwhile(
    book: Book, runner: Runner, pool: Pool, store: FactStore
) -> None:
    for number in range(40):
        book.add_many(signed(f"K-{number:02}"))
    runner.catch_up(TENANT)
    stop, counts = threading.Event(), set()

    def read() -> None:
        terms = ContractTerms(pool)
        while not stop.is_set():
            page = terms.contracts(TENANT, date(2025, 6, 1))
            counts.add((len(page.items) >= 40, {len(c.state.terms) for c in page.items} == {2}))

    def write() -> None:
        for number in range(40, 70):
            book.add_many(signed(f"K-{number:02}"))
            runner.catch_up(TENANT)

    with pool.connection() as connection:
        connection.execute("UPDATE projections.clause_version SET text_en = 'worn out'")
    threads = [threading.Thread(target=read), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    found = rebuild(pool, store, contract_terms, TENANT, batch=20)
    threads[1].join()
    stop.set()
    threads[0].join()
    assert found.taken_over and found.rows > 0
    assert counts == {(True, True)}
    assert rebuild(pool, store, contract_terms, TENANT).rows == 0
    assert runner.status(TENANT)[0].lag == 0


def test_one_rebuild_at_a_time_and_a_failed_one_leaves_nothing(
    book: Book, runner: Runner, pool: Pool, store: FactStore
) -> None:
    book.add_many(signed("K-1"))
    book.add("contract/K-1", amended("commission", commission("0.06"), date(2025, 6, 1)))
    runner.catch_up(TENANT)
    before = digest(pool, TENANT, contract_terms)

    def second(found: Difference) -> bool:
        with pytest.raises(WrongState, match="being rebuilt already"):
            rebuild(pool, store, contract_terms, TENANT)
        raise RuntimeError("the operator pulled the plug")

    with pytest.raises(RuntimeError):
        rebuild(pool, store, contract_terms, TENANT, accept=second)
    assert digest(pool, TENANT, contract_terms) == before
    assert rebuild(pool, store, contract_terms, TENANT).rows == 0


def test_another_version_of_a_model_waits_for_its_rebuild(
    book: Book, pool: Pool, store: FactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner(pool, store, [contract_terms])
    book.add_many(signed("K-1"))
    runner.catch_up(TENANT)
    monkeypatch.setattr(contract_terms, "version", 2)
    book.add_many(signed("K-2"))
    runner.catch_up(TENANT)
    (status,) = runner.status(TENANT)
    assert (status.outdated, status.position, status.lag) == (True, 6, 6)
    rebuild(pool, store, contract_terms, TENANT)
    runner.catch_up(TENANT)
    (status,) = runner.status(TENANT)
    assert (status.outdated, status.lag) == (False, 0)
