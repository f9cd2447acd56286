"""Rebuild a read model beside the one in use, compare the two, and take over in one step.

The new rows are filled into temporary tables of the same shape, so a rebuild that is cut off
leaves nothing behind, and readers see the old rows until the one transaction that puts the new
ones in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import msgspec
from psycopg import sql

from domain.refusals import WrongState
from ledger.store import FactStore
from projections import progress, runner
from projections.model import SCHEMA, Connection, Pool, ReadModel
from projections.pages import Pages
from projections.quiet import quiet

WORK = "pg_temp"
SAMPLE = 10
Report = Callable[[int, int], None]
"""Called with the facts applied so far and the facts there are."""
_LOCK: LiteralString = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_UNLOCK: LiteralString = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
_KEY: LiteralString = """
    SELECT array_agg(a.attname ORDER BY k.place)
    FROM pg_index AS i, unnest(i.indkey) WITH ORDINALITY AS k (number, place), pg_attribute AS a
    WHERE i.indrelid = %s::regclass AND i.indisprimary
        AND a.attrelid = i.indrelid AND a.attnum = k.number"""
_SLOW_INDEXES: LiteralString = """
    SELECT k.relname, c.conname FROM pg_index AS i
    JOIN pg_class AS k ON k.oid = i.indexrelid JOIN pg_am AS m ON m.oid = k.relam
    LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid
    WHERE i.indrelid = %s::regclass AND m.amname IN ('gist', 'gin')"""
_DIFFERING = sql.SQL("""
    FROM (SELECT t AS whole, t::text AS said, {key} FROM {live} AS t WHERE tenant_id = {tenant}) AS l
    FULL JOIN (SELECT t AS whole, t::text AS said, {key} FROM {work} AS t) AS w USING ({key})
    WHERE l.said IS DISTINCT FROM w.said""")
_COUNT = sql.SQL("""
    SELECT count(*) FILTER (WHERE w.said IS NULL), count(*) FILTER (WHERE l.said IS NULL),
        count(*) FILTER (WHERE l.said IS NOT NULL AND w.said IS NOT NULL)""")
_SHOW = sql.SQL("SELECT to_jsonb(l.whole), to_jsonb(w.whole)")


class TableDifference(msgspec.Struct, frozen=True):
    """How the rebuilt rows of one table differ from those in use."""

    table: str
    only_live: int
    only_rebuilt: int
    changed: int
    sample: tuple[tuple[dict[str, Any] | None, dict[str, Any] | None], ...] = ()
    """Some pairs (row in use, rebuilt row); None where there is no such row."""

    @property
    def rows(self) -> int:
        return self.only_live + self.only_rebuilt + self.changed


class Difference(msgspec.Struct, frozen=True):
    """What a rebuild found: both sets of rows at the same position, and whether it took over."""

    model: str
    tenant: str
    position: int
    tables: tuple[TableDifference, ...]
    taken_over: bool = False

    @property
    def rows(self) -> int:
        """Rows that differ; 0 where the rebuilt model equals the one in use."""
        return sum(table.rows for table in self.tables)


def rebuild(
    pool: Pool,
    store: FactStore,
    model: ReadModel,
    tenant: str,
    *,
    accept: Callable[[Difference], bool] = lambda difference: True,
    report: Report = lambda done, total: None,
    batch: int = runner.BATCH,
) -> Difference:
    """Fill the model anew from the first fact to where it stands, compare, and take over.

    `accept` sees the difference before anything changes and may say no; the runner waits for its
    answer, readers do not. A halted or outdated model goes on from there afterwards. Raises
    WrongState where the same model is being rebuilt already, and whatever the fold raises.
    """
    with pool.connection() as connection, _alone(connection, tenant, model):
        progress.ensure(connection, tenant, [model])
        _make_tables(connection, model)
        try:
            build = _Build(connection, Pages(pool, store), model, tenant, batch, report)
            build.fill()
            return build.finish(accept)
        finally:
            if not connection.broken:
                _drop_tables(connection, model)


class _Build:
    """One rebuild under way: the tables beside, and the position they have come to."""

    def __init__(
        self,
        connection: Connection,
        pages: Pages,
        model: ReadModel,
        tenant: str,
        batch: int,
        report: Report,
    ) -> None:
        self._connection = connection
        self._pages = pages
        self._model = model
        self._tenant = tenant
        self._batch = batch
        self._report = report
        self._position = 0
        self._batches = 0

    def fill(self) -> None:
        """Come close to the model in use, without holding anybody up."""
        while self._position < (target := self._live().position):
            with self._connection.transaction():
                runner.prepare(self._connection, WORK)
                with quiet:
                    self._page(target)
            self._batches += 1
            if self._batches & (self._batches - 1) == 0:
                self._analyze()

    def finish(self, accept: Callable[[Difference], bool]) -> Difference:
        """Hold the runner, apply the rest, compare, and put the new rows in place."""
        with self._connection.transaction():
            runner.prepare(self._connection, WORK)
            mark = progress.lock(self._connection, self._tenant, self._model.name)
            assert mark is not None
            while self._position < mark.position:
                self._page(mark.position)
            tables = tuple(self._compare(table) for table in self._model.tables)
            found = Difference(self._model.name, self._tenant, mark.position, tables)
            if not accept(found):
                return found
            for table in tables:
                if table.rows:
                    self._replace(table.table)
            progress.take_over(self._connection, self._tenant, self._model)
        return msgspec.structs.replace(found, taken_over=True)

    def _live(self) -> progress.Mark:
        return progress.marks(self._connection, self._tenant)[self._model.name]

    def _page(self, target: int) -> None:
        wanted = self._model.names
        page = self._pages.read(self._tenant, self._position, target, wanted, self._batch)
        runner.apply(self._connection, self._tenant, self._model, page.recorded)
        self._position = page.end
        self._report(self._position, target)

    def _analyze(self) -> None:
        """Nobody else does it for temporary tables; plans need it as they grow."""
        for table in self._model.tables:
            self._connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(WORK, table)))

    def _compare(self, table: str) -> TableDifference:
        key = self._connection.execute(_KEY, [f"{SCHEMA}.{table}"]).fetchone()
        assert key is not None
        differing = _DIFFERING.format(
            key=sql.SQL(", ").join(map(sql.Identifier, key[0])),
            live=sql.Identifier(SCHEMA, table),
            work=sql.Identifier(WORK, table),
            tenant=sql.Literal(self._tenant),
        )
        counts = self._connection.execute(_COUNT + differing).fetchone()
        assert counts is not None
        shown: list[Any] = []
        if any(counts):
            limit = sql.SQL(" ORDER BY l.said, w.said LIMIT {}").format(sql.Literal(SAMPLE))
            shown = self._connection.execute(_SHOW + differing + limit).fetchall()
        return TableDifference(table, counts[0], counts[1], counts[2], tuple(shown))

    def _replace(self, table: str) -> None:
        live, work = sql.Identifier(SCHEMA, table), sql.Identifier(WORK, table)
        delete = sql.SQL("DELETE FROM {} WHERE tenant_id = {}")
        self._connection.execute(delete.format(live, sql.Literal(self._tenant)))
        self._connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(live, work))


@contextmanager
def _alone(connection: Connection, tenant: str, model: ReadModel) -> Iterator[None]:
    """One rebuild of a model of a tenant at a time."""
    what = f"tallystick rebuild {tenant} {model.name}"
    row = connection.execute(_LOCK, [what]).fetchone()
    if row is None or not row[0]:
        raise WrongState(
            f"读模型 {model.name} 正在重建",
            f"read model {model.name} is being rebuilt already",
            do="Wait for that rebuild to end.",
            read_model=model.name,
        )
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute(_UNLOCK, [what])


def _make_tables(connection: Connection, model: ReadModel) -> None:
    """Tables beside those in use, without what serves searches and is dear to fill.

    An exclusion constraint is not missed: rows that differ are checked by it when they take
    over, and those that do not differ were.
    """
    statement = sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING ALL)")
    for table in model.tables:
        beside = sql.Identifier(WORK, table)
        names = sql.Identifier(table), sql.Identifier(SCHEMA, table)
        connection.execute(statement.format(*names))
        for index, constraint in connection.execute(_SLOW_INDEXES, [f"{WORK}.{table}"]).fetchall():
            drop = sql.SQL("ALTER TABLE {0} DROP CONSTRAINT {2}")
            if constraint is None:
                drop = sql.SQL("DROP INDEX {1}")
            work = sql.Identifier(WORK, index), sql.Identifier(constraint or index)
            connection.execute(drop.format(beside, *work))


def _drop_tables(connection: Connection, model: ReadModel) -> None:
    names = sql.SQL(", ").join(sql.Identifier(WORK, table) for table in model.tables)
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(names))
