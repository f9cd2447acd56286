"""Commands on streams: load, fold, decide, append; races, retries, repeated requests."""

from __future__ import annotations

from decimal import Decimal

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError

from domain.facts import Act
from domain.refusals import KeyReused, StaleVersion, WrongState
from ledger.application import Event, Folded, Ledger, TenantLedger, event, projector
from ledger.idempotency import Idempotency
from ledger.names import UnknownFact
from ledger.queries import Pool
from ledger.records import Receipt
from ledger.store import FactStore
from tests.ledger.samples import ACT, EMPTY, NAMES, Changed, Opened, decide, evolve
from tests.ledger.threads import race

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(store: FactStore, tenant: str) -> TenantLedger:
    """The ledger of a new tenant."""
    return TenantLedger(store, tenant)


def handle(
    ledger: TenantLedger,
    command: str,
    key: Idempotency | None = None,
    expected: int | None = None,
    act: Act = ACT,
) -> list[Receipt]:
    return ledger.handle(
        "s", EMPTY, evolve, decide, command, act, idempotency=key, expected_version=expected
    )


def test_a_command_is_decided_on_the_fold_and_recorded(ledger: TenantLedger) -> None:
    handle(ledger, "open")
    [receipt] = handle(ledger, "2.50")
    assert (receipt.stream, receipt.version, receipt.position) == ("s", 2, 2)
    assert ledger.load("s", EMPTY, evolve) == (("open", Decimal("2.5"), 2), 2)
    assert ledger.load("s", EMPTY, evolve, known=1) == (("open", Decimal(0), 1), 1)
    assert ledger.load("t", EMPTY, evolve) == (EMPTY, 0)


def test_a_refusal_of_the_business_records_nothing(ledger: TenantLedger) -> None:
    with pytest.raises(WrongState, match="not open"):
        handle(ledger, "5")
    assert ledger.store.head(ledger.tenant)[0] == 0


def test_a_command_without_consequence_records_nothing(ledger: TenantLedger) -> None:
    assert handle(ledger, "nothing") == []
    assert handle(ledger, "nothing", Idempotency("k", b"f")) == []
    assert handle(ledger, "open", Idempotency("k", b"f")) == []
    assert ledger.store.head(ledger.tenant)[0] == 0


def test_an_expected_version_must_be_the_present_one(ledger: TenantLedger) -> None:
    handle(ledger, "open", expected=0)
    for expected in (0, 2):
        with pytest.raises(StaleVersion) as refusal:
            handle(ledger, "1", expected=expected)
        assert refusal.value.details["current_version"] == 1
        assert refusal.value.details["expected_version"] == expected
    assert handle(ledger, "1", expected=1)[0].version == 2


def test_of_eight_who_expect_one_version_exactly_one_wins(ledger: TenantLedger) -> None:
    handle(ledger, "open")

    def amend(_: int) -> str:
        try:
            handle(ledger, "1", expected=1)
        except StaleVersion as refusal:
            return f"present {refusal.details['current_version']}"
        return "won"

    assert sorted(race(8, amend)) == ["present 2"] * 7 + ["won"]


def test_without_an_expected_version_all_who_race_are_recorded(ledger: TenantLedger) -> None:
    handle(ledger, "open")
    race(8, lambda _: [handle(ledger, "1") for _ in range(5)])
    assert ledger.load("s", EMPTY, evolve) == (("open", Decimal(40), 41), 41)


def test_a_command_is_decided_anew_on_what_is_there_then(ledger: TenantLedger) -> None:
    handle(ledger, "open")

    def close(_: int) -> str:
        try:
            handle(ledger, "close")
        except WrongState:
            return "refused"
        return "closed"

    assert sorted(race(8, close)) == ["closed"] + ["refused"] * 7


def test_a_repeated_request_gets_its_first_receipts_whatever_has_happened_since(
    ledger: TenantLedger,
) -> None:
    key = Idempotency("k", b"f")
    first = handle(ledger, "open", key, expected=0)
    handle(ledger, "close")
    assert handle(ledger, "open", key, expected=0) == first
    assert handle(ledger, "open", key) == first
    with pytest.raises(KeyReused):
        handle(ledger, "open", Idempotency("k", b"other"))
    assert ledger.store.head(ledger.tenant)[0] == 2


