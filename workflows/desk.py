"""The desk: what every workflow works with, and how one command becomes facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.facts import Act, Fact, Place
from domain.refusals import WrongState
from ledger.application import TenantLedger
from ledger.figures import FigureStore
from ledger.fresh import Loaded
from ledger.idempotency import Idempotency
from ledger.records import Receipt, Recorded
from ledger.store import FactStore
from ledger.vault import Vault
from projections.pay_register import PayRegister
from projections.runner import Runner
from workflows.crew import Crew
from workflows.memory import Memory

State = TypeVar("State")
Evolve = Callable[[State, Fact, Place], State]
Decide = Callable[[State], Sequence[Fact]]

RETRIES = 8
"""How often an act that spans streams is decided again after losing a race."""
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Desk:
    """The ledger, the figures, the vault and the read models of one database."""

    store: FactStore
    figures: FigureStore
    vault: Vault
    runner: Runner
    register: PayRegister
    memory: Memory = field(default_factory=Memory)
    """What is kept between commands; it can be thrown away at any time."""
    crew: Crew | None = None
    """Processes for large pay runs; None computes them in this one."""


@dataclass(frozen=True, slots=True)
class Ask:
    """How a command is asked: by whom and why, at which version, under which key."""

    act: Act
    expected_version: int | None = None
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[State]):
    """What a command led to: the receipts, and the state before and after."""

    receipts: list[Receipt]
    state: State
    replayed: bool = False
    """It was done before, under its key: these are the receipts and the state of then."""

    @property
    def position(self) -> int:
        """The last position the command wrote; 0 where it wrote nothing."""
        return self.receipts[-1].position if self.receipts else 0


def load(
    desk: Desk,
    tenant: str,
    stream: str,
    empty: State,
    evolve: Evolve[State],
    known: int | None = None,
) -> State:
    """Fold a stream as known at a position (now by default)."""
    return fold(desk.store.stream(tenant, stream, known=known), empty, evolve)


def fold(recorded: Sequence[Recorded], empty: State, evolve: Evolve[State]) -> State:
    """Fold recorded facts, each at its place."""
    state = empty
    for record in recorded:
        state = evolve(state, record.fact, record)
    return state


def handle(
    desk: Desk,
    tenant: str,
    stream: str,
    empty: State,
    evolve: Evolve[State],
    decide: Decide[State],
    ask: Ask,
    loaded: list[Recorded] | None = None,
) -> Outcome[State]:
    """Decide on a stream and record what follows; the state is the one after it.

    `loaded` are the facts of the stream, where they were read already.

    A key that was answered before gives the first receipts and the state of then. Raises the
    refusal of `decide`, StaleVersion and KeyReused (see `TenantLedger.act`).
    """
    ledger = TenantLedger(desk.store, tenant)
    if loaded is not None:
        ledger = Loaded(desk.store, tenant, stream, loaded)
    done = ledger.act(
        stream,
        empty,
        evolve,
        lambda state, _command, _act: decide(state),
        None,
        ask.act,
        idempotency=ask.idempotency,
        expected_version=ask.expected_version,
    )
    desk.runner.hint()
    if done.state is not None:
        return Outcome(done.receipts, done.state)
    known = done.receipts[-1].position if done.receipts else None
    state = load(desk, tenant, stream, empty, evolve, known)
    return Outcome(done.receipts, state, done.replayed)


def busy(what: str) -> WrongState:
    """The answer when the same thing is written by others faster than it can be decided on."""
    return WrongState(
        f"{what} 正被频繁修改, 请稍后再试",
        f"{what} is being changed by others at this moment",
        do="Send the request again.",
    )


def scan(
    desk: Desk, tenant: str, names: Sequence[str], *, after: int = 0, upto: int | None = None
) -> Iterator[Recorded]:
    """All facts of these stored names in order, a page at a time."""
    while True:
        page = desk.store.facts_after(tenant, after, PAGE, names=names, upto=upto)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].position


def fold_all(
    desk: Desk,
    tenant: str,
    names: Sequence[str],
    empty: State,
    evolve: Evolve[State],
    upto: int | None = None,
) -> dict[str, State]:
    """Fold every stream that has facts of these names, in one pass; stream id → state."""
    states: dict[str, State] = {}
    for record in scan(desk, tenant, names, upto=upto):
        states[record.stream] = evolve(states.get(record.stream, empty), record.fact, record)
    return states


def folded(
    desk: Desk,
    tenant: str,
    streams: Sequence[str],
    empty: State,
    evolve: Evolve[State],
    known: int,
) -> dict[str, State]:
    """Fold some streams as known at a position; stream id → state, of those that have facts."""
    states: dict[str, State] = {}
    for record in desk.store.streams(tenant, streams, known=known):
        states[record.stream] = evolve(states.get(record.stream, empty), record.fact, record)
    return states


def require_tenant(desk: Desk, tenant: str) -> int:
    """The tenant's head position. Raises NotFound where no ledger was opened."""
    return desk.store.head(tenant)[0]
