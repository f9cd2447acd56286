"""Rotating the key that signs a log: an administrator's act with a reason, and a fact."""

from __future__ import annotations

from pathlib import Path

from domain.refusals import Invalid, WrongState
from ledger.errors import KeyTaken
from ledger.keys import KeyRing, KeyTrouble
from ledger.records import Receipt
from ledger.rotation import rotate_key
from ledger.sealer import SealRefused
from workflows.desk import Ask, Desk


def rotate(desk: Desk, tenant: str, folder: Path, ask: Ask) -> Receipt:
    """Hand the tenant's log to the next key of a folder; it is made where there is none.

    Raises Invalid without a reason, NotFound (the tenant), and WrongState where the keys are not
    usable or the log is not what was sealed.
    """
    if not ask.act.reason.strip():
        raise Invalid(
            "更换签名密钥须说明原因",
            "A rotation of the signing key needs a reason",
            do="Say why: yearly rotation, a copy that was lost, a key that may be known.",
            field="reason",
        )
    desk.store.head(tenant)
    once = ask.idempotency
    before = once and desk.store.idempotent_answer(tenant, once.key, once.fingerprint)
    if before:
        return before.receipts[0]
    try:
        return rotate_key(desk.store, KeyRing(folder), tenant, ask.act, once)
    except KeyTaken:
        assert once is not None
        answer = desk.store.idempotent_answer(tenant, once.key, once.fingerprint)
        assert answer is not None
        return answer.receipts[0]
    except (KeyTrouble, SealRefused, OSError) as error:
        raise WrongState(
            "签名密钥无法更换",
            f"The log cannot be handed to another key: {error}",
            do="Run `tallystick verify`; see docs/audit.md.",
        ) from error
