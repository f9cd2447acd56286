"""The record as it stands, read raw, and what clients were told held against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString, NamedTuple

from ledger.codec import PlaceLine, leaf_hash, place_line, split
from ledger.queries import Pool
from ledger.records import Receipt
from ledger.store import FactStore
from tests.soak.report import Report

_ROWS: LiteralString = """
    SELECT position, stream_id, version, name, recorded_at, envelope
    FROM ledger.fact WHERE tenant_id = %b AND position > %b ORDER BY position LIMIT 20000"""
_KEYS: LiteralString = """
    SELECT key, first_position, last_position FROM ledger.idempotency WHERE tenant_id = %b"""


class Stored(NamedTuple):
    """One fact as it stands."""

    stream: str
    version: int
    leaf: str
    recorded_at: datetime


def read(pool: Pool, tenant: str, report: Report) -> dict[int, Stored]:
    """All facts of a tenant by position, checked as a whole: gaps, order, columns, streams."""
    found: dict[int, Stored] = {}
    versions: dict[str, int] = defaultdict(int)
    last = datetime.min
    while True:
        with pool.connection() as connection:
            rows = connection.execute(_ROWS, [tenant, len(found)], binary=True).fetchall()
        for position, stream, version, name, moment, envelope in rows:
            if position != len(found) + 1:
                report.wrong(f"{tenant}: position {len(found) + 1} is missing before {position}")
                return found
            place = PlaceLine(1, name, position, moment, stream, tenant, version)
            if split(envelope).place != place_line(place):
                report.wrong(f"{tenant}: line 1 of {position} says something else than its row")
            if version != versions[stream] + 1:
                report.wrong(f"{tenant}: {stream} goes from {versions[stream]} to {version}")
            if moment.replace(tzinfo=None) < last:
                report.wrong(f"{tenant}: recorded time falls at {position}")
            versions[stream], last = version, moment.replace(tzinfo=None)
            found[position] = Stored(stream, version, leaf_hash(envelope).hex(), moment)
        if not rows:
            break
    if FactStore(pool).head(tenant)[0] != len(found):
        report.wrong(f"{tenant}: the head is not at the last fact, {len(found)}")
    return found


def compare(
    tenant: str, told: Iterable[Receipt], found: dict[int, Stored], report: Report
) -> set[int]:
    """Every receipt against the record; the positions they name."""
    named: set[int] = set()
    for receipt in told:
        report.trials += 1
        at = found.get(receipt.position)
        if at is None:
            report.wrong(f"{tenant}: {receipt} was told and is lost")
        elif (at.stream, at.version, at.leaf, at.recorded_at) != (
            receipt.stream, receipt.version, receipt.leaf_hash, receipt.recorded_at,
        ):  # fmt: skip
            report.wrong(f"{tenant}: {receipt} was told and {at} stands there")
        if receipt.position in named:
            report.wrong(f"{tenant}: position {receipt.position} was told twice")
        named.add(receipt.position)
    return named


def keys(pool: Pool, tenant: str) -> dict[str, tuple[int | None, int | None]]:
    """Every idempotency key and the range of positions it stands for."""
    with pool.connection() as connection:
        rows = connection.execute(_KEYS, [tenant], binary=True).fetchall()
    return {key: (first, last) for key, first, last in rows}
