"""Group commit: of those who wait to append to one tenant, one leads and sends for all.

While a group is being committed the next one gathers, so a group is as large as the load and
nobody waits for one to fill. Each request gets its own verdict. There is no thread behind this:
the leader is one of the callers, and hands over to the next as soon as its group is sent.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from weakref import WeakKeyDictionary, ref

import psycopg

from ledger import bulk, direct, queries
from ledger.failures import failed, is_for_now, unavailable, unknown, unreached
from ledger.idempotency import Idempotency
from ledger.queries import Alone, Connection, Pool, Row
from ledger.records import Columns, first_versions

MOST_BYTES = 1 << 20
MOST_REQUESTS = 64
"""Bounds of a group: it holds the tenant's head no longer than these take to insert."""
PATIENCE = 60.0
"""Seconds after which a caller who waits for a leader gets an error instead."""
LOOK_ROUND = 1.0
"""Seconds between two looks of a waiting caller at whether somebody still leads."""


class Request:
    """What one caller wants appended, and what became of it."""

    __slots__ = ("answer", "bell", "idempotency", "lane", "new", "size", "thread")

    def __init__(self, new: Columns, idempotency: Idempotency | None) -> None:
        self.new = new
        self.idempotency = idempotency
        self.size = sum(map(len, new.states))
        self.answer: list[Row] | BaseException | None = None
        self.lane: Lane | None = None
        self.thread = threading.current_thread()
        self.bell = threading.Lock()
        self.bell.acquire()

    def ring(self) -> None:
        """Wake the caller; once is enough."""
        if self.bell.locked():
            self.bell.release()

    def tell(self, answer: list[Row] | BaseException) -> None:
        """Give the answer; a second one is not heard."""
        if self.answer is None:
            self.answer = answer
            self.ring()


class Lane:
    """Those who wait for one tenant, and the one of them who leads."""

    __slots__ = ("leader", "waiting")

    def __init__(self, leader: Request) -> None:
        self.leader = leader
        self.waiting: deque[Request] = deque()


