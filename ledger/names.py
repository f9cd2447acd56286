"""Stored names of facts: ours, never a Python path, and never changed once used.

`STORED_NAMES` says which class reads and writes a name. A fact that changes its shape gets a new name
(`….v2`), and the old name gets an entry in `UPCASTERS`, which lifts old payloads to the newer
name; stored bytes are never rewritten. A name in neither halts the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from domain.facts import Fact
from ledger.stored_names import STORED_NAMES

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")

Payload = dict[str, Any]


class Upcast(NamedTuple):
    """How payloads of an old name become payloads of the newer one, as plain dicts."""

    newer: str
    lift: Callable[[Payload], Payload]


TABLE: dict[str, type[Fact]] = STORED_NAMES
"""Stored name → class. The one place where they are declared."""

UPCASTERS: dict[str, Upcast] = {}
"""Old stored name → the newer name and the function that lifts a payload to it."""


class UnreadableFact(Exception):
    """A stored fact cannot be turned into its class: the reader halts, nothing is skipped."""


class UnknownFact(UnreadableFact):
    """No class and no upcaster is declared for a stored name: the reader halts."""


class Names:
    """Both directions of the table: a class's current name, and any name's decoder."""

    def __init__(
        self,
        table: Mapping[str, type[Fact]] | None = None,
        upcasters: Mapping[str, Upcast] | None = None,
    ) -> None:
        """Read a table (without one: `STORED_NAMES` and `UPCASTERS`). Raises ValueError for a bad name,
        a class with two names, and an upcaster that leads nowhere or in a circle."""
        self._upcasters = dict(UPCASTERS if table is None else upcasters or {})
        self._classes: dict[str, type[Fact]] = {}
        self._names: dict[type[Fact], str] = {}
        for name, kind in (STORED_NAMES if table is None else table).items():
            self.register(name, kind)
        self._decoders = {n: msgspec.json.Decoder(k) for n, k in self._classes.items()}
        for name in self._upcasters:
            self._newest(name)

    def register(self, name: str, kind: type[Fact]) -> None:
        """Declare one name; used while the table is read."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no stored name: write it as contract.clause_amended.v1")
        if kind in self._names or name in self._upcasters:
            raise ValueError(f"{name} or its class {kind.__name__} has another meaning already")
        self._classes[name] = kind
        self._names[kind] = name

    def name_of(self, kind: type[Fact]) -> str:
        """The name under which new facts of a class are stored. Raises UnknownFact."""
        try:
            return self._names[kind]
        except KeyError:
            raise UnknownFact(f"{kind.__name__} has no stored name in ledger/names.py") from None

    def stored(self, names: Iterable[str]) -> list[str]:
        """The names and all older names that are lifted to them: what a reader must ask for."""
        wanted = {self._newest(name) for name in names}
        return sorted(n for n in {*self._classes, *self._upcasters} if self._newest(n) in wanted)

    def decode(self, name: str, payload: bytes) -> Fact:
        """The fact of a stored name and its payload. Raises UnknownFact or UnreadableFact."""
        try:
            decoder = self._decoders.get(name)
            if decoder is not None:
                return decoder.decode(payload)
            return self._lifted(name, payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UnreadableFact(f"a payload of {name} does not fit its class: {error}") from error

    def _lifted(self, name: str, payload: bytes) -> Fact:
        newest = self._newest(name)
        plain: Payload = msgspec.json.decode(payload, type=Payload)
        while name != newest:
            name, lift = self._upcasters[name]
            plain = lift(plain)
        return msgspec.convert(plain, self._classes[newest])

    def _newest(self, name: str) -> str:
        """The name a stored name is lifted to; itself where it is current."""
        seen = {name}
        current = name
        while current not in self._classes:
            if current not in self._upcasters:
                raise UnknownFact(f"no class and no upcaster is declared for {current!r}")
            current = self._upcasters[current].newer
            if current in seen:
                raise ValueError(f"the upcasters of {name} go round in a circle")
            seen.add(current)
        return current
