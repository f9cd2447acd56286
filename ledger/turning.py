"""Turning the master key: every person's key is wrapped anew, a few hundred a transaction.

It can be killed at any point and begun again: what is wrapped by which key stands in the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from ledger import queries
from ledger.codec import canonical
from ledger.master_keys import MasterKeys
from ledger.queries import Pool

BATCH = 500
_OLD: LiteralString = """
    SELECT DISTINCT substring(wrapped_key FROM 2 FOR 8) FROM ledger.person_key
    WHERE tenant_id = %b AND wrapped_key IS NOT NULL
        AND substring(wrapped_key FROM 2 FOR 8) <> %b::bytea"""
_TURN: LiteralString = "SELECT ledger.turn_master_key(%b, %b::bytea)"
_LEFT: LiteralString = """
    SELECT person_id, wrapped_key FROM ledger.person_key
    WHERE tenant_id = %b AND wrapped_key IS NOT NULL
        AND substring(wrapped_key FROM 2 FOR 8) <> %b::bytea
    ORDER BY person_id LIMIT %b FOR UPDATE"""
_WRAP: LiteralString = """
    UPDATE ledger.person_key AS k SET wrapped_key = a.wrapped
    FROM unnest(%b::text[], %b::bytea[]) AS a (person, wrapped)
    WHERE k.tenant_id = %b AND k.person_id = a.person AND k.destroyed_at IS NULL"""
_COUNTS: LiteralString = """
    SELECT substring(wrapped_key FROM 2 FOR 8), count(*) FROM ledger.person_key
    WHERE tenant_id = %b AND wrapped_key IS NOT NULL GROUP BY 1 ORDER BY 1"""


def wrapped_by(pool: Pool, tenant: str) -> dict[str, int]:
    """Master key id (hex) → how many persons' keys of a tenant it wraps."""
    with pool.connection() as connection:
        return {row[0].hex(): row[1] for row in queries.rows(connection, _COUNTS, [tenant])}


def turn(pool: Pool, tenant: str, masters: MasterKeys, new: bytes) -> Iterator[int]:
    """Wrap every key of a tenant by the new master key; after each transaction how many it did.

    Those of other ids wrap nothing more from the first one on. Raises WrongMasterKey where a key
    was wrapped by a master key that is not there.
    """
    for old in {*_old(pool, tenant, new), *masters.known()} - {new}:
        with pool.connection() as connection:
            connection.execute(_TURN, [tenant, old])
    while done := _batch(pool, tenant, masters, new):
        yield done


def _old(pool: Pool, tenant: str, new: bytes) -> list[bytes]:
    with pool.connection() as connection:
        return [row[0] for row in queries.rows(connection, _OLD, [tenant, new])]


def _batch(pool: Pool, tenant: str, masters: MasterKeys, new: bytes) -> int:
    with pool.connection() as connection, connection.transaction():
        rows = queries.rows(connection, _LEFT, [tenant, new, BATCH])
        if not rows:
            return 0
        bound = [canonical([tenant, person]) for person, _ in rows]
        keys = masters.unwrap([(row[1], to) for row, to in zip(rows, bound, strict=True)])
        wrapped = masters.wrap(list(zip(keys, bound, strict=True)))
        connection.execute(_WRAP, [[row[0] for row in rows], wrapped, tenant])
        return len(rows)
