"""The next page is read and decoded while the one before is applied."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import psycopg

from projections.pages import Facts, Pages

_Asked = tuple[str, int, int, Collection[str], int]


class Ahead(AbstractContextManager["Ahead"]):
    """Pages for one catch-up. What is asked for otherwise than foreseen is read when asked."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._threads: ThreadPoolExecutor | None = None
        self._foreseen: _Asked | None = None
        self._coming: Future[Facts] | None = None

    def read(
        self, tenant: str, after: int, upto: int, wanted: Collection[str], limit: int
    ) -> Facts:
        """The page, and begin to read the one after it. Raises what `Pages.read` raises."""
        asked = (tenant, after, upto, wanted, limit)
        page = self._come(asked) or self._pages.read(*asked)
        self._foreseen = self._coming = None
        if page.end < upto:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
            self._foreseen = (tenant, page.end, upto, wanted, limit)
            self._coming = self._threads.submit(self._pages.read, *self._foreseen)
        return page

    def _come(self, asked: _Asked) -> Facts | None:
        """What was read ahead, if it is this; None where the connection failed it."""
        if self._coming is None or self._foreseen != asked:
            return None
        try:
            return self._coming.result()
        except psycopg.Error:
            return None

    def __exit__(self, *error: Any) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
