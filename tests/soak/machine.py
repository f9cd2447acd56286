"""The ledger's interface as a state machine beside a model of dicts."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.refusals import KeyReused, StaleVersion
from ledger.application import TenantLedger
from ledger.errors import KeyTaken
from ledger.failures import NotInRecord
from ledger.idempotency import Idempotency
from ledger.queries import Pool
from ledger.records import NewFact, Receipt
from ledger.store import FactStore
from tests.ledger.samples import ACT, EMPTY, NAMES, changed, decide, evolve, opened

STREAMS = st.sampled_from(["a", "b", "c", 'd "quoted" 深'])
KEYS = st.one_of(st.none(), st.sampled_from(["k1", "k2", "k3", "k4"]))
FINGERPRINTS = st.sampled_from([b"f", b"g"])
_numbers = itertools.count(1)


class LedgerMachine(RuleBasedStateMachine):
    """Every rule acts on both; every answer must be the model's. `pool` is set by who runs it."""

    pool: Pool

    def __init__(self) -> None:
        super().__init__()
        self.store = FactStore(self.pool, NAMES)
        self.tenant = f"machine-{next(_numbers)}-{id(self)}"
        self.store.open_tenant(self.tenant)
        self.facts: list[NewFact] = []
        self.told: list[Receipt] = []
        self.versions: dict[str, int] = {}
        self.keys: dict[str, tuple[bytes, list[Receipt]]] = {}

    # What the model expects

    def _new(self, parts: list[tuple[str, int]]) -> list[NewFact]:
        """Facts for these streams, each a step off the version that follows (mostly 0)."""
        versions = dict(self.versions)
        new: list[NewFact] = []
        for stream, off in parts:
            version = max(1, versions.get(stream, 0) + 1 + off)
            versions[stream] = version
            new.append(changed(stream, version, str(len(self.facts)), {"n": len(new)}))
        return new

    def _follows(self, new: list[NewFact]) -> bool:
        versions = dict(self.versions)
        for one in new:
            if one.version != versions.get(one.stream, 0) + 1:
                return False
            versions[one.stream] = one.version
        return True

    def _accepted(self, new: list[NewFact], told: list[Receipt], once: Idempotency | None) -> None:
        places = [(receipt.stream, receipt.version, receipt.position) for receipt in told]
        start = len(self.facts) + 1
        assert places == [(one.stream, one.version, start + n) for n, one in enumerate(new)]
        self.facts += new
        self.told += told
        self.versions |= {one.stream: one.version for one in new}
        if once is not None:
            self.keys[once.key] = (once.fingerprint, told)

    def _expect(self, new: list[NewFact], once: Idempotency | None, act: Any) -> None:
        """Run an append; what it answers or raises must be what the model says."""
        first = self.keys.get(once.key) if once else None
        try:
            told = act()
        except (KeyReused, KeyTaken) as refusal:
            assert once is not None and first is not None
            assert isinstance(refusal, KeyTaken) or first[0] != once.fingerprint
        except StaleVersion:
            assert first is None and not self._follows(new)
        else:
            if first is not None:
                assert once is not None and first == (once.fingerprint, told)
                return
            assert self._follows(new)
            self._accepted(new, told, once)

    # Rules

    @rule(
        parts=st.lists(st.tuples(STREAMS, st.sampled_from([0, 0, 0, 0, 1, -1])), max_size=4),
        key=KEYS,
        fingerprint=FINGERPRINTS,
    )
    def append(self, parts: list[tuple[str, int]], key: str | None, fingerprint: bytes) -> None:
        new, once = self._new(parts), Idempotency(key, fingerprint) if key else None
        self._expect(new, once, lambda: self.store.append(self.tenant, new, ACT, idempotency=once))

    @rule(
        parts=st.lists(st.tuples(STREAMS, st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=3),
        key=KEYS,
        is_kept=st.booleans(),
    )
    def append_inside(self, parts: list[tuple[str, int]], key: str | None, is_kept: bool) -> None:
        new, once = self._new(parts), Idempotency(key, b"f") if key else None

        def act() -> list[Receipt]:
            with self.pool.connection() as connection, connection.transaction():
                return self.store.append_in(connection, self.tenant, new, ACT, idempotency=once)

        if is_kept:
            self._expect(new, once, act)
        elif self._follows(new) and (key is None or key not in self.keys):
            with self.pool.connection() as c, c.transaction(force_rollback=True):
                self.store.append_in(c, self.tenant, new, ACT, idempotency=once)

    @rule(stream=STREAMS, command=st.sampled_from(["open", "close", "5", "-2", "nothing"]))
    def handle(self, stream: str, command: str) -> None:
        name = f"account-{stream}"
        before = len(self.told)
        ledger = TenantLedger(self.store, self.tenant)
        state, version = ledger.load(name, EMPTY, evolve)
        assert version == self.versions.get(name, 0)
        try:
            facts = decide(state, command, ACT)
        except Exception as refusal:  # noqa: BLE001 - the ledger must refuse alike
            try:
                ledger.handle(name, EMPTY, evolve, decide, command, ACT)
            except type(refusal):
                return
            raise AssertionError("the ledger took what the model refuses") from None
        told = ledger.handle(name, EMPTY, evolve, decide, command, ACT)
        new = [NewFact(name, version + n, fact) for n, fact in enumerate(facts, start=1)]
        self._accepted(new, told, None)
        assert len(self.told) == before + len(new)

    @rule(stream=STREAMS, known=st.integers(0, 60), after=st.integers(0, 5))
    def read_stream(self, stream: str, known: int, after: int) -> None:
        found = self.store.stream(self.tenant, stream, known=known, after_version=after)
        wanted = [
            (n, one.version, one.fact)
            for n, one in enumerate(self.facts, start=1)
            if one.stream == stream and n <= known and one.version > after
        ]
        assert [(r.position, r.version, r.fact) for r in found] == wanted

    @rule(after=st.integers(0, 60), limit=st.integers(1, 20))
    def read_page(self, after: int, limit: int) -> None:
        found = self.store.facts_after(self.tenant, after, limit)
        wanted = self.facts[after : after + limit]
        assert [(r.stream, r.version, r.fact) for r in found] == [
            (one.stream, one.version, one.fact) for one in wanted
        ]

    @rule(key=st.sampled_from(["k1", "k2", "k3", "k4", "k5"]))
    def ask_key(self, key: str) -> None:
        fingerprint, told = self.keys.get(key, (b"f", None))
        answer = self.store.idempotent_answer(self.tenant, key, fingerprint)
        assert (answer.receipts if answer else None) == told

    @precondition(lambda self: self.told)
    @rule(number=st.integers(0, 10**6))
    def check_receipt(self, number: int) -> None:
        receipt = self.told[number % len(self.told)]
        self.store.check_receipt(self.tenant, receipt)
        other = Receipt(
            receipt.stream, receipt.version, len(self.told) + 1, receipt.leaf_hash,
            receipt.recorded_at,
        )  # fmt: skip
        try:
            self.store.check_receipt(self.tenant, other)
        except NotInRecord as refusal:
            assert "behind" in refusal.en
        else:
            raise AssertionError("a receipt beyond the head was taken")

    @rule()
    def ask_moment(self) -> None:
        assert self.store.position_at(self.tenant, datetime.now(UTC)) <= len(self.facts)
        if self.told:
            last = self.told[-1].recorded_at
            at = max(r.position for r in self.told if r.recorded_at <= last)
            assert self.store.position_at(self.tenant, last) == at

    @rule(stream=STREAMS)
    def open_stream_twice(self, stream: str) -> None:
        new = [opened(stream)]
        self._expect(new, None, lambda: self.store.append(self.tenant, new, ACT))

    @invariant()
    def head_is_the_count(self) -> None:
        assert self.store.head(self.tenant)[0] == len(self.facts)
