"""The library's own test cases, run against the ledger's recorders."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from unittest import TestCase
from uuid import UUID, uuid4

import pytest
from eventsourcing import cryptography
from eventsourcing import persistence as library
from eventsourcing.utils import Environment, get_topic

# The cases import the library's cipher over pycryptodome; its cipher over `cryptography`, which
# is here already, is the same class otherwise.
sys.modules.setdefault("eventsourcing.cipher", cryptography)
from eventsourcing.tests import persistence as cases  # noqa: E402

from ledger import recorder  # noqa: E402
from ledger.persistence import Factory  # noqa: E402
from ledger.queries import Pool  # noqa: E402
from ledger.store import FactStore, open_pool  # noqa: E402

pytestmark = pytest.mark.postgres


class TextIds:
    """Ids of originators are text in the ledger."""

    def new_originator_id(self) -> UUID | str:
        return f"stream-{uuid4().hex}"


class OnLedger:
    """Every test gets the ledger of a tenant of its own."""

    pool: ClassVar[Pool]

    conninfo: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _open(cls, shared_database: str) -> Iterator[None]:
        cls.conninfo = shared_database
        cls.pool = open_pool(shared_database, max_size=12)
        yield
        cls.pool.close()

    def new_tenant(self) -> str:
        tenant = f"tenant-{uuid4().hex}"
        FactStore(self.pool).open_tenant(tenant)
        return tenant


class TestAggregateRecorder(OnLedger, TextIds, cases.AggregateRecorderTestCase):
    """Streams."""

    def create_recorder(self) -> library.AggregateRecorder:
        return recorder.AggregateRecorder(self.pool, self.new_tenant())


class TestApplicationRecorder(
    OnLedger, TextIds, cases.ApplicationRecorderTestCase[recorder.ApplicationRecorder]
):
    """The one order of a tenant, under concurrent writers, and subscriptions to it."""

    def create_recorder(self) -> recorder.ApplicationRecorder:
        return recorder.ApplicationRecorder(self.pool, self.new_tenant())

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(OnLedger, TextIds, cases.NonInterleavingNotificationIDsBaseCase):
    """Positions of one insert stand together."""

    def create_recorder(self) -> library.ApplicationRecorder:
        return recorder.ApplicationRecorder(self.pool, self.new_tenant())


class TestTrackingRecorder(OnLedger, cases.TrackingRecorderTestCase):
    """How far another application was followed."""

    def create_recorder(self) -> library.TrackingRecorder:
        return recorder.TrackingRecorder(self.pool, self.new_tenant())


class TestProcessRecorder(OnLedger, TextIds, cases.ProcessRecorderTestCase):
    """Events together with what caused them."""

    def create_recorder(self) -> library.ProcessRecorder:
        return recorder.ProcessRecorder(self.pool, self.new_tenant())


class OwnTracking(recorder.TrackingRecorder):
    """A tracking recorder named by the settings."""


class TestFactory(OnLedger, cases.InfrastructureFactoryTestCase[Factory]):
    """`PERSISTENCE_MODULE=ledger.persistence`."""

    def setUp(self) -> None:
        self.env = Environment("TestFactory")
        self.env["PERSISTENCE_MODULE"] = "ledger.persistence"
        self.env["DATABASE_URL"] = self.conninfo
        self.env["TALLYSTICK_TENANT"] = self.new_tenant()
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[library.AggregateRecorder]:
        return recorder.AggregateRecorder

    def expected_application_recorder_class(self) -> type[library.ApplicationRecorder]:
        return recorder.ApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[library.TrackingRecorder]:
        return recorder.TrackingRecorder

    def tracking_recorder_subclass(self) -> type[library.TrackingRecorder]:
        return OwnTracking

    def expected_process_recorder_class(self) -> type[library.ProcessRecorder]:
        return recorder.ProcessRecorder

    def test_a_missing_setting_is_named(self) -> None:
        for name in ("DATABASE_URL", "TALLYSTICK_TENANT"):
            env: dict[str, Any] = dict(self.env)
            del env[name]
            with pytest.raises(library.InfrastructureFactoryError, match=f"{name} is not set"):
                Factory(env)

    def test_the_ledger_keeps_no_snapshots(self) -> None:
        with pytest.raises(library.InfrastructureFactoryError, match="no snapshots"):
            self.factory.aggregate_recorder(purpose="snapshots")


def events(stream: str, versions: Sequence[int]) -> list[library.StoredEvent]:
    return [library.StoredEvent(stream, version, "topic.v1", b"state") for version in versions]


class TestOurRecorder(OnLedger, TestCase):
    """What the library's cases do not ask."""

    def setUp(self) -> None:
        self.tenant = self.new_tenant()
        self.recorder = recorder.ApplicationRecorder(self.pool, self.tenant)

    def test_versions_have_no_holes(self) -> None:
        with pytest.raises(library.IntegrityError, match="not the one expected"):
            self.recorder.insert_events(events("s", [1, 3]))
        assert self.recorder.max_notification_id() is None

    def test_a_closed_tenant_is_an_error_of_the_library(self) -> None:
        other = recorder.ApplicationRecorder(self.pool, "nobody")
        with pytest.raises(library.DatabaseError, match="no tenant nobody"):
            other.insert_events(events("s", [1]))

    def test_a_refused_write_leaves_no_gap(self) -> None:
        self.recorder.insert_events(events("s", [1]))
        with pytest.raises(library.IntegrityError):
            self.recorder.insert_events(events("s", [1]))
        assert self.recorder.insert_events(events("s", [2])) == [2]

    def test_a_uuid_is_kept_as_text(self) -> None:
        uuid = uuid4()
        self.recorder.insert_events([library.StoredEvent(uuid, 1, "topic.v1", b"{}")])
        assert [event.originator_id for event in self.recorder.select_events(uuid)] == [str(uuid)]

    def test_a_topic_of_the_settings_names_the_tracking_recorder(self) -> None:
        env = {
            "TALLYSTICK_TENANT": self.tenant,
            Factory.TRACKING_RECORDER_TOPIC: get_topic(OwnTracking),
        }
        assert type(Factory(env, self.pool).tracking_recorder()) is OwnTracking
