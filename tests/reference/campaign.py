"""How many examples are tried, and from which seed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, note, seed, settings

EXAMPLES = int(os.environ.get("TALLYSTICK_REFERENCE_EXAMPLES", "3000"))
"""Of all tests that compare, together. `make reference` tries 20,000."""
SEED = int(os.environ.get("TALLYSTICK_REFERENCE_SEED", secrets.randbelow(2**32)))
SHARDS = 4
"""Into so many tests the long comparisons are cut, so that several cores can share them."""


def examples(share: float, shard: int = 0) -> Callable[[Any], Any]:
    """A share of the examples; a failure prints its seed and how to repeat it alone."""

    def wrap(test: Any) -> Any:
        chosen = settings(
            max_examples=max(1, int(EXAMPLES * share)),
            deadline=None,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        return seed(SEED + shard)(chosen(test))

    return wrap


def sharded(share: float, module: dict[str, Any], **strategies: Any) -> Callable[[Any], Any]:
    """Put a comparison into its module as several tests, each with a seed of its own."""

    def wrap(check: Any) -> Any:
        for shard in range(SHARDS):

            def one(**drawn: Any) -> None:
                check(**drawn)

            one.__name__ = f"{check.__name__}_{shard + 1}_of_{SHARDS}"
            one.__qualname__, one.__module__ = one.__name__, check.__module__
            module[one.__name__] = examples(share / SHARDS, shard)(given(**strategies)(one))
        return None

    return wrap


def told_seed() -> None:
    """Say the seed beside a failing example."""
    note(f"TALLYSTICK_REFERENCE_SEED={SEED}")
