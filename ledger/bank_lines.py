"""Lines of bank statements: recorded whole or not at all, each line once over all files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg.errors import UniqueViolation

from domain.bank_line import (
    BankStatementRecorded,
    KeptLine,
    Statement,
    TakenLine,
    judged,
    recorded,
)
from domain.facts import Act
from domain.money import plain
from domain.refusals import StaleVersion, WrongState
from ledger.figure_rows import escaped
from ledger.queries import Connection, Pool
from ledger.records import NewFact
from ledger.store import FactStore

RETRIES = 8
_COLUMNS: LiteralString = """line_no, fate, line_ref, booked_on, amount, end_to_end_id,
    party_account, party_name, reason_code, problem"""
_COPY_IN: LiteralString = (
    "COPY ledger.bank_line (tenant_id, statement, account, "
    + _COLUMNS
    + ") FROM STDIN (ENCODING 'UTF8')"
)
# What is hashed is what this prints; psql's \\copy prints the same.
_COPY_OUT: LiteralString = """
    COPY (SELECT line_no, fate, line_ref, to_char(booked_on, 'YYYY-MM-DD'), amount, end_to_end_id,
            party_account, party_name, reason_code, problem
        FROM ledger.bank_line WHERE tenant_id = %s AND statement = %s ORDER BY line_no)
    TO STDOUT (ENCODING 'UTF8')"""
_STANDING: LiteralString = """
    SELECT line_ref, booked_on, amount, end_to_end_id, reason_code FROM ledger.bank_line
    WHERE tenant_id = %s AND account = %s AND fate = 'taken' AND line_ref = ANY(%s::text[])"""
_ADD: LiteralString = """
    INSERT INTO ledger.bank_statement (tenant_id, statement, position, account)
    VALUES (%s, %s, %s, %s)"""
_TAKEN: LiteralString = """
    SELECT l.statement, l.line_no, l.account, l.line_ref, l.booked_on, l.amount, l.end_to_end_id,
        l.party_account, l.party_name, l.reason_code
    FROM ledger.bank_line AS l
    JOIN ledger.bank_statement AS s ON s.tenant_id = l.tenant_id AND s.statement = l.statement
    WHERE l.tenant_id = %(tenant)s AND l.fate = 'taken'
        AND (%(known)s::bigint IS NULL OR s.position <= %(known)s)
        AND (%(ids)s::text[] IS NULL OR l.end_to_end_id = ANY(%(ids)s))
    ORDER BY s.position, l.line_no"""
_LINES: LiteralString = (
    "SELECT "
    + _COLUMNS
    + """ FROM ledger.bank_line
    WHERE tenant_id = %s AND statement = %s AND line_no > %s ORDER BY line_no LIMIT %s"""
)


class BankLines:
    """Statements of all tenants in one database; every call names its tenant."""

    def __init__(self, pool: Pool, facts: FactStore) -> None:
        self._pool = pool
        self._facts = facts

    def record(
        self,
        tenant: str,
        parsed: Statement,
        lines: Sequence[KeptLine],
        form: str,
        file_sha256: str,
        act: Act,
    ) -> tuple[BankStatementRecorded, bool]:
        """Record a statement; True where it is new, False where the same stood already.

        Lines and fact are one transaction. Two files that share lines race for them: the one
        that is overtaken judges its lines again.
        """
        statement = _id_of(parsed.account, file_sha256, lines)
        for _ in range(RETRIES):
            standing = self.find(tenant, statement)
            if standing is not None:
                return standing, False
            made = judged(lines, self._standing(tenant, parsed.account, lines))
            fact = recorded(statement, parsed, form, file_sha256, made)
            texts = [_text(line) for line in made]
            digest = hashlib.sha256("".join(texts).encode()).hexdigest()
            fact = msgspec.structs.replace(fact, lines_sha256=digest)
            try:
                self._write(tenant, fact, texts, act)
            except (UniqueViolation, StaleVersion):
                continue
            return fact, True
        raise WrongState(
            "对账单正被他人导入, 请稍后再试",
            "Statements of the account are being imported by others at this moment",
            do="Import it again.",
        )

    def find(self, tenant: str, statement: str) -> BankStatementRecorded | None:
        """The fact of a statement, or None."""
        found = self._facts.stream(tenant, f"bankstatement/{statement}", limit=1)
        fact = found[0].fact if found else None
        return fact if isinstance(fact, BankStatementRecorded) else None

    def taken(
        self, tenant: str, *, known: int | None = None, ids: Sequence[str] | None = None
    ) -> list[TakenLine]:
        """The lines that count, in the order they came; of some end-to-end ids or of all."""
        asked = {"tenant": tenant, "known": known, "ids": None if ids is None else list(ids)}
        with self._pool.connection() as connection:
            rows = connection.execute(_TAKEN, asked).fetchall()
        names = TakenLine.__struct_fields__
        return [TakenLine(**dict(zip(names, row, strict=True))) for row in rows]

    def lines(
        self, tenant: str, statement: str, after: int = 0, limit: int = 1000
    ) -> list[KeptLine]:
        """All lines of a statement after a number, whatever became of them."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LINES, [tenant, statement, after, limit]).fetchall()
        names = KeptLine.__struct_fields__
        return [KeptLine(**dict(zip(names, row, strict=True))) for row in rows]

    def digest(self, tenant: str, statement: str) -> str:
        """SHA-256 of a statement's lines, recomputed from what is stored."""
        digest = hashlib.sha256()
        with (
            self._pool.connection() as connection,
            connection.cursor() as cursor,
            cursor.copy(_COPY_OUT, [tenant, statement]) as copy,
        ):
            for block in copy:
                digest.update(block)
        return digest.hexdigest()

    def _standing(
        self, tenant: str, account: str, lines: Sequence[KeptLine]
    ) -> dict[str, tuple[object, ...]]:
        refs = [line.ref for line in lines if line.fate != "unreadable"]
        with self._pool.connection() as connection:
            rows = connection.execute(_STANDING, [tenant, account, refs]).fetchall()
        return {row[0]: tuple(row) for row in rows}

    def _write(
        self, tenant: str, fact: BankStatementRecorded, texts: Sequence[str], act: Act
    ) -> None:
        place = f"{escaped(tenant)}\t{escaped(fact.statement)}\t{escaped(fact.account)}\t"
        with self._pool.connection() as connection, connection.transaction():
            with connection.cursor() as cursor, cursor.copy(_COPY_IN) as copy:
                for text in texts:
                    copy.write(place + text)
            self._append(connection, tenant, fact, act)

    def _append(
        self, connection: Connection, tenant: str, fact: BankStatementRecorded, act: Act
    ) -> None:
        # The append locks the tenant's head until the transaction ends: nothing slow comes after.
        new = [NewFact(f"bankstatement/{fact.statement}", 1, fact)]
        [receipt] = self._facts.append_in(connection, tenant, new, act)
        connection.execute(_ADD, [tenant, fact.statement, receipt.position, fact.account])


def _text(line: KeptLine) -> str:
    """A line's canonical form: its line in PostgreSQL's COPY text format."""
    fields: tuple[Any, ...] = tuple(getattr(line, name) for name in KeptLine.__struct_fields__)
    return "\t".join(_field(value) for value in fields) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, int | str):
        return escaped(str(value))
    return plain(value) if hasattr(value, "as_tuple") else str(value)


def _id_of(account: str, file_sha256: str, lines: Sequence[KeptLine]) -> str:
    """The statement's id: its file and what its lines say, not what becomes of them."""
    content = "".join(_text(line) for line in lines)
    whole = f"{account}\n{file_sha256}\n{content}"
    return "S" + hashlib.sha256(whole.encode()).hexdigest()[:24]
