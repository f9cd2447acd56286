"""Tiles (C2SP tlog-tiles): how a tree is cut into files of 256 hashes, grown, and named.

The tile `number` of `level` holds the hashes of the subtrees of 256^level leaves. Of a tree of
`size` leaves, level L has `size >> 8(L+1)` full tiles and one partial tile, its edge, of
`(size >> 8L) & 255` hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from ledger.merkle import HASH_BYTES, peaks, perfect_root, root_of_peaks, subtree_hash

WIDTH = 256
FULL_BYTES = WIDTH * HASH_BYTES
Edges = tuple[bytes, ...]
"""The hashes of each level's partial tile, level 0 first; no empty level at the top."""
_PATH = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(NamedTuple):
    """A full tile."""

    level: int
    number: int
    hashes: bytes


class TileSource(Protocol):
    """Where the tiles of one tree are read."""

    def hashes(self, level: int, number: int) -> bytes:
        """The hashes of a tile, full or not; empty where there is none."""


def grown(size: int, edges: Edges, leaves: Iterable[bytes]) -> tuple[Edges, list[Tile]]:
    """The edges of a tree of `size` after more leaf hashes, and the tiles that became full."""
    fresh, level, full, rest = b"".join(leaves), 0, [], []
    while fresh or level < len(edges):
        data = (edges[level] if level < len(edges) else b"") + fresh
        number = size >> 8 * (level + 1)
        above = []
        for start in range(0, len(data) - len(data) % FULL_BYTES, FULL_BYTES):
            tile = Tile(level, number + start // FULL_BYTES, data[start : start + FULL_BYTES])
            full.append(tile)
            above.append(perfect_root(split_hashes(tile.hashes)))
        rest.append(data[len(data) - len(data) % FULL_BYTES :])
        fresh, level = b"".join(above), level + 1
    return tuple(rest), full


def edges_root(edges: Edges) -> bytes:
    """The root of the tree with these edges."""
    found: list[bytes] = []
    for hashes in reversed(edges):
        found += peaks(split_hashes(hashes))
    return root_of_peaks(found)


def edge_widths(size: int) -> list[int]:
    """How many hashes the edge of each level of a tree has."""
    return [size >> 8 * level & 255 for level in range((max(size.bit_length(), 1) + 7) // 8)]


def edges_at(source: TileSource, size: int) -> Edges:
    """The edges of the tree when it had `size` leaves."""
    return tuple(
        source.hashes(level, size >> 8 * (level + 1))[: width * HASH_BYTES] if width else b""
        for level, width in enumerate(edge_widths(size))
    )


def root_at(source: TileSource, size: int) -> bytes:
    """The root of the tree when it had `size` leaves."""
    return edges_root(edges_at(source, size))


def range_hash(source: TileSource, lo: int, hi: int) -> bytes:
    """The hash of a range of leaves that a proof names."""

    def perfect(first: int, stop: int) -> bytes:
        height = (stop - first).bit_length() - 1
        level, width = height // 8, 1 << height % 8
        place = first >> 8 * level
        data = source.hashes(level, place // WIDTH)
        start = place % WIDTH * HASH_BYTES
        found = split_hashes(data[start : start + width * HASH_BYTES])
        if len(found) != width:
            raise LookupError(f"the tree has no hashes of leaves {first} to {stop} yet")
        return perfect_root(found)

    return subtree_hash(lo, hi, perfect)


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile, one by one."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def tile_path(number: int, width: int = WIDTH) -> str:
    """The number of a tile as addresses write it: 1234067 is `x001/x234/067`."""
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    return "/".join(parts) + (f".p/{width}" if width != WIDTH else "")


def parse_tile_path(path: str) -> tuple[int, int] | None:
    """The number and width that an address names; None where it is no such address."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    number = int(match[1].replace("x", "").replace("/", ""))
    width = int(match[2]) if match[2] else WIDTH
    if tile_path(number, width) != path or not 0 < width <= WIDTH:
        return None
    return number, width


def bundle(entries: Sequence[bytes], length_bytes: int = 2) -> bytes:
    """Entries, each behind its length, big-endian; `tlog-tiles` has lengths of two bytes.

    Raises OverflowError where an entry is too long for that.
    """
    return b"".join(len(entry).to_bytes(length_bytes, "big") + entry for entry in entries)
