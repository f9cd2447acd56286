"""Seal in this process and die at one step: python -m tests.ledger.kill_sealer CONNINFO FOLDER STEP."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from ledger import keys
from ledger.keys import KeyRing
from ledger.log_store import LogStore
from ledger.sealer import Sealer
from ledger.store import open_pool

STEPS: dict[str, tuple[Any, str, str]] = {
    "locked": (LogStore, "log_keys", "before"),
    "a key introduced": (LogStore, "add_key", "after"),
    "the facts read": (LogStore, "unsealed", "after"),
    "the tree about to grow": (LogStore, "grow", "before"),
    "the tree grown": (LogStore, "grow", "after"),
    "half of the memory written": (keys, "_half", "after"),
    "the memory in its place": (Sealer, "_remember", "after"),
    "the checkpoint written": (LogStore, "add_checkpoint", "after"),
    "committed": (Sealer, "_step", "after"),
}
"""Step → where the process is killed: around which function, before or after it."""


def die_at(step: str) -> None:
    """Have the process killed, as by a power cut, when it comes to the step."""
    owner, name, when = STEPS[step]
    real = getattr(owner, name)

    def killed(*given: Any) -> Any:
        if when == "after":
            real(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)


def main() -> None:
    """Seal every tenant; the step kills it."""
    conninfo, folder, step = sys.argv[1:]
    with open_pool(conninfo) as pool:
        ring = KeyRing(Path(folder))
        die_at(step)
        Sealer(pool, ring).seal_all()


if __name__ == "__main__":
    main()
