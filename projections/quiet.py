"""No search for garbage in the middle of a page.

Thousands of facts are made at once and none of them refers back to itself. To look through them
for cycles again and again took a third of the time of a catch-up.
"""

from __future__ import annotations

import gc
import threading
from types import TracebackType


class Quiet:
    """Puts the collector of cycles off until the last of those who asked has finished."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._was_on:
                gc.enable()


quiet = Quiet()
"""The process has one collector, and so one of these."""
