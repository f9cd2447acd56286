"""Proofs as text (C2SP tlog-proof): an index, the hashes up to the root, and the checkpoint.

Such a text is all that is needed, with the fact and a public key, to be sure that the fact stands
in the log at that place: no server, no database, no clock.
"""

from __future__ import annotations

import base64
import binascii
import re

import msgspec

from ledger.log_store import Kept, LogStore
from ledger.merkle import BadProof, check_inclusion
from ledger.notes import Checkpoint, VerifierKey, open_checkpoint, parse_note

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


class Proof(msgspec.Struct, frozen=True):
    """An inclusion proof with the checkpoint that it leads to."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    @property
    def checkpoint(self) -> Checkpoint:
        """What the checkpoint says; nobody's signature was verified for it. Raises BadNote."""
        return Checkpoint.parse(parse_note(self.note).text)

    def __str__(self) -> str:
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.hashes)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Read a proof; extra data is read over. Raises BadProof."""
        head, separator, note = text.partition("\n\n")
        header, *lines = head.split("\n")
        if lines and lines[0].startswith("extra "):
            del lines[0]
        match = _INDEX.fullmatch(lines[0]) if lines else None
        if header != HEADER or not separator or match is None or len(lines) > MOST_HASHES + 1:
            raise BadProof("a proof is a header, an index, hashes, an empty line, a checkpoint")
        try:
            hashes = tuple(base64.b64decode(line, validate=True) for line in lines[1:])
        except (binascii.Error, ValueError) as error:
            raise BadProof("a hash of the proof is not base64") from error
        return cls(int(match[1]), hashes, note)

    def check(self, leaf: bytes, keys: list[VerifierKey]) -> Checkpoint:
        """The checkpoint, if a trusted key signed it and the leaf stands in it.

        Raises BadNote and BadProof.
        """
        checkpoint = open_checkpoint(self.note, keys)
        check_inclusion(self.index, checkpoint.size, leaf, self.hashes, checkpoint.root)
        return checkpoint


def proof_of(log: LogStore, position: int, kept: Kept | None = None) -> Proof:
    """The proof that the fact at a position is in a checkpoint (the last one by default).

    Raises BadProof where it is not sealed there yet.
    """
    kept = kept or log.checkpoint()
    if kept is None or not 0 < position <= kept.size:
        raise BadProof(f"position {position} is not sealed yet")
    hashes = log.inclusion(position - 1, kept.size)
    return Proof(position - 1, tuple(hashes), log.noted(kept))


def leaf_at(log: LogStore, position: int) -> bytes:
    """The sealed leaf hash of a position."""
    tile, place = divmod(position - 1, 256)
    return log.hashes(0, tile)[place * 32 : place * 32 + 32]
