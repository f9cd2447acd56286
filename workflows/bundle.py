"""The audit bundle: one ZIP that an auditor checks with no server, no database and no code of ours.

It holds the facts about a contract, a payslip or a month as they were recorded, byte for byte; the
proof of each; the checkpoint they lead to; the public keys; the clauses, the law tables and the
payslips in a form to read. `scripts/verify_bundle.py` checks it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import msgspec

from domain.documents import document_text
from domain.refusals import NotFound, WrongState
from ledger import queries
from ledger.codec import leaf_hash, split
from ledger.log_store import LogStore
from ledger.proofs import proof_of
from workflows import contracts
from workflows.bundle_readme import README
from workflows.desk import Desk
from workflows.disclosure import Reader, open_personal

FORMAT = "tallystick audit bundle/1"
_STREAM: LiteralString = """
    SELECT position, name, envelope FROM ledger.fact
    WHERE tenant_id = %b AND stream_id = %b AND position <= %b ORDER BY position"""
_NAMED: LiteralString = """
    SELECT position, name, envelope FROM ledger.fact
    WHERE tenant_id = %b AND name = %b AND position <= %b ORDER BY position"""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
Row = tuple[int, str, bytes]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bundle is about: a contract, one payslip of it, or everything paid for a month."""

    contract: str | None = None
    run: str | None = None
    month: str | None = None

    @property
    def title(self) -> str:
        """The subject in a few words."""
        if self.month:
            return f"pay of {self.month}"
        return f"payslip {self.run} of {self.contract}" if self.run else f"contract {self.contract}"


def write_bundle(desk: Desk, tenant: str, subject: Subject, reader: Reader | None = None) -> bytes:
    """The ZIP of a subject; the same ledger and checkpoint give the same bytes.

    With a `reader`, personal data that the reader may see is in it too, in clear, and that is
    written down; it is no fact and proved by nothing. Raises Forbidden where there is none.
    Raises NotFound where there is no such thing, and WrongState where nothing is sealed yet.
    """
    with desk.store._pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        log = LogStore(connection, tenant)
        kept = log.checkpoint()
        if kept is None:
            raise WrongState("尚未封存", "nothing is sealed yet", do="Wait a second, or seal now.")
        facts = _Facts(connection, tenant, kept.size)
        facts.gather(subject)
        if not facts.rows:
            raise NotFound(
                f"没有 {subject.title}",
                f"there is nothing sealed of {subject.title}",
                do="Check the id; what was recorded in the last second may not be sealed yet.",
            )
        files = dict(facts.files())
        files |= {
            f"proofs/{position:010}.tlog-proof": str(proof_of(log, position, kept)).encode()
            for position in facts.rows
        }
        files["checkpoint.txt"] = log.noted(kept).encode()
        for key in log.log_keys()[: kept.key_number]:
            files[f"keys/{key.number:04}.vkey"] = f"{key.vkey}\n".encode()
            files[f"keys/{key.number:04}.note"] = key.statement.encode()
    files |= _documents(desk, tenant, facts, kept.size)
    if reader is not None:
        about = f"bundle/{file_name(subject)}"
        opened = open_personal(desk, tenant, reader, facts.persons(), about, kept.size)
        files["personal.json"] = _pretty(opened)
    files["bundle.json"] = _manifest(tenant, subject, log.state.origin, kept.size, facts)
    files["README.md"] = README.encode()
    return _zip(files)


