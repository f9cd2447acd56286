"""The tampering campaign: whatever is altered in a copy of a ledger is found, and named.

Everything is done with the rights of the database's owner: triggers and constraints are gone,
rows are changed behind the program's back. What the log does not cover stands in `OUTSIDE`, each
with the reason; a new table or column is covered or has to be listed there.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from domain.contract_facts import ClauseAmended
from ledger.codec import canonical, split
from ledger.keys import KeyRing
from ledger.log_store import LogStore
from ledger.names import Names, Upcast
from ledger.notes import VerifierKey, signed_note
from ledger.sealer import Sealer
from ledger.store import FactStore
from ledger.stored_names import STORED_NAMES
from ledger.tiles import edges_root, grown
from ledger.verify import Asked
from ledger.verify_report import Report
from ledger.witness import Witness
from tests.acceptance import tamper
from tests.acceptance.filled import fill, whole_desk
from tests.workflows.company import TENANT
from workflows.desk import Desk
from workflows.verify import PARTS, verify

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
OUTSIDE = {
    ("ledger.head", "recorded_at"): "bounded by the last fact and the clock, not fixed by them",
    ("ledger.idempotency", "key"): "answers retries; what was recorded does not hang on it",
    ("ledger.idempotency", "tenant_id"): "the same",
    ("ledger.idempotency", "fingerprint"): "the same",
    ("ledger.idempotency", "answer"): "the same",
    ("ledger.read_log", "*"): "who looked, not what was recorded: added to alone, by trigger",
    ("ledger.master_key_turned", "*"): "a guard for writers; that a key was turned is a fact",
    ("ledger.tracking", "*"): "where other programs stand; empty here",
    ("ledger.person_key", "created_at"): "when a key was made; the facts tell when it was used",
    ("ledger.person_key", "retention"): "how long it is kept: administration, not record",
    ("ledger.checkpoint", "signed_at"): "the database's clock; the note has no time in it",
    ("ledger.log_key", "added_at"): "the same",
    ("projections.progress", "position"): "a read model may stand behind; ahead it is found",
    ("projections.progress", "updated_at"): "when it was last looked at",
}
ROW_OF_EACH_KIND = {
    "ledger.fact": "SELECT 'position = ' || min(position) FROM ledger.fact GROUP BY name ORDER BY 1",
    "ledger.log_key": "SELECT 'number = ' || number FROM ledger.log_key",
    "ledger.checkpoint": "SELECT 'size = ' || size FROM ledger.checkpoint",
    "projections.progress": "SELECT format('name = %L', name) FROM projections.progress",
}
"""Conditions that choose the rows to change; of other tables one row stands for all."""


@dataclass
class Sample:
    """A filled ledger, disarmed, with what an auditor kept of it."""

    desk: Desk
    connection: tamper.Connection
    keys: Path
    old: str
    new: str
    witness: VerifierKey

    def verify(self, *checkpoints: str, parts: tuple[str, ...] = PARTS, **more: Any) -> Report:
        files = [(f"kept-{n}", text) for n, text in enumerate(checkpoints)]
        asked = Asked(checkpoints=files, witnesses=[self.witness], **more)
        return verify(self.desk, TENANT, asked, parts=parts)

    def execute(self, statement: str, *params: Any) -> None:
        self.connection.execute(statement, params or None)  # type: ignore[arg-type]

    def one(self, query: str, *params: Any) -> Any:
        row = self.connection.execute(query, params or None).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


@pytest.fixture(scope="module")
def sample(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("tampering")
    with (
        whole_desk(shared_database) as desk,
        psycopg.connect(shared_database, autocommit=True) as connection,
    ):
        old = fill(desk, folder / "log-keys")
        witness = Witness(folder / "witness", "witness.example/w1")
        new = _cosigned(desk, witness)
        tamper.disarm(connection)
        yield Sample(desk, connection, folder / "log-keys", old, new, witness.key)


def _cosigned(desk: Desk, witness: Witness) -> str:
    with desk.store._pool.connection() as connection:
        log = LogStore(connection, TENANT)
        kept = log.checkpoint()
        assert kept is not None
        witness.trust(log.log_keys()[-1].key)
        line = witness.add_checkpoint(f"old 0\n\n{kept.note}")
        log.add_cosignature(kept.size, witness.key.name, line)
    return kept.note


def places(report: Report) -> str:
    """Every place of a report, a line each."""
    return "\n".join(finding.place for check in report.checks for finding in check.findings)


def test_an_untouched_ledger_raises_nothing(sample: Sample) -> None:
    report = sample.verify(sample.old, sample.new)
    assert (places(report), report.ok) == ("", True)
    counted = {check.name: check.counted for check in report.checks}
    empty = {name for name, count in counted.items() if not count}
    assert empty == set(), "every check had something to look at"
    assert all(not check.notes for check in report.checks)


# Every column of every table


def _tables(sample: Sample) -> list[str]:
    return [f"{schema}.{table}" for schema, table in sample.connection.execute(tamper.TABLES)]


def _rows(sample: Sample, table: str) -> list[str]:
    query = ROW_OF_EACH_KIND.get(table, "SELECT 'true'")
    return [where for (where,) in sample.connection.execute(query)]  # type: ignore[arg-type]


def test_every_table_is_covered_or_has_a_reason_not_to_be(sample: Sample) -> None:
    for table in _tables(sample):
        if (table, "*") not in OUTSIDE:
            assert sample.one(f"SELECT count(*) FROM {table}"), f"{table} has no row to change"
    columns = {
        (table, column)
        for table in _tables(sample)
        for column, _ in tamper.columns(sample.connection, table)
    }
    assert {entry for entry in OUTSIDE if entry[1] != "*"} <= columns


@pytest.mark.parametrize("schema", ["ledger", "projections"])
def test_a_changed_byte_in_any_column_is_found(sample: Sample, schema: str) -> None:
    missed, changed = [], 0
    for table in [name for name in _tables(sample) if name.startswith(schema)]:
        if (table, "*") in OUTSIDE:
            continue
        for column, kind in tamper.columns(sample.connection, table):
            if (table, column) in OUTSIDE:
                continue
            for where in _rows(sample, table):
                with tamper.altered(sample.connection, table):
                    place = _place(table, where)
                    done = tamper.change_a_byte(sample.connection, table, column, kind, where)
                    assert done, f"{table}.{column} {where} could not be changed"
                    changed += 1
                    found = places(sample.verify(parts=_parts(table)))
                    if not re.search(rf"{re.escape(place)}\b", found):
                        missed.append(f"{table}.{column} {where}: {found or 'nothing found'}")
    assert not missed, "\n".join(missed)
    assert changed > 100


def _parts(table: str) -> tuple[str, ...]:
    if table.startswith("projections"):
        return ("models",)
    return ("persons",) if table == "ledger.person_key" else ()


def _place(table: str, where: str) -> str:
    """What the finding must name: the table, and of facts the position."""
    return where.replace("position =", "ledger.fact position") if "position" in where else table


def test_the_position_of_a_changed_fact_is_named(sample: Sample) -> None:
    for position in (1, 17, 255, 256, 257):
        with tamper.altered(sample.connection, "ledger.fact"):
            where = f"position = {position}"
            assert tamper.change_a_byte(
                sample.connection, "ledger.fact", "envelope", "bytea", where
            )
            report = sample.verify(parts=())
            assert f"ledger.fact position {position}" in places(report).split("\n")
            assert len(report.checks[2].findings) <= 2


# Rows removed, swapped, inserted, renumbered, tables emptied

STATEMENTS = {
    "a fact removed": ("ledger.fact", "DELETE FROM ledger.fact WHERE position = 40", "position 40"),
    "the last fact removed": (
        "ledger.fact",
        "DELETE FROM ledger.fact WHERE position = (SELECT max(position) FROM ledger.fact)",
        "ledger.head position",
    ),
    "the last fact removed and the head with it": (
        "ledger.fact ledger.head",
        "DELETE FROM ledger.fact WHERE position = (SELECT max(position) FROM ledger.fact);"
        "UPDATE ledger.head SET position = position - 1",
        "ledger.log_state size",
    ),
    "two envelopes swapped": (
        "ledger.fact",
        "UPDATE ledger.fact AS f SET envelope = o.envelope FROM ledger.fact AS o"
        " WHERE (f.position, o.position) IN ((50, 51), (51, 50))",
        "position 50",
    ),
    "two facts swapped": (
        "ledger.fact",
        "UPDATE ledger.fact SET position = -1 WHERE position = 60;"
        "UPDATE ledger.fact SET position = 60 WHERE position = 61;"
        "UPDATE ledger.fact SET position = 61 WHERE position = -1",
        "position 60",
    ),
    "a fact inserted behind the head": (
        "ledger.fact",
        "INSERT INTO ledger.fact SELECT tenant_id, position + 1, 'x/1', 1, name, recorded_at,"
        " envelope FROM ledger.fact ORDER BY position DESC LIMIT 1",
        "ledger.head position",
    ),
    "a fact inserted at the end": (
        "ledger.fact ledger.head",
        "INSERT INTO ledger.fact SELECT tenant_id, position + 1, 'x/1', 1, name, recorded_at,"
        " envelope FROM ledger.fact ORDER BY position DESC LIMIT 1;"
        "UPDATE ledger.head SET position = position + 1",
        "column stream_id",
    ),
    "a fact inserted before the first": (
        "ledger.fact",
        "INSERT INTO ledger.fact SELECT tenant_id, 0, 'x/1', 1, name, recorded_at,"
        " envelope FROM ledger.fact WHERE position = 1",
        "position 0",
    ),
    "facts renumbered over a gap": (
        "ledger.fact ledger.head",
        "DELETE FROM ledger.fact WHERE position = 70;"
        "UPDATE ledger.fact SET position = -position WHERE position > 70;"
        "UPDATE ledger.fact SET position = -position - 1, envelope = convert_to(regexp_replace("
        "convert_from(envelope, 'UTF8'), '\"position\":[0-9]+', '\"position\":' || (-position - 1)),"
        " 'UTF8') WHERE position < 0;"
        "UPDATE ledger.head SET position = position - 1",
        "position 70",
    ),
    "versions renumbered": (
        "ledger.fact",
        "UPDATE ledger.fact SET version = version + 1 WHERE stream_id = 'contract/C-S0003'"
        " AND version = (SELECT max(version) FROM ledger.fact WHERE stream_id = 'contract/C-S0003')",
        "version",
    ),
    "facts given to nobody": (
        "ledger.fact",
        "UPDATE ledger.fact SET tenant_id = 'zz' WHERE position = 90",
        "tenant 'zz'",
    ),
    "a tile removed": ("ledger.tile", "DELETE FROM ledger.tile WHERE number = 0", "ledger.tile"),
    "a tile too many": (
        "ledger.tile",
        "INSERT INTO ledger.tile SELECT tenant_id, level, number + 9, hashes FROM ledger.tile",
        "number 9",
    ),
    "a checkpoint removed": (
        "ledger.checkpoint",
        "DELETE FROM ledger.checkpoint WHERE size = (SELECT max(size) FROM ledger.checkpoint)",
        "ledger.log_state size",
    ),
    "a checkpoint in between removed": (
        "ledger.checkpoint",
        "DELETE FROM ledger.checkpoint WHERE size = (SELECT min(size) FROM ledger.checkpoint)",
        "ledger.checkpoint",
    ),
    "a read model ahead of the ledger": (
        "projections.progress",
        "UPDATE projections.progress SET position = position + 1 WHERE name = 'directory'",
        "projections.progress directory",
    ),
    "the log started again": (
        "ledger.log_state ledger.tile ledger.checkpoint ledger.log_key ledger.cosignature",
        "TRUNCATE ledger.log_state, ledger.tile, ledger.checkpoint, ledger.log_key,"
        " ledger.cosignature",
        "kept-0",
    ),
    "a figure added to a batch": (
        "ledger.metric_row",
        "INSERT INTO ledger.metric_row SELECT tenant_id, batch, 999, source, 'new', person, metric,"
        " day, category, value, order_ref FROM ledger.metric_row LIMIT 1",
        "ledger.metric_row batch",
    ),
    "a batch that nobody recorded": (
        "ledger.metric_batch ledger.metric_row",
        "INSERT INTO ledger.metric_batch SELECT tenant_id, 'shop-x', 3, source, recorded_at,"
        " period_start, period_end, rows, rejected, rows_sha256, rejected_sha256"
        " FROM ledger.metric_batch LIMIT 1;"
        "INSERT INTO ledger.metric_row SELECT tenant_id, 'shop-x', row_no, source, row_id, person,"
        " metric, day, category, value, order_ref FROM ledger.metric_row LIMIT 1",
        "batch shop-x",
    ),
    "a rejected row removed": (
        "ledger.rejected_row",
        "DELETE FROM ledger.rejected_row",
        "ledger.rejected_row batch",
    ),
    "a person's key removed": (
        "ledger.person_key",
        "DELETE FROM ledger.person_key WHERE person_id = 'S0003'",
        "ledger.person_key S0003",
    ),
    "a payslip's line changed in the register": (
        "projections.payslip_line",
        "UPDATE projections.payslip_line SET amount = amount + 0.01 WHERE line = 1"
        " AND contract_id = 'C-S0007' AND run_id = '2025-03-1'",
        "projections.payslip_line 2025-03-1 C-S0007 1",
    ),
    "a row of a read model inserted": (
        "projections.payout",
        "INSERT INTO projections.payout SELECT p.* FROM projections.payout AS q, LATERAL"
        ' jsonb_populate_record(q, \'{"payout_id": "more"}\') AS p LIMIT 1',
        "projections.payout more",
    ),
    "a row of a read model removed": (
        "projections.expiry",
        "DELETE FROM projections.expiry WHERE contract_id = 'C-S0004'",
        "projections.expiry C-S0004",
    ),
}


@pytest.mark.parametrize("deed", sorted(STATEMENTS))
def test_rows_removed_swapped_inserted_and_renumbered_are_found(sample: Sample, deed: str) -> None:
    tables, statements, place = STATEMENTS[deed]
    with tamper.altered(sample.connection, *tables.split()):
        for statement in statements.split(";"):
            sample.execute(statement.replace("%", "%%"))
        report = sample.verify(sample.old)
        found = [f"{f.place}: {f.what}" for check in report.checks for f in check.findings]
        assert any(place in one for one in found), found


def test_an_emptied_table_is_found(sample: Sample) -> None:
    missed = []
    for table in _tables(sample):
        if any(entry == (table, "*") for entry in OUTSIDE) or table == "ledger.idempotency":
            continue
        with tamper.altered(sample.connection, table):
            sample.execute(f"TRUNCATE {table}")
            if sample.verify(sample.old, sample.new).ok and table != "ledger.cosignature":
                missed.append(table)
    assert not missed, "\n".join(missed)


# The operator's own hand: whoever holds the signing key can make a log that fits itself


def _seal_again(sample: Sample, folder: Path) -> None:
    """Build the whole log anew over what stands in the tables, with the real keys.

    The keys stay as they were handed over: the facts of rotation name them.
    """
    for table in ("log_state", "tile", "checkpoint", "cosignature"):
        sample.execute(f"TRUNCATE ledger.{table}")
    folder.mkdir(exist_ok=True)
    for key in sample.keys.glob("*.pem"):
        (folder / key.name).write_bytes(key.read_bytes())
        (folder / key.name).chmod(0o600)
    assert Sealer(sample.desk.store._pool, KeyRing(folder)).seal(TENANT) is not None


LOG = ("log_state", "tile", "checkpoint", "log_key", "cosignature", "fact")
WHOLE_LOG = tuple(f"ledger.{name}" for name in LOG)


def _rewrite(sample: Sample, position: int, old: str, new: str) -> None:
    count = sample.connection.execute(
        "UPDATE ledger.fact SET envelope = convert_to(replace(convert_from(envelope, 'UTF8'), %s,"
        " %s), 'UTF8') WHERE position = %s AND position(convert_to(%s, 'UTF8') IN envelope) > 0",
        [old, new, position, old],
    ).rowcount
    assert count == 1


def test_a_log_that_was_signed_anew_is_found_with_an_old_checkpoint(
    sample: Sample, tmp_path: Path
) -> None:
    position = sample.one("SELECT min(position) FROM ledger.fact WHERE name = 'contract.sent.v1'")
    with tamper.altered(sample.connection, *WHOLE_LOG):
        _rewrite(sample, position, "as agreed", "as wished")
        assert not sample.verify(parts=()).ok
        _seal_again(sample, tmp_path / "again")
        assert sample.verify(parts=()).ok, "the operator's own keys make it fit"
        found = places(sample.verify(sample.old, parts=()))
        assert "ledger.checkpoint" in found or "kept-0" in found


def test_the_keepers_memory_stops_a_log_from_being_signed_anew(
    sample: Sample, tmp_path: Path
) -> None:
    with tamper.altered(sample.connection, *WHOLE_LOG):
        _rewrite(sample, 100, "as agreed", "as wished")
        for table in ("log_state", "tile", "checkpoint", "log_key", "cosignature"):
            sample.execute(f"TRUNCATE ledger.{table}")
        sealer = Sealer(sample.desk.store._pool, KeyRing(sample.keys))
        sealer.seal_all()
        assert "altered" in sealer.refused[TENANT]


def test_a_payslip_changed_and_sealed_anew_is_found_by_computing_it_again(
    sample: Sample, tmp_path: Path
) -> None:
    position = sample.one(
        "SELECT position FROM ledger.fact WHERE stream_id = 'payslip/2025-03-1/C-S0007'"
    )
    with tamper.altered(sample.connection, *WHOLE_LOG):
        envelope = sample.one("SELECT envelope FROM ledger.fact WHERE position = %s", position)
        lines = split(envelope)
        payload = msgspec.json.decode(lines.payload)
        payload["payslip"]["lines"][0]["amount"] = "9999.99"
        changed = b"\n".join([lines.place, lines.act, canonical(payload)])
        sample.execute(
            "UPDATE ledger.fact SET envelope = %s WHERE position = %s", changed, position
        )
        _seal_again(sample, tmp_path / "again")
        report = sample.verify(parts=("pay",))
        what = [f.what for check in report.checks for f in check.findings]
        assert f"ledger.fact position {position}" in places(report)
        assert any("not the sum of the lines" in one for one in what)
        assert any("other bytes" in one for one in what)
        assert any("digest" in one for one in what)


def test_an_amount_of_a_payout_changed_and_sealed_anew_is_found(
    sample: Sample, tmp_path: Path
) -> None:
    position = sample.one(
        "SELECT position FROM ledger.fact WHERE stream_id = 'payout/2025-03-1.C-S0005.net'"
    )
    with tamper.altered(sample.connection, *WHOLE_LOG):
        _rewrite(sample, position, '"amount":"', '"amount":"1')
        _seal_again(sample, tmp_path / "again")
        report = sample.verify(parts=("pay",))
        assert f"ledger.fact position {position}" in places(report)


# An older copy put back


def test_an_older_copy_is_found_with_a_later_checkpoint(sample: Sample) -> None:
    size = int(sample.old.split("\n")[1])
    tables = (*WHOLE_LOG, "ledger.head")
    with tamper.altered(sample.connection, *tables):
        sample.execute("DELETE FROM ledger.fact WHERE position > %s", size)
        sample.execute("DELETE FROM ledger.checkpoint WHERE size > %s", size)
        sample.execute("DELETE FROM ledger.cosignature")
        sample.execute("DELETE FROM ledger.log_key WHERE number > 1")
        sample.execute("DELETE FROM ledger.tile WHERE number >= %s >> 8", size)
        leaves = [
            hashlib.sha256(b"\0" + envelope).digest()
            for (envelope,) in sample.connection.execute(
                "SELECT envelope FROM ledger.fact ORDER BY position"
            )
        ]
        edges, _ = grown(0, (), leaves)
        sample.execute(
            "UPDATE ledger.log_state SET size = %s, edges = %s, checkpoints ="
            " (SELECT count(*) FROM ledger.checkpoint)",
            size,
            list(edges),
        )
        last = "SELECT max(recorded_at) FROM ledger.fact"
        sample.execute(f"UPDATE ledger.head SET position = %s, recorded_at = ({last})", size)
        assert sample.verify(sample.old, parts=()).found == len(
            [f for f in places(sample.verify(parts=())).split("\n") if "metric" in f]
        ), "by itself the older copy is whole, but for figures that came later"
        ring = KeyRing(sample.keys)
        keys = [ring.signer(f"tallystick.example/{TENANT}", n).key for n in (1, 2)]
        found = sample.verify(sample.new, parts=(), keys=keys)
        assert any("older copy" in f.what for check in found.checks for f in check.findings)


# Signatures


def test_a_root_signed_by_another_key_is_found(sample: Sample) -> None:
    kept = sample.one("SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1")
    text = kept.partition("\n\n")[0] + "\n"
    origin = text.partition("\n")[0]
    with tamper.altered(sample.connection, "ledger.checkpoint"):
        other = KeyRing(sample.keys.parent / "other").signer(origin)
        sample.execute(
            "UPDATE ledger.checkpoint SET note = %s WHERE note = %s",
            str(signed_note(text, [other])),
            kept,
        )
        assert "ledger.checkpoint" in places(sample.verify(parts=()))


def test_a_log_under_keys_that_the_auditor_does_not_know_is_found(sample: Sample) -> None:
    other = VerifierKey(f"tallystick.example/{TENANT}", b"k" * 32)
    assert "ledger.log_key" in places(sample.verify(parts=(), keys=[other]))


def test_a_range_and_a_start_are_read_and_what_is_outside_is_not(sample: Sample) -> None:
    for first, last in ((1, 1), (200, 256), (257, 260), (262, None), (1, None)):
        assert sample.verify(sample.old, sample.new, parts=(), first=first, last=last).ok
    with tamper.altered(sample.connection, "ledger.fact"):
        assert tamper.change_a_byte(
            sample.connection, "ledger.fact", "envelope", "bytea", "position = 262"
        )
        assert sample.verify(parts=(), first=1, last=256).ok
        assert "position 262" in places(sample.verify(parts=(), first=257))
        assert "position 262" in places(sample.verify(sample.old, parts=(), since=True))


# The program itself


def _with_names(sample: Sample, names: Names) -> Desk:
    store = FactStore(sample.desk.store._pool, names)
    return replace(sample.desk, store=store)


def test_an_upcaster_that_changes_history_is_found(sample: Sample) -> None:
    """A program that reads an old fact otherwise than before gives other rows and other pay."""

    def lift(payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "clause": {**payload["clause"], "rate": "0.99"}}

    old = "contract.clause_amended.v1"
    table = {name: kind for name, kind in STORED_NAMES.items() if name != old}
    table["contract.clause_amended.v2"] = ClauseAmended
    names = Names(table, {old: Upcast("contract.clause_amended.v2", lift)})
    desk = _with_names(sample, names)
    models = verify(desk, TENANT, parts=("models",))
    assert "projections.clause_version" in places(models)
    pay = verify(desk, TENANT, parts=("pay",))
    assert any("other bytes" in f.what for check in pay.checks for f in check.findings)


def test_the_log_fits_the_facts_whoever_computes_it(sample: Sample) -> None:
    envelopes = [
        envelope
        for (envelope,) in sample.connection.execute(
            "SELECT envelope FROM ledger.fact ORDER BY position"
        )
    ]
    edges, _ = grown(0, (), [hashlib.sha256(b"\0" + one).digest() for one in envelopes])
    root = base64.b64decode(sample.new.split("\n")[2])
    assert edges_root(edges) == root
