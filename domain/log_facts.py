"""What the log of a tenant records about itself."""

from __future__ import annotations

from domain.facts import Fact


class LogKeyRotated(Fact, frozen=True, kw_only=True):
    """From here on another key signs the log's checkpoints.

    The statement is a signed note (C2SP) over both public keys and the size, with the signatures
    of both: whoever trusts the key before can follow to the next from this fact alone.
    """

    number: int
    """The next key's number; the first key of a log is 1 and has no fact."""
    before: str
    after: str
    """The public keys, as `NAME+ID+KEY`."""
    size: int
    """How many facts were sealed when the key before signed last."""
    statement: str
