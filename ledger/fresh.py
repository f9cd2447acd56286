"""A stream, and whether anything was recorded that makes something kept out of date: one look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, TypeVar

from ledger import queries
from ledger.application import Evolve, TenantLedger
from ledger.codec import checked_text
from ledger.records import Recorded, recorded
from ledger.store import FactStore

S = TypeVar("S")
_STREAM_AND_NEWS: LiteralString = """
    SELECT ARRAY(
            SELECT f.envelope FROM ledger.fact AS f
            WHERE f.tenant_id = %b AND f.stream_id = %b ORDER BY f.version
        ),
        EXISTS (
            SELECT FROM unnest(%b::text[]) AS wanted (name)
            CROSS JOIN LATERAL (
                SELECT FROM ledger.fact AS n
                WHERE n.tenant_id = %b AND n.name = wanted.name AND n.position > %b LIMIT 1
            ) AS news
        )"""


def stream_and_news(
    store: FactStore, tenant: str, stream: str, names: Sequence[str], after: int
) -> tuple[list[Recorded], bool]:
    """The facts of a stream as known now, and whether facts of these names follow a position.

    Both are of one moment: one statement, one round trip.
    """
    stored = store.names.stored(names)
    asked = [tenant, checked_text("stream", stream), stored, tenant, after]
    with store._pool.connection() as connection:
        [(envelopes, news)] = queries.rows(connection, _STREAM_AND_NEWS, asked)
    return [recorded(envelope, store.names) for envelope in envelopes], news


class Loaded(TenantLedger):
    """A tenant's streams of which one was loaded already: it is not read a second time.

    Where others were first meanwhile, the append says so, and the stream is read again.
    """

    def __init__(self, store: FactStore, tenant: str, stream: str, found: list[Recorded]) -> None:
        super().__init__(store, tenant)
        self._loaded: dict[str, list[Recorded]] = {stream: found}

    def load(
        self, stream: str, state: S, evolve: Evolve[S], *, known: int | None = None
    ) -> tuple[S, int]:
        """The fold of a stream and its version; the loaded one once from what was loaded."""
        found = self._loaded.pop(stream, None) if known is None else None
        if found is None:
            return super().load(stream, state, evolve, known=known)
        for place in found:
            state = evolve(state, place.fact, place)
        return state, found[-1].version if found else 0
