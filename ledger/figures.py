"""Batches of figures: recorded whole or not at all, and read as known at a position."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

import msgspec
from psycopg.errors import UniqueViolation

from domain.facts import Act
from domain.figures import Aggregation, Figures
from domain.metric import MetricBatchRecorded
from domain.periods import Month, Period
from domain.refusals import Invalid, NotFound, StaleVersion
from ledger import figure_queries as sql
from ledger.errors import KeyTaken
from ledger.figure_reads import read
from ledger.figure_returns import read_all_returns
from ledger.figure_rows import Item, MetricRow, Spool, escaped
from ledger.idempotency import Idempotency, fingerprint
from ledger.queries import Connection, Pool
from ledger.records import NewFact
from ledger.store import FactStore

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,34}")


class BatchReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch became. `rows + rejected` is the number of rows that came in.

    `fresh` is False where the same batch stood already: then this is its first receipt.
    """

    batch: str
    source: str
    position: int
    leaf_hash: str
    recorded_at: datetime
    period_start: date
    period_end: date
    rows: int
    rejected: int
    rows_sha256: str
    rejected_sha256: str
    fresh: bool = False
    rejected_by_code: dict[str, int] = {}
    sums: dict[str, Decimal] = {}
    """Control totals by metric: the plain sum of the values, whatever the aggregation."""


class RejectedRow(msgspec.Struct, frozen=True):
    """A rejected row of a recorded batch, under the number it had among the rows that came in."""

    row_no: int
    code: str
    zh: str
    en: str
    raw: str


