"""Idempotency: what was asked under a key, so that a retry gets the first answer again."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from ledger.codec import canonical


class Idempotency(msgspec.Struct, frozen=True):
    """A caller's key, the fingerprint of what it asks, and an answer to keep with it.

    `answer` is kept as it is; the receipts of the facts are kept anyway and need not be in it.
    """

    key: str
    fingerprint: bytes
    answer: bytes = b""


def fingerprint(act: str, path: str, body: Any) -> bytes:
    """SHA-256 of a request: the method or act, the path, and the body as plain data.

    Two bodies that say the same in another order of keys are the same request. Raises Invalid
    for a body that canonical JSON cannot say.
    """
    return hashlib.sha256(canonical([act, path, body])).digest()
