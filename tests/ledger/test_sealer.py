"""The sealer: what is recorded is sealed within a second, killed or not, and nothing else ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import RestrictViolation

from domain.log_facts import LogKeyRotated
from ledger import sealer as sealing
from ledger.keys import KeyRing, KeyTrouble, check_statement
from ledger.log_store import LogStore
from ledger.merkle import check_consistency, check_inclusion, root_of
from ledger.notes import Checkpoint, VerifierKey, open_checkpoint, open_note, parse_note
from ledger.queries import Pool
from ledger.rotation import STREAM, rotate_key
from ledger.sealer import Sealer, SealRefused, Step
from ledger.store import FactStore, open_pool
from ledger.verify import verify_ledger
from tests.ledger.kill_sealer import STEPS
from tests.ledger.samples import ACT, NAMES, changed, opened

pytestmark = pytest.mark.postgres


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "log-keys")


@pytest.fixture
def sealer(pool: Pool, ring: KeyRing) -> Sealer:
    return Sealer(pool, ring)


def fill(store: FactStore, tenant: str, count: int) -> None:
    head, _ = store.head(tenant)
    if head == 0:
        store.append(tenant, [opened("a")], ACT)
        head, count = 1, count - 1
    facts = [changed("a", head + number, str(number)) for number in range(1, count + 1)]
    store.append(tenant, facts, ACT)


def leaves(pool: Pool, tenant: str) -> list[bytes]:
    with pool.connection() as connection:
        rows = connection.execute(
            "SELECT sha256('\\x00'::bytea || envelope) FROM ledger.fact"
            " WHERE tenant_id = %s ORDER BY position",
            [tenant],
        ).fetchall()
    return [row[0] for row in rows]


def unguarded(pool: Pool, statement: str, *params: object) -> None:
    """What somebody with the rights of the owner can do: triggers off, then anything."""
    with pool.connection() as connection, connection.transaction():
        for table in ("fact", "tile", "checkpoint", "log_state", "log_key"):
            connection.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
        connection.execute(statement, params)  # type: ignore[arg-type]
        for table in ("fact", "tile", "checkpoint", "log_state", "log_key"):
            connection.execute(f"ALTER TABLE ledger.{table} ENABLE TRIGGER USER")  # type: ignore[arg-type]


def test_a_seal_signs_the_root_of_all_facts(
    pool: Pool, store: FactStore, tenant: str, sealer: Sealer, ring: KeyRing
) -> None:
    assert sealer.seal(tenant) is None
    for count in (1, 254, 1, 1, 700):
        fill(store, tenant, count)
        checkpoint = sealer.seal(tenant)
        every = leaves(pool, tenant)
        assert checkpoint == Checkpoint(f"tallystick.example/{tenant}", len(every), root_of(every))
    with pool.connection() as connection:
        log = LogStore(connection, tenant)
        kept = log.checkpoint()
        assert kept is not None
        key = ring.signer(log.state.origin).key
        assert open_checkpoint(kept.note, [key]) == checkpoint
        assert [k.vkey for k in log.log_keys()] == [key.vkey]
        for index in (0, 255, 256, len(every) - 1):
            proof = log.inclusion(index, len(every))
            check_inclusion(index, len(every), every[index], proof, kept.root)
        proof = log.consistency(256, len(every))
        check_consistency(256, log.root(256), len(every), kept.root, proof)


def test_receipts_can_be_checked_against_a_checkpoint(
    pool: Pool, store: FactStore, tenant: str, sealer: Sealer
) -> None:
    fill(store, tenant, 10)
    [receipt] = store.append(tenant, [opened("b")], ACT)
    fill_more = [changed("b", 2), changed("b", 3)]
    store.append(tenant, fill_more, ACT)
    checkpoint = sealer.seal(tenant)
    assert checkpoint is not None
    with pool.connection() as connection:
        proof = LogStore(connection, tenant).inclusion(receipt.position - 1, checkpoint.size)
    leaf = bytes.fromhex(receipt.leaf_hash)
    check_inclusion(receipt.position - 1, checkpoint.size, leaf, proof, checkpoint.root)


def test_sealing_is_done_within_a_second_while_eight_write(
    pool: Pool, store: FactStore, new_tenant: Callable[[], str], sealer: Sealer
) -> None:
    tenant, stop = new_tenant(), threading.Event()
    thread = threading.Thread(target=sealer.run, args=[stop])
    thread.start()
    try:
        with ThreadPoolExecutor(8) as writers:
            list(writers.map(lambda n: _write(store, tenant, n), range(8)))
        head, _ = store.head(tenant)
        deadline = time.monotonic() + 1
        while _sealed(pool, tenant) < head:
            assert time.monotonic() < deadline, "a second after the commit it is not sealed"
            time.sleep(0.01)
    finally:
        stop.set()
        sealer.hint()
        thread.join()
    assert sealer.refused == {}


def _write(store: FactStore, tenant: str, writer: int) -> None:
    for number in range(40):
        store.append(tenant, [opened(f"w{writer}-{number}")], ACT)


def _sealed(pool: Pool, tenant: str) -> int:
    with pool.connection() as connection:
        kept = LogStore(connection, tenant).checkpoint()
    return kept.size if kept else 0


@pytest.mark.parametrize("step", STEPS)
def test_a_sealer_killed_at_any_step_goes_on(database: str, tmp_path: Path, step: str) -> None:
    """Killed by SIGKILL at the step, while the log begins and while it grows over full tiles."""
    with open_pool(database) as pool:
        store, ring = FactStore(pool, NAMES), KeyRing(tmp_path / "log-keys")
        store.open_tenant("t")
        for count in (3, 600):
            fill(store, "t", count)
            words = [sys.executable, "-m", "tests.ledger.kill_sealer"]
            if step != "a key introduced" or count == 3:
                died = subprocess.run([*words, database, ring.folder, step], check=False)
                assert died.returncode == -signal.SIGKILL
            fill(store, "t", 10)
            sealer = Sealer(pool, ring)
            sealer.seal_all()
            assert sealer.refused == {}
            checkpoint = sealer.seal("t")
            assert checkpoint is not None
            assert checkpoint.root == root_of(leaves(pool, "t"))
        assert verify_ledger(pool, "t").ok


def test_a_tenant_that_never_pauses_keeps_no_other_waiting(
    pool: Pool, store: FactStore, new_tenant: Callable[[], str], ring: KeyRing
) -> None:
    busy, quiet = new_tenant(), new_tenant()

    class Written(Sealer):
        """Whenever the busy tenant is sealed, something new is there at once."""

        def _step(self, tenant: str) -> Step | None:
            step = super()._step(tenant)
            if tenant == busy:
                store.append(busy, [opened(f"s-{len(leaves(pool, busy))}")], ACT)
            return step

    for tenant in (busy, quiet):
        fill(store, tenant, 2)
    assert Written(pool, ring).seal_all() == 2
    assert _sealed(pool, quiet) == 2


def test_a_backlog_is_sealed_in_steps_and_two_sealers_do_not_collide(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST", 100)
    fill(store, tenant, 1050)
    with ThreadPoolExecutor(3) as sealers:
        made = list(sealers.map(lambda _: Sealer(pool, ring).seal(tenant), range(3)))
    assert {checkpoint.root for checkpoint in made if checkpoint} == {root_of(leaves(pool, tenant))}
    with pool.connection() as connection:
        count = connection.execute(
            "SELECT count(*) FROM ledger.checkpoint WHERE tenant_id = %s", [tenant]
        ).fetchone()
    assert count == (11,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.checkpoint SET root = root",
        "DELETE FROM ledger.checkpoint",
        "UPDATE ledger.tile SET hashes = hashes",
        "DELETE FROM ledger.tile",
        "TRUNCATE ledger.tile",
        "UPDATE ledger.log_key SET vkey = vkey",
        "DELETE FROM ledger.log_state",
        "UPDATE ledger.log_state SET size = size - 1",
    ],
)
def test_what_is_sealed_stays_sealed(
    pool: Pool, store: FactStore, tenant: str, sealer: Sealer, statement: str
) -> None:
    fill(store, tenant, 260)
    sealer.seal(tenant)
    with pytest.raises(RestrictViolation), pool.connection() as connection:
        connection.execute(statement)  # type: ignore[arg-type]


CHANGES = {
    "the edge of the tree": "UPDATE ledger.log_state SET edges[1] = set_byte(edges[1], 0, 1 + get_byte(edges[1], 0) %% 255) WHERE tenant_id = %s",
    "the size": "UPDATE ledger.log_state SET size = size - 1 WHERE tenant_id = %s",
    "the last checkpoint": "DELETE FROM ledger.checkpoint WHERE tenant_id = %s",
    "its note": "UPDATE ledger.checkpoint SET note = replace(note, 'tally', 'tolly') WHERE tenant_id = %s",
    "the keys": "UPDATE ledger.log_key SET vkey = replace(vkey, '+A', '+B') WHERE tenant_id = %s",
    "the next fact": "UPDATE ledger.fact SET envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '\"position\":4', '\"position\":5'), 'UTF8') WHERE tenant_id = %s AND position = 4",
    "another tenant's fact": "UPDATE ledger.fact SET envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '\"tenant\":\"', '\"tenant\":\"x'), 'UTF8') WHERE tenant_id = %s AND position = 4",
    "a hole": "UPDATE ledger.fact SET position = 9 WHERE tenant_id = %s AND position = 4",
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_nothing_is_signed_over_what_was_altered(
    pool: Pool, store: FactStore, tenant: str, sealer: Sealer, change: str
) -> None:
    fill(store, tenant, 3)
    sealer.seal(tenant)
    fill(store, tenant, 3)
    unguarded(pool, CHANGES[change], tenant)
    sealer.seal_all()
    assert tenant in sealer.refused, sealer.refused
    assert _sealed(pool, tenant) <= 3


def test_an_older_copy_put_back_is_noticed_by_the_sealer(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing
) -> None:
    fill(store, tenant, 3)
    Sealer(pool, ring).seal(tenant)
    fill(store, tenant, 3)
    Sealer(pool, ring).seal(tenant)
    _back_to_three(pool, tenant)
    assert Sealer(pool, ring).seal(tenant) is not None, "the same facts lead there again"
    _back_to_three(pool, tenant)
    unguarded(pool, "DELETE FROM ledger.fact WHERE tenant_id = %s AND position > 3", tenant)
    with pytest.raises(SealRefused, match="older copy"):
        Sealer(pool, ring).seal(tenant)


def _back_to_three(pool: Pool, tenant: str) -> None:
    unguarded(pool, "DELETE FROM ledger.checkpoint WHERE tenant_id = %s AND size = 6", tenant)
    edges = "size = 3, edges = ARRAY[substr(edges[1], 1, 96)]"
    unguarded(pool, f"UPDATE ledger.log_state SET {edges} WHERE tenant_id = %s", tenant)


def test_a_key_is_rotated_by_a_fact_that_both_signed(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing
) -> None:
    fill(store, tenant, 3)
    first = Sealer(pool, ring).seal(tenant)
    fill(store, tenant, 2)
    receipt = rotate_key(FactStore(pool), KeyRing(ring.folder), tenant, ACT)
    fill_after = [opened("after")]
    store.append(tenant, fill_after, ACT)
    Sealer(pool, ring).seal(tenant)
    with pool.connection() as connection:
        log = LogStore(connection, tenant)
        old, new = log.log_keys()
        kept = log.checkpoint()
    [fact] = [one.fact for one in FactStore(pool).stream(tenant, STREAM)]
    assert first is not None
    assert kept is not None
    assert isinstance(fact, LogKeyRotated)
    assert (old.from_size, new.from_size, receipt.position) == (0, 5, 6)
    assert (fact.number, fact.before, fact.after, fact.size) == (2, old.vkey, new.vkey, 5)
    check_statement(old.statement, None, old.key, 0)
    check_statement(fact.statement, old.key, new.key, 5)
    assert len(open_note(parse_note(fact.statement), [old.key, new.key])) == 2
    assert open_checkpoint(kept.note, [new.key]).size == 7
    assert verify_ledger(pool, tenant).ok


def test_a_log_goes_on_with_its_key_until_it_is_rotated_itself(
    pool: Pool, store: FactStore, new_tenant: Callable[[], str], ring: KeyRing
) -> None:
    one, other = new_tenant(), new_tenant()
    for tenant in (one, other):
        fill(store, tenant, 2)
        Sealer(pool, ring).seal(tenant)
    rotate_key(FactStore(pool), ring, one, ACT)
    fill(store, other, 1)
    Sealer(pool, ring).seal(other)
    assert ring.number == 2
    with pool.connection() as connection:
        assert [key.number for key in LogStore(connection, other).log_keys()] == [1]
    rotate_key(FactStore(pool), ring, other, ACT)
    assert ring.number == 2, "a newer key was there already"
    for tenant in (one, other):
        assert verify_ledger(pool, tenant).ok


def test_two_rotations_at_once_make_two_keys_in_order(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing
) -> None:
    fill(store, tenant, 3)
    with ThreadPoolExecutor(2) as both:
        rings = [KeyRing(ring.folder), KeyRing(ring.folder)]
        made = list(both.map(lambda one: rotate_key(FactStore(pool), one, tenant, ACT), rings))
    assert sorted(one.version for one in made) == [1, 2]
    assert verify_ledger(pool, tenant).ok


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("UPDATE ledger.log_key SET from_size = 2 WHERE number = 2", "it does not say what"),
        ("UPDATE ledger.fact SET name = 'x' WHERE name = 'log.key_rotated.v1'", "no fact hands"),
    ],
)
def test_a_key_that_its_fact_does_not_say_is_found(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing, deed: str, found: str
) -> None:
    fill(store, tenant, 3)
    rotate_key(FactStore(pool), ring, tenant, ACT)
    unguarded(pool, f"{deed} AND tenant_id = %s", tenant)
    report = verify_ledger(pool, tenant)
    said = [one.what for check in report.checks for one in check.findings]
    assert any(found in what for what in said), said


def test_a_lost_key_is_said_and_not_replaced(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing, tmp_path: Path
) -> None:
    fill(store, tenant, 3)
    Sealer(pool, ring).seal(tenant)
    fill(store, tenant, 3)
    with pytest.raises(KeyTrouble, match="restore"):
        Sealer(pool, KeyRing(tmp_path / "another")).seal(tenant)


def test_keys_are_made_once_with_mode_0600_and_others_are_kept_out(tmp_path: Path) -> None:
    folder = tmp_path / "log-keys"
    ring = KeyRing(folder)
    assert (folder / "0001.pem").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    origin = "tallystick.example/x"
    assert KeyRing(folder).signer(origin).key == ring.signer(origin).key
    assert isinstance(ring.signer(origin).key, VerifierKey)
    (folder / "0001.pem").chmod(0o640)
    with pytest.raises(KeyTrouble, match="chmod 600"):
        KeyRing(folder)


def test_private_keys_stand_nowhere_in_the_database(
    pool: Pool, store: FactStore, tenant: str, ring: KeyRing
) -> None:
    fill(store, tenant, 3)
    Sealer(pool, ring).seal(tenant)
    secret = ring._keys[1].private_bytes_raw()
    with pool.connection() as connection:
        for table in ("log_state", "log_key", "checkpoint"):
            query = psycopg.sql.SQL("SELECT t::text FROM ledger.{} AS t").format(
                psycopg.sql.Identifier(table)
            )
            assert all(secret.hex() not in row[0] for row in connection.execute(query))
