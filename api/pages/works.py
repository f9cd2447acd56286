"""Work that takes long: done in a thread, watched over server-sent events or by reloading.

What a work does must be safe to repeat: after a restart it is simply sent again (each append has
its key), so what is kept here is how far it is and what it led to, in memory alone.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Path, Request, Response
from starlette.responses import StreamingResponse

from api import problems
from api.pages.routing import router
from api.pages.visit import Visit, seen
from domain.refusals import NotFound, Refusal

pages = router()
MOST = 200
"""So many works are remembered; the oldest is forgotten first."""
AT_ONCE = 1.5
"""Seconds for which the answer to a form waits: short work is shown finished at once."""
LOOK_EVERY = 0.25
WorkId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Moved = Callable[[int, int], None]


@dataclass
class Work:
    """One work: who started it, how far it is, and what it led to."""

    id: str
    tenant: str
    actor: str
    kind: str
    asked: dict[str, Any]
    done: int = 0
    total: int = 0
    result: Any = None
    refusal: Refusal | None = None
    broken: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def moved(self, done: int, total: int) -> None:
        """How far it is now."""
        self.done, self.total = done, total

    @property
    def percent(self) -> int:
        """How far it is, of 100."""
        return min(100, 100 * self.done // self.total) if self.total else 0


class Works:
    """The works of one process."""

    def __init__(self) -> None:
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._by_key: dict[tuple[str, str, str, str], str] = {}
        self._lock = threading.Lock()

    def start(
        self,
        visit: Visit,
        kind: str,
        asked: dict[str, Any],
        do: Callable[[Moved], Any],
        *,
        key: str | None = None,
    ) -> Work:
        """Begin a work of a visitor, and wait a moment in case that is all it takes.

        A visitor's work of the same key is found again where it is still remembered.
        """
        work = Work(secrets.token_hex(16), visit.tenant, visit.caller.actor, kind, asked)
        with self._lock:
            found = self._known(work, key)
            if found is None:
                self._works[work.id] = work
                while len(self._works) > MOST:
                    self._works.popitem(last=False)
        if found is not None:
            found.over.wait(AT_ONCE)
            return found
        threading.Thread(target=_run, args=(work, do, visit.request), daemon=True).start()
        work.over.wait(AT_ONCE)
        return work

    def _known(self, work: Work, key: str | None) -> Work | None:
        if key is None:
            return None
        own = (work.tenant, work.actor, work.kind, key)
        found = self._works.get(self._by_key.get(own, ""))
        if found is None or found.broken:
            self._by_key = {k: v for k, v in self._by_key.items() if v in self._works}
            self._by_key[own] = work.id
            return None
        return found

    def last(self, visit: Visit, kind: str) -> Work | None:
        """The visitor's last work of a kind that came to an end, where it is remembered."""
        own = (visit.tenant, visit.caller.actor, kind)
        found = [
            one
            for one in list(self._works.values())
            if (one.tenant, one.actor, one.kind) == own and one.result is not None
        ]
        return found[-1] if found else None

    def of(self, visit: Visit, number: str, kind: str | None = None) -> Work:
        """A work of the visitor's own. Raises NotFound, also for one of somebody else."""
        work = self._works.get(number)
        own = work is not None and (work.tenant, work.actor) == (visit.tenant, visit.caller.actor)
        if work is None or not own or kind not in (None, work.kind):
            raise NotFound(
                "没有这项任务, 或服务已重启",
                "There is no such work; the service may have been started again",
                do="Send the form again: what was done already is not done twice.",
            )
        return work


def _run(work: Work, do: Callable[[Moved], Any], request: Request) -> None:
    try:
        work.result = do(work.moved)
    except Refusal as refusal:
        work.refusal = refusal
    except Exception as error:  # noqa: BLE001 - the thread's end: logged, and the page says so
        problems.failed(request, error)
        work.broken = True
    finally:
        work.over.set()


def works_of(request: Request) -> Works:
    """The works of this process."""
    state = request.app.state
    found: Works | None = getattr(state, "works", None)
    if found is None:
        found = state.works = Works()
    return found


@pages.get("/works/{work}/events")
def events(request: Request, visit: Annotated[Visit, seen()], work: WorkId) -> Response:
    """How far a work is, as server-sent events until it is over."""
    watched = works_of(request).of(visit, work)
    return StreamingResponse(_events(watched), media_type="text/event-stream")


async def _events(work: Work) -> AsyncIterator[str]:
    said = None
    while True:
        over = work.over.is_set()
        now = {"done": work.done, "total": work.total, "percent": work.percent, "over": over}
        if now != said:
            yield f"data: {json.dumps(now)}\n\n"
            said = now
        if over:
            return
        await asyncio.sleep(LOOK_EVERY)