class _Facts:
    """The facts of a bundle, and what is made of them to be read."""

    def __init__(self, connection: queries.Connection, tenant: str, upto: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._upto = upto
        self.rows: dict[int, Row] = {}

    def gather(self, subject: Subject) -> None:
        """Collect the facts of a subject and of everything it was computed from."""
        slips = list(self._payslips(subject))
        if subject.contract and not subject.run:
            self._take(self._stream(f"contract/{subject.contract}"))
        for payload in slips:
            slip = payload["payslip"]
            self._take(self._stream(f"contract/{slip['contract']}"))
            self._take(self._stream(f"payrun/{payload['run']}"))
            self._take(self._stream(f"payout/{payload['run']}.{slip['contract']}.net"))
            self._take(self._cited(slip))
        persons = [p["person"] for p in self._payloads("contract.drafted.v1")]
        for person in {*persons, *(payload["payslip"]["person"] for payload in slips)}:
            self._take(self._stream(f"person/{person}"))
        for name in ("metric.defined.v1", "log.key_rotated.v1") if self.rows else ():
            self._take(self._named(name))

    def _payslips(self, subject: Subject) -> Iterator[dict[str, Any]]:
        """The payslips of the subject, whose facts are taken on the way."""
        for row in self._named("pay.payslip_computed.v1"):
            payload = _payload(row)
            slip = payload["payslip"]
            wanted = (
                slip["month"] == subject.month
                if subject.month
                else slip["contract"] == subject.contract and subject.run in (None, payload["run"])
            )
            if wanted:
                self._take([row])
                yield payload

    def _cited(self, slip: dict[str, Any]) -> Iterator[Row]:
        """The law tables, schemes and batches that the lines of a payslip cite."""
        words = set(_words([slip["lineage"], [line["lineage"] for line in slip["lines"]]]))
        for row in self._named("law.table_published.v1"):
            if _payload(row)["table"] in words:
                yield row
        for word in sorted(words):
            yield from self._stream(f"batch/{word}")
            yield from self._stream(f"kpi/{word}")

    def persons(self) -> list[str]:
        """The ids of the persons the facts are about."""
        streams = (json.loads(split(row[2]).place)["stream"] for row in self.rows.values())
        return sorted({one.split("/", 1)[1] for one in streams if one.startswith("person/")})

    def _take(self, rows: Iterable[Row]) -> None:
        self.rows.update((row[0], row) for row in rows)

    def _stream(self, stream: str) -> list[Row]:
        return self._rows(_STREAM, stream)

    def _named(self, name: str) -> list[Row]:
        return self._rows(_NAMED, name)

    def _rows(self, query: LiteralString, what: str) -> list[Row]:
        found = queries.rows(self._connection, query, [self._tenant, what, self._upto])
        return [(position, name, envelope) for position, name, envelope in found]

    def _payloads(self, name: str) -> Iterator[dict[str, Any]]:
        return (_payload(row) for row in self.rows.values() if row[1] == name)

    def of(self, *names: str) -> list[Row]:
        """The facts of these names in order."""
        return [
            self.rows[position] for position in sorted(self.rows) if self.rows[position][1] in names
        ]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The facts as they are, and payslips, clauses and law tables to read."""
        for position in sorted(self.rows):
            yield f"facts/{position:010}.txt", self.rows[position][2]
        for row in self.of("pay.payslip_computed.v1"):
            payload = _payload(row)
            name = f"payslips/{payload['run']}.{payload['payslip']['contract']}.json"
            yield name, _pretty(payload["payslip"])
        for row in self.of("law.table_published.v1"):
            payload = _payload(row)
            yield f"law/{payload['table']}-{payload['table_version']}.json", _pretty(payload)
        yield "clauses.txt", "".join(self._clauses()).encode()

    def _clauses(self) -> Iterator[str]:
        for position, name, envelope in self.of(
            "contract.drafted.v1", "contract.clause_added.v1", "contract.clause_amended.v1"
        ):
            payload = _payload((position, name, envelope))
            stream = json.loads(split(envelope).place)["stream"]
            for entry in payload.get("clauses") or [payload]:
                since = entry.get("start") or payload["effective"]
                yield f"{stream}  fact {position}  {entry['key']}  from {since}\n"
                yield f"  {entry['text_zh']}\n  {entry['text_en']}\n\n"


def _documents(desk: Desk, tenant: str, facts: _Facts, upto: int) -> dict[str, bytes]:
    """The text of each contract as it was sent out to be signed; its hash stands in the fact."""
    found: dict[str, bytes] = {}
    for position, _, envelope in facts.of("contract.sent.v1"):
        stream = json.loads(split(envelope).place)["stream"]
        contract = stream.removeprefix("contract/")
        state = contracts.read(desk, tenant, contract, min(position, upto))
        found[f"documents/{contract}.txt"] = document_text(state).encode()
    return found


def _manifest(tenant: str, subject: Subject, origin: str, size: int, facts: _Facts) -> bytes:
    listed = [
        {"position": position, "name": name, "leaf": leaf_hash(envelope).hex()}
        for position, name, envelope in (facts.rows[key] for key in sorted(facts.rows))
    ]
    return _pretty(
        {
            "format": FORMAT,
            "tenant": tenant,
            "subject": subject.title,
            "origin": origin,
            "checkpoint_size": size,
            "facts": listed,
        }
    )


def _payload(row: Row) -> dict[str, Any]:
    return msgspec.json.decode(split(row[2]).payload, type=dict[str, Any])


def _words(value: Any) -> Iterator[str]:
    """Every text in a lineage: names of tables, schemes and batches are among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def _pretty(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def _zip(files: dict[str, bytes]) -> bytes:
    """Files by name, with one fixed time: the same content is the same ZIP."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return made.getvalue()


def file_name(subject: Subject) -> str:
    """A name for the file."""
    parts: Sequence[str | None] = (subject.month, subject.run, subject.contract)
    return "-".join(["audit", *(part for part in parts if part)]) + ".zip"
