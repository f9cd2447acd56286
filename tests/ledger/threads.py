"""Many threads that start at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def race(threads: int, work: Callable[[int], T]) -> list[T]:
    """What `work(0)`, `work(1)`, … return when they run at once; the first error is raised."""
    barrier = Barrier(threads)

    def run(number: int) -> T:
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(threads) as executor:
        return list(executor.map(run, range(threads)))
