"""The library's recorder interfaces over the ledger's tables, each bound to one tenant.

`topic` is the stored name and `state` is everything after the first line of the envelope. Ids
of originators are text; a UUID given is stored, and comes back, as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from eventsourcing import persistence as library

from domain.refusals import NotFound, StaleVersion
from ledger import queries
from ledger.codec import PlaceLine
from ledger.failures import OutcomeUnknown, Unavailable
from ledger.group import groups_of
from ledger.queries import Connection, Pool, Row
from ledger.records import Columns

_place = msgspec.json.Decoder(PlaceLine).decode
_EVENTS: LiteralString = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND stream_id = %b AND version > %b AND version <= %b
    ORDER BY version LIMIT %b"""
_EVENTS_DOWN: LiteralString = _EVENTS.replace("ORDER BY version", "ORDER BY version DESC")
_MAX: LiteralString = "SELECT nullif(position, 0) FROM ledger.head WHERE tenant_id = %b"
_TRACK: LiteralString = """
    INSERT INTO ledger.tracking AS t (tenant_id, application, position) VALUES (%b, %b, %b)
    ON CONFLICT ON CONSTRAINT tracking_pkey DO UPDATE SET position = excluded.position
    WHERE t.position < excluded.position RETURNING position"""
_TRACKED: LiteralString = (
    "SELECT position FROM ledger.tracking WHERE tenant_id = %b AND application = %b"
)
_HIGHEST_VERSION = 2**31 - 1


class Wake:
    """Tells those who wait that something was written here; never more than a hint."""

    def __init__(self) -> None:
        self._condition = Condition()
        self.count = 0

    def ring(self) -> None:
        """Wake all who wait."""
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def wait(self, count: int, seconds: float) -> None:
        """Wait until the bell rings more often than `count`, at most so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self.count > count, seconds)


class Bound(library.Recorder):
    """A recorder bound to one tenant."""

    def __init__(self, pool: Pool, tenant: str) -> None:
        self._pool = pool
        self._tenant = tenant
        self._wake = Wake()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection whose errors are the library's."""
        with _library_errors(), self._pool.connection() as connection:
            yield connection


