"""Arrays for the append in PostgreSQL's binary form, packed in one pass.

psycopg's dumper of lists asks of every element what it is; here that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, pack

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

_length = Struct(">i").pack
_HEADER = Struct(">iiIii").pack
_EMPTY = Struct(">iiI").pack


class _Packed:
    """An array that is packed already."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _TextArray(_Packed):
    pass


class _BytesArray(_Packed):
    pass


class _IntArray(_Packed):
    pass


def texts(items: Sequence[str]) -> _TextArray:
    """A text[] without nulls."""
    return _TextArray(_array(_TEXT, [item.encode() for item in items]))


def blobs(items: Sequence[bytes]) -> _BytesArray:
    """A bytea[] without nulls."""
    return _BytesArray(_array(_BYTEA, items))


def integers(items: Sequence[int]) -> _IntArray:
    """An integer[] without nulls. Raises struct.error for a number of more than 32 bits."""
    count = len(items)
    if not count:
        return _IntArray(_EMPTY(0, 0, _INT4))
    interleaved = [4] * (2 * count)
    interleaved[1::2] = items
    return _IntArray(_HEADER(1, 0, _INT4, count, 1) + pack(f">{2 * count}i", *interleaved))


def _array(oid: int, items: Sequence[bytes]) -> bytes:
    if not items:
        return _EMPTY(0, 0, oid)
    parts = [_HEADER(1, 0, oid, len(items), 1)]
    for item in items:
        parts.append(_length(len(item)))
        parts.append(item)
    return b"".join(parts)


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Packed) -> bytes:
        return obj.data


def _builtin(name: str) -> TypeInfo:
    found = psycopg.adapters.types[name]
    assert isinstance(found, TypeInfo)
    return found


def _register(kind: type[_Packed], element: str) -> int:
    info = _builtin(element)
    dumper = type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": info.array_oid})
    psycopg.adapters.register_dumper(kind, dumper)
    return info.oid


_TEXT = _register(_TextArray, "text")
_BYTEA = _register(_BytesArray, "bytea")
_INT4 = _register(_IntArray, "int4")
