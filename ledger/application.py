"""Commands on streams: load, fold, decide, append. And the library's Application on the same
tables, for what is written against it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar, cast

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import InfrastructureFactory, JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import Environment, EnvType

from domain.facts import Act, Fact, Place
from domain.refusals import Refusal
from ledger.codec import FORMAT, ActLine, PlaceLine, canonical, leaf_hash, place_line
from ledger.errors import Overtaken, stale
from ledger.failures import OutcomeUnknown, Unavailable
from ledger.idempotency import Idempotency
from ledger.names import Names
from ledger.persistence import Factory
from ledger.queries import Pool
from ledger.records import NewFact, Receipt, columns, recorded
from ledger.store import FactStore

S = TypeVar("S")
C = TypeVar("C")
Evolve = Callable[[S, Fact, Place], S]
Decide = Callable[[S, C, Act], Sequence[Fact]]
ATTEMPTS = 40
"""How often a command without an expected version is decided when others were first: eight who race
for one stream lose seven times out of eight, and nobody of them forty times."""


@dataclass(frozen=True, slots=True)
class Done(Generic[S]):
    """What became of a command: its receipts, and the state after it where that is known.

    A command that was done before, under its key, has the receipts of then and no state.
    """

    receipts: list[Receipt]
    state: S | None
    replayed: bool


class TenantLedger:
    """One tenant's streams under commands.

    The library's Application is not on this path: it would map every fact twice and knows
    neither acts nor idempotency keys. `Ledger` below is it, over the same tables.
    """

    def __init__(self, store: FactStore, tenant: str) -> None:
        self.store = store
        self.tenant = tenant

    def load(
        self, stream: str, state: S, evolve: Evolve[S], *, known: int | None = None
    ) -> tuple[S, int]:
        """The fold of a stream as known at a position, and the version it is at (0: none)."""
        version = 0
        for place in self.store.stream(self.tenant, stream, known=known):
            state = evolve(state, place.fact, place)
            version = place.version
        return state, version

    def handle(
        self,
        stream: str,
        state: S,
        evolve: Evolve[S],
        decide: Decide[S, C],
        command: C,
        act: Act,
        *,
        idempotency: Idempotency | None = None,
        expected_version: int | None = None,
    ) -> list[Receipt]:
        """What `act` does; its receipts alone."""
        return self.act(
            stream,
            state,
            evolve,
            decide,
            command,
            act,
            idempotency=idempotency,
            expected_version=expected_version,
        ).receipts

    def act(
        self,
        stream: str,
        state: S,
        evolve: Evolve[S],
        decide: Decide[S, C],
        command: C,
        act: Act,
        *,
        idempotency: Idempotency | None = None,
        expected_version: int | None = None,
    ) -> Done[S]:
        """Decide a command on a stream and record what follows; `state` is the empty state.

        A request repeated under its key gives the first receipts, whatever has happened since.
        With `expected_version` another present version is StaleVersion; without it, a command
        that was overtaken is decided again on what is there then, at most ATTEMPTS times.
        Raises the Refusal of `decide`, and what `FactStore.append` raises.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                present, version = self.load(stream, state, evolve)
                if expected_version not in (None, version):
                    raise stale(stream, version, expected_version)
                facts = decide(present, command, act)
                new = [NewFact(stream, version + n, fact) for n, fact in enumerate(facts, start=1)]
                receipts = self._append(new, act, idempotency)
                return self._done(present, evolve, new, act, receipts)
            except (OutcomeUnknown, Unavailable):
                raise
            except Refusal as refusal:
                first = self._first_answer(idempotency)
                if first is not None:
                    return Done(first, None, replayed=True)
                again = isinstance(refusal, Overtaken) and expected_version is None
                if not again or attempt == ATTEMPTS:
                    raise
            time.sleep(random.uniform(0, 0.002 * min(attempt, 8)))  # noqa: S311 - spreads those who race
        raise AssertionError("unreachable")

    def _append(
        self, new: Sequence[NewFact], act: Act, idempotency: Idempotency | None
    ) -> list[Receipt]:
        if not new and idempotency is None:
            return []
        return self.store.append(self.tenant, new, act, idempotency=idempotency)

    def _done(
        self,
        state: S,
        evolve: Evolve[S],
        new: Sequence[NewFact],
        act: Act,
        receipts: list[Receipt],
    ) -> Done[S]:
        """Fold what was recorded without reading it again.

        The leaf hashes of the receipts say whether the bytes made here are those that stand in the
        ledger; where they do not, the receipts are those of an earlier time.
        """
        names = self.store.names
        made = columns(new, act, names)
        if len(receipts) != len(new):
            return Done(receipts, None, replayed=True)
        for fact, name, line, receipt in zip(new, made.names, made.states, receipts, strict=True):
            envelope = place_line(_place_of(self.tenant, fact, name, receipt)) + b"\n" + line
            if leaf_hash(envelope).hex() != receipt.leaf_hash:
                return Done(receipts, None, replayed=True)
            place = recorded(envelope, names)
            state = evolve(state, place.fact, place)
        return Done(receipts, state, replayed=False)

    def _first_answer(self, idempotency: Idempotency | None) -> list[Receipt] | None:
        """The receipts of the first time this was asked; raises KeyReused."""
        if idempotency is None:
            return None
        answer = self.store.idempotent_answer(self.tenant, idempotency.key, idempotency.fingerprint)
        return None if answer is None else answer.receipts