class AggregateRecorder(Bound, library.AggregateRecorder):
    """Events of streams: insert, and select by stream."""

    def insert_events(
        self, stored_events: Sequence[library.StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Record events, all or none. Raises IntegrityError for a version that does not follow."""
        self._insert(stored_events, **kwargs)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[library.StoredEvent]:
        """The events of a stream with versions above `gt` and up to `lte`."""
        low = -1 if gt is None else gt
        high = _HIGHEST_VERSION if lte is None else lte
        most = queries.LAST if limit is None else limit
        query = _EVENTS_DOWN if desc else _EVENTS
        with self._connection() as connection:
            params = [self._tenant, str(originator_id), low, high, most]
            found = queries.rows(connection, query, params)
        return [_stored_event(row[0]) for row in found]

    def _insert(
        self,
        events: Sequence[library.StoredEvent],
        tracking: library.Tracking | None = None,
        **_: Any,
    ) -> list[int]:
        if not events and tracking is None:
            return []
        new = Columns(
            [str(event.originator_id) for event in events],
            [event.originator_version for event in events],
            [event.topic for event in events],
            [event.state for event in events],
        )
        with _library_errors():
            if tracking is None:
                rows = groups_of(self._pool).append(self._tenant, new)
            else:
                rows = self._append_tracked(new, tracking)
        self._wake.ring()
        return [row[1] for row in rows]

    def _append_tracked(self, new: Columns, tracking: library.Tracking) -> list[Row]:
        with self._pool.connection() as connection, connection.transaction():
            rows = queries.append(connection, self._tenant, new, None) if new.streams else []
            _track(connection, self._tenant, tracking)
        return rows


class ApplicationRecorder(AggregateRecorder, library.ApplicationRecorder):
    """Events of streams, and all events of the tenant in the order of their positions."""

    def insert_events(
        self, stored_events: Sequence[library.StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Record events, all or none, and return their positions."""
        return self._insert(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[library.Notification]:
        """Events from a position on, in order, up to `stop`; with topics, only of those."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        with self._connection() as connection:
            found = queries.after(
                connection, self._tenant, after, limit, names=list(topics) or None, upto=stop
            )
        return [_notification(envelope) for envelope in found]

    def max_notification_id(self) -> int | None:
        """The last position; None where nothing is recorded."""
        with self._connection() as connection:
            position: int | None = queries.one(connection, _MAX, [self._tenant])
        return position

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """All events after a position, those to come included; the iterator waits for them."""
        return PollingSubscription(self, self._wake, gt, topics)


class PollingSubscription(library.Subscription[ApplicationRecorder]):
    """Asks for what is new; a write of the same recorder wakes it, all others are found by asking."""

    PAGE = 500
    SECONDS = 0.1

    def __init__(
        self,
        recorder: ApplicationRecorder,
        wake: Wake,
        gt: int | None,
        topics: Sequence[str],
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._wake = wake
        self._page: Iterator[library.Notification] = iter(())

    def stop(self) -> None:
        """End the iteration, from this or another thread."""
        super().stop()
        self._wake.ring()

    def __next__(self) -> library.Notification:
        while not self._has_been_stopped:
            for notification in self._page:
                self._last_notification_id = notification.id
                return notification
            count = self._wake.count
            if not self._fetch():
                self._wake.wait(count, self.SECONDS)
        raise StopIteration

    def _fetch(self) -> bool:
        found = self._recorder.select_notifications(
            self._last_notification_id or 0,
            self.PAGE,
            topics=self._topics,
            inclusive_of_start=False,
        )
        self._page = iter(found)
        return bool(found)


class TrackingRecorder(Bound, library.TrackingRecorder):
    """How far another application has been followed."""

    def insert_tracking(self, tracking: library.Tracking) -> None:
        """Move on to a position. Raises IntegrityError where it is not beyond the present one."""
        with self._connection() as connection:
            _track(connection, self._tenant, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """The position up to which an application was followed; None where it was not."""
        with self._connection() as connection:
            position: int | None = queries.one(
                connection, _TRACKED, [self._tenant, application_name]
            )
        return position


class ProcessRecorder(TrackingRecorder, ApplicationRecorder, library.ProcessRecorder):
    """Events and the position that caused them, in one transaction."""


@contextmanager
def _library_errors() -> Iterator[None]:
    """Refusals and errors of the database, raised as the library's."""
    try:
        yield
    except StaleVersion as error:
        raise library.IntegrityError(str(error)) from error
    except (OutcomeUnknown, Unavailable) as error:
        raise library.OperationalError(str(error)) from error
    except (NotFound, psycopg.Error) as error:
        raise _library_error(error)(str(error)) from error


def _library_error(error: Exception) -> type[library.PersistenceError]:
    """The library's class for an error of psycopg: they bear the same DB-API names."""
    for kind in type(error).__mro__:
        same = getattr(library, kind.__name__, None)
        if isinstance(same, type) and issubclass(same, library.PersistenceError):
            return same
    return library.DatabaseError


def _track(connection: Connection, tenant: str, tracking: library.Tracking) -> None:
    params = [tenant, tracking.application_name, tracking.notification_id]
    if queries.one(connection, _TRACK, params) is None:
        raise library.IntegrityError(
            f"{tracking.application_name} was followed beyond {tracking.notification_id} already"
        )


def _stored_event(envelope: bytes) -> library.StoredEvent:
    line, _, state = envelope.partition(b"\n")
    place = _place(line)
    return library.StoredEvent(place.stream, place.version, place.name, state)


def _notification(envelope: bytes) -> library.Notification:
    line, _, state = envelope.partition(b"\n")
    place = _place(line)
    return library.Notification(
        originator_id=place.stream,
        originator_version=place.version,
        topic=place.name,
        state=state,
        id=place.position,
    )
