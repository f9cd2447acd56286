"""The audit bundle, checked by the script alone, and spoiled in every way."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.refusals import NotFound
from ledger.log_store import LogStore
from ledger.witness import Witness, request_body
from tests.acceptance.filled import fill, whole_desk
from tests.workflows.company import TENANT
from workflows.bundle import Subject, write_bundle
from workflows.desk import Desk

pytestmark = pytest.mark.postgres
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_bundle.py"


@dataclass
class Filled:
    desk: Desk
    folder: Path
    old: str
    witness: str


@pytest.fixture(scope="module")
def filled(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("bundle")
    with whole_desk(shared_database) as desk:
        old = fill(desk, folder / "log-keys")
        witness = Witness(folder / "witness", "witness.example/w1")
        with desk.store._pool.connection() as connection:
            log = LogStore(connection, TENANT)
            kept = log.checkpoint()
            assert kept is not None
            witness.trust(log.log_keys()[-1].key)
            line = witness.add_checkpoint(request_body(0, [], kept.note))
            log.add_cosignature(kept.size, witness.key.name, line)
        yield Filled(desk, folder, old, witness.key.vkey)


def checked(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the script as an auditor would: from nowhere, with nothing of ours on the path."""
    return subprocess.run(
        [sys.executable, "-I", SCRIPT, path, *more],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def written(filled: Filled, subject: Subject) -> Path:
    path = filled.folder / "bundle.zip"
    path.write_bytes(write_bundle(filled.desk, TENANT, subject))
    return path


SUBJECTS = {
    "a contract": Subject(contract="C-S0003"),
    "a payslip": Subject(contract="C-S0003", run="2025-04-2"),
    "a month": Subject(month="2025-03"),
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_bundle_holds_by_itself(filled: Filled, subject: str) -> None:
    path = written(filled, SUBJECTS[subject])
    done = checked(path, "--witness", filled.witness)
    assert done.returncode == 0, done.stderr
    assert "payslip(s) add up" in done.stdout
    assert "1 witness(es)" in done.stdout


def test_what_a_bundle_holds(filled: Filled) -> None:
    with zipfile.ZipFile(written(filled, Subject(contract="C-S0003", run="2025-04-2"))) as archive:
        names = set(archive.namelist())
        facts = {
            json.loads(archive.read(name).split(b"\n")[0])["name"]
            for name in names
            if name.startswith("facts/")
        }
        clauses = archive.read("clauses.txt").decode()
        everything = b"".join(archive.read(name) for name in names).decode()
    assert {
        "README.md",
        "bundle.json",
        "checkpoint.txt",
        "keys/0001.vkey",
        "keys/0002.note",
    } <= names
    assert "payslips/2025-04-2.C-S0003.json" in names
    assert "documents/C-S0003.txt" in names
    assert any(name.startswith("law/") for name in names)
    assert {
        "contract.drafted.v1", "contract.clause_amended.v1", "pay.payslip_computed.v1",
        "pay.run_posted.v1", "figures.batch_recorded.v1", "kpi.scheme_defined.v1",
        "law.table_published.v1", "person.registered.v1", "metric.defined.v1",
        "log.key_rotated.v1",
    } <= facts  # fmt: skip
    assert "6 %" in clauses
    assert "主播S0003" not in everything, "personal data is not in a bundle"


def test_the_same_ledger_gives_the_same_bytes(filled: Filled) -> None:
    subject = Subject(month="2025-03")
    assert write_bundle(filled.desk, TENANT, subject) == write_bundle(filled.desk, TENANT, subject)


def test_what_does_not_exist_has_no_bundle(filled: Filled) -> None:
    for subject in (Subject(contract="C-none"), Subject(month="2031-01")):
        with pytest.raises(NotFound):
            write_bundle(filled.desk, TENANT, subject)


# Spoiled


def spoiled(path: Path, name: str, change: Callable[[bytes], bytes | None]) -> Path:
    """The bundle with one file changed, or without it."""
    made = io.BytesIO()
    found = False
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(made, "w") as other:
        for entry in archive.namelist():
            data: bytes | None = archive.read(entry)
            if entry.startswith(name) and not found:
                found, data = True, change(archive.read(entry))
            if data is not None:
                other.writestr(entry, data)
    assert found, name
    result = path.with_name("spoiled.zip")
    result.write_bytes(made.getvalue())
    return result


def flip(data: bytes) -> bytes:
    """One character of the second half is another."""
    place = len(data) * 3 // 4
    while not chr(data[place]).isalnum():
        place += 1
    return data[:place] + (b"7" if data[place : place + 1] != b"7" else b"8") + data[place + 1 :]


@pytest.mark.parametrize(
    "name",
    ["facts/", "proofs/", "checkpoint.txt", "keys/0001.vkey", "keys/0002.note", "payslips/", "law/",
     "documents/", "bundle.json"],
)  # fmt: skip
@pytest.mark.parametrize("how", ["flip", "remove"])
def test_any_file_that_counts_spoiled_is_found(filled: Filled, name: str, how: str) -> None:
    path = written(filled, Subject(contract="C-S0003", run="2025-04-2"))
    spoil = flip if how == "flip" else lambda data: None
    done = checked(spoiled(path, name, spoil), "--witness", filled.witness)
    if name == "bundle.json" and how == "flip":
        return  # its words are for people; the list of facts is checked below
    assert done.returncode == 1, done.stdout
    assert "WRONG" in done.stderr


def test_a_fact_more_than_listed_is_found(filled: Filled) -> None:
    path = written(filled, Subject(contract="C-S0003"))

    def drop(data: bytes) -> bytes:
        said = json.loads(data)
        del said["facts"][3]
        return json.dumps(said).encode()

    assert checked(spoiled(path, "bundle.json", drop)).returncode == 1


def test_a_key_or_a_witness_that_did_not_sign_is_found(filled: Filled) -> None:
    path = written(filled, Subject(contract="C-S0003"))
    other = Witness(filled.folder / "other", "witness.example/w1")
    assert "did not sign" in checked(path, "--witness", other.key.vkey).stderr
    assert "not the one you gave" in checked(path, "--key", other.key.vkey).stderr


def test_an_old_checkpoint_is_looked_at(filled: Filled, tmp_path: Path) -> None:
    path = written(filled, Subject(contract="C-S0003"))
    kept = tmp_path / "kept.txt"
    kept.write_text(filled.old, "utf-8")
    assert "ask for a consistency proof" in checked(path, "--checkpoint", str(kept)).stdout
    with zipfile.ZipFile(path) as archive:
        kept.write_bytes(archive.read("checkpoint.txt"))
    assert "is the same checkpoint" in checked(path, "--checkpoint", str(kept)).stdout


def test_the_script_is_short_and_imports_nothing_of_ours() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) < 400
    imports = {
        line.split()[1].split(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imports - set(sys.stdlib_module_names) == {"cryptography"}
