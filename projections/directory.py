"""Read model `directory`: lists of what a tenant has. Of persons no personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from domain import erasure_facts, kpi, metric, person, template, tenant
from domain.facts import Fact
from ledger.records import Recorded
from projections.model import Connection, Pool, names_of
from projections.paging import Page, after, like, limited, page
from projections.rows import Row, Table, as_json, distinct

name = "directory"
version = 1
tables = ("directory_entry",)
names = names_of(
    tenant.TenantOpened,
    tenant.LawTablePublished,
    person.PersonRegistered,
    person.PersonalDataChanged,
    person.TaxProfileSet,
    *erasure_facts.KEEPING,
    template.TemplateDefined,
    kpi.KpiSchemeDefined,
    kpi.KpiWeightsChanged,
    metric.MetricDefined,
    metric.MetricBatchRecorded,
)

ENTRY = Table(
    "directory_entry",
    {
        "kind": "text",
        "id": "text",
        "title": "text",
        "status": "text",
        "position": "bigint",
        "version": "int",
        "data": "jsonb",
    },
    ("kind", "id"),
)
_PRESENT: LiteralString = """
    SELECT e.kind, e.id, e.title, e.status, e.position, e.version, e.data
    FROM unnest(%b::text[], %b::text[]) AS a (kind, id)
    JOIN directory_entry AS e ON e.tenant_id = %b AND e.kind = a.kind AND e.id = a.id"""
_LIST: LiteralString = """
    SELECT kind, id, title, status, position, version, data FROM projections.directory_entry
    WHERE tenant_id = %(tenant)s AND kind = %(kind)s
        AND (%(entry)s::text IS NULL OR id = %(entry)s)
        AND (%(search)s::text IS NULL OR id ILIKE %(search)s OR title ILIKE %(search)s)
        AND (%(after)s::text IS NULL OR id > %(after)s)
        AND (%(teams)s::text[] IS NULL OR CASE kind
            WHEN 'person' THEN id IN (SELECT person_id FROM projections.contract_header
                WHERE tenant_id = %(tenant)s AND team = ANY(%(teams)s))
            WHEN 'kpi' THEN coalesce(data->>'team' = ANY(%(teams)s), true)
            ELSE true END)
    ORDER BY id LIMIT %(limit)s"""
_KINDS: LiteralString = """
    SELECT kind, count(*) FROM projections.directory_entry WHERE tenant_id = %(tenant)s
    GROUP BY kind ORDER BY kind"""
Data = dict[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """One thing in the directory: its id, what to call it, and a few words about it."""

    kind: str
    id: str
    title: str
    status: str
    position: int
    version: int
    data: Data


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Fold definitions into the last state of each thing."""
    keys = distinct(_key(fact) for fact in recorded)
    asked = [[key[0] for key in keys], [key[1] for key in keys], tenant]
    loaded = connection.execute(_PRESENT, asked, binary=True).fetchall()
    entries = {(row[0], row[1]): Entry(*row) for row in loaded}
    for fact in recorded:
        key = _key(fact)
        old = entries.get(key)
        title, data = _describe(fact.fact, old)
        status = _status(fact.fact, old)
        entries[key] = Entry(*key, title, status, fact.position, fact.version, data)
    ENTRY.upsert(connection, tenant, map(_row, entries.values()))


def _status(fact: Fact, old: Entry | None) -> str:
    """How a thing stands; of a person how the personal data does."""
    match fact:
        case erasure_facts.PersonRestricted():
            return "restricted"
        case erasure_facts.RestrictionLifted():
            return "in use"
        case erasure_facts.PersonErased():
            return "erased"
    return old.status if old else "in use"


def _row(entry: Entry) -> Row:
    return (*msgspec.structs.astuple(entry)[:-1], as_json(entry.data))


def _key(recorded: Recorded) -> tuple[str, str]:
    """Kind and id, as the stream says them: `law/cn.wages` is the law table cn.wages."""
    kind, thing = recorded.stream.split("/", 1)
    return (kind, thing)


