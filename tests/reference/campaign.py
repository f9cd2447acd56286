"""How many examples are tried, and from which seed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, note, seed, settings

EXAMPLES = int(os.environ.get("TALLYSTICK_REFERENCE_EXAMPLES", "1500"))
"""Of all tests that compare, together."""
SEED = int(os.environ.get("TALLYSTICK_REFERENCE_SEED", secrets.randbelow(2**32)))


def examples(share: float) -> Callable[[Any], Any]:
    """A share of the examples; a failure prints its seed and how to repeat it alone."""

    def wrap(test: Any) -> Any:
        chosen = settings(
            max_examples=max(1, int(EXAMPLES * share)),
            deadline=None,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        return seed(SEED)(chosen(test))

    return wrap


def told_seed() -> None:
    """Say the seed beside a failing example."""
    note(f"TALLYSTICK_REFERENCE_SEED={SEED}")