def test_eight_repeats_at_once_are_done_once(ledger: TenantLedger) -> None:
    handle(ledger, "open")
    for turn in range(5):
        key = Idempotency(f"k{turn}", b"f")
        answers = race(8, lambda _: handle(ledger, "1", key))  # noqa: B023
        assert all(answer == answers[0] for answer in answers)
        assert answers[0][0].version == turn + 2


# The library's Application over the same tables


@pytest.fixture
def application(pool: Pool, tenant: str) -> Ledger:
    """The library's Application of the same tenant."""
    return Ledger({"TALLYSTICK_TENANT": tenant}, pool=pool, names=NAMES)


class Account:
    """An aggregate as the library saves them: it has events to collect."""

    def __init__(self, stream: str) -> None:
        self.id = stream
        self.version = 0
        self._pending: list[Event] = []

    def add(self, fact: Opened | Changed) -> None:
        self.version += 1
        self._pending.append(event(self.id, self.version, fact, ACT))

    def collect_events(self) -> list[Event]:
        pending, self._pending = self._pending, []
        return pending


def amount(text: str) -> Changed:
    return Changed(amount=Decimal(text), effective=ACT.at.date())


def test_an_aggregate_saved_by_the_library_is_a_stream_of_the_ledger(
    application: Ledger, ledger: TenantLedger
) -> None:
    account = Account("s")
    account.add(Opened(owner="ann"))
    account.add(amount("3"))
    recordings = application.save(account)
    assert [recording.notification.id for recording in recordings] == [1, 2]
    handle(ledger, "4")
    fold = projector(EMPTY, evolve)
    folded: Folded = application.repository.get("s", projector_func=fold)
    assert folded == Folded("s", 3, ("open", Decimal(7), 3))
    assert application.repository.get("s", version=2, projector_func=fold).version == 2
    stored = ledger.store.facts_after(ledger.tenant, 0, 10)
    assert [(r.name, r.actor, r.effective) for r in stored] == [
        ("account.opened.v1", "ann", None),
        ("account.changed.v1", "ann", ACT.at.date()),
        ("account.changed.v1", "ann", ACT.at.date()),
    ]


def test_both_ways_write_the_same_bytes(application: Ledger, ledger: TenantLedger) -> None:
    application.save(event("s", 1, Opened(owner="ann"), ACT))
    ledger.handle("t", EMPTY, evolve, decide, "open", ACT)
    mine, theirs = (e.split(b"\n", 1)[1] for e in ledger.store.envelopes_after(ledger.tenant, 0, 2))
    assert mine == theirs


def test_the_library_sees_conflicts_and_missing_aggregates(application: Ledger) -> None:
    application.save(event("s", 1, Opened(owner="ann"), ACT))
    with pytest.raises(IntegrityError):
        application.save(event("s", 1, Opened(owner="bob"), ACT))
    with pytest.raises(AggregateNotFoundError):
        application.repository.get("t", projector_func=projector(EMPTY, evolve))


def test_the_notification_log_is_the_ledger(application: Ledger, ledger: TenantLedger) -> None:
    handle(ledger, "open")
    [notification] = application.notification_log.select(1, 10)
    assert (notification.id, notification.topic) == (1, "account.opened.v1")
    domain_event = application.mapper.to_domain_event(notification)
    assert isinstance(domain_event, Event)
    assert domain_event.fact == Opened(owner="ann")


def test_the_library_too_halts_at_an_unknown_name(
    application: Ledger, ledger: TenantLedger, pool: Pool
) -> None:
    handle(ledger, "open")
    from ledger.names import Names

    poor = Ledger({"TALLYSTICK_TENANT": ledger.tenant}, pool=pool, names=Names({}))
    with pytest.raises(UnknownFact):
        poor.repository.get("s", projector_func=projector(EMPTY, evolve))
    with pytest.raises(TypeError, match="records Event"):
        application.mapper.to_stored_event(Opened(owner="x"))  # type: ignore[arg-type]


def test_the_settings_alone_make_an_application(shared_database: str, tenant: str) -> None:
    settings = {"TALLYSTICK_TENANT": tenant, "DATABASE_URL": shared_database}
    with Ledger(settings, names=NAMES) as application:
        application.save(event("s", 1, Opened(owner="ann"), ACT))
        assert application.recorder.max_notification_id() == 1