def _place_of(tenant: str, new: NewFact, name: str, receipt: Receipt) -> PlaceLine:
    """Line 1 of the envelope of a new fact, if the receipt is for it and for no earlier one."""
    return PlaceLine(
        format=FORMAT,
        name=name,
        position=receipt.position,
        recorded_at=receipt.recorded_at,
        stream=new.stream,
        tenant=tenant,
        version=new.version,
    )


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its act, as the library's aggregates collect and fold it."""

    originator_id: str
    originator_version: int
    fact: Fact
    act: ActLine


def event(stream: str, version: int, fact: Fact, act: Act) -> Event:
    """An event to be saved as that version of a stream."""
    line = ActLine(
        actor=act.actor,
        causation=act.causation,
        correlation=act.correlation,
        effective=getattr(fact, "effective", None),
        reason=act.reason,
    )
    return Event(originator_id=stream, originator_version=version, fact=fact, act=line)


class NamedMapper(Mapper[str]):
    """Events to stored events and back by stored names, in the bytes of the record."""

    def __init__(self, names: Names) -> None:
        super().__init__(JSONTranscoder())
        self._names = names
        self._act = msgspec.json.Decoder(ActLine).decode

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The stored form of an Event. Raises TypeError for any other class of event."""
        if not isinstance(domain_event, Event):
            raise TypeError(f"the ledger records Event, not {type(domain_event).__name__}")
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=self._names.name_of(type(domain_event.fact)),
            state=canonical(domain_event.act) + b"\n" + canonical(domain_event.fact),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The Event of a stored event. Raises UnknownFact, UnreadableFact."""
        act, _, payload = stored_event.state.partition(b"\n")
        return Event(
            originator_id=str(stored_event.originator_id),
            originator_version=stored_event.originator_version,
            fact=self._names.decode(stored_event.topic, payload),
            act=self._act(act),
        )


class Ledger(Application[str]):
    """The library's Application for one tenant, over the ledger's tables."""

    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": "ledger.persistence"}

    def __init__(
        self,
        env: EnvType | None = None,
        *,
        pool: Pool | None = None,
        names: Names | None = None,
    ) -> None:
        """`env` names TALLYSTICK_TENANT and, where no pool is shared, DATABASE_URL."""
        self._shared = pool
        self._names = names or Names()
        super().__init__(env)

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        """The factory of the settings; with a shared pool, ours."""
        if self._shared is None:
            return super().construct_factory(env)
        return cast(InfrastructureFactory, Factory(env, self._shared))

    def construct_mapper(self) -> Mapper[str]:
        """Stored names in place of Python paths."""
        return NamedMapper(self._names)


class Folded(msgspec.Struct, frozen=True):
    """A folded stream in the shape the library's repository returns: id, version, state."""

    id: str
    version: int
    state: object


def projector(
    state: S, evolve: Evolve[S]
) -> Callable[[Folded | None, Iterable[Event]], Folded | None]:
    """`evolve` as the library's projector function: `repository.get(id, projector_func=…)`."""

    def project(folded: Folded | None, events: Iterable[Event]) -> Folded | None:
        for item in events:
            before: S = state if folded is None else folded.state  # type: ignore[assignment]
            place = Place(version=item.originator_version, actor=item.act.actor)
            after = evolve(before, item.fact, place)
            folded = Folded(item.originator_id, item.originator_version, after)
        return folded

    return project