class Groups:
    """The lanes of all tenants over one pool. A tenant has a lane while somebody leads it."""

    def __init__(self, pool: Pool) -> None:
        self._pool_of = ref(pool)  # weak: `groups_of` keeps groups as long as their pool
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self.sizes: dict[int, int] = {}
        """How many groups there were, by the number of their requests."""

    def append(
        self, tenant: str, new: Columns, idempotency: Idempotency | None = None
    ) -> list[Row]:
        """Append as one of a group, or by COPY where the facts are a group's worth by themselves:
        rows (ordinal, position, leaf hash, recorded time).

        Raises what `queries.append` raises, Unavailable where nothing was recorded, and
        OutcomeUnknown where the connection was lost and only the record can tell.
        """
        request = Request(new, idempotency)
        if len(new.streams) >= bulk.LEAST:
            return self._alone(tenant, request)
        try:
            lane = self._join(tenant, request)
            if lane.leader is not request:
                self._wait(tenant, lane, request)
            if lane.leader is request:
                self._lead(tenant, lane, request)
        except BaseException:
            self._leave(tenant, request)
            raise
        answer = request.answer
        if isinstance(answer, Alone):
            return self._alone(tenant, request)
        if isinstance(answer, BaseException):
            raise answer
        assert answer is not None
        return answer

    def _pool(self) -> Pool:
        pool = self._pool_of()
        assert pool is not None, "the pool was thrown away while somebody appends"
        return pool

    def _join(self, tenant: str, request: Request) -> Lane:
        with self._lock:
            lane = request.lane = self._lanes.get(tenant) or Lane(request)
            if lane.leader is request:
                self._lanes[tenant] = lane
            else:
                lane.waiting.append(request)
        return lane

    def _wait(self, tenant: str, lane: Lane, request: Request) -> None:
        """Return when there is an answer, or when this caller has to lead."""
        deadline = time.monotonic() + PATIENCE
        while not request.bell.acquire(timeout=LOOK_ROUND):
            with self._lock:
                if request.answer is not None:
                    return
                if lane.leader is request:
                    if request in lane.waiting:  # the hand-over was interrupted
                        lane.waiting.remove(request)
                    return
                is_waiting = request in lane.waiting
                if is_waiting and not lane.leader.thread.is_alive():
                    lane.waiting.remove(request)
                    lane.leader = request
                    return
                if time.monotonic() > deadline:
                    if self._lanes.get(tenant) is lane:
                        del self._lanes[tenant]  # who comes now need not wait for this leader
                    if not is_waiting:
                        raise unknown()
                    lane.waiting.remove(request)
                    raise unavailable(f"waited {PATIENCE:.0f} s")

    def _lead(self, tenant: str, lane: Lane, own: Request) -> None:
        """Send for all who wait now, hand the lane over, and tell each what became of it."""
        batch = [own]
        try:
            answers = self._send(tenant, lane, batch)
            self._leave(tenant, own)
            for request, answer in zip(batch, answers, strict=True):
                request.tell(answer)
        except BaseException as error:  # an interrupt: nobody may be left waiting
            for request in batch[1:]:
                request.tell(unknown(error))
            raise

    def _send(
        self, tenant: str, lane: Lane, batch: list[Request]
    ) -> list[list[Row] | BaseException]:
        """Gather the group and run it: an answer for each request, never an error of its own."""
        pool, connection = self._pool(), None
        try:
            connection = pool.getconn()
            self._gather(lane, batch)
            if len(batch) == 1:
                return [_one(connection, tenant, batch[0])]
            return _many(connection, tenant, batch)
        except psycopg.Error as error:
            # No connection: all who wait hear it now, not one after the other.
            self._gather(lane, batch, bounded=False)
            return [unreached(error) for _ in batch]
        finally:
            if connection is not None:
                pool.putconn(connection)

    def _gather(self, lane: Lane, batch: list[Request], *, bounded: bool = True) -> None:
        """Take those who wait, up to the bounds of a group."""
        size = batch[0].size
        with self._lock:
            while lane.waiting:
                size += lane.waiting[0].size
                if bounded and (size > MOST_BYTES or len(batch) >= MOST_REQUESTS):
                    break
                batch.append(lane.waiting[0])
                lane.waiting.popleft()
            self.sizes[len(batch)] = self.sizes.get(len(batch), 0) + 1

    def _leave(self, tenant: str, request: Request) -> None:
        """Wait no longer; where this caller leads, hand over to the next or close the lane.

        In an order in which an interrupt at any point leaves somebody who leads or will see that
        nobody does; and it can be repeated.
        """
        lane = request.lane
        if lane is None:
            return
        with self._lock:
            if lane.leader is not request:
                if request in lane.waiting:
                    lane.waiting.remove(request)
                return
            if not lane.waiting:
                if self._lanes.get(tenant) is lane:
                    del self._lanes[tenant]
                return
            heir = lane.leader = lane.waiting[0]
            lane.waiting.popleft()
            heir.ring()

    def _alone(self, tenant: str, request: Request) -> list[Row]:
        """Run a request by itself: a large one, or one whose group failed, it may be for
        another's reason."""
        pool, connection = self._pool(), None
        try:
            connection = pool.getconn()
            answer = _one(connection, tenant, request)
        except psycopg.Error as error:
            raise unreached(error) from error
        finally:
            if connection is not None:
                pool.putconn(connection)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _one(connection: Connection, tenant: str, request: Request) -> list[Row] | BaseException:
    new, idempotency = request.new, request.idempotency
    try:
        if len(new.streams) == 1:
            return direct.append_one(connection, tenant, new, idempotency)
        if len(new.streams) >= bulk.LEAST and (first := first_versions(new)):
            return bulk.append(connection, tenant, new, first, idempotency)
        return queries.append_row(connection, tenant, new, idempotency)
    except psycopg.Error as error:
        return failed(error, tenant, is_lost=connection.closed)
    except Exception as error:  # noqa: BLE001 - the caller's own, raised to it
        return error


def _many(
    connection: Connection, tenant: str, batch: list[Request]
) -> list[list[Row] | BaseException]:
    asked = [(request.new, request.idempotency) for request in batch]
    try:
        return direct.append_many(connection, tenant, asked)
    except Exception as error:  # noqa: BLE001 - of one of them, or of what is under them all
        is_lost = connection.closed
        if isinstance(error, psycopg.Error) and (is_lost or is_for_now(error)):
            return [failed(error, tenant, is_lost=is_lost) for _ in batch]
        return [Alone() for _ in batch]


_GROUPS: WeakKeyDictionary[Pool, Groups] = WeakKeyDictionary()
_guard = threading.Lock()


def groups_of(pool: Pool) -> Groups:
    """The groups over a pool: one for all stores and recorders that share it."""
    with _guard:
        found = _GROUPS.get(pool)
        if found is None:
            found = _GROUPS[pool] = Groups(pool)
        return found
