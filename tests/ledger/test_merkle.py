"""The tree against RFC 6962: its recursive definitions, published roots, and other people's code.

The roots are those of the tree that Certificate Transparency's reference implementation and
transparency-dev/merkle test with; all log proofs of the latter's `testdata` stand in
`golden/transparency_dev_proofs.json`, good ones and spoiled ones. The verifier of the package
`sigstore` is asked about our inclusion proofs and our signed checkpoints.
"""

from __future__ import annotations

import json
from base64 import b64decode
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sigstore._internal import merkle as sigstore
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore._utils import KeyID
from sigstore.errors import VerificationError

from ledger import merkle
from ledger.merkle import BadProof
from ledger.notes import Checkpoint, Signer, VerifierKey, signed_note
from ledger.tiles import (
    Edges,
    TileSource,
    bundle,
    edge_widths,
    edges_at,
    edges_root,
    grown,
    parse_tile_path,
    range_hash,
    root_at,
    tile_path,
)

ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def leaves(count: int) -> list[bytes]:
    return [leaf(str(number).encode()) for number in range(count)]


# RFC 6962, section 2.1, word for word and as slow as it is written there.


def mth(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), mth(hashes[:k])]


class Tree(TileSource):
    """A tree in memory, grown in steps as the sealer grows one."""

    def __init__(self) -> None:
        self.size = 0
        self.edges: Edges = ()
        self.full: dict[tuple[int, int], bytes] = {}

    def add(self, more: list[bytes]) -> None:
        self.edges, full = grown(self.size, self.edges, more)
        for tile in full:
            assert (tile.level, tile.number) not in self.full
            self.full[tile.level, tile.number] = tile.hashes
        self.size += len(more)

    def hashes(self, level: int, number: int) -> bytes:
        if number == self.size >> 8 * (level + 1):
            return self.edges[level] if level < len(self.edges) else b""
        return self.full.get((level, number), b"")


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    hashes = [leaf(entry) for entry in ENTRIES[:size]]
    assert merkle.root_of(hashes).hex() == ROOTS[size]
    assert mth(hashes).hex() == ROOTS[size]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_roots_and_proofs_are_those_of_the_definition(data: Any) -> None:
    steps = data.draw(st.lists(st.integers(0, 700), min_size=1, max_size=4))
    everything = leaves(max(sum(steps), 1))
    tree = Tree()
    for step in steps:
        tree.add(everything[tree.size : tree.size + step])
    size = max(tree.size, 1)
    tree.add(everything[tree.size : size])
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    roots = {n: mth(everything[:n]) for n in (old, size)}
    assert edges_root(tree.edges) == roots[size] == merkle.root_of(everything[:size])
    assert root_at(tree, old) == roots[old]
    assert [len(edge) // 32 for edge in edges_at(tree, old)] == edge_widths(old)
    inclusion = [range_hash(tree, *r) for r in merkle.inclusion_ranges(index, size)]
    assert inclusion == path(index, everything[:size])
    merkle.check_inclusion(index, size, everything[index], inclusion, roots[size])
    consistency = [range_hash(tree, *r) for r in merkle.consistency_ranges(old, size)]
    assert consistency == subproof(old, everything[:size])
    merkle.check_consistency(old, roots[old], size, roots[size], consistency)
    _no_other_is_believed(index, size, everything, inclusion, roots[size])
    _no_other_growth_is_believed(old, size, roots, consistency)


def _no_other_is_believed(
    index: int, size: int, everything: list[bytes], proof: list[bytes], root: bytes
) -> None:
    wrong = leaf(b"another")
    for bad in ([*proof, wrong], proof[:-1], [wrong, *proof[1:]], [*proof[:-1], wrong]):
        if bad == proof:
            continue
        with pytest.raises(BadProof):
            merkle.check_inclusion(index, size, everything[index], bad, root)
    with pytest.raises(BadProof):
        merkle.check_inclusion(index, size, wrong, proof, root)
    with pytest.raises(BadProof):
        merkle.check_inclusion(size, size, everything[index], proof, root)


def _no_other_growth_is_believed(
    old: int, size: int, roots: dict[int, bytes], proof: list[bytes]
) -> None:
    wrong = leaf(b"another")
    with pytest.raises(BadProof):
        merkle.check_consistency(old, wrong, size, roots[size], proof)
    with pytest.raises(BadProof):
        merkle.check_consistency(old, roots[old], size, wrong, proof)
    with pytest.raises(BadProof):
        merkle.check_consistency(old, roots[old], size, roots[size], [*proof, wrong])
    if proof:
        with pytest.raises(BadProof):
            merkle.check_consistency(old, roots[old], size, roots[size], [wrong, *proof[1:]])


def test_tiles_of_seventy_thousand_as_the_specification_counts_them() -> None:
    tree = Tree()
    everything = leaves(70_000)
    tree.add(everything[:300])
    tree.add(everything[300:])
    assert edge_widths(70_000) == [112, 17, 1]
    assert [len(edge) // 32 for edge in tree.edges] == [112, 17, 1]
    assert sorted(level for level, _ in tree.full).count(0) == 273
    assert [key for key in tree.full if key[0] == 1] == [(1, 0)]
    assert edges_root(tree.edges) == merkle.root_of(everything)


@pytest.mark.parametrize(
    ("number", "width", "address"),
    [
        (0, 256, "000"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (5, 17, "005.p/17"),
    ],
)
def test_addresses_of_tiles(number: int, width: int, address: str) -> None:
    assert tile_path(number, width) == address
    assert parse_tile_path(address) == (number, width)


@pytest.mark.parametrize(
    "address", ["", "0", "0000", "x000/001", "000.p/0", "000.p/256", "000.p/01", "1/000", "x1/000"]
)
def test_no_tile_has_two_addresses(address: str) -> None:
    assert parse_tile_path(address) is None


def test_bundles_have_a_length_before_each_entry() -> None:
    assert bundle([b"", b"abc"]) == b"\0\0\0\3abc"
    with pytest.raises(OverflowError):
        bundle([b"x" * 65_536])
    assert bundle([b"x" * 65_536], 4)[:4] == b"\0\1\0\0"


# What nobody here wrote: the vectors of transparency-dev/merkle, and sigstore's verifier.

VECTORS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "transparency_dev_proofs.json").read_text("utf-8")
)["cases"]


def decoded(texts: list[str] | None) -> list[bytes]:
    return [b64decode(text) for text in texts or []]


@pytest.mark.parametrize("name", [name for name in VECTORS if name.startswith("inclusion/")])
def test_inclusion_proofs_of_transparency_dev(name: str) -> None:
    case = VECTORS[name]
    leaf_hash, root = decoded([case["leafHash"], case["root"]])
    with pytest.raises(BadProof) if case["wantErr"] else nullcontext():
        merkle.check_inclusion(
            case["leafIdx"], case["treeSize"], leaf_hash, decoded(case["proof"]), root
        )


@pytest.mark.parametrize("name", [name for name in VECTORS if name.startswith("consistency/")])
def test_consistency_proofs_of_transparency_dev(name: str) -> None:
    case = VECTORS[name]
    old_root, new_root = decoded([case["root1"], case["root2"]])
    with pytest.raises(BadProof) if case["wantErr"] else nullcontext():
        merkle.check_consistency(
            case["size1"], old_root, case["size2"], new_root, decoded(case["proof"])
        )


def test_sigstores_verifier_believes_our_inclusion_proofs() -> None:
    for size in (1, 2, 3, 7, 8, 255, 256, 257, 600):
        hashes = leaves(size)
        tree = Tree()
        tree.add(hashes)
        for index in {0, size // 2, size - 1}:
            proof = [range_hash(tree, *r) for r in merkle.inclusion_ranges(index, size)]
            inner, border = sigstore._decomp_inclusion_proof(index, size)
            assert len(proof) == inner + border
            found = sigstore._chain_inner(hashes[index], proof[:inner], index)
            assert sigstore._chain_border_right(found, proof[inner:]) == edges_root(tree.edges)


class Keyring:
    """What sigstore asks a keyring: whether a key signed something."""

    def __init__(self, key: VerifierKey) -> None:
        self._public = Ed25519PublicKey.from_public_bytes(key.public)

    def verify(self, *, key_id: bytes, signature: bytes, data: bytes) -> None:
        try:
            self._public.verify(signature, data)
        except InvalidSignature as error:
            raise VerificationError("invalid signature") from error


def test_sigstore_reads_and_believes_our_signed_checkpoints() -> None:
    root = merkle.root_of(leaves(300))
    signer = Signer("tallystick.example/acme", Ed25519PrivateKey.generate())
    note = str(signed_note(Checkpoint(signer.key.name, 300, root).text, [signer]))
    read = SignedCheckpoint.from_text(note)
    assert read.checkpoint.origin == "tallystick.example/acme"
    assert (read.checkpoint.log_size, read.checkpoint.log_hash) == (300, root.hex())
    keyring: Any = Keyring(signer.key)
    read.signed_note.verify(keyring, KeyID(signer.key.key_id))
    altered = SignedCheckpoint.from_text(note.replace("\n300\n", "\n301\n"))
    with pytest.raises(VerificationError):
        altered.signed_note.verify(keyring, KeyID(signer.key.key_id))
