"""What a read model is: a module with a name, its tables, the facts it wants, and a fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import psycopg
from psycopg_pool import ConnectionPool

from domain.facts import Fact
from ledger.names import Names
from ledger.records import Recorded

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
SCHEMA = "projections"

_NAMES = Names()


class ReadModel(Protocol):
    """A table definition, a fold and its queries, side by side in one module.

    `version` rises whenever the fold gives other rows than before: the model is then rebuilt.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Its tables, without the schema; each has `tenant_id` first in its primary key."""

    @property
    def names(self) -> frozenset[str]:
        """Stored names of the facts it wants; other facts only move its position."""

    def apply(self, connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
        """Fold facts, in order, into the tables, in a handful of statements.

        Tables are named without a schema: the search path leads to the live tables or to those
        a rebuild fills. The rows do not depend on how the facts are cut into batches.
        """


class ModelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a read model of a tenant stands."""

    name: str
    position: int
    head: int
    halted: bool = False
    error: str | None = None
    outdated: bool = False
    """The program has another version of the model than the rows: rebuild it."""

    @property
    def lag(self) -> int:
        """Facts that are recorded and not yet in the rows."""
        return max(0, self.head - self.position)


def names_of(*kinds: type[Fact]) -> frozenset[str]:
    """Stored names of classes of facts, older names that are lifted to them included."""
    return frozenset(_NAMES.stored(_NAMES.name_of(kind) for kind in kinds))
