"""Pages of recorded facts for read models: only the facts that are wanted are fetched, and it is
made sure that those passed over are there and have names this program knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import LiteralString

import msgspec

from ledger.names import UnreadableFact
from ledger.records import Recorded
from ledger.store import FactStore
from projections.model import Pool

SPAN = 10
"""A page looks at most so many times its limit of positions ahead."""
_NAMES: LiteralString = """
    SELECT name, count(*), min(position) FROM ledger.fact
    WHERE tenant_id = %b AND position > %b AND position <= %b GROUP BY name"""
_MISSING: LiteralString = """
    SELECT min(p) FROM generate_series(%b::bigint + 1, %b::bigint) AS p
    WHERE NOT EXISTS (SELECT FROM ledger.fact AS f WHERE f.tenant_id = %b AND f.position = p)"""


class Facts(msgspec.Struct, frozen=True):
    """The wanted facts after one position up to another, in order, all of them."""

    recorded: list[Recorded]
    end: int

    def end_of(self, done: int) -> int:
        """The position up to which the first `done` facts are all that is wanted."""
        if done == len(self.recorded):
            return self.end
        return self.recorded[done].position - 1


class Pages:
    """Reads pages of one database's ledgers."""

    def __init__(self, pool: Pool, store: FactStore) -> None:
        self._pool = pool
        self._store = store

    def read(
        self, tenant: str, after: int, upto: int, wanted: Collection[str], limit: int
    ) -> Facts:
        """The next facts of the wanted names after a position, at most `limit`.

        A page ends before a fact that cannot be read. Raises UnreadableFact where that is the
        very next fact: one with a name nobody knows, one that does not fit its class, a gap.
        """
        upto = min(upto, after + limit * SPAN)
        present, end = self._look_ahead(tenant, after, upto)
        names = sorted(present & set(wanted))
        if not names:
            return Facts([], end)
        only = None if len(names) == len(present) else names
        while True:
            try:
                found = self._store.facts_after(tenant, after, limit, names=only, upto=end)
            except UnreadableFact:
                if limit == 1:
                    raise
                limit //= 2
            else:
                return Facts(found, found[-1].position if len(found) == limit else end)

    def _look_ahead(self, tenant: str, after: int, upto: int) -> tuple[set[str], int]:
        """The names between two positions, and how far they are all known and none is missing."""
        with self._pool.connection() as connection:
            rows = connection.execute(_NAMES, [tenant, after, upto], binary=True).fetchall()
            end, error = upto, None
            if sum(count for _, count, _ in rows) != upto - after:
                gap = connection.execute(_MISSING, [after, upto, tenant], binary=True).fetchone()
                assert gap is not None
                end = gap[0] - 1
                error = UnreadableFact(f"the ledger has a gap after position {end}")
        for name, _, first in rows:
            try:
                self._store.names.stored([name])
            except UnreadableFact as unknown:
                if first - 1 < end:
                    end, error = first - 1, unknown
        if error is not None and end == after:
            raise error
        return {name for name, _, first in rows if first <= end}, end
