"""The keys that sign checkpoints. They stand in a folder outside the database, never in it.

`0001.pem` is the first key. A new log begins with the highest number; a log goes on with the key it
has until it is rotated, so older ones stay. An attacker with the database alone cannot sign.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.notes import Note, Signer, VerifierKey, open_note, parse_note, signed_note

PREFIX = "tallystick.example"
"""Begins the origin of every log; the tenant follows."""
_FILE = re.compile(r"([0-9]{4})\.pem")
_FIRST = "tallystick log key/v1"
_NEXT = "tallystick log key rotation/v1"


class KeyTrouble(Exception):
    """The signing keys cannot be used as they are found; the message is for the operator."""


def origin_of(tenant: str) -> str:
    """The origin line of a tenant's log, which is also the name of its key."""
    return f"{PREFIX}/{quote(tenant, safe='')}"


class KeyRing:
    """The signing keys of a folder, by number."""

    def __init__(self, folder: Path) -> None:
        """Read the keys; the first one is made where there is none. Raises KeyTrouble."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keys = self._read()
        if not self._keys:
            self._make(1)

    @property
    def number(self) -> int:
        """The number of the newest key: the one new logs begin with."""
        return max(self._keys)

    def signer(self, origin: str, number: int | None = None) -> Signer:
        """A key under the name of a log; the newest by default."""
        return Signer(origin, self._keys[number or self.number])

    def signer_of(self, key: VerifierKey) -> Signer:
        """The private half of a public key. Raises KeyTrouble where it is not here."""
        number = self._number_of(key)
        if number is None:
            self._keys = self._read()  # another process may have made it
            number = self._number_of(key)
        if number is not None:
            return self.signer(key.name, number)
        raise KeyTrouble(
            f"the key that signs {key.name} ({key.key_id.hex()}) is not in {self.folder}: restore "
            "that folder; a new key alone cannot go on with a log"
        )

    def newer_than(self, key: VerifierKey) -> Signer:
        """The newest key, under the log's name; made where the log has the newest one already."""
        self._keys = self._read()
        if self._number_of(key) == self.number:
            self._make(self.number + 1)
        return self.signer(key.name)

    def _number_of(self, key: VerifierKey) -> int | None:
        made = (number for number in self._keys if self.signer(key.name, number).key == key)
        return next(made, None)

    def _make(self, number: int) -> None:
        write_private_key(self.folder / f"{number:04}.pem")
        self._keys = self._read()

    def _read(self) -> dict[int, Ed25519PrivateKey]:
        found = ((path, _FILE.fullmatch(path.name)) for path in self.folder.iterdir())
        return {int(match[1]): read_private_key(path) for path, match in found if match}


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key from a PEM file that nobody else may read. Raises KeyTrouble."""
    if path.stat().st_mode & 0o077:
        raise KeyTrouble(f"{path} can be read by others: chmod 600 it, and consider a new key")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise KeyTrouble(f"{path} holds no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTrouble(f"{path} holds no Ed25519 key")
    return key


def write_private_key(path: Path) -> None:
    """Make a key file with mode 0600, whole or not at all; one that is there stays."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with contextlib.suppress(FileExistsError):
        write_new(path, pem)


def write_new(path: Path, data: bytes) -> None:
    """A file with mode 0600 that is there whole or not at all. Raises FileExistsError."""
    half = _half(path, data)
    try:
        os.link(half, path)  # unlike a rename, refuses to replace what is there
    finally:
        half.unlink()


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another, on the disk before this returns."""
    _half(path, data).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _half(path: Path, data: bytes) -> Path:
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return half


def first_statement(signer: Signer) -> Note:
    """The note that names a log's first key, signed by it."""
    return signed_note(f"{_FIRST}\n{signer.key.vkey}\n", [signer])


def next_statement(before: Signer, after: Signer, size: int) -> Note:
    """The note that hands a log of that size from one key to the next, signed by both."""
    text = f"{_NEXT}\n{before.key.vkey}\n{after.key.vkey}\n{size}\n"
    return signed_note(text, [before, after])


def check_statement(
    statement: str, before: VerifierKey | None, key: VerifierKey, size: int
) -> None:
    """Raise BadNote or KeyTrouble unless the statement introduces this key after that one."""
    note = parse_note(statement)
    expected = f"{_FIRST}\n{key.vkey}\n"
    wanted = [key]
    if before is not None:
        expected = f"{_NEXT}\n{before.vkey}\n{key.vkey}\n{size}\n"
        wanted = [before, key]
    if note.text != expected:
        raise KeyTrouble(f"the statement about {key.key_id.hex()} says something else")
    if len(open_note(note, wanted)) != len(wanted):
        raise KeyTrouble(f"the statement about {key.key_id.hex()} lacks a signature")
