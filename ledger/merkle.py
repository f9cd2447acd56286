"""The tree arithmetic of RFC 6962 (section 2.1): roots, inclusion and consistency proofs.

Everything here works on leaf hashes, SHA-256(0x00 ‖ entry), and knows no storage. Ranges are
half-open indices of leaves; `D[lo:hi]` in the RFC is `(lo, hi)` here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
Range = tuple[int, int]
Subtree = Callable[[int, int], bytes]
"""The hash of the leaves from the first index up to before the second."""


class BadProof(Exception):
    """A proof does not lead to the root it was given with; the message says why."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^k hashes of one level."""
    row = list(hashes)
    while len(row) > 1:
        pairs = iter(row)
        row = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ]
    return row[0]


def peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the largest perfect trees over hashes of one level, from left to right."""
    found: list[bytes] = []
    start = 0
    for bit in reversed(range(len(hashes).bit_length())):
        width = 1 << bit
        if len(hashes) & width:
            found.append(perfect_root(hashes[start : start + width]))
            start += width
    return found


def root_of_peaks(found: Sequence[bytes]) -> bytes:
    """The root of a tree whose perfect parts are these, from left to right."""
    if not found:
        return EMPTY_ROOT
    root = found[-1]
    for left in reversed(found[:-1]):
        root = node_hash(left, root)
    return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes: MTH(D[n])."""
    return root_of_peaks(peaks(leaves))


def split(size: int) -> int:
    """The largest power of two smaller than a size of 2 or more: where a tree is divided."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Whose hashes prove leaf `index` in a tree of that size: PATH(m, D[n]), leaf's end first."""
    if not 0 <= index < size:
        raise BadProof(f"there is no leaf {index} in a tree of {size}")
    lo, hi = 0, size
    found: list[Range] = []
    while hi - lo > 1:
        middle = lo + split(hi - lo)
        if index < middle:
            found.append((middle, hi))
            hi = middle
        else:
            found.append((lo, middle))
            lo = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Whose hashes prove that a tree grew from one size to another: PROOF(m, D[n])."""
    if not 0 < old <= new:
        raise BadProof(f"a tree of {new} cannot have grown from one of {old}")
    lo, hi, whole = 0, new, True
    found: list[Range] = []
    while old != hi:
        middle = lo + split(hi - lo)
        if old <= middle:
            found.append((middle, hi))
            hi = middle
        else:
            found.append((lo, middle))
            lo, whole = middle, False
    if not whole:
        found.append((lo, hi))
    return found[::-1]


def subtree_hash(lo: int, hi: int, perfect: Subtree) -> bytes:
    """The hash of any range that a proof names, from those of perfect, aligned subtrees."""
    width = hi - lo
    if width & (width - 1) == 0 and lo % width == 0:
        return perfect(lo, hi)
    middle = lo + split(width)
    return node_hash(subtree_hash(lo, middle, perfect), subtree_hash(middle, hi, perfect))


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to. Raises BadProof for one of the wrong length."""
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(proof):
        raise BadProof(f"the proof has {len(proof)} hashes and needs {len(ranges)}")
    root = leaf
    for (lo, _), sibling in zip(ranges, proof, strict=True):
        root = node_hash(root, sibling) if lo > index else node_hash(sibling, root)
    return root


def check_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise BadProof unless the leaf stands at that index in the tree of that root."""
    _whole(leaf, root, *proof)
    if root_from_inclusion(index, size, leaf, proof) != root:
        raise BadProof(f"leaf {index} is not in the tree of {size} with that root")


def check_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise BadProof unless the tree of the new root begins with the tree of the old one.

    Of an empty tree nothing can be proved: RFC 9162 2.1.4.2 wants sizes above zero.
    """
    ranges = consistency_ranges(old, new)
    if len(ranges) != len(proof):
        raise BadProof(f"the proof has {len(proof)} hashes and needs {len(ranges)}")
    if not proof:
        if old_root != new_root:
            raise BadProof(f"two trees of {new} have different roots")
        return
    if _joined(old, old_root, ranges, proof) != (old_root, new_root):
        raise BadProof(f"the tree of {new} does not begin with the tree of {old}")


def _whole(*hashes: bytes) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise BadProof(f"a hash has {HASH_BYTES} bytes")


def _joined(
    old: int, old_root: bytes, ranges: Sequence[Range], proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The old and the new root that the hashes of a consistency proof make."""
    parts = list(zip(ranges, proof, strict=True))
    if ranges[0][1] == old:
        (before, after), parts = (proof[0], proof[0]), parts[1:]
    else:  # the old tree is a perfect part of the new one and its root is not repeated
        before = after = old_root
    for (lo, _), part in parts:
        if lo >= old:
            after = node_hash(after, part)
        else:
            before, after = node_hash(part, before), node_hash(part, after)
    return before, after
