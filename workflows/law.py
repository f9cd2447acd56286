"""Law tables: published to a tenant's ledger as facts, read as known at a position."""

from __future__ import annotations

from domain.facts import Act
from domain.law import LawBook, LawTable, checked, load_law_book
from domain.refusals import Invalid, StaleVersion
from domain.tenant import LawTablePublished
from ledger.records import NewFact, Receipt
from workflows.desk import RETRIES, Desk, busy, scan

PUBLISHED = "law.table_published.v1"


def publish_shipped(desk: Desk, tenant: str, act: Act) -> list[Receipt]:
    """Publish the tables that ship with the program and are not in the ledger yet."""
    for _ in range(RETRIES):
        book = law_book(desk, tenant)
        missing = _fitting(book)
        try:
            return _append(desk, tenant, missing, act)
        except StaleVersion:
            continue  # somebody else published meanwhile: look again
    raise busy("law")


def publish(desk: Desk, tenant: str, table: LawTable, act: Act) -> list[Receipt]:
    """Publish one table. Raises Invalid where it is malformed or contradicts a known one.

    A table that would make the whole book unreadable must never reach the ledger, so the book is
    built with it first; an append that loses a race is judged again.
    """
    checked(table)
    for _ in range(RETRIES):
        law_book(desk, tenant).with_later([table])
        try:
            return _append(desk, tenant, [table], act)
        except StaleVersion:
            continue
    raise busy(table.table)


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


def _fitting(book: LawBook) -> list[LawTable]:
    """Shipped tables the book lacks and that do not contradict what the tenant published."""
    known = {_identity(table) for table in book.tables}
    fitting: list[LawTable] = []
    for table in load_law_book().tables:
        if _identity(table) in known:
            continue
        try:
            book = book.with_later([table])
        except Invalid:
            continue  # the tenant's own later table stands
        fitting.append(table)
    return fitting


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
