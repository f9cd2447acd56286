"""The runner: keeps read models up to date, many facts a transaction, none ever skipped."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence

import psycopg
import structlog

from ledger.names import UnreadableFact
from ledger.records import Recorded
from ledger.store import FactStore
from projections import progress
from projections.ahead import Ahead
from projections.errors import behind, halted
from projections.model import Connection, ModelStatus, Pool, ReadModel
from projections.pages import Facts, Pages
from projections.progress import Mark
from projections.quiet import quiet

BATCH = 5000
_LIMIT_CLASS = (
    "54"  # program limits exceeded: the fact's fault, though psycopg calls it operational
)
_log = structlog.get_logger(__name__)


class Runner:
    """Applies recorded facts to read models. Any number of runners may run at once."""

    def __init__(
        self,
        pool: Pool,
        store: FactStore,
        models: Sequence[ReadModel],
        *,
        batch: int = BATCH,
        poll: float = 0.5,
    ) -> None:
        self._pool = pool
        self._store = store
        self._pages = Pages(pool, store)
        self.models = {model.name: model for model in models}
        self._batch = batch
        self._poll = poll
        self._wake = threading.Event()
        self._moved = threading.Condition()
        self._running = False

    # Catching up

    def catch_up(self, tenant: str, upto: int | None = None) -> None:
        """Apply what is recorded up to a position (the head by default).

        A read model that halts, has halted before or is outdated stays where it is; `status`
        says so. Database errors that may pass are raised, and nothing half done is left.
        """
        target = self._store.head(tenant)[0]
        if upto is not None:
            target = min(target, upto)
        self._begin(tenant)
        with Ahead(self._pages) as pages:
            while self._step(tenant, target, pages):
                pass

    def _begin(self, tenant: str) -> None:
        """Give the read models that have none their marks."""
        with self._pool.connection() as connection:
            if self.models.keys() - progress.marks(connection, tenant).keys():
                with connection.transaction():
                    prepare(connection)
                    progress.ensure(connection, tenant, self.models.values())

    def catch_up_all(self) -> None:
        """Apply what is recorded of every tenant."""
        for tenant in self._store.tenants():
            self.catch_up(tenant)

    def _step(self, tenant: str, target: int, pages: Ahead) -> bool:
        """One page for the read models that are furthest behind; False when all are there."""
        marks = [mark for mark in self._able(tenant) if mark.position < target]
        if not marks:
            return False
        first = min(mark.position for mark in marks)
        # The page ends where others stand, so that they read the next one together.
        upto = min([target, *(m.position for m in marks if m.position > first)])
        group = [mark for mark in marks if mark.position == first]
        with quiet:
            self._page(tenant, group, upto, pages)
        with self._moved:
            self._moved.notify_all()
        return True

    def _page(self, tenant: str, group: list[Mark], upto: int, pages: Ahead) -> None:
        page = self._read(tenant, group, upto, pages)
        if page is not None:
            for mark in group:
                self._advance(tenant, mark, page)

    def _able(self, tenant: str) -> list[Mark]:
        with self._pool.connection() as connection:
            found = progress.marks(connection, tenant)
        return [
            mark
            for name, model in self.models.items()
            if (mark := found.get(name)) and not mark.halted and mark.version == model.version
        ]

    def _read(self, tenant: str, group: list[Mark], upto: int, pages: Ahead) -> Facts | None:
        """The next facts for a group of models; where there is no going on, every one halts."""
        wanted = frozenset().union(*(self.models[mark.name].names for mark in group))
        try:
            return pages.read(tenant, group[0].position, upto, wanted, self._batch)
        except UnreadableFact as error:
            self._halt(tenant, group, error)
            return None

    def _advance(self, tenant: str, mark: Mark, page: Facts) -> None:
        """Apply a page to one read model; a part that fails is halved down to the one fact."""
        model, done, size = self.models[mark.name], 0, max(1, len(page.recorded))
        while mark.position < page.end:
            part = page.recorded[done : done + size]
            end = page.end_of(done + len(part))
            try:
                if not self._apply(tenant, model, mark, part, end):
                    return  # another runner was here: look again
            except Exception as error:  # whatever a fold raises
                if _may_pass(error):
                    raise
                if len(part) <= 1:
                    self._halt(tenant, [mark], error, *part)
                    return
                size = len(part) // 2
                continue
            done += len(part)
            mark = Mark(mark.name, mark.version, end, None)

    def _apply(
        self, tenant: str, model: ReadModel, mark: Mark, part: list[Recorded], end: int
    ) -> bool:
        """Rows and position in one transaction; False where the mark is no longer there."""
        with self._pool.connection() as connection, connection.transaction():
            prepare(connection)
            if progress.lock(connection, tenant, model.name) != mark:
                return False
            apply(connection, tenant, model, part)
            progress.move(connection, tenant, model.name, end)
        return True

    def _halt(
        self, tenant: str, group: list[Mark], error: Exception, fact: Recorded | None = None
    ) -> None:
        what = f"position {fact.position}, {fact.name}, {fact.stream}" if fact else "next fact"
        for mark in group:
            _log.error(
                "read_model_halted",
                tenant=tenant,
                read_model=mark.name,
                position=mark.position,
                what=what,
                error=type(error).__name__,
            )
            with self._pool.connection() as connection:
                progress.halt(connection, tenant, mark, progress.describe(error, what))

    # Asking

    def status(self, tenant: str) -> list[ModelStatus]:
        """How every read model of a tenant stands."""
        head = self._store.head(tenant)[0]
        with self._pool.connection() as connection:
            marks = progress.marks(connection, tenant)
        return [
            progress.status_of(model, marks.get(name), head) for name, model in self.models.items()
        ]

    def resume(self, tenant: str, name: str) -> None:
        """Let a halted read model try its next fact again, and catch up."""
        with self._pool.connection() as connection:
            progress.resume(connection, tenant, self.models[name].name)
        self.catch_up(tenant)

    def wait_for(
        self,
        tenant: str,
        position: int,
        names: Iterable[str] | None = None,
        timeout: float = 5.0,
    ) -> None:
        """Return when read models have come to a position: what was written can be read.

        Without a background thread the caller's own does the work. Raises Halted at once where
        one of them has stopped before the position, and Behind after `timeout` seconds.
        """
        wanted = set(self.models if names is None else names)
        if unknown := wanted - set(self.models):
            raise KeyError(f"this runner has no read model {', '.join(sorted(unknown))}")
        if not self._running:
            self.catch_up(tenant, position)
        deadline = time.monotonic() + timeout
        while late := self._late(tenant, position, wanted):
            left = deadline - time.monotonic()
            if left <= 0:
                raise behind(late.name, late.position, position)
            self.hint()
            with self._moved:
                self._moved.wait(min(left, 0.05))

    def _late(self, tenant: str, position: int, wanted: set[str]) -> ModelStatus | None:
        late = [s for s in self.status(tenant) if s.name in wanted and s.position < position]
        for status in late:
            if status.halted or status.outdated:
                error = status.error or "it is of another version and has to be rebuilt"
                raise halted(status.name, status.position, error)
        return late[0] if late else None

    # In the background

    def hint(self) -> None:
        """Say that something may have been recorded. A missed hint only costs a poll."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Follow all tenants until told to stop; errors that may pass are tried again."""
        self._running = True
        pause = self._poll
        try:
            while not stop.is_set():
                self._wake.clear()
                pause = self._poll if self._try_all() else min(pause * 2, 10 * self._poll)
                self._wake.wait(pause)
        finally:
            self._running = False

    def _try_all(self) -> bool:
        try:
            self.catch_up_all()
        except psycopg.Error as error:
            _log.warning("read_models_wait", error=type(error).__name__)
            return False
        return True


def prepare(connection: Connection, schema: str = "projections") -> None:
    """Set up a transaction that fills a schema's tables.

    It need not wait for the disk: rows and position are lost together, and made again.
    """
    connection.execute(
        "SELECT set_config('synchronous_commit', 'off', true), set_config('search_path', %s, true)",
        [f"{schema}, public"],
    )


def apply(connection: Connection, tenant: str, model: ReadModel, part: Sequence[Recorded]) -> None:
    """Give a model those facts of a part that it wants."""
    wanted = [recorded for recorded in part if recorded.name in model.names]
    if wanted:
        model.apply(connection, tenant, wanted)


def _may_pass(error: Exception) -> bool:
    """Whether to try again later: no connection, a deadlock, a full disk; not a bad fact."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return not (error.sqlstate or "").startswith(_LIMIT_CLASS)
