"""Batches of figures: whole or not at all, once, corrected by later batches, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Act
from domain.figures import DayFigure
from domain.metric import MetricBatchRecorded
from domain.periods import Month, Period
from domain.refusals import Invalid, KeyReused, NotFound
from ledger.figure_rows import Item, MetricRow, Rejected, row_body
from ledger.figures import BatchReceipt, FigureStore
from ledger.queries import Pool
from ledger.store import FactStore
from tests.ledger.threads import race

ACT = Act(actor="data.bot", at=datetime(2025, 4, 1, tzinfo=UTC))
MARCH = Month(2025, 3)
LAST = 2**62
_tenants = count(1)


@pytest.fixture
def facts(pool: Pool) -> FactStore:
    return FactStore(pool)


@pytest.fixture
def figures(pool: Pool, facts: FactStore) -> FigureStore:
    return FigureStore(pool, facts)


@pytest.fixture
def open_ledger(facts: FactStore) -> Callable[[], str]:
    def opened() -> str:
        tenant = f"figures-{next(_tenants)}"
        facts.open_tenant(tenant)
        return tenant

    return opened


@pytest.fixture
def tenant(open_ledger: Callable[[], str]) -> str:
    return open_ledger()


def row(
    row_id: str,
    value: str | int = 1,
    day: int = 1,
    person: str = "S1",
    metric: str = "sales",
    category: str = "",
) -> MetricRow:
    return MetricRow(row_id, person, metric, date(2025, 3, day), Decimal(value), category)


def sales(figures: FigureStore, tenant: str, known: int = LAST, person: str = "S1") -> Decimal:
    found = figures.read(tenant, [person], MARCH.period, known, {})
    return found[person].total("sales", MARCH.period)


# Recording


def test_rows_recorded_and_rejected_are_all_that_came_in(
    figures: FigureStore, facts: FactStore, tenant: str
) -> None:
    came: list[Item] = [row("1"), Rejected("bad", "坏", "bad", "raw"), row("2", day=5), row("1")]
    receipt = figures.record(tenant, "shop", came, ACT)
    assert (receipt.rows, receipt.rejected, receipt.fresh) == (2, 2, True)
    assert receipt.rejected_by_code == {"bad": 1, "duplicate_row": 1}
    assert receipt.sums == {"sales": Decimal(2)}
    [recorded] = facts.stream(tenant, f"batch/{receipt.batch}")
    assert recorded.position == receipt.position
    assert recorded.fact == MetricBatchRecorded(
        batch=receipt.batch,
        source="shop",
        period_start=date(2025, 3, 1),
        period_end=date(2025, 3, 6),
        rows=2,
        rejected=2,
        rows_sha256=receipt.rows_sha256,
        rejected_sha256=receipt.rejected_sha256,
        metrics=("sales",),
    )
    assert [number for number, _ in figures.rows(tenant, receipt.batch)] == [1, 3]
    assert [(r.row_no, r.code) for r in figures.rejected(tenant, receipt.batch)] == [
        (2, "bad"),
        (4, "duplicate_row"),
    ]


def test_a_second_row_of_the_same_id_and_other_content_is_rejected_and_says_so(
    figures: FigureStore, tenant: str
) -> None:
    receipt = figures.record(tenant, "shop", [row("1", 10), row("1", 11)], ACT)
    [rejected] = figures.rejected(tenant, receipt.batch)
    assert rejected.code == "conflicting_duplicate"
    assert "different content" in rejected.en
    assert sales(figures, tenant) == 10


def test_the_canonical_rows_have_the_digest_they_always_had(
    figures: FigureStore, tenant: str
) -> None:
    rows: list[Item] = [
        MetricRow("o-1", "S0001", "sales", date(2025, 3, 1), Decimal("1.50"), "美妆"),
        MetricRow("o\\2", "S0001", "sales", date(2025, 3, 1), Decimal("-0.00"), "a\tb\n", "o-1"),
        Rejected("no_buyer", "没有买家", "no buyer", "half \ud800 and nul \0"),
        MetricRow("o-4", "S0002", "fans_gained", date(2025, 3, 31), Decimal("1E+3")),
    ]
    lines = (
        "1\to-1\tS0001\tsales\t2025-03-01\t美妆\t1.5\t\n"
        "2\to\\\\2\tS0001\tsales\t2025-03-01\ta\\tb\\n\t0\to-1\n"
        "4\to-4\tS0002\tfans_gained\t2025-03-31\t\t1000\t\n"
    )
    rejected = "3\tno_buyer\t没有买家\tno buyer\thalf \\\\ud800 and nul \\\\u0000\n"
    receipt = figures.record(tenant, "shop", rows, ACT)
    assert receipt.rows_sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert receipt.rejected_sha256 == hashlib.sha256(rejected.encode()).hexdigest()
    assert receipt.rows_sha256 == (
        "9a9bf06a5a0a9b4b0e2050a6633b919817378f77d30ce0cc377c04c2918f368a"
    )
    assert receipt.batch == "shop-a9152a31280b6b28ee4a34d6"


NASTY = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(NASTY, NASTY, st.decimals(-(10**12), 10**12, places=8, allow_nan=False)),
        min_size=1,
        max_size=10,
    )
)
def test_the_digest_recomputed_from_the_table_is_the_one_in_the_fact(
    figures: FigureStore,
    open_ledger: Callable[[], str],
    content: list[tuple[str, str, Decimal]],
) -> None:
    rows: list[Item] = [
        MetricRow(row_id, "S1", "sales", date(2025, 3, 1), value, text, row_id)
        for row_id, text, value in content
    ]
    rows.append(Rejected("bad", *[text for _, text, _ in content[:1]] * 3))
    tenant = open_ledger()
    receipt = figures.record(tenant, "shop", rows, ACT)
    assert figures.batch_digest(tenant, receipt.batch) == (
        receipt.rows_sha256,
        receipt.rejected_sha256,
    )
    taken = [row_body(kept) for _, kept in figures.rows(tenant, receipt.batch)]
    assert set(taken) <= {row_body(item) for item in rows if isinstance(item, MetricRow)}


def test_the_same_batch_twice_counts_once_and_gives_the_first_receipt(
    figures: FigureStore, facts: FactStore, tenant: str
) -> None:
    came: list[Item] = [row("1", 7), Rejected("bad", "坏", "bad")]
    first = figures.record(tenant, "shop", came, ACT)
    again = figures.record(tenant, "shop", came, ACT)
    assert again.fresh is False
    assert (again.position, again.leaf_hash) == (first.position, first.leaf_hash)
    assert again.rejected_by_code == first.rejected_by_code
    assert figures.batch(tenant, first.batch).sums == first.sums
    assert facts.head(tenant)[0] == first.position
    assert sales(figures, tenant) == 7


def test_the_same_batch_from_eight_threads_at_once_counts_once(
    figures: FigureStore, facts: FactStore, tenant: str
) -> None:
    rows = [row(f"r{n}", n) for n in range(500)]
    receipts = race(8, lambda _: figures.record(tenant, "shop", iter(rows), ACT))
    assert len({receipt.position for receipt in receipts}) == 1
    assert [receipt.fresh for receipt in receipts].count(True) == 1
    assert facts.head(tenant)[0] == 1
    assert sales(figures, tenant) == sum(range(500))


def test_the_same_rows_of_another_source_are_another_batch(
    figures: FigureStore, tenant: str
) -> None:
    one = figures.record(tenant, "shop", [row("1", 7)], ACT)
    two = figures.record(tenant, "mall", [row("1", 7)], ACT)
    assert one.batch != two.batch
    assert sales(figures, tenant) == 14


@pytest.mark.parametrize("kept", [0, 1, 1500])
def test_a_batch_cut_off_in_the_middle_leaves_nothing_and_counts_once_when_sent_again(
    figures: FigureStore, facts: FactStore, pool: Pool, tenant: str, kept: int
) -> None:
    rows = [row(f"r{n}", n) for n in range(2000)]

    def cut_off() -> Iterator[Item]:
        yield from rows[:kept]
        raise ConnectionResetError("the other side went away")

    with pytest.raises(ConnectionResetError):
        figures.record(tenant, "shop", cut_off(), ACT)
    assert facts.head(tenant)[0] == 0
    with pool.connection() as connection:
        left = connection.execute(
            "SELECT count(*) FROM ledger.metric_row WHERE tenant_id = %s", [tenant]
        ).fetchone()
    assert left == (0,)
    figures.record(tenant, "shop", rows, ACT)
    figures.record(tenant, "shop", rows, ACT)
    assert sales(figures, tenant) == sum(range(2000))


def test_a_fault_after_the_rows_were_copied_leaves_nothing(
    figures: FigureStore, facts: FactStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("the server went away")

    with monkeypatch.context() as patched:
        patched.setattr(facts, "append_in", fails)
        with pytest.raises(psycopg.OperationalError):
            figures.record(tenant, "shop", [row("1", 7)], ACT)
    assert figures.batches(tenant) == []
    assert sales(figures, tenant) == 0
    assert figures.record(tenant, "shop", [row("1", 7)], ACT).fresh


def test_fewer_rows_than_declared_are_refused(figures: FigureStore, tenant: str) -> None:
    with pytest.raises(Invalid, match="3 rows were declared and 2 arrived"):
        figures.record(tenant, "shop", [row("1"), row("2")], ACT, declared=3)
    assert figures.batches(tenant) == []


def test_no_rows_a_bad_source_and_an_unknown_tenant_are_refused(
    figures: FigureStore, tenant: str
) -> None:
    with pytest.raises(Invalid, match="not a single row"):
        figures.record(tenant, "shop", [], ACT)
    for source in ("", "a\tb", "店", "x" * 36):
        with pytest.raises(Invalid, match="cannot name a source"):
            figures.record(tenant, source, [row("1")], ACT)
    with pytest.raises(NotFound, match="there is no tenant"):
        figures.record("nobody", "shop", [row("1")], ACT)


def test_a_batch_of_which_nothing_is_taken_is_recorded_with_its_reasons(
    figures: FigureStore, tenant: str
) -> None:
    receipt = figures.record(tenant, "shop", [Rejected("bad", "坏", "bad")], ACT)
    assert (receipt.rows, receipt.rejected) == (0, 1)
    assert receipt.period_start == date(2025, 4, 1)


def test_an_idempotency_key_belongs_to_one_batch(
    figures: FigureStore, facts: FactStore, tenant: str
) -> None:
    first = figures.record(tenant, "shop", [row("1")], ACT, key="k")
    assert figures.record(tenant, "shop", [row("1")], ACT, key="k").position == first.position
    assert figures.record(tenant, "shop", [row("1")], ACT, key="l").position == first.position
    for key in ("k", "l"):
        with pytest.raises(KeyReused):
            figures.record(tenant, "shop", [row("2")], ACT, key=key)
    assert facts.head(tenant)[0] == 1


@pytest.mark.parametrize("table", ["metric_row", "metric_batch", "rejected_row"])
@pytest.mark.parametrize("act", ["UPDATE {} SET batch = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_recorded_is_neither_changed_nor_removed(pool: Pool, table: str, act: str) -> None:
    with (
        pool.connection() as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="stays recorded"),
    ):
        connection.execute(act.format(f"ledger.{table}").encode())


# Reading


def test_a_correction_counts_from_its_position_on_and_not_before(
    figures: FigureStore, tenant: str
) -> None:
    first = figures.record(tenant, "shop", [row("1", 10), row("2", 5)], ACT)
    second = figures.record(tenant, "shop", [row("1", 12)], ACT)
    third = figures.record(tenant, "shop", [row("1", 12, day=9), row("3", 1)], ACT)
    known = [first.position, second.position, third.position, LAST]
    assert [sales(figures, tenant, position) for position in known] == [15, 17, 18, 18]
    assert sales(figures, tenant, 0) == 0


def test_a_batch_is_brought_back_under_a_revision_of_its_own(
    figures: FigureStore, tenant: str
) -> None:
    figures.record(tenant, "shop", [row("1", 10)], ACT)
    figures.record(tenant, "shop", [row("1", 12)], ACT)
    assert not figures.record(tenant, "shop", [row("1", 10)], ACT).fresh
    assert sales(figures, tenant) == 12
    assert figures.record(tenant, "shop", [row("1", 10)], ACT, revision="2").fresh
    assert sales(figures, tenant) == 10


def test_a_correction_may_move_a_row_to_another_person_month_or_metric(
    figures: FigureStore, tenant: str
) -> None:
    first = figures.record(tenant, "shop", [row("1", 10), row("2", 20), row("3", 30)], ACT)
    moved = [
        row("1", 10, person="S2"),
        MetricRow("2", "S1", "sales", date(2025, 4, 1), Decimal(20)),
        row("3", 30, metric="gifts"),
    ]
    second = figures.record(tenant, "shop", moved, ACT)
    assert sales(figures, tenant, first.position) == 60
    assert sales(figures, tenant) == 0
    assert sales(figures, tenant, person="S2") == 10
    assert figures.touched(tenant, first.position, second.position, date(2026, 1, 1)) == {
        ("S1", MARCH),
        ("S1", Month(2025, 4)),
        ("S2", MARCH),
    }
    assert figures.touched(tenant, first.position, second.position, date(2025, 4, 1)) == {
        ("S1", MARCH),
        ("S2", MARCH),
    }
    assert figures.touched(tenant, second.position, LAST, date(2026, 1, 1)) == set()


def replaced(pool: Pool, tenant: str, receipt: BatchReceipt) -> int | None:
    query = "SELECT replaces FROM ledger.metric_batch WHERE tenant_id = %s AND batch = %s"
    with pool.connection() as connection:
        found = connection.execute(query, [tenant, receipt.batch]).fetchone()
    assert found
    return found[0]


def test_a_batch_says_how_many_rows_of_earlier_ones_it_replaces(
    figures: FigureStore, pool: Pool, tenant: str
) -> None:
    batches = [
        figures.record(tenant, source, [row(one, value) for one in ids], ACT)
        for source, ids, value in (
            ("shop", "ab", 1), ("mall", "ab", 2), ("shop", "cd", 3), ("shop", "bce", 4),
        )
    ]  # fmt: skip
    assert [replaced(pool, tenant, batch) for batch in batches] == [0, 0, 0, 2]


def test_two_batches_of_a_source_at_once_leave_none_that_wrongly_says_it_replaces_nothing(
    figures: FigureStore, pool: Pool, tenant: str
) -> None:
    def send(number: int) -> BatchReceipt:
        return figures.record(tenant, "shop", [row("same", number), row(f"own{number}")], ACT)

    sent = sorted(race(4, send), key=lambda batch: batch.position)
    assert replaced(pool, tenant, sent[0]) == 0
    assert all(replaced(pool, tenant, batch) in (1, None) for batch in sent[1:])
    newest = figures.rows(tenant, sent[-1].batch)[0][1].value
    assert sales(figures, tenant) == newest + 4


@pytest.mark.parametrize("few", [0, 1, 100])
def test_few_or_many_corrections_are_found_whoever_and_whatever_day_they_move_to(
    figures: FigureStore, tenant: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("ledger.figure_reads.FEW", few)
    figures.record(tenant, "shop", [row("1", 10), row("2", 20), row("3", 30)], ACT)
    figures.record(tenant, "mall", [row("1", 5)], ACT)
    moved = MetricRow("2", "S1", "sales", date(2025, 4, 3), Decimal(20))
    second = figures.record(tenant, "shop", [row("1", 10, person="S2"), moved], ACT)
    assert sales(figures, tenant, second.position - 1) == 65
    assert sales(figures, tenant) == 35
    everybody = figures.read(tenant, None, MARCH.period, LAST, {})
    assert {who: f.total("sales", MARCH.period) for who, f in everybody.items()} == {
        "S1": 35,
        "S2": 10,
    }


def test_a_batch_recorded_before_replacements_were_counted_is_looked_through(
    figures: FigureStore, pool: Pool, tenant: str
) -> None:
    figures.record(tenant, "shop", [row("1", 10)], ACT)
    second = figures.record(tenant, "shop", [row("1", 7)], ACT)
    with pool.connection() as connection, connection.transaction():
        for statement in (
            "ALTER TABLE ledger.metric_batch DISABLE TRIGGER USER",
            "UPDATE ledger.metric_batch SET replaces = NULL",
            "ALTER TABLE ledger.metric_batch ENABLE ALWAYS TRIGGER metric_batch_stays",
        ):
            connection.execute(statement)
    assert sales(figures, tenant) == 7
    assert sales(figures, tenant, second.position - 1) == 10


def test_a_return_is_a_negative_row_that_counts_on_its_orders_day(
    figures: FigureStore, tenant: str
) -> None:
    back = MetricRow("c1", "S1", "sales", date(2025, 3, 9), Decimal(-4), order_ref="1")
    figures.record(tenant, "shop", [row("1", 10), back], ACT)
    found = figures.read(tenant, ["S1"], MARCH.period, LAST, {})["S1"]
    assert [(figure.day.day, figure.value) for figure in found.rows] == [(1, -4), (1, 10)]
    assert found.total("sales", MARCH.period) == 6


def test_days_metrics_and_categories_are_kept_apart_and_added_up(
    figures: FigureStore, tenant: str
) -> None:
    figures.record(
        tenant,
        "shop",
        [
            row("1", "0.1", category="beauty"),
            row("2", "0.2", category="beauty"),
            row("3", 5, category="food"),
            row("4", 9, day=31, category="food"),
            MetricRow("5", "S1", "sales", date(2025, 4, 1), Decimal(99)),
        ],
        ACT,
    )
    found = figures.read(tenant, ["S1"], MARCH.period, LAST, {"sales": "sum"})["S1"]
    assert found.rows == (
        DayFigure(date(2025, 3, 1), "sales", "beauty", Decimal("0.3")),
        DayFigure(date(2025, 3, 1), "sales", "food", Decimal(5)),
        DayFigure(date(2025, 3, 31), "sales", "food", Decimal(9)),
    )


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("sum", 12), ("max", 7), ("average", 4), ("last", 2)]
)
def test_several_rows_of_a_day_become_one_by_the_metrics_aggregation(
    figures: FigureStore, tenant: str, aggregation: str, expected: int
) -> None:
    figures.record(tenant, "live", [row("1", 7, metric="viewers")], ACT)
    figures.record(
        tenant, "live", [row("2", 3, metric="viewers"), row("3", 2, metric="viewers")], ACT
    )
    found = figures.read(tenant, ["S1"], MARCH.period, LAST, {"viewers": aggregation})  # type: ignore[dict-item]
    assert [figure.value for figure in found["S1"].rows] == [expected]


def test_the_batches_that_values_come_from_are_named(figures: FigureStore, tenant: str) -> None:
    first = figures.record(tenant, "shop", [row("1", 1), row("2", 1, person="S2")], ACT)
    second = figures.record(tenant, "shop", [row("1", 2)], ACT)
    found = figures.read(tenant, None, MARCH.period, LAST, {})
    assert found["S1"].batches == (second.batch,)
    assert found["S2"].batches == (first.batch,)
    assert figures.read(tenant, ["S9"], MARCH.period, LAST, {})["S9"].rows == ()


def test_tenants_do_not_see_each_others_figures(
    figures: FigureStore, open_ledger: Callable[[], str]
) -> None:
    one, two = open_ledger(), open_ledger()
    receipts = [figures.record(tenant, "shop", [row("1", 3)], ACT) for tenant in (one, two)]
    assert receipts[0].batch == receipts[1].batch
    assert sales(figures, one) == sales(figures, two) == 3


def test_thousands_of_persons_are_read_in_one_go(figures: FigureStore, tenant: str) -> None:
    rows = [row(f"{n}", n, person=f"P{n % 3000}") for n in range(6000)]
    figures.record(tenant, "shop", rows, ACT)
    found = figures.read(tenant, [f"P{n}" for n in range(3000)], MARCH.period, LAST, {})
    assert len(found) == 3000
    assert sum(f.total("sales", MARCH.period) for f in found.values()) == sum(range(6000))


def test_batches_rows_and_rejected_rows_come_in_pages(figures: FigureStore, tenant: str) -> None:
    receipts = [
        figures.record(tenant, "shop", [row(f"{n}{m}") for m in range(5)], ACT) for n in range(3)
    ]
    assert [b.batch for b in figures.batches(tenant, 1, 1)] == [receipts[1].batch]
    page = figures.rows(tenant, receipts[0].batch, 2, 2)
    assert [(number, kept.row_id) for number, kept in page] == [(3, "02"), (4, "03")]
    with pytest.raises(NotFound):
        figures.batch(tenant, "shop-nothing")


# Properties

VALUES = st.decimals(-(10**6), 10**6, places=2, allow_nan=False)
DAYS = st.integers(0, 60).map(lambda n: date(2025, 2, 15) + timedelta(days=n))
PERSONS = st.sampled_from(["S1", "S2", "S3"])
SOURCES = st.sampled_from(["shop", "mall"])
MEASURED = st.tuples(PERSONS, DAYS, VALUES)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(MEASURED, min_size=1, max_size=4), min_size=2, max_size=5), st.randoms())
def test_the_order_in_which_batches_arrive_does_not_matter_once_all_are_known(
    figures: FigureStore,
    open_ledger: Callable[[], str],
    content: list[list[tuple[str, date, Decimal]]],
    random: st.DataObject,
) -> None:
    batches: list[list[MetricRow]] = [
        [
            MetricRow(f"{n}-{m}", person, "sales", day, value)
            for m, (person, day, value) in enumerate(batch)
        ]
        for n, batch in enumerate(content)
    ]
    whole = Period(date(2025, 1, 1))
    seen = []
    for _ in range(2):
        tenant = open_ledger()
        for batch in batches:
            figures.record(tenant, "shop", batch, ACT)
        seen.append(figures.read(tenant, None, whole, LAST, {}))
        random.shuffle(batches)  # type: ignore[attr-defined]
    assert seen[0] == seen[1]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(SOURCES, st.dictionaries(st.sampled_from("abcd"), MEASURED, min_size=1)),
        min_size=1,
        max_size=6,
    )
)
def test_reading_agrees_with_a_dictionary_that_later_batches_overwrite(
    figures: FigureStore,
    open_ledger: Callable[[], str],
    content: list[tuple[str, dict[str, tuple[str, date, Decimal]]]],
) -> None:
    tenant = open_ledger()
    model: dict[tuple[str, str], tuple[str, date, Decimal]] = {}
    known: dict[int, dict[tuple[str, str], tuple[str, date, Decimal]]] = {}
    for source, rows in content:
        batch = [MetricRow(key, person, "sales", day, v) for key, (person, day, v) in rows.items()]
        receipt: BatchReceipt = figures.record(tenant, source, batch, ACT)
        if receipt.fresh:
            model.update({(source, key): measured for key, measured in rows.items()})
            known[receipt.position] = dict(model)
    for position, state in known.items():
        found = figures.read(tenant, ["S1", "S2", "S3"], MARCH.period, position, {})
        for person, read in found.items():
            expected = [v for p, d, v in state.values() if p == person and d in MARCH.period]
            assert read.total("sales", MARCH.period) == sum(expected)
