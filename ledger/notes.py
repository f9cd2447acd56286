"""Signed notes, checkpoints and cosignatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature.

A note is text, an empty line, and signature lines `— name base64(key id ‖ signature)`. The key
id is the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.merkle import HASH_BYTES

ED25519 = 1
COSIGNATURE = 4
"""Signature types of the signed-note specification."""
MOST_SIGNATURES = 64
LONGEST_NOTE = 65536
_DASH = "— "
_KEY_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class BadNote(Exception):
    """A note is malformed, or no trusted key signed it; the message says which."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key under its name: what a verifier is configured with."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """Names the key in signature lines."""
        return hashlib.sha256(
            self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        ).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: `name+key id+base64(type ‖ key)`."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read a key's text. Raises BadNote."""
        name, _, rest = vkey.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _bytes(encoded)
        if (
            not _KEY_NAME.fullmatch(name)
            or len(data) != 33
            or data[0] not in (ED25519, COSIGNATURE)
        ):
            raise BadNote(f"{vkey[:80]!r} is no public key of a log or a witness")
        found = cls(name, data[1:], data[0])
        if found.key_id.hex() != key_id:
            raise BadNote(f"{vkey[:80]!r} does not fit its own key id")
        return found


class Signature(msgspec.Struct, frozen=True):
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands under a note, with its line end."""
        return f"{_DASH}{self.name} {_base64(self.key_id + self.signature)}\n"


class Note(msgspec.Struct, frozen=True):
    """A note, read but not yet believed."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"


class Checkpoint(msgspec.Struct, frozen=True):
    """What a checkpoint says: which log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint; extension lines are read over. Raises BadNote."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
            raise BadNote("a checkpoint is an origin, a size and a root, a line each")
        root = _bytes(lines[2])
        if len(root) != HASH_BYTES:
            raise BadNote("the root of a checkpoint has 32 bytes")
        return cls(lines[0], int(lines[1]), root)


class Signer:
    """A private key under a name."""

    def __init__(self, name: str, private: Ed25519PrivateKey, kind: int = ED25519) -> None:
        if not _KEY_NAME.fullmatch(name):
            raise BadNote(f"{name!r} cannot name a key: no spaces, no plus sign")
        self.key = VerifierKey(name, private.public_key().public_bytes_raw(), kind)
        self._private = private

    def sign(self, text: str) -> Signature:
        """Sign the text of a note."""
        return Signature(self.key.name, self.key.key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, timestamp: int) -> Signature:
        """Countersign the text of a checkpoint at a POSIX time: cosignature/v1."""
        signed = self._private.sign(cosigned(text, timestamp))
        stamped = timestamp.to_bytes(8, "big") + signed
        return Signature(self.key.name, self.key.key_id, stamped)


def cosigned(text: str, timestamp: int) -> bytes:
    """The message that a cosignature/v1 signs."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def signed_note(text: str, signers: Sequence[Signer]) -> Note:
    """The text with the signatures of all signers."""
    return Note(text, tuple(signer.sign(text) for signer in signers))


def parse_note(data: str) -> Note:
    """Read a note; nothing of it is verified yet. Raises BadNote."""
    text, separator, rest = data.rpartition("\n\n")
    if not separator or not rest.endswith("\n") or len(data) > LONGEST_NOTE:
        raise BadNote("a note is text, an empty line and signature lines")
    if _CONTROL.search(data):
        raise BadNote("a note holds no control characters")
    lines = rest[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise BadNote(f"a note with more than {MOST_SIGNATURES} signatures is not read")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """Read one signature line with its line end. Raises BadNote."""
    return _signature(line.removesuffix("\n"))


def open_note(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """The keys, of those that are trusted, that signed the note.

    Raises BadNote where none did, and where a signature of a trusted key is wrong. Signatures
    of other keys are read over.
    """
    known = {(key.name, key.key_id): key for key in keys}
    signed = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not _verifies(key, note.text, signature.signature):
            raise BadNote(f"the signature of {key.name} is wrong")
        signed.append(key)
    if not signed:
        raise BadNote("no key that is trusted signed this")
    return signed


def open_checkpoint(data: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """A checkpoint that a trusted key signed. Raises BadNote."""
    note = parse_note(data)
    open_note(note, keys)
    return Checkpoint.parse(note.text)


def _verifies(key: VerifierKey, text: str, signature: bytes) -> bool:
    message = text.encode()
    if key.kind == COSIGNATURE:
        timestamp, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = cosigned(text, timestamp)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _signature(line: str) -> Signature:
    dash, name, encoded = (*line.split(" "), "", "", "")[:3]
    data = _bytes(encoded)
    if dash != "—" or line.count(" ") != 2 or not _KEY_NAME.fullmatch(name) or len(data) < 5:
        raise BadNote(f"{line[:80]!r} is no signature line")
    return Signature(name, data[:4], data[4:])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    """Standard base64 with its padding, written in the one way it is written."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if _base64(data) == text else b""
