"""The log over HTTP, followed by a client that knows the C2SP specifications and nothing of us."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from domain.facts import Act
from domain.tenant import LawTablePublished
from ledger.keys import KeyRing
from ledger.notes import VerifierKey, open_checkpoint
from ledger.proofs import Proof
from ledger.records import NewFact, Receipt
from ledger.sealer import Sealer
from ledger.store import open_pool
from tests.api.http_api import NOW, TENANT, Api

pytestmark = pytest.mark.postgres
LOG = f"/v1/log/{TENANT}"
ACT = Act(actor="hr.one", at=NOW, reason="test")


@pytest.fixture
def api(database: str) -> Iterator[Api]:
    with open_pool(database, max_size=8) as pool:
        yield Api(pool)


@dataclass
class Served:
    api: Api
    receipts: list[Receipt]
    key: VerifierKey


def law(number: int, long: str = "") -> NewFact:
    fact = LawTablePublished(
        table=f"test.{number}",
        table_version=1,
        effective=date(2025, 1, 1),
        valid_to=None,
        source="a test",
        data={"long": long},
    )
    return NewFact(f"law/test.{number}", 1, fact)


@pytest.fixture(scope="module")
def served(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_pool(shared_database, max_size=8) as pool:
        api = Api(pool)
        receipts = api.desk.store.append(TENANT, [law(number) for number in range(600)], ACT)
        ring = KeyRing(tmp_path_factory.mktemp("keys"))
        assert Sealer(pool, ring).seal(TENANT) is not None
        yield Served(api, receipts, ring.signer(f"tallystick.example/{TENANT}").key)


class Follower:
    """tlog-tiles over Basic authentication, as a stock client does it."""

    def __init__(self, client: TestClient, secret: str) -> None:
        self.client = client
        token = base64.b64encode(f"log:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}

    def get(self, path: str) -> bytes:
        answer = self.client.get(f"{LOG}/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.content

    def leaves(self, size: int) -> list[bytes]:
        found: list[bytes] = []
        for number in range((size + 255) // 256):
            width = min(256, size - number * 256)
            partial = f".p/{width}" if width < 256 else ""
            data = self.get(f"tile/0/{number:03}{partial}")
            assert len(data) == width * 32
            found += [data[n : n + 32] for n in range(0, len(data), 32)]
            assert self.entries(f"{number:03}{partial}") == found[-width:]
        return found

    def entries(self, path: str) -> list[bytes]:
        data, found = self.get(f"tile/entries/{path}"), []
        while data:
            (length,) = struct.unpack(">H", data[:2])
            found.append(hashlib.sha256(b"\0" + data[2 : 2 + length]).digest())
            data = data[2 + length :]
        return found


def mth(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def test_a_stock_client_follows_the_log(served: Served) -> None:
    follower = Follower(served.api.client, served.api.secrets["auditor"])
    note = follower.get("checkpoint").decode()
    checkpoint = open_checkpoint(note, [served.key])
    head, _ = served.api.desk.store.head(TENANT)
    assert checkpoint.size == head
    leaves = follower.leaves(head)
    assert mth(leaves) == checkpoint.root
    upper = follower.get(f"tile/1/000.p/{head // 256}")
    assert upper == b"".join(mth(leaves[n : n + 256]) for n in range(0, head - 255, 256))


def test_what_may_be_kept_and_what_changes(served: Served) -> None:
    def cached(path: str) -> str:
        answer = served.api.get(f"{LOG}/{path}", role="auditor")
        assert answer.status_code == 200
        return answer.headers["Cache-Control"]

    assert cached("checkpoint") == "private, max-age=1"
    for path in ("tile/0/000", "tile/1/000.p/1", "tile/entries/000", "tile/envelopes/001"):
        assert "immutable" in cached(path)
    headers = served.api.get(f"{LOG}/checkpoint", role="auditor").headers
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    headers = served.api.get(f"{LOG}/tile/0/000", role="auditor").headers
    assert headers["Content-Type"] == "application/octet-stream"


def test_tiles_that_are_not_there(served: Served) -> None:
    for path in ("0/003", "0/002.p/255", "0/0", "0/x000/000", "3/000", "0/000.p/256", "1/000"):
        assert served.api.get(f"{LOG}/tile/{path}", role="auditor").status_code == 404, path
    assert served.api.get(f"{LOG}/tile/64/000", role="auditor").status_code == 422


def test_who_may_read_the_log(served: Served) -> None:
    client = served.api.client
    assert client.get(f"{LOG}/checkpoint").status_code == 401
    wrong = {"Authorization": "Basic !!!"}
    assert client.get(f"{LOG}/checkpoint", headers=wrong).status_code == 401
    for role, status in (("auditor", 200), ("hr", 200), ("lead", 403), ("streamer", 403)):
        assert served.api.get(f"{LOG}/tile/entries/000", role=role).status_code == status
    assert served.api.get("/v1/log/another/checkpoint", role="auditor").status_code == 404


def test_a_receipt_is_checked_against_a_checkpoint(served: Served) -> None:
    receipt = served.receipts[321]
    path = f"{LOG}/inclusion/{receipt.position}?leaf_hash={receipt.leaf_hash}"
    said = served.api.get(path, role="auditor").json()
    proof = Proof.parse(said["tlog_proof"])
    assert str(proof) == said["tlog_proof"]
    checkpoint = proof.check(bytes.fromhex(receipt.leaf_hash), [served.key])
    assert (checkpoint.size, proof.index) == (said["size"], receipt.position - 1)
    forged = "00" * 32
    answer = served.api.get(
        f"{LOG}/inclusion/{receipt.position}?leaf_hash={forged}", role="auditor"
    )
    assert answer.status_code == 422
    assert answer.json()["leaf_hash"] == receipt.leaf_hash


def test_proofs_that_cannot_be_made(served: Served) -> None:
    head, _ = served.api.desk.store.head(TENANT)
    for path in (f"inclusion/{head + 1}", "inclusion/1?size=3", f"consistency?old={head + 1}"):
        assert served.api.get(f"{LOG}/{path}", role="auditor").status_code == 404, path
    for path in ("inclusion/0", "consistency", "bundle"):
        assert served.api.get(f"{LOG}/{path}", role="auditor").status_code == 422, path


def test_growth_is_proved(served: Served) -> None:
    from ledger.merkle import check_consistency

    said = served.api.get(f"{LOG}/consistency?old=300", role="auditor").json()
    hashes = [bytes.fromhex(one) for one in said["hashes"]]
    roots = bytes.fromhex(said["old_root"]), bytes.fromhex(said["new_root"])
    check_consistency(300, roots[0], said["new"], roots[1], hashes)


def test_a_bundle_over_http(served: Served) -> None:
    answer = served.api.get(f"{LOG}/bundle?contract=C-none", role="auditor")
    assert answer.status_code == 404


def test_keys_and_kept_checkpoints(served: Served) -> None:
    said = served.api.get(f"{LOG}/keys", role="auditor").json()
    assert [key["vkey"] for key in said["keys"]] == [served.key.vkey]
    head, _ = served.api.desk.store.head(TENANT)
    kept = served.api.get(f"{LOG}/checkpoint/{head}", role="auditor")
    assert open_checkpoint(kept.text, [served.key]).size == head
    assert served.api.get(f"{LOG}/checkpoint/{head - 1}", role="auditor").status_code == 404


def test_a_fact_too_long_for_a_bundle_is_served_otherwise(api: Api, tmp_path: Path) -> None:
    api.desk.store.append(TENANT, [law(1, "x" * 70_000)], ACT)
    checkpoint = Sealer(api.pool, KeyRing(tmp_path / "keys")).seal(TENANT)
    assert checkpoint is not None
    path = f"000.p/{checkpoint.size}"
    assert api.get(f"{LOG}/tile/entries/{path}", role="auditor").status_code == 422
    data = api.get(f"{LOG}/tile/envelopes/{path}", role="auditor").content
    assert len(data) > 70_000
