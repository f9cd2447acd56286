"""The master key is turned while others work, through a kill, and the old one reads nothing more."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.person import PersonalData, RegisterPerson
from ledger.keys import write_new
from ledger.master_keys import KeysAtHand, KeysInFile, WrongMasterKey
from ledger.store import open_pool
from ledger.turning import BATCH, wrapped_by
from ledger.vault import KeyVault
from tests.api.cli_support import Line, line
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import setup
from workflows.verify_persons import check_persons

pytestmark = pytest.mark.postgres
__all__ = ["line"]
ROOT = Path(__file__).resolve().parent.parent.parent
OLD = b"o" * 32
PEOPLE = 2 * BATCH + 100
LAST = f"P-{PEOPLE - 1:05}"


@pytest.fixture
def home(database: str, tmp_path: Path) -> Iterator[Path]:
    """A company of some hundred people whose keys the old master key wraps."""
    write_new(tmp_path / "master.key", base64.b64encode(OLD) + b"\n")
    with opened_desk(database) as desk:
        Company(desk).open()
        vault = KeyVault(desk.store._pool, OLD)
        for number in range(PEOPLE):
            vault.seal(TENANT, f"P-{number:05}", {"name": f"林{number}"})
    yield tmp_path


def environment(database: str, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "TALLYSTICK" not in name}
    return {**kept, "DATABASE_URL": database, "TALLYSTICK_HOME": str(home)}


def rotate(database: str, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "api", "master-key", "rotate", "--actor", "ops.he"]
    env = environment(database, home)
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE)


def test_a_turn_that_was_killed_in_the_middle_goes_on_and_everything_reads_all_the_while(
    database: str, home: Path
) -> None:
    with open_pool(database) as pool:
        early = KeyVault(pool, KeysInFile(home / "master.key"))
        sealed = {name: early.seal(TENANT, name, {"name": "夏冰"}) for name in ("P-00000", LAST)}
        old = early._master.current().hex()
        with psycopg.connect(database) as blocking:  # the last batch waits for this row
            blocking.execute(
                "SELECT 1 FROM ledger.person_key WHERE person_id = %s FOR UPDATE", [LAST]
            )
            process = rotate(database, home)
            while wrapped_by(pool, TENANT).get(old) != PEOPLE - 2 * BATCH:
                assert process.poll() is None, "it ended before it was killed"
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert len(wrapped_by(pool, TENANT)) == 2, "some keys are wrapped by each"
        assert early.open_many(TENANT, sealed).keys() == sealed.keys()
        with pytest.raises(WrongMasterKey):
            KeyVault(pool, OLD).open(TENANT, "P-00000", sealed["P-00000"])
        early.seal(TENANT, "P-NEW", {"name": "新人"})
        assert rotate(database, home).wait() == 0
        [new] = wrapped_by(pool, TENANT)
        assert new == KeysInFile(home / "master.key").current().hex() != old
        assert [file.name for file in home.iterdir() if "master" in file.name] == ["master.key"]
        assert early.open_many(TENANT, sealed).keys() == sealed.keys()
        _old_key_is_useless(pool, sealed)
        facts = early._pool and _turns(database)
        assert len(facts) == 1, "the turn is recorded once"


def _old_key_is_useless(pool: object, sealed: dict[str, dict[str, object]]) -> None:
    vault = KeyVault(pool, KeysAtHand(OLD))  # type: ignore[arg-type]
    for name, data in sealed.items():
        with pytest.raises(WrongMasterKey):
            vault.open(TENANT, name, data)
    with pytest.raises(WrongMasterKey):  # and wraps nothing new, which nobody could read later
        vault.seal(TENANT, "P-LATER", {"name": "x"})


def _turns(database: str) -> list[str]:
    query = "SELECT stream_id FROM ledger.fact WHERE name = 'privacy.master_key_turned.v1'"
    with psycopg.connect(database) as connection:
        return [row[0] for row in connection.execute(query)]


def test_a_key_made_at_the_same_moment_is_wrapped_by_the_new_master_key(
    database: str, home: Path
) -> None:
    """Somebody with the old key is inside the transaction when it is turned."""
    with open_pool(database) as pool, psycopg.connect(database) as slow:
        [wrapped] = KeysAtHand(OLD).wrap([(b"k" * 32, b"")])
        slow.execute(
            "INSERT INTO ledger.person_key (tenant_id, person_id, wrapped_key, retention)"
            " VALUES (%s, 'P-SLOW', %s, 'standard')",
            [TENANT, KeyVault(pool, OLD)._master.wrap([(b"k" * 32, _bound("P-SLOW"))])[0]],
        )
        process = rotate(database, home)
        while not _waiting(database):
            assert process.poll() is None
            time.sleep(0.02)
        slow.commit()
        assert process.wait() == 0
        assert len(wrapped_by(pool, TENANT)) == 1
        assert wrapped[1:9].hex() not in wrapped_by(pool, TENANT)


def _bound(person: str) -> bytes:
    from ledger.codec import canonical

    return canonical([TENANT, person])


def _waiting(database: str) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(database) as connection:
        row = connection.execute(query).fetchone()
    return row is not None and row[0] > 0


def test_persons_of_a_turned_key_verify_and_show(database: str, tmp_path: Path) -> None:
    write_new(tmp_path / "master.key", base64.b64encode(OLD) + b"\n")
    with opened_desk(database) as desk:
        Company(desk).open()
        old = KeyVault(desk.store._pool, OLD)
        from dataclasses import replace

        before = replace(desk, vault=old)
        command = RegisterPerson(person="P-1", personal=PersonalData(name="林小满"))
        setup.register_person(before, TENANT, command, by("hr.lin"))
        assert rotate(database, tmp_path).wait() == 0
        after = replace(desk, vault=KeyVault(desk.store._pool, KeysInFile(tmp_path / "master.key")))
        check = check_persons(after, TENANT, lambda *_: None)
        assert (check.findings, check.notes, check.counted) == ([], [], 1)


def test_the_command_line_works_with_a_key_service_in_another_process(
    line: Line, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, token = tmp_path / "kms", "a0b1c2d3e4f5g6h7"
    env = {**environment(database, tmp_path), "TALLYSTICK_KMS_TOKEN": token}
    command = [sys.executable, "-m", "api", "kms", "--folder", str(folder), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stderr is not None
            said = service.stderr.readline()
            monkeypatch.setenv("TALLYSTICK_KMS_URL", said.split()[5])
            monkeypatch.setenv("TALLYSTICK_KMS_TOKEN", token)
            line.run("tenant", "open", "acme", "--name", "ACME", "--actor", "boss")
            line.run("person", "register", "--id", "P-1", "--name", "张三", "--actor", "hr")
            before = line.json("master-key", "show")
            line.run("master-key", "rotate", "--actor", "ops.he")
            after = line.json("master-key", "show")
            assert before["current"] != after["current"]
            assert after["wrapped"] == {"acme": {after["current"]: 1}}
            shown = line.json("person", "show", "P-1", "--personal")
            assert shown["personal"] == {"name": "张三"}
            assert not (tmp_path / "master.key").exists(), "no master key is where the program is"
        finally:
            service.terminate()
    refused = line.json("person", "show", "P-1", "--personal", code=1)
    assert "does not answer" in refused["detail"]
