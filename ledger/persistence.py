"""The ledger as a persistence module of the library: `PERSISTENCE_MODULE=ledger.persistence`.

Reads DATABASE_URL and TALLYSTICK_TENANT from the application's environment. The tables are made
by the migrations, never here.
"""

from __future__ import annotations

from eventsourcing.persistence import InfrastructureFactory, InfrastructureFactoryError
from eventsourcing.utils import Environment, EnvType, resolve_topic

from ledger import recorder
from ledger.queries import Pool
from ledger.store import open_pool


class Factory(InfrastructureFactory[recorder.TrackingRecorder]):
    """Makes the recorders of one tenant. A pool given is shared and left open at the end."""

    DATABASE_URL = "DATABASE_URL"
    TENANT = "TALLYSTICK_TENANT"

    def __init__(self, env: Environment | EnvType | None, pool: Pool | None = None) -> None:
        """Read the settings. Raises InfrastructureFactoryError where one is missing."""
        super().__init__(env)
        self.tenant = self._setting(self.TENANT)
        self._is_shared = pool is not None
        self._pool = pool or open_pool(self._setting(self.DATABASE_URL))

    def aggregate_recorder(self, purpose: str = "events") -> recorder.AggregateRecorder:
        """A recorder of streams. Snapshots are not kept in the ledger: they are not facts."""
        if purpose != "events":
            raise InfrastructureFactoryError(f"the ledger records no {purpose}")
        return recorder.AggregateRecorder(self._pool, self.tenant)

    def application_recorder(self) -> recorder.ApplicationRecorder:
        """A recorder of streams and of the tenant's one order."""
        return recorder.ApplicationRecorder(self._pool, self.tenant)

    def tracking_recorder(
        self, tracking_recorder_class: type[recorder.TrackingRecorder] | None = None
    ) -> recorder.TrackingRecorder:
        """A recorder of how far others were followed."""
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        named = resolve_topic(topic) if topic else recorder.TrackingRecorder
        kind: type[recorder.TrackingRecorder] = tracking_recorder_class or named
        return kind(self._pool, self.tenant)

    def process_recorder(self) -> recorder.ProcessRecorder:
        """A recorder of events together with what caused them."""
        return recorder.ProcessRecorder(self._pool, self.tenant)

    def close(self) -> None:
        """Close the pool, unless it is shared."""
        if not self._is_shared:
            self._pool.close()

    def _setting(self, name: str) -> str:
        value = self.env.get(name)
        if not value:
            raise InfrastructureFactoryError(f"{name} is not set")
        return value