class FigureStore:
    """Figures of all tenants in one database; every call names its tenant."""

    def __init__(self, pool: Pool, facts: FactStore | None = None) -> None:
        self._pool = pool
        self._facts = facts or FactStore(pool)

    # Acts

    def record(
        self,
        tenant: str,
        source: str,
        rows: Iterable[Item],
        act: Act,
        *,
        declared: int | None = None,
        key: str | None = None,
        revision: str = "",
    ) -> BatchReceipt:
        """Record a batch, whole or not at all; the same batch again gives its first receipt.

        A batch that is to bring back what an earlier one said, after another corrected it, says
        so with a `revision` of its own: any word that this content was not sent under.

        `rows` may be as long as it likes: it is spooled to disk, not held in memory, and what it
        raises ends the batch with nothing kept. A second row with an id of this batch is
        rejected. Raises Invalid (source, no rows, fewer rows than `declared`), NotFound (tenant)
        and KeyReused (the idempotency key belongs to another request).
        """
        _check_source(source)
        self._facts.head(tenant)
        with Spool(source, revision) as spool:
            spool.fill(rows, declared)
            once = _idempotency(spool, key)
            fresh = not self._stands(tenant, spool.batch) and self._write(tenant, spool, act, once)
            if once and not fresh:
                self._facts.append(tenant, [], act, idempotency=once)
            return msgspec.structs.replace(
                self._receipt(tenant, spool.batch),
                fresh=fresh,
                rejected_by_code=dict(spool.rejected_by_code),
                sums=dict(spool.sums),
            )

    # Reads

    def read(
        self,
        tenant: str,
        persons: Sequence[str] | None,
        period: Period,
        known: int,
        aggregations: Mapping[str, Aggregation],
    ) -> dict[str, Figures]:
        """The figures of persons (None: of all) in a period, as known at a position.

        Of the rows of one source with one id the one recorded last up to `known` counts. Values
        are by day, metric and category; several rows of one day become one by the metric's
        aggregation. Every person asked for has an entry; of all, those with figures.
        """
        return read(self._pool, tenant, persons, period, known, aggregations)

    def returned(
        self, tenant: str, person: str, period: Period, known: int
    ) -> list[tuple[str, str, str, date, Decimal]]:
        """A person's returns that count in a period, as known at a position: those of its orders,
        and those that came back in it and name no order that is known. By day they came back:
        order, metric, category, day, value."""
        asked = {"tenant": tenant, "persons": [person], "known": known}
        span = {"start": period.start, "stop": period.stop}
        with self._pool.connection() as connection:
            found = read_all_returns(connection, {**asked, **span})
        return [(one.order, one.metric, one.category, one.day, one.value) for one in found]

    def touched(self, tenant: str, after: int, upto: int, before: date) -> set[tuple[str, Month]]:
        """The persons and months before a day whose figures the batches in `(after, upto]`
        changed, those of rows that a correction replaced included."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                sql.TOUCHED,
                {"tenant": tenant, "after": after, "upto": upto, "before": before},
            ).fetchall()
        return {(person, Month.of(month)) for person, month in rows}

    def touched_by(
        self, tenant: str, after: int, upto: int, days: Period
    ) -> dict[int, set[tuple[str, Month]]]:
        """The batches in `(after, upto]` by position, each with the persons and months of these
        days whose figures it changed, those of rows that it replaced included."""
        asked = {"tenant": tenant, "after": after, "upto": upto}
        span = {"start": days.start, "stop": days.stop}
        found: dict[int, set[tuple[str, Month]]] = {}
        with self._pool.connection() as connection:
            for position, person, month in connection.execute(sql.TOUCHED_BY, {**asked, **span}):
                found.setdefault(position, set()).add((person, Month.of(month)))
        return found

    def batch(self, tenant: str, batch: str) -> BatchReceipt:
        """The receipt of a batch, with its counts by reason and totals. Raises NotFound."""
        receipt = self._receipt(tenant, batch)
        with self._pool.connection() as connection:
            codes = connection.execute(sql.CODES, [tenant, batch]).fetchall()
            sums = connection.execute(sql.SUMS, [tenant, batch]).fetchall()
        return msgspec.structs.replace(receipt, rejected_by_code=dict(codes), sums=dict(sums))

    def batches(self, tenant: str, after: int = 0, limit: int = 100) -> list[BatchReceipt]:
        """The batches after a position in order, without counts by reason and totals."""
        with self._pool.connection() as connection:
            rows = connection.execute(sql.BATCHES, [tenant, after, limit]).fetchall()
        return [_batch_receipt(row) for row in rows]

    def rows(
        self, tenant: str, batch: str, after: int = 0, limit: int = 1000
    ) -> list[tuple[int, MetricRow]]:
        """The rows of a batch after a row number, in order, each with its number."""
        with self._pool.connection() as connection:
            found = connection.execute(sql.ROWS, [tenant, batch, after, limit]).fetchall()
        return [(number, MetricRow(*rest)) for number, *rest in found]

    def rejected(
        self, tenant: str, batch: str, after: int = 0, limit: int = 1000
    ) -> list[RejectedRow]:
        """The rejected rows of a batch after a row number, in order."""
        with self._pool.connection() as connection:
            found = connection.execute(sql.REJECTED, [tenant, batch, after, limit]).fetchall()
        return [RejectedRow(*row) for row in found]

    def batch_digest(self, tenant: str, batch: str) -> tuple[str, str]:
        """SHA-256 of the rows and of the rejected rows, recomputed from what is stored."""
        with self._pool.connection() as connection:
            return (
                _digest(connection, sql.COPY_ROWS_OUT, tenant, batch),
                _digest(connection, sql.COPY_REJECTED_OUT, tenant, batch),
            )

    # Parts of `record`

    def _write(self, tenant: str, spool: Spool, act: Act, once: Idempotency | None) -> bool:
        """Rows, fact and batch in one transaction; False where another hand was first."""
        try:
            with self._pool.connection() as connection, connection.transaction():
                _copy_in(connection, tenant, spool)
                counted = _replaces(connection, tenant, spool)
                self._append(connection, tenant, spool, act, once, counted)
        except (UniqueViolation, StaleVersion, KeyTaken):
            return False
        return True

    def _append(
        self,
        connection: Connection,
        tenant: str,
        spool: Spool,
        act: Act,
        once: Idempotency | None,
        counted: tuple[int, int],
    ) -> None:
        # The append locks the tenant's head until the transaction ends: nothing slow comes after.
        fact = _fact(spool, act)
        new = [NewFact(f"batch/{fact.batch}", 1, fact)]
        [receipt] = self._facts.append_in(connection, tenant, new, act, idempotency=once)
        place = (tenant, fact.batch, receipt.position, fact.source, receipt.recorded_at)
        period = (fact.period_start, fact.period_end)
        counts = (fact.rows, fact.rejected, fact.rows_sha256, fact.rejected_sha256)
        # A batch of this source that was recorded since the count was not looked at.
        at, replaces = counted
        replaced = (tenant, fact.source, at, replaces)
        connection.execute(sql.ADD_BATCH, [*place, *period, *counts, *replaced])

    def _stands(self, tenant: str, batch: str) -> bool:
        with self._pool.connection() as connection:
            return connection.execute(sql.BATCH, [tenant, batch]).fetchone() is not None

    def _receipt(self, tenant: str, batch: str) -> BatchReceipt:
        with self._pool.connection() as connection:
            row = connection.execute(sql.BATCH, [tenant, batch]).fetchone()
        if row is None:
            raise NotFound(
                f"没有批次 {batch}",
                f"there is no batch {batch}",
                do="List the batches to see their ids.",
                batch=batch,
            )
        return _batch_receipt(row)


def _check_source(source: str) -> None:
    if not _SOURCE.fullmatch(source):
        raise Invalid(
            "来源名称不正确：字母、数字、_ . -，最多 35 个字符",
            f"{source[:60]!r} cannot name a source: letters, digits, `_`, `.`, `-`, at most 35",
            do="Name the system the figures come from, such as shop or platform-a.",
            field="source",
        )


def _idempotency(spool: Spool, key: str | None) -> Idempotency | None:
    if key is None:
        return None
    return Idempotency(key, fingerprint("figures.record", spool.source, spool.batch))


def _fact(spool: Spool, act: Act) -> MetricBatchRecorded:
    day = act.instant.date()  # of a batch of which nothing was taken
    period = spool.period or Period(day, day + timedelta(days=1))
    return MetricBatchRecorded(
        batch=spool.batch,
        source=spool.source,
        period_start=period.start,
        period_end=period.stop,
        rows=spool.taken.count,
        rejected=spool.rejected.count,
        rows_sha256=spool.taken.sha256,
        rejected_sha256=spool.rejected.sha256,
        metrics=tuple(sorted(spool.sums)),
    )


def _copy_in(connection: Connection, tenant: str, spool: Spool) -> None:
    place = f"{escaped(tenant)}\t{escaped(spool.batch)}\t"
    with connection.cursor() as cursor:
        with cursor.copy(sql.COPY_ROWS_IN) as copy:
            for block in spool.taken.blocks(f"{place}{spool.source}\t".encode()):
                copy.write(block)
        with cursor.copy(sql.COPY_REJECTED_IN) as copy:
            for block in spool.rejected.blocks(place.encode()):
                copy.write(block)


def _replaces(connection: Connection, tenant: str, spool: Spool) -> tuple[int, int]:
    """How many rows of a batch have an id that an earlier one has, and as known where."""
    asked = {"tenant": tenant, "batch": spool.batch, "source": spool.source}
    position, count = connection.execute(sql.REPLACES, asked).fetchone() or (0, 0)
    return int(position), int(count)


def _digest(connection: Connection, query: LiteralString, tenant: str, batch: str) -> str:
    digest = hashlib.sha256()
    with connection.cursor() as cursor, cursor.copy(query, [tenant, batch]) as copy:
        for block in copy:
            digest.update(block)
    return digest.hexdigest()


def _batch_receipt(row: Sequence[Any]) -> BatchReceipt:
    names = BatchReceipt.__struct_fields__
    given = dict(zip(names, row, strict=False))
    given["recorded_at"] = given["recorded_at"].astimezone(UTC)
    return BatchReceipt(**given)
