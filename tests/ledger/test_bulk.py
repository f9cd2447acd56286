"""Large requests go in by COPY: the same bytes, the same verdicts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import KeyReused, NotFound, StaleVersion
from ledger import bulk
from ledger.codec import PlaceLine, leaf_hash, place_line
from ledger.idempotency import Idempotency
from ledger.queries import Pool, Row
from ledger.records import Columns, NewFact
from ledger.store import FactStore
from tests.ledger.samples import ACT, changed, opened
from tests.soak import record
from tests.soak.report import Report

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
)
MOMENTS = st.datetimes(min_value=datetime(1999, 1, 1), timezones=st.just(UTC))


@given(TEXT, TEXT, TEXT, st.integers(0, 2**40), MOMENTS, st.integers(0, 2**31 - 1))
def test_line_one_is_written_as_the_codec_writes_it(
    tenant: str, stream: str, name: str, before: int, moment: datetime, version: int
) -> None:
    new = Columns([stream], [version], [name], [b"act\npayload"])
    rows: list[Row] = []
    [block] = bulk.blocks(tenant, new, before, moment, rows)
    line = place_line(PlaceLine(1, name, before + 1, moment, stream, tenant, version))
    envelope = line + b"\nact\npayload"
    assert envelope in block
    assert rows == [(1, before + 1, leaf_hash(envelope), moment)]


def many(*streams: str, each: int = 150) -> list[NewFact]:
    return [
        opened(stream) if n == 1 else changed(stream, n)
        for n in range(1, each + 1)
        for stream in streams
    ]


@pytest.mark.postgres
def test_what_went_in_by_copy_is_what_append_makes(pool: Pool, store: FactStore) -> None:
    tenant = 'bulk "quoted" 深\u2028'
    store.open_tenant(tenant)
    new = many("a", 'b\\"\t', "深")
    told = store.append(tenant, new, ACT)
    report = Report("bulk", 0)
    found = record.read(pool, tenant, report)
    record.compare(tenant, told, found, report)
    assert report.violations == []
    assert [(r.stream, r.version, r.fact) for r in store.facts_after(tenant, 0, 999)] == [
        (one.stream, one.version, one.fact) for one in new
    ]
    one = store.append(tenant, [changed("a", 151)], ACT)[0]
    assert one.position == 451


@pytest.mark.postgres
def test_the_verdicts_of_large_requests_are_those_of_small_ones(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    key = Idempotency("k", b"f", b"answer")
    with pytest.raises(NotFound):
        store.append("nobody", many("a", "b"), ACT)
    first = store.append(tenant, many("a", "b"), ACT, idempotency=key)
    assert store.append(tenant, many("a", "b"), ACT, idempotency=key) == first
    with pytest.raises(KeyReused):
        store.append(tenant, many("c", "d"), ACT, idempotency=Idempotency("k", b"other"))
    with pytest.raises(StaleVersion) as late:
        store.append(tenant, many("c", "b"), ACT)
    assert (late.value.details["stream"], late.value.details["current_version"]) == ("b", 150)
    with pytest.raises(StaleVersion) as hole:
        store.append(tenant, [*many("e", "f"), changed("e", 152)], ACT)
    assert (hole.value.details["stream"], hole.value.details["current_version"]) == ("e", 150)
    assert store.head(tenant)[0] == 300
    answer = store.idempotent_answer(tenant, "k", b"f")
    assert answer is not None and (answer.answer, answer.receipts) == (b"answer", first)
    assert set(record.keys(pool, tenant)) == {"k"}
