from __future__ import annotations

from datetime import date

from ledger.store import Pool
from projections.runner import Runner
from tests.projections.business import TENANT, Book, amended, commission, signed


def test_a_contract_is_followed(book: Book, runner: Runner, pool: Pool) -> None:
    book.add_many(signed("K-1"))
    runner.catch_up(TENANT)
    book.add("contract/K-1", amended("commission", commission("0.06"), date(2025, 6, 1)))
    runner.catch_up(TENANT)
    with pool.connection() as c:
        rows = c.execute(
            "select clause_key, effective::text, known::text, params->>'rate' from projections.clause_version order by 1,3,2"
        ).fetchall()
    assert rows == [
        ("base", "[2025-01-01,)", "[1,)", None),
        ("commission", "[2025-01-01,)", "[1,7)", "0.05"),
        ("commission", "[2025-01-01,2025-06-01)", "[7,)", "0.05"),
        ("commission", "[2025-06-01,)", "[7,)", "0.06"),
    ]
    assert runner.status(TENANT)[0].lag == 0
