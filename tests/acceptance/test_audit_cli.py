"""An auditor's visits from the command line, in the order docs/audit.md tells them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from api.witness_server import WitnessServer
from ledger.notes import VerifierKey
from ledger.proofs import Proof
from ledger.witness import Witness
from tests.api.cli_support import Line

pytestmark = pytest.mark.postgres
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_bundle.py"


@pytest.fixture
def line(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    for name in ("TALLYSTICK_TENANT", "TALLYSTICK_MASTER_KEY", "TALLYSTICK_MASTER_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TALLYSTICK_HOME", str(tmp_path))
    made = Line(tmp_path)
    made.active_contract()
    return made


def test_a_visit_and_the_next_one(line: Line, database: str) -> None:
    kept = line.folder / "kept.txt"
    assert "Nothing is sealed yet" in line.run("checkpoint", "--no-seal", code=1).output
    first = line.json("checkpoint", "-o", str(kept))
    assert kept.read_text() == first["note"]
    key = line.run("checkpoint", "--keys").stdout.strip()
    assert line.json("verify", "--checkpoint", str(kept), "--trust", key)["ok"]
    assert line.json("log-key", "rotate", "--actor", "boss", code=1)["field"] == "reason"
    rotate = ("log-key", "rotate", "--actor", "boss", "--reason", "yearly", "--key", "r-1")
    assert line.json(*rotate)["number"] == 2
    assert line.json(*rotate)["number"] == 2, "the same again does nothing twice"
    assert [one["number"] for one in line.json("log-key", "list")["items"]] == [1, 2]
    line.run("checkpoint", "-o", str(line.folder / "second.txt"))
    line.run("metric", "define", "--id", "sales", "--title-zh", "销售", "--title-en", "Sales",
             "--unit", "CNY", "--counts", "sales", "--effective", "2025-01-01")  # fmt: skip
    line.run("checkpoint")
    assert len(line.run("checkpoint", "--keys").stdout.split()) == 2
    said = line.run("verify", "--since", str(kept), "--trust", key).output
    assert "nothing was altered" in said
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE ledger.fact DISABLE TRIGGER USER")
        connection.execute("UPDATE ledger.fact SET envelope = envelope || 'x' WHERE position = 5")
    wrong = line.run("verify", "--checkpoint", str(kept), code=1).output
    assert "ledger.fact position 5: the envelope does not hash to the leaf" in wrong
    assert not line.json("verify", "--range", "1..10", code=1)["ok"]


def test_a_receipt_is_checked_against_a_checkpoint_that_was_kept(line: Line) -> None:
    person = ("person", "register", "--id", "P-7", "--name", "李四", "--actor", "hr")
    made = line.json(*person)["receipts"][0]
    asked = ("receipt", str(made["position"]), made["leaf_hash"])
    assert line.json(*asked, code=1)["code"] == "not_found", "nothing is sealed yet"
    kept = line.folder / "kept.txt"
    line.run("checkpoint", "-o", str(kept))
    line.run("metric", "define", "--id", "sales", "--title-zh", "销售", "--title-en", "Sales",
             "--unit", "CNY", "--counts", "sales", "--effective", "2025-01-01")  # fmt: skip
    line.run("checkpoint")
    proof = line.folder / "proof.txt"
    found = line.json(*asked, "--checkpoint", str(kept), "-o", str(proof))
    assert (found["covered"], found["size"]) == (True, int(kept.read_text().split("\n")[1]))
    keys = [VerifierKey.parse(line.run("checkpoint", "--keys").stdout)]
    checked = Proof.parse(proof.read_text()).check(bytes.fromhex(made["leaf_hash"]), keys)
    assert checked.size == found["size"]
    assert "your checkpoint" in line.run(*asked, "--checkpoint", str(kept)).stdout
    later = line.json(*asked)
    assert (later["covered"], later["size"]) == (False, found["size"] + 1)
    other = ("receipt", str(made["position"] - 1), made["leaf_hash"])
    assert line.json(*other, code=1)["code"] == "not_genuine"
    assert line.json("receipt", "999", made["leaf_hash"], code=1)["code"] == "not_found"
    kept.write_text(
        kept.read_text().replace("\n\n", "\n\n— x AAAAAAAA\n").replace("— tally", "— t")
    )
    assert line.json(*asked, "--checkpoint", str(kept), code=1)["field"] == "checkpoint"


def test_what_is_not_understood(line: Line) -> None:
    assert "A..B" in line.run("verify", "--range", "5", code=2).output
    assert "no public key" in line.run("verify", "--trust", "nonsense", code=1).output


def test_a_bundle_is_checked_without_us(line: Line) -> None:
    line.run("checkpoint")
    made = line.folder / "C-1.zip"
    line.run("bundle", "contract", "C-1", "-o", str(made))
    key = line.run("checkpoint", "--keys").stdout.strip()
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, made, "--key", key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (
        "there is nothing sealed of payslip"
        in line.run(
            "bundle", "payslip", "2025-03-1", "C-1", "-o", str(line.folder / "p.zip"), code=1
        ).output
    )


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[tuple[Witness, str]]:
    one = Witness(tmp_path / "w1", "witness.example/w1")
    with WitnessServer(("127.0.0.1", 0), one) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield one, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_witness_countersigns_what_goes_on(line: Line, witness: tuple[Witness, str]) -> None:
    one, url = witness
    unknown = line.run("checkpoint", "--witness", url, code=1).output
    assert "not a log that is followed here" in unknown
    one.trust(VerifierKey.parse(line.run("checkpoint", "--keys").stdout))
    assert "— witness.example/w1 " in line.run("checkpoint", "--witness", url).stdout
    line.run("person", "register", "--id", "P-2", "--name", "李四", "--actor", "hr")
    assert "— witness.example/w1 " in line.run("checkpoint", "--witness", url).stdout
    report = line.json("verify", "--witness", one.key.vkey)
    [check] = [c for c in report["tenants"][0]["checks"] if c["name"] == "cosignatures"]
    assert (check["counted"], check["found"], check["notes"]) == (2, 0, [])
    shown = line.run("witness", "--folder", str(line.folder / "w1"), "--name",
                     "witness.example/w1", "--show-key").stdout  # fmt: skip
    assert shown.strip() == one.key.vkey
