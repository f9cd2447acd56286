"""The desk: what every workflow works with, and how one command becomes facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.facts import Act, Fact, Place
from domain.refusals import StaleVersion, WrongState
from ledger.figures import FigureStore
from ledger.idempotency import Idempotency
from ledger.records import NewFact, Receipt, Recorded
from ledger.store import FactStore
from ledger.vault import Vault
from projections.pay_register import PayRegister
from projections.runner import Runner

State = TypeVar("State")
Evolve = Callable[[State, Fact, Place], State]
Decide = Callable[[State], Sequence[Fact]]

RETRIES = 8
"""How often a command without an expected version is decided again after losing a race."""
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Desk:
    """The ledger, the figures, the vault and the read models of one database."""

    store: FactStore
    figures: FigureStore
    vault: Vault
    runner: Runner
    register: PayRegister


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
) -> Outcome[State]:
    """Load a stream, decide, append.

    A key that was answered before gives the first receipts. Raises StaleVersion with the present
    version when `ask.expected_version` is not it; without one a lost race is decided again.
    """
    for attempt in range(RETRIES):
        replay = _answered(desk, tenant, ask)
        records = desk.store.stream(tenant, stream)
        state = fold(records, empty, evolve)
        if replay is not None:
            return Outcome(replay, state)
        version = records[-1].version if records else 0
        if ask.expected_version is not None and ask.expected_version != version:
            raise stale(stream, ask.expected_version, version)
        made = [
            NewFact(stream, version + number, fact)
            for number, fact in enumerate(decide(state), start=1)
        ]
        if not made:
            return Outcome([], state)
        try:
            receipts = desk.store.append(tenant, made, ask.act, idempotency=ask.idempotency)
        except StaleVersion:
            if ask.expected_version is not None or attempt == RETRIES - 1:
                raise
            continue
        desk.runner.hint()
        return Outcome(receipts, _after(state, made, receipts, ask.act, evolve))
    raise AssertionError("unreachable: the last attempt returns or raises")


def _answered(desk: Desk, tenant: str, ask: Ask) -> list[Receipt] | None:
    if ask.idempotency is None:
        return None
    key = ask.idempotency
    answer = desk.store.idempotent_answer(tenant, key.key, key.fingerprint)
    return None if answer is None else answer.receipts


def _after(
    state: State, made: list[NewFact], receipts: list[Receipt], act: Act, evolve: Evolve[State]
) -> State:
    for new, receipt in zip(made, receipts, strict=True):
        place = Place(
            position=receipt.position,
            version=receipt.version,
            actor=act.actor,
            recorded_at=receipt.recorded_at,
        )
        state = evolve(state, new.fact, place)
    return state


def busy(what: str) -> WrongState:
    """The answer when the same thing is written by others faster than it can be decided on."""
    return WrongState(
        f"{what} 正被频繁修改, 请稍后再试",
        f"{what} is being changed by others at this moment",
        do="Send the request again.",
    )


def stale(stream: str, expected: int, present: int) -> StaleVersion:
    """The answer to a command that was made on an older version."""
    return StaleVersion(
        f"{stream} 已被他人修改: 当前版本 {present}, 您依据的是 {expected}",
        f"{stream} is at version {present}; your change was made on {expected}",
        do="Look at the present version and send the command again.",
        current_version=present,
        stream=stream,
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


def require_tenant(desk: Desk, tenant: str) -> int:
    """The tenant's head position. Raises NotFound where no ledger was opened."""
    return desk.store.head(tenant)[0]
