"""The sealer beside a service: a thread that seals within a second what is recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from domain.refusals import Refusal
from ledger.keys import KeyRing, KeyTrouble
from ledger.queries import Pool
from ledger.sealer import Sealer

KEYS = "log-keys"
"""The folder of the signing keys, in TALLYSTICK_HOME."""
STOP_SECONDS = 5.0


class CannotSeal(Refusal):
    """The signing keys cannot be used; the message says what to do."""

    code = "cannot_seal"
    status = 503


@contextmanager
def sealing(pool: Pool, settings: Settings) -> Iterator[Sealer]:
    """Seal all tenants while the block runs. Raises CannotSeal where the keys are not usable."""
    try:
        sealer = Sealer(pool, KeyRing(settings.home / KEYS))
    except (KeyTrouble, OSError) as error:
        raise CannotSeal(
            "签名密钥无法使用",
            f"The keys of the log cannot be used: {error}",
            do="See docs/audit.md.",
        ) from error
    stop = threading.Event()
    thread = threading.Thread(target=sealer.run, args=[stop], name="sealer", daemon=True)
    thread.start()
    try:
        yield sealer
    finally:
        stop.set()
        sealer.hint()
        thread.join(STOP_SECONDS)
