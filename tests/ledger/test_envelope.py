"""The bytes of an envelope: golden files, and the same line 1 from SQL and from Python.

The golden files are never changed: a new format gets a new number and files of its own.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import queries
from ledger.codec import PlaceLine, leaf_hash, place_line, split
from ledger.queries import Pool
from ledger.records import Columns, NewFact
from ledger.store import FactStore
from tests.ledger.samples import ACT, NAMES, Changed, Opened

pytestmark = pytest.mark.postgres

GOLDEN = Path(__file__).with_name("golden")
TENANT = "golden 金"
MOMENT: LiteralString = "UPDATE ledger.head SET recorded_at = %s WHERE tenant_id = %s"
FACTS = [
    NewFact("account-1", 1, Opened(owner="王小明 👍")),
    NewFact(
        'account-1/"quoted"\\',
        1,
        Changed(
            amount=Decimal("-8000.50"),
            effective=date(2025, 9, 1),
            at=datetime(2025, 8, 31, 16, 0, 0, 7, UTC),
            more={"z": [1, None, True], "a": "tab\there", "深": {"b": "\u2028"}},
        ),
    ),
]


def test_the_bytes_are_those_of_the_golden_files(pool: Pool, store: FactStore) -> None:
    store.open_tenant(TENANT)
    with pool.connection() as connection:  # a head in the future fixes the recorded time
        connection.execute(MOMENT, [datetime(2099, 1, 1, tzinfo=UTC), TENANT])
    receipts = store.append(TENANT, FACTS, ACT)
    leaves = json.loads((GOLDEN / "leaves.json").read_text("utf-8"))
    for number, envelope in enumerate(store.envelopes_after(TENANT, 0, 10), start=1):
        assert envelope == (GOLDEN / f"envelope-{number}.txt").read_bytes()
        assert leaf_hash(envelope).hex() == leaves[f"envelope-{number}.txt"]
        assert receipts[number - 1].leaf_hash == leaves[f"envelope-{number}.txt"]


def test_the_columns_are_a_copy_of_line_one(pool: Pool, store: FactStore, tenant: str) -> None:
    store.append(tenant, FACTS, ACT)
    query: LiteralString = """
        SELECT tenant_id, position, stream_id, version, name, recorded_at, envelope
        FROM ledger.fact WHERE tenant_id = %s"""
    with pool.connection() as connection:
        rows = connection.execute(query, [tenant], binary=True).fetchall()
    assert len(rows) == 2
    for owner, position, stream, version, name, recorded_at, envelope in rows:
        place = PlaceLine(1, name, position, recorded_at, stream, owner, version)
        assert split(envelope).place == place_line(place)


NASTY = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
)
CONTROLS = "".join(map(chr, range(1, 0x21))) + "\x7f\x80\x9f\u2028\u2029\ufeff\uffff\"\\/<>&'👍"


@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stream=NASTY, name=NASTY)
def test_sql_and_python_write_the_same_line_one(
    pool: Pool, tenant: str, stream: str, name: str
) -> None:
    _same_line(pool, tenant, stream, name)


def test_every_control_character_is_written_alike(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    for char in CONTROLS:
        _same_line(pool, tenant, f"<{char}>", f"{char}{char}")
    other = f"t {CONTROLS}"
    store.open_tenant(other)
    _same_line(pool, other, CONTROLS, CONTROLS)


def _same_line(pool: Pool, tenant: str, stream: str, name: str) -> None:
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        new = Columns([stream], [1], [name], [b"act\npayload"])
        [(_, position, leaf, recorded_at)] = queries.append(connection, tenant, new, None)
        [envelope] = queries.after(connection, tenant, position - 1, 1)
    assert split(envelope).place == place_line(
        PlaceLine(1, name, position, recorded_at, stream, tenant, 1)
    )
    assert leaf == leaf_hash(envelope)


def test_what_was_written_is_what_is_read(store: FactStore, tenant: str) -> None:
    store.append(tenant, FACTS, ACT)
    first, second = store.facts_after(tenant, 0, 10)
    assert [first.fact, second.fact] == [new.fact for new in FACTS]
    assert (first.actor, first.reason) == ("ann", "agreed 同意 👍")
    assert (first.correlation, first.causation) == ("req-1", "cmd-1")
    assert (first.effective, second.effective) == (None, date(2025, 9, 1))
    assert second.stream == FACTS[1].stream
    assert second.name == NAMES.name_of(Changed)
