"""What is kept between commands: made from facts, good until another of them is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ledger.fresh import stream_and_news
from ledger.records import Recorded
from ledger.store import FactStore

Made = TypeVar("Made")
MOST = 256


class Memory:
    """Things made from a tenant's facts of some names, each with the position it is made at.

    What comes out is as new as if it were made afresh: one look into the ledger says whether a
    fact of these names was recorded since.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[int, Any]] = {}

    def get(
        self,
        store: FactStore,
        tenant: str,
        what: str,
        names: Sequence[str],
        make: Callable[[int], Made],
    ) -> Made:
        """What `make(position)` makes of the facts of these names, as known now."""
        kept = self._kept.get((tenant, what))
        if kept is not None and not store.facts_after(tenant, kept[0], 1, names=names):
            return kept[1]
        return self._made(store, tenant, what, make)

    def get_with(
        self,
        stream: str,
        store: FactStore,
        tenant: str,
        what: str,
        names: Sequence[str],
        make: Callable[[int], Made],
    ) -> tuple[Made, list[Recorded] | None]:
        """`get`, and in the same look the facts of a stream; None where it made things afresh."""
        kept = self._kept.get((tenant, what))
        if kept is not None:
            found, news = stream_and_news(store, tenant, stream, names, kept[0])
            if not news:
                return kept[1], found
        return self._made(store, tenant, what, make), None

    def _made(self, store: FactStore, tenant: str, what: str, make: Callable[[int], Made]) -> Made:
        position = store.head(tenant)[0]
        made = make(position)
        with self._lock:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[tenant, what] = position, made
        return made
