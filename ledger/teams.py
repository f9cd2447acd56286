"""Which teams a business lead answers for; what a lead sees and decides on is theirs alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import LiteralString, Self

import msgspec

from ledger.codec import checked_text
from ledger.queries import Pool
from ledger.store import FactStore

ALL_TEAMS = "*"
"""Stands for every team, those of later days included."""
_OF: LiteralString = """
    SELECT team FROM access.actor_team WHERE tenant_id = %s AND actor = %s ORDER BY team"""
_ALL: LiteralString = """
    SELECT actor, array_agg(team ORDER BY team), max(set_at), (array_agg(set_by))[1]
    FROM access.actor_team WHERE tenant_id = %s GROUP BY actor ORDER BY actor"""
_CLEAR: LiteralString = "DELETE FROM access.actor_team WHERE tenant_id = %s AND actor = %s"
_PUT: LiteralString = """
    INSERT INTO access.actor_team (tenant_id, actor, team, set_at, set_by)
    VALUES (%s, %s, %s, %s, %s)"""


class TeamScope(msgspec.Struct, frozen=True, kw_only=True):
    """The teams of an actor, and who set them when."""

    actor: str
    teams: tuple[str, ...]
    set_at: datetime
    set_by: str


class TeamStore:
    """The teams of all tenants' business leads; every call names its tenant."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @classmethod
    def beside(cls, store: FactStore) -> Self:
        """The teams in the database of a fact store."""
        return cls(store._pool)

    def of(self, tenant: str, actor: str) -> tuple[str, ...]:
        """The teams of an actor; none for somebody who was given none."""
        with self._pool.connection() as connection:
            rows = connection.execute(_OF, [tenant, actor]).fetchall()
        return tuple(row[0] for row in rows)

    def scopes(self, tenant: str) -> list[TeamScope]:
        """Everybody who has teams, by actor."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ALL, [tenant]).fetchall()
        return [
            TeamScope(actor=actor, teams=tuple(teams), set_at=at.astimezone(UTC), set_by=by)
            for actor, teams, at, by in rows
        ]

    def put(self, tenant: str, actor: str, teams: Iterable[str], *, by: str, at: datetime) -> None:
        """Give an actor these teams and no others; none takes all of them away."""
        rows = [
            (tenant, checked_text("actor", actor), checked_text("team", team), at, by)
            for team in dict.fromkeys(teams)
        ]
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(_CLEAR, [tenant, actor])
            cursor.executemany(_PUT, rows)
