"""The crew: how many processes compute a large pay run, and on which database."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Crew:
    """Processes for runs of many contracts; a small run is over before they are started."""

    conninfo: str = field(repr=False)
    processes: int
    least: int = 2_000
    """Contracts from which on it is worth starting them."""
