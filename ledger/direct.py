"""The appends of a group: one fact, or the facts of many requests, by statements of our own packing.

Where one of many is refused nothing is recorded by the fast way, and `ledger.append_group` judges
each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg
from psycopg.pq.abc import PGresult

from ledger import arrays, queries
from ledger.codec import checked_text
from ledger.idempotency import Idempotency
from ledger.prepared import Statement, int4, moment, number
from ledger.queries import Connection, Row
from ledger.records import Columns, first_versions

Asked = Sequence[tuple[Columns, Idempotency | None]]
_ONE = Statement(
    "append_one",
    "SELECT fact_position, leaf, fact_recorded_at "
    "FROM ledger.append_one($1, $2, $3, $4, $5, $6, $7, $8)",
    ["text", "text", "int4", "text", "bytea", "text", "bytea", "bytea"],
)
_GATHERED = Statement(
    "append_gathered",
    "SELECT fact_position, leaf, fact_recorded_at "
    "FROM ledger.append_gathered($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    ["text", "text[]", "int4[]", "text[]", "bytea[]", "text[]", "int4[]", "text[]", "bytea[]",
     "bytea[]", "int4[]", "int4[]"],
)  # fmt: skip


def append_one(
    connection: Connection, tenant: str, new: Columns, idempotency: Idempotency | None
) -> list[Row]:
    """Record one fact; errors of the database come as they are."""
    asked: list[bytes | None] = [None, None, None]
    if idempotency is not None:
        key = checked_text("key", idempotency.key)
        asked = [key.encode(), idempotency.fingerprint, idempotency.answer]
    place = [tenant.encode(), new.streams[0].encode(), int4(new.versions[0])]
    params = [*place, new.names[0].encode(), new.states[0], *asked]
    return [(1, *_row(_ONE.run(connection, params), 0))]


def append_many(
    connection: Connection, tenant: str, asked: Asked
) -> list[list[Row] | BaseException]:
    """Record several requests as one transaction: for each its rows, or its refusal.

    One that is refused keeps none of the others from being recorded.
    """
    joined, ends = queries.joined(asked)
    first = first_versions(joined)
    if first is not None:
        try:
            found = _GATHERED.run(connection, _params(tenant, joined, first, asked, ends))
        except (psycopg.IntegrityError, psycopg.DataError):
            pass  # one of them is refused: nothing of them is recorded yet
        else:
            return _shared_out(found, ends)
    return queries.append_group(connection, tenant, asked)


def _params(
    tenant: str, new: Columns, first: dict[str, int], asked: Asked, ends: list[int]
) -> list[bytes | None]:
    starts = [0, *ends]
    keyed = [(once, starts[n], ends[n]) for n, (_, once) in enumerate(asked) if once]
    packed = [
        arrays.texts(new.streams),
        arrays.integers(new.versions),
        arrays.texts(new.names),
        arrays.blobs(new.states),
        arrays.texts(list(first)),
        arrays.integers(list(first.values())),
        arrays.texts([checked_text("key", once.key) for once, _, _ in keyed]),
        arrays.blobs([once.fingerprint for once, _, _ in keyed]),
        arrays.blobs([once.answer for once, _, _ in keyed]),
        arrays.integers([start for _, start, _ in keyed]),
        arrays.integers([end for _, _, end in keyed]),
    ]
    return [tenant.encode(), *(array.data for array in packed)]


def _shared_out(found: PGresult, ends: Sequence[int]) -> list[list[Row] | BaseException]:
    rows = _rows(found)
    start = 0
    shared: list[list[Row] | BaseException] = []
    for end in ends:
        shared.append([(n, *next(rows)) for n in range(1, end - start + 1)])
        start = end
    return shared


def _rows(found: PGresult) -> Iterator[Row]:
    """The rows in the order of their positions; one transaction has one recorded time."""
    count = found.ntuples
    at = moment(found.get_value(0, 2)) if count else None
    rows = [(number(found.get_value(n, 0)), found.get_value(n, 1), at) for n in range(count)]
    return iter(sorted(rows))


def _row(found: PGresult, n: int) -> Row:
    value = found.get_value
    return (number(value(n, 0)), value(n, 1), moment(value(n, 2)))
