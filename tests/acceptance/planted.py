"""Looking for planted values in bytes, in every way they may have been written."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

SCANNED = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
"""Encodings in which a value is looked for."""


def encodings(value: str) -> set[bytes]:
    """A value in several encodings, escaped for JSON and addresses, in base64 and in hex."""
    plain = {value.encode(name) for name in SCANNED}
    escaped = {json.dumps(value).strip('"').encode(), quote(value).encode()}
    coded = {base64.b64encode(value.encode()).rstrip(b"=")[:-1], value.encode().hex().encode()}
    return plain | escaped | coded


def found_in(data: bytes, values: Iterable[str]) -> list[str]:
    """The values that stand somewhere in the bytes."""
    return [value for value in values if any(one in data for one in encodings(value))]
