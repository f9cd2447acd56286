"""A receipt checked later: the fact it names stands in the log, under a checkpoint that was kept."""

from __future__ import annotations

import msgspec

from domain.refusals import Invalid, NotFound, Refusal
from ledger.log_store import Kept, LogStore
from ledger.merkle import BadProof, check_consistency
from ledger.notes import BadNote, Checkpoint, open_checkpoint
from ledger.proofs import leaf_at, proof_of
from workflows.desk import Desk


class NotGenuine(Refusal):
    """A receipt or a checkpoint contradicts the log: one of the two is not genuine."""

    code = "not_genuine"
    status = 409


class CheckedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """That a receipt holds, with the proof to keep; hashes in hex."""

    position: int
    leaf_hash: str
    size: int
    """Facts in the checkpoint that the proof leads to."""
    root: str
    covered: bool
    """Whether the checkpoint that was brought covers the fact; the last one does otherwise, and
    was proved to go on from the one brought."""
    tlog_proof: str
    """The proof as C2SP `tlog-proof`, with the checkpoint; it can be checked without us."""


def check_receipt(
    desk: Desk, tenant: str, position: int, leaf_hash: str, checkpoint: str | None = None
) -> CheckedReceipt:
    """Hold a receipt against the log, and against a checkpoint that somebody kept.

    Raises NotFound where the position is not sealed, NotGenuine where the log holds another fact
    there or does not go on from the checkpoint, Invalid for a checkpoint that cannot be read.
    """
    with desk.store._pool.connection() as connection:
        log = LogStore(connection, tenant)
        brought = None if checkpoint is None else _opened(log, checkpoint)
        kept = _covering(log, position, brought)
        try:
            proof = proof_of(log, position, kept)
        except BadProof as error:
            raise _not_sealed(position) from error
        found = leaf_at(log, position).hex()
    if found != leaf_hash:
        raise NotGenuine(
            "收据与日志不符",
            f"The fact at {position} does not have the leaf hash of your receipt",
            do="Keep the receipt and tell an auditor: one of the two is not genuine.",
            position=position,
            leaf_hash=found,
        )
    return CheckedReceipt(
        position=position,
        leaf_hash=found,
        size=kept.size,
        root=kept.root.hex(),
        covered=brought is not None and position <= brought.size,
        tlog_proof=str(proof),
    )


def _opened(log: LogStore, text: str) -> Checkpoint:
    try:
        said = open_checkpoint(text, [key.key for key in log.log_keys()])
    except BadNote as error:
        raise Invalid(
            "检查点无法核实",
            f"The checkpoint cannot be believed: {error}",
            do="Give the whole text as it was handed out, signature lines included.",
            field="checkpoint",
        ) from error
    _goes_on(log, said)
    return said


def _goes_on(log: LogStore, said: Checkpoint) -> None:
    """The log as it stands begins with what the checkpoint covers."""
    size = log.state.size
    try:
        if said.origin != log.state.origin:
            raise BadProof(f"it is a checkpoint of {said.origin}")
        if said.size:
            hashes = log.consistency(said.size, size)
            check_consistency(said.size, said.root, size, log.root(size), hashes)
    except BadProof as error:
        raise NotGenuine(
            "日志与您保存的检查点不符",
            f"The log does not go on from your checkpoint: {error}",
            do="Keep the checkpoint and tell an auditor: history was rewritten, or it is another's.",
            size=said.size,
        ) from error


def _covering(log: LogStore, position: int, brought: Checkpoint | None) -> Kept:
    """The checkpoint that was brought where it covers the fact and is kept here, or the last."""
    if brought is not None and position <= brought.size:
        kept = log.checkpoint(brought.size)
        if kept is not None and kept.size == brought.size:
            return kept
    kept = log.checkpoint()
    if kept is None:
        raise _not_sealed(position)
    return kept


def _not_sealed(position: int) -> NotFound:
    return NotFound(
        f"位置 {position} 尚未封存",
        f"Position {position} is not sealed",
        do="What was recorded in the last second may not be sealed yet: ask again.",
        position=position,
    )
