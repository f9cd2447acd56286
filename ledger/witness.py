"""A witness (C2SP tlog-witness): countersigns checkpoints that go on from what it saw before.

Its key and its memory are files of its own, in a folder of its own, best on a machine of its own.
For each log it remembers the last checkpoint that it countersigned. It signs a new one only where
a trusted key of that log signed it and a consistency proof leads to it from the remembered one;
what it signed is on its disk before the signature leaves. Two checkpoints of one size with two
roots, or a smaller tree, it never signs: that is how a rewritten history shows.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.keys import read_private_key, replace, write_private_key
from ledger.merkle import BadProof, check_consistency
from ledger.notes import (
    COSIGNATURE,
    BadNote,
    Checkpoint,
    Signer,
    VerifierKey,
    open_note,
    parse_note,
)

MOST_HASHES = 63
CONTENT_TYPE_SIZE = "text/x.tlog.size"


class WitnessRefused(Exception):
    """The witness does not sign; `status` and `body` are what its HTTP interface answers."""

    def __init__(self, status: int, why: str, body: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.body = body


class Witness:
    """One witness: a key, the logs it knows, and what it saw of each."""

    def __init__(
        self, folder: Path, name: str, clock: Callable[[], int] = lambda: int(time.time())
    ) -> None:
        """Read the witness's folder; its key is made where there is none."""
        self._folder = folder
        self._clock = clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = folder / "witness.pem"
        if not key.exists():
            write_private_key(key)
        self._signer = Signer(name, read_private_key(key), COSIGNATURE)

    @property
    def key(self) -> VerifierKey:
        """The public key: what those who rely on the witness are given."""
        return self._signer.key

    def trust(self, key: VerifierKey) -> None:
        """Follow a log: checkpoints of its origin that this key signed are looked at."""
        with self._alone():
            known = {*self._keys(), key}
            text = "".join(f"{one.vkey}\n" for one in sorted(known, key=lambda one: one.vkey))
            replace(self._folder / "logs", text.encode())

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of a log that was countersigned; None where there is none."""
        path = self._path(origin)
        if not path.exists():
            return None
        return Checkpoint.parse(parse_note(path.read_text("utf-8")).text)

    def add_checkpoint(self, request: str) -> str:
        """The body of `add-checkpoint`: an old size, a proof, a checkpoint. The signature line.

        Raises WitnessRefused.
        """
        old, proof, note = _request(request)
        with self._alone():
            checkpoint, text = self._opened(note)
            self._consistent(checkpoint, old, proof)
            # On the disk before the signature leaves: it can never be forgotten.
            replace(self._path(checkpoint.origin), note.encode())
            return self._signer.cosign(text, self._clock()).line

    def _opened(self, data: str) -> tuple[Checkpoint, str]:
        try:
            note = parse_note(data)
            checkpoint = Checkpoint.parse(note.text)
        except BadNote as error:
            raise WitnessRefused(400, str(error)) from error
        keys = [key for key in self._keys() if key.name == checkpoint.origin]
        if not keys:
            raise WitnessRefused(404, f"{checkpoint.origin} is not a log that is followed here")
        try:
            open_note(note, keys)
        except BadNote as error:
            raise WitnessRefused(403, str(error)) from error
        return checkpoint, note.text

    def _consistent(self, checkpoint: Checkpoint, old: int, proof: list[bytes]) -> None:
        last = self.last(checkpoint.origin)
        size = last.size if last else 0
        if old > checkpoint.size:
            raise WitnessRefused(400, f"a tree of {checkpoint.size} is older than {old}")
        if old != size:
            raise WitnessRefused(409, f"the last tree seen has {size} leaves", f"{size}\n")
        if last is None or size == 0:
            if proof:
                raise WitnessRefused(422, "nothing was seen before: there is nothing to prove")
            return
        if checkpoint.size == size and checkpoint.root != last.root:
            raise WitnessRefused(409, f"two trees of {size} leaves with two roots", f"{size}\n")
        try:
            check_consistency(size, last.root, checkpoint.size, checkpoint.root, proof)
        except BadProof as error:
            raise WitnessRefused(422, str(error)) from error

    def _keys(self) -> list[VerifierKey]:
        path = self._folder / "logs"
        if not path.exists():
            return []
        return [VerifierKey.parse(line) for line in path.read_text("utf-8").splitlines() if line]

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One request at a time, over all processes that use the folder."""
        with (self._folder / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def request_body(old: int, proof: list[bytes], note: str) -> str:
    """The body that asks a witness for its signature."""
    hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{hashes}\n{note}"


def _request(body: str) -> tuple[int, list[bytes], str]:
    head, separator, note = body.partition("\n\n")
    first, *hashes = head.split("\n")
    word, _, size = first.partition(" ")
    good = word == "old" and size.isascii() and size.isdigit() and str(int(size)) == size
    if not separator or not good or len(hashes) > MOST_HASHES:
        raise WitnessRefused(400, "a request is `old SIZE`, hashes, an empty line, a checkpoint")
    try:
        return int(size), [base64.b64decode(line, validate=True) for line in hashes], note
    except (binascii.Error, ValueError) as error:
        raise WitnessRefused(400, "a hash of the proof is not base64") from error
