"""One pass over the facts: their rows, their order, and the tree over them.

Nothing of the writer is used but the codec and the tree arithmetic. The columns of a row must say
what line 1 of its envelope says, byte for byte; positions and versions have no holes; recorded
times never fall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import LiteralString

from ledger import queries
from ledger.log_store import Kept, State
from ledger.queries import Pool
from ledger.tiles import WIDTH
from ledger.verify_report import Check, Progress
from ledger.verify_rows import QUICK, RowCheck, Rows
from ledger.verify_tree import TreeCheck

PAGE = 16 * WIDTH
"""Facts in a page: whole tiles, so that each is looked at once."""
_OUTSIDE: LiteralString = """
    SELECT f.position, f.stream_id FROM ledger.fact AS f, ledger.head AS h
    WHERE h.tenant_id = %b AND f.tenant_id = h.tenant_id
        AND (f.position < 1 OR f.position > h.position)
    ORDER BY f.position LIMIT 100"""
_BEFORE: LiteralString = """
    SELECT DISTINCT ON (stream_id) stream_id, version FROM ledger.fact
    WHERE tenant_id = %b AND position <= %b ORDER BY stream_id, version DESC"""


class FactPass:
    """The facts from one position to another, each looked at once.

    Ranges are those of whole tiles; the hashes of facts outside of them are taken from the tiles.
    """

    def __init__(self, pool: Pool, tenant: str, state: State, kept: Sequence[Kept]) -> None:
        self._pool = pool
        self._tenant = tenant
        self._state = state
        self._kept = kept
        self.rows = Check(name="facts", unit="facts")
        self.tree = Check(name="tree", unit="leaves")

    def run(self, first: int, last: int, progress: Progress) -> None:
        """Look at positions `first` to `last`; the tree is recomputed from whole tiles on."""
        start = min((first - 1) // WIDTH * WIDTH, self._state.size // WIDTH * WIDTH)
        with self._pool.connection() as connection:
            # The tree has this connection, the pages another one: they are read ahead.
            tree = TreeCheck(connection, self._tenant, self._state, self._kept, self.tree)
            versions: dict[str, int] = {}
            if start:
                versions = dict(queries.rows(connection, _BEFORE, [self._tenant, start]))
                tree.take(start)
            check = RowCheck(self._tenant, self.rows, versions)
            for rows, after, end in self._pages(start, last):
                leaves = check.leaves(connection, rows, after, end)
                tree.add(leaves[: max(0, self._state.size - tree.size)])
                progress("facts", end, last)
            self.tree.counted = tree.size - start
            tree.take(self._state.size)
            tree.finish()
            self._outside(connection)
        self.rows.counted = max(0, last - start)

    def _pages(self, start: int, last: int) -> Iterator[tuple[Rows, int, int]]:
        """Pages, each with the positions it comes after and ends at, read one ahead."""
        spans = list(pairwise([*range(start, last, PAGE), last])) if last > start else []
        with self._pool.connection() as connection, ThreadPoolExecutor(1) as ahead:

            def read(after: int, end: int) -> Rows:
                return queries.rows(connection, QUICK, [self._tenant, after, end])

            waiting = [ahead.submit(read, *span) for span in spans[:1]]
            for number, span in enumerate(spans):
                rows = waiting.pop().result()
                waiting += [ahead.submit(read, *span) for span in spans[number + 1 : number + 2]]
                yield rows, *span

    def _outside(self, connection: queries.Connection) -> None:
        for position, stream in queries.rows(connection, _OUTSIDE, [self._tenant]):
            self.rows.add(
                f"ledger.fact position {position}",
                f"a fact of {stream} stands outside of what the head counts",
            )
