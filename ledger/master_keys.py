"""Master keys: what wraps every person's key, from the environment, a file, or a key service.

A wrapped key names the master key it was wrapped by, so that two can be readable at once while one
is turned into the other. Where the master key is, only the objects here know; the vault asks them
to wrap and unwrap.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.keys import write_new

KEY_BYTES = 32
NONCE_BYTES = 12
ID_BYTES = 8
FORMAT = 1
_START = 1 + ID_BYTES
Item = tuple[bytes, bytes]
"""A key (wrapped or not), and what it is bound to: it opens for that alone."""


class VaultError(Exception):
    """The vault cannot work as it is set up or finds sealed data altered: for the operator."""


class WrongMasterKey(VaultError):
    """A person's key was wrapped by another master key than those given."""


class MasterKeys(Protocol):
    """What wraps and unwraps persons' keys. A key service is asked the same."""

    def current(self) -> bytes:
        """The id (8 bytes) of the master key that wraps now."""
        ...

    def known(self) -> list[bytes]:
        """The ids of all master keys that unwrap."""
        ...

    def wrap(self, items: Sequence[Item]) -> list[bytes]:
        """The keys wrapped by the current master key, each beginning with the format and its id."""
        ...

    def unwrap(self, items: Sequence[Item]) -> list[bytes]:
        """The keys again. Raises WrongMasterKey for an unknown id, VaultError for altered bytes."""
        ...

    def begin_turn(self) -> bytes:
        """Let a new master key wrap from now on, the old one still unwraps; the new one's id.

        While a turn is under way the same one goes on.
        """
        ...

    def end_turn(self) -> None:
        """Forget every master key but the current one."""
        ...

    def reload(self) -> None:
        """Look again which keys there are: another process may have turned them."""
        ...


class KeysAtHand:
    """Master keys in this process's memory; the last of them wraps. The others here are made of it."""

    def __init__(self, *keys: bytes) -> None:
        """Raises VaultError for a key that is too short."""
        self._keys = _by_id(keys)

    def current(self) -> bytes:
        """The id of the key that wraps now."""
        return list(self._keys)[-1]

    def known(self) -> list[bytes]:
        """The ids of all master keys that unwrap."""
        return list(self._keys)

    def wrap(self, items: Sequence[Item]) -> list[bytes]:
        """The keys wrapped by the current master key."""
        master_id, master = list(self._keys.items())[-1]
        wrapped = []
        for key, bound_to in items:
            nonce = os.urandom(NONCE_BYTES)
            body = master.encrypt(nonce, key, bound_to)
            wrapped.append(bytes([FORMAT]) + master_id + nonce + body)
        return wrapped

    def unwrap(self, items: Sequence[Item]) -> list[bytes]:
        """The keys again."""
        if any(id_of(wrapped) not in self._keys for wrapped, _ in items):
            self.reload()
        return [self._unwrap(wrapped, bound_to) for wrapped, bound_to in items]

    def _unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        master = self._keys.get(id_of(wrapped))
        if master is None:
            raise WrongMasterKey(
                f"a person's key was wrapped by another master key (id {id_of(wrapped).hex()}) than "
                f"the one set (id {self.current().hex()})"
            )
        nonce, body = wrapped[_START : _START + NONCE_BYTES], wrapped[_START + NONCE_BYTES :]
        try:
            return master.decrypt(nonce, body, bound_to)
        except InvalidTag:
            raise VaultError("a person's wrapped key was altered, or is another's") from None

    def begin_turn(self) -> bytes:
        """Needs two keys: the operator sets the new one beside the old one."""
        if len(self._keys) < 2:
            raise VaultError(
                "there is no new master key: set TALLYSTICK_MASTER_KEY to the new one and "
                "TALLYSTICK_MASTER_KEY_PREVIOUS to the one until now"
            )
        return self.current()

    def end_turn(self) -> None:
        """The old one is forgotten here; the operator takes it out of the environment."""
        self._keys = {self.current(): self._keys[self.current()]}

    def reload(self) -> None:
        """An environment does not change."""


class KeysInFile(KeysAtHand):
    """The master key in a file, base64; during a turn the new one stands beside it (`….next`)."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where it cannot be read, VaultError where it holds no key."""
        self._path = path
        self._next = path.with_name(f"{path.name}.next")
        self._old = path.with_name(f"{path.name}.old")
        self.reload()

    def reload(self) -> None:
        """Read the files again."""
        keys = [_read(self._path)]
        with contextlib.suppress(FileNotFoundError):
            keys.append(_read(self._next))
        if len(keys) > 1:  # the turn may have ended in between: then both are the new one
            keys[0] = _read(self._path)
        self._keys = _by_id(keys)

    def begin_turn(self) -> bytes:
        """Make the new key where there is none; it is on the disk when this returns."""
        if not self._next.exists():
            self._forget_old()
        with contextlib.suppress(FileExistsError):
            write_new(self._next, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        self.reload()
        return self.current()

    def end_turn(self) -> None:
        """The new key's file takes the place of the old one, whose bytes are then written over."""
        if self._next.exists():
            with contextlib.suppress(FileExistsError):
                os.link(self._path, self._old)
            self._next.replace(self._path)
            _sync_folder(self._path.parent)
        self._forget_old()
        self.reload()

    def _forget_old(self) -> None:
        """Best effort: a file system may keep the blocks; copies elsewhere are the operator's."""
        with contextlib.suppress(FileNotFoundError):
            with self._old.open("r+b") as file:
                file.write(b"0" * os.fstat(file.fileno()).st_size)
                file.flush()
                os.fsync(file.fileno())
            self._old.unlink()


def id_of(wrapped: bytes) -> bytes:
    """The id of the master key that wrapped a key. Raises VaultError for an unknown form."""
    if wrapped[:1] != bytes([FORMAT]) or len(wrapped) < _START:
        raise VaultError("a wrapped key was altered: it begins like none")
    return wrapped[1:_START]


def digest(purpose: bytes, key: bytes) -> bytes:
    """Names a key without telling anything about it: the key is random and of full length."""
    return hashlib.sha256(b"tallystick " + purpose + b" key id\x00" + key).digest()


def key_from(text: str) -> bytes:
    """The 32 bytes in a base64 text. Raises VaultError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(f"a master key is {KEY_BYTES} bytes in base64")
    return key


def _by_id(keys: Sequence[bytes]) -> dict[bytes, AESGCM]:
    for key in keys:
        if len(key) != KEY_BYTES:
            raise VaultError(f"the master key must have {KEY_BYTES} bytes, not {len(key)}")
    return {digest(b"master", key)[:ID_BYTES]: AESGCM(key) for key in keys}


def _read(path: Path) -> bytes:
    return key_from(path.read_text("ascii", errors="replace"))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