def _describe(fact: Fact, old: Entry | None) -> tuple[str, Data]:
    match fact:
        case tenant.TenantOpened():
            return fact.name, {"city": fact.city}
        case tenant.LawTablePublished():
            return fact.table, _law(fact, old)
        case person.PersonRegistered():
            return fact.person, {"tags": fact.tags, "profiles": []}
        case (
            person.PersonalDataChanged()
            | erasure_facts.HoldPlaced()
            | erasure_facts.HoldLifted()
            | erasure_facts.PersonRestricted()
            | erasure_facts.RestrictionLifted()
            | erasure_facts.PersonErased()
        ):
            return fact.person, old.data if old else {}
        case person.TaxProfileSet():
            data = old.data if old else {}
            since = sorted({*data.get("profiles", []), fact.effective.isoformat()})
            return fact.person, {**data, "profiles": since}
        case template.TemplateDefined():
            keys = [clause["key"] for clause in fact.clauses]
            return fact.title, {"engagement": fact.engagement, "clauses": keys}
        case kpi.KpiSchemeDefined() | kpi.KpiWeightsChanged():
            return _scheme(fact, old)
        case metric.MetricDefined():
            said = {"title_en": fact.title_en, "unit": fact.unit, "counts": fact.counts}
            kind = {"aggregation": fact.aggregation, "effective": fact.effective}
            return fact.title_zh, {**said, **kind}
        case metric.MetricBatchRecorded():
            return fact.source, _batch(fact)
    raise TypeError(f"the directory has no place for a {type(fact).__name__}")


def _law(fact: tenant.LawTablePublished, old: Entry | None) -> Data:
    published = {
        "version": fact.table_version,
        "effective": fact.effective.isoformat(),
        "valid_to": fact.valid_to and fact.valid_to.isoformat(),
        "source": fact.source,
        "unread": list(fact.unread),
    }
    before = old.data["versions"] if old else []
    return {"versions": [*before, published]}


def _scheme(fact: kpi.KpiSchemeDefined | kpi.KpiWeightsChanged, old: Entry | None) -> Any:
    """What is recorded later replaces what was to begin on its day or after it."""
    day = fact.effective.isoformat()
    weights = {entry.metric: str(entry.weight) for entry in fact.metrics}
    before = [w for w in old.data["weights"] if w["effective"] < day] if old else []
    dated = [*before, {"effective": day, "weights": weights}]
    if isinstance(fact, kpi.KpiSchemeDefined):
        return fact.title, {"team": fact.team, "weights": dated}
    return (old.title if old else fact.scheme), {**(old.data if old else {}), "weights": dated}


def _batch(fact: metric.MetricBatchRecorded) -> Data:
    return {
        "period_start": fact.period_start,
        "period_end": fact.period_end,
        "rows": fact.rows,
        "rejected": fact.rejected,
        "rows_sha256": fact.rows_sha256,
        "metrics": fact.metrics,
    }


class Directory:
    """Reads the directory. Kinds: person, template, kpi, metric, law, tenant, batch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def entries(
        self,
        tenant: str,
        kind: str,
        *,
        search: str | None = None,
        teams: Sequence[str] | None = None,
        cursor: str | None = None,
        limit: int = 500,
    ) -> Page[Entry]:
        """The things of a kind by id, with a text in their id or title where one is asked.

        `teams` leaves out persons without a contract in one of them, and schemes of others.
        """
        (last,) = after(cursor, str) or (None,)
        size = limited(limit)
        asked = {"kind": kind, "entry": None, "after": last, "limit": size + 1}
        asked["teams"] = None if teams is None else list(teams)
        rows = self._rows(_LIST, tenant, search=like(search) if search else None, **asked)
        return page([Entry(*row) for row in rows], size, lambda entry: entry.id)

    def get(self, tenant: str, kind: str, entry: str) -> Entry | None:
        """One thing, or None."""
        asked = {"kind": kind, "entry": entry, "after": None, "limit": 1, "search": None}
        asked["teams"] = None
        rows = self._rows(_LIST, tenant, **asked)
        return Entry(*rows[0]) if rows else None

    def counts(self, tenant: str) -> dict[str, int]:
        """How many things there are of each kind."""
        return {row[0]: row[1] for row in self._rows(_KINDS, tenant)}

    def _rows(self, query: LiteralString, tenant: str, **asked: Any) -> Sequence[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(query, {"tenant": tenant, **asked}, binary=True).fetchall()
