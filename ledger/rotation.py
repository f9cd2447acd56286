"""Rotation of a log's signing key: a fact, signed with both keys, and the key beside it.

The fact and the row of `ledger.log_key` go in together. What was recorded before is sealed first,
by the key before; the sealer takes up the next one from the row.
"""

from __future__ import annotations

from domain.facts import Act
from domain.log_facts import LogKeyRotated
from ledger.idempotency import Idempotency
from ledger.keys import KeyRing, next_statement
from ledger.log_store import LogKey, LogStore
from ledger.records import NewFact, Receipt
from ledger.sealer import Sealer
from ledger.store import FactStore

STREAM = "log/keys"


def rotate_key(
    store: FactStore, ring: KeyRing, tenant: str, act: Act, idempotency: Idempotency | None = None
) -> Receipt:
    """Hand a log over to the next key; the receipt of the fact that says so.

    Raises KeyTrouble where the key that signs is not in the ring, SealRefused where the log is not
    what was sealed, KeyTaken for an idempotency key that was used.
    """
    pool = store._pool
    Sealer(pool, ring).seal(tenant)
    with pool.connection() as connection, connection.transaction():
        log = LogStore.locked(connection, tenant)
        last = log.log_keys()[-1]
        before, after = ring.signer_of(last.key), ring.newer_than(last.key)
        size, number = log.state.size, last.number + 1
        statement = str(next_statement(before, after, size))
        log.add_key(LogKey(number, after.key.vkey, size, statement))
        fact = LogKeyRotated(
            number=number,
            before=last.vkey,
            after=after.key.vkey,
            size=size,
            statement=statement,
        )
        # The append locks the tenant's head: it comes last.
        made = [NewFact(STREAM, number - 1, fact)]
        [receipt] = store.append_in(connection, tenant, made, act, idempotency=idempotency)
    Sealer(pool, ring).seal(tenant)
    return receipt
