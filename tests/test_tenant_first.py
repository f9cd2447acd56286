"""The schema can be spread over machines by tenant: every key begins with the tenant, and no
transaction touches two."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.readers import Readers
from domain.contract_commands import AmendContract
from ledger.access import AccessStore
from ledger.idempotency import Idempotency
from ledger.keys import KeyRing
from ledger.sealer import Sealer
from projections.models import MODELS
from projections.rebuild import rebuild
from projections.standing import standing
from tests.acceptance.filled import commission, whole_desk
from tests.tenant_watch import Row, asked, is_copied, touched_by, watch_reads, watched
from tests.workflows.company import Company, by
from workflows import contracts, payouts
from workflows.desk import Ask, Desk
from workflows.status import status
from workflows.verify import verify

pytestmark = pytest.mark.postgres

WITHOUT_TENANT = {
    "public.tallystick_migration": "which files of migrations/ were applied to the database",
}
"""Tables that belong to the database and to no tenant, each with what it holds."""
NOT_FIRST = {
    "clause_version_one_at_a_time": "excludes by the tenant with =, after one hash of contract and "
    "clause that the tree of the index divides by; nothing looks rows up in it",
    "audit_words_words": "trigrams of words and no key; a search names the tenant beside them",
}
"""Constraints and indexes in which the tenant does not come first, each with its reason."""
ACROSS = {
    "SELECT tenant_id FROM ledger.head ORDER BY tenant_id": "the names of the tenants, each of "
    "which is then asked alone",
    "WITH RECURSIVE found (tenant_id) AS": "verification: rows of a tenant that nobody opened",
}
"""How statements begin that are about all tenants, each with its reason; they only read names."""
OURS = "n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'"
__all__ = ["watched"]
TENANTS = ("moon", "star", "sun")

# Keys ------------------------------------------------------------------------------------------


def test_every_table_has_a_tenant_that_is_never_null(database: str) -> None:
    found = asked(
        database,
        f"""SELECT n.nspname || '.' || c.relname, coalesce(a.attnotnull, false)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE c.relkind IN ('r', 'p') AND {OURS}""",
    )
    assert len(found) > 20
    assert {table for table, named in found if not named} == set(WITHOUT_TENANT)


def test_every_key_begins_with_the_tenant(database: str) -> None:
    """Primary keys, unique and exclusion constraints, and both ends of every foreign key."""
    found = asked(
        database,
        f"""SELECT n.nspname || '.' || c.relname, k.conname, k.contype::text,
            (SELECT attname FROM pg_attribute
             WHERE attrelid = k.conrelid AND attnum = k.conkey[1]),
            (SELECT attname FROM pg_attribute
             WHERE attrelid = k.confrelid AND attnum = k.confkey[1])
        FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE k.contype IN ('p', 'u', 'x', 'f') AND {OURS}""",
    )
    keys = [row for row in found if row[0] not in WITHOUT_TENANT]
    assert {kind for _, _, kind, _, _ in keys} >= {"p", "u", "x", "f"}
    wrong = [
        (table, name)
        for table, name, kind, first, other in keys
        if name not in NOT_FIRST
        and (first != "tenant_id" or (kind == "f" and other != "tenant_id"))
    ]
    assert wrong == []


def test_what_excludes_others_compares_the_tenant_by_equality(database: str) -> None:
    found = asked(
        database,
        f"""SELECT k.conname, o.oprname FROM pg_constraint AS k
        JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_index AS x ON x.indexrelid = k.conindid
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        LEFT JOIN pg_operator AS o ON o.oid
            = k.conexclop[array_position(string_to_array(x.indkey::text, ' ')::int2[], a.attnum)]
        WHERE k.contype = 'x' AND {OURS}""",
    )
    assert found and {operator for _, operator in found} == {"="}


def test_every_table_has_a_primary_key_and_every_index_begins_with_the_tenant(
    database: str,
) -> None:
    found = asked(
        database,
        f"""SELECT n.nspname || '.' || c.relname, i.relname, x.indisprimary, a.attname
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_index AS x ON x.indrelid = c.oid
        LEFT JOIN pg_class AS i ON i.oid = x.indexrelid
        LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
        WHERE c.relkind IN ('r', 'p') AND {OURS}""",
    )
    ours = [row for row in found if row[0] not in WITHOUT_TENANT]
    assert {row[0] for row in ours} == {row[0] for row in ours if row[2]}
    wrong = {index for _, index, _, first in ours if first != "tenant_id"}
    assert wrong == set(NOT_FIRST)


# Transactions ----------------------------------------------------------------------------------


def fill(desk: Desk, tenant: str) -> None:
    """A little of everything, in one of several tenants that are filled at the same time."""
    company = Company(desk, tenant)
    company.open()
    company.scheme("streamers", {"sales": ("0.6", "100000"), "fans_gained": ("0.4", "1000")})
    people = [f"S{number}" for number in range(3)]
    for person in people:
        company.hire(person, {"commission": commission()})
    company.figures(*((person, "sales", "2025-03-05", "30000") for person in people))
    run = company.pay("2025-03").run
    payouts.instruct_run(desk, tenant, run, by("finance.zhao"))
    access = AccessStore.beside(desk.store)
    key, secret = access.issue(tenant, "ann", ["hr"], by="boss", at=by("boss").act.at)
    assert access.bearer(secret)
    access.revoke(tenant, key.key_id, by="boss", at=by("boss").act.at)


def amend(desk: Desk, tenant: str, number: int) -> None:
    """One of many commands at once: they go into groups, each of one tenant."""
    change = {"op": "change", "key": "commission", "clause": commission(f"0.0{number % 9 + 1}")}
    command = AmendContract.model_validate(
        {"amendment": f"A-{number}", "effective": "2025-09-01", "changes": [change]}
    )
    once = Idempotency(f"k-{number % 30}", b"f" * 32)
    ask = Ask(by("hr.lin").act, idempotency=once)
    contracts.act_on(desk, tenant, f"C-S{number % 3}", command, ask)


def use(desk: Desk, tenant: str) -> None:
    """What reads a tenant: the books, the read models, the check of everything."""
    pool, readers = desk.store._pool, Readers.beside(desk.store)
    status(desk, pool, tenant)
    contracts.all_contracts(desk, tenant)
    with pool.connection() as connection:
        standing(connection, tenant, MODELS)
    for page in (
        readers.audit.entries(tenant),
        readers.directory.entries(tenant, "person"),
        readers.payouts.payouts(tenant),
        desk.register.runs(tenant),
    ):
        assert page.items
    assert readers.directory.counts(tenant)["person"] == 3
    assert [check for check in verify(desk, tenant).checks if not check.ok] == []


@pytest.mark.slow
def test_no_transaction_touches_two_tenants(watched: str, tmp_path: Any) -> None:
    with whole_desk(watched) as desk:
        with ThreadPoolExecutor(12) as threads:
            list(threads.map(lambda tenant: fill(desk, tenant), TENANTS))
            acts = [(tenant, number) for number in range(60) for tenant in TENANTS]
            list(threads.map(lambda act: amend(desk, *act), acts))
        desk.runner.catch_up_all()
        sealer = Sealer(desk.store._pool, KeyRing(tmp_path))
        for tenant in TENANTS:
            sealer.seal(tenant)
            rebuild(desk.store._pool, desk.store, MODELS[0], tenant)
            assert not any(model.halted for model in desk.runner.status(tenant))
        with desk.store._pool.connection() as connection:  # nothing is copied in from here on
            watch_reads(connection, lambda schema, table: not is_copied(schema, table))
        for tenant in TENANTS:
            use(desk, tenant)
    touched = touched_by(watched)
    assert {tenant for _, tenant, _, _ in touched} == set(TENANTS)
    assert {place for _, _, place, _ in touched} >= {
        "fact", "head", "idempotency", "metric_row", "progress", "payslip", "api_key", "log_state",
    }  # fmt: skip
    assert two_tenants(touched) == []


def test_a_transaction_that_touches_two_is_seen(watched: str) -> None:
    """The watch itself: it sees a read and a write of another tenant in one transaction."""
    with whole_desk(watched) as desk:
        for tenant in TENANTS:
            desk.store.open_tenant(tenant)
        desk.store.tenants()
        assert two_tenants(touched_by(watched)) == []
        with desk.store._pool.connection() as connection:
            connection.execute("SELECT max(position) FROM ledger.head")
    assert len(two_tenants(touched_by(watched))) == 1


def two_tenants(touched: Sequence[Row]) -> list[tuple[set[str], set[str]]]:
    """Of every transaction with more than one tenant: the tenants and its statements."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for xid, tenant, _, query in touched:
        tenants, queries = found.setdefault(xid, (set(), set()))
        tenants.add(tenant)
        queries.add(" ".join(query.split()))
    return [
        (tenants, queries)
        for tenants, queries in found.values()
        if len(tenants) > 1 and not (len(queries) == 1 and min(queries).startswith(tuple(ACROSS)))
    ]
