"""Law tables: published to a tenant's ledger as facts, read as known at a position."""

from __future__ import annotations

from domain.facts import Act
from domain.law import LawBook, LawTable, checked, load_law_book
from domain.refusals import StaleVersion
from domain.tenant import LawTablePublished
from ledger.records import NewFact, Receipt
from workflows.desk import Desk, scan

PUBLISHED = "law.table_published.v1"


def publish_shipped(desk: Desk, tenant: str, act: Act) -> list[Receipt]:
    """Publish the tables that ship with the program and are not in the ledger yet."""
    while True:
        known = {_identity(table) for table in _tables(desk, tenant)}
        missing = [table for table in load_law_book().tables if _identity(table) not in known]
        try:
            return _append(desk, tenant, missing, act)
        except StaleVersion:
            continue  # somebody else published meanwhile: look again


def publish(desk: Desk, tenant: str, table: LawTable, act: Act) -> list[Receipt]:
    """Publish one table. Raises Invalid where it is malformed or contradicts itself."""
    checked(table)
    return _append(desk, tenant, [table], act)


def law_book(desk: Desk, tenant: str, known: int | None = None) -> LawBook:
    """The law as the tenant knew it at a position (now by default)."""
    return LawBook(_tables(desk, tenant, known))


def _tables(desk: Desk, tenant: str, known: int | None = None) -> list[LawTable]:
    return [
        LawTable(
            table=fact.table,
            version=fact.table_version,
            valid_from=fact.effective,
            valid_to=fact.valid_to,
            source=fact.source,
            data=fact.data,
            unread=list(fact.unread),
        )
        for record in scan(desk, tenant, [PUBLISHED], upto=known)
        if isinstance(fact := record.fact, LawTablePublished)
    ]


def _identity(table: LawTable) -> tuple[str, int]:
    return table.table, table.version


def _append(desk: Desk, tenant: str, tables: list[LawTable], act: Act) -> list[Receipt]:
    versions: dict[str, int] = {}
    made: list[NewFact] = []
    for table in tables:
        stream = f"law/{table.table}"
        if stream not in versions:
            records = desk.store.stream(tenant, stream)
            versions[stream] = records[-1].version if records else 0
        versions[stream] += 1
        made.append(NewFact(stream, versions[stream], _published(table)))
    return desk.store.append(tenant, made, act) if made else []


def _published(table: LawTable) -> LawTablePublished:
    return LawTablePublished(
        table=table.table,
        table_version=table.version,
        effective=table.valid_from,
        valid_to=table.valid_to,
        source=table.source,
        data=table.data,
        unread=tuple(table.unread),
    )
