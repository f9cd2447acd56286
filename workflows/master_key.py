"""Turning the master key over all tenants, each in its own transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.facts import Act, Fact
from domain.master_key import MasterKeyTurned, Masters, evolve
from ledger.master_keys import MasterKeys
from ledger.scrub import Scrubbed, scrub
from ledger.turning import turn, wrapped_by
from workflows.desk import Ask, Desk, handle

STREAM = "masterkey/1"
Progress = Callable[[str, int, int], Any]


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn of the master key did."""

    master: str
    """The id of the key that wraps now."""
    persons: dict[str, int]
    """Tenant → how many keys were wrapped anew by this call."""
    scrubbed: Scrubbed


def turn_master_key(
    desk: Desk, masters: MasterKeys, act: Act, progress: Progress = lambda *_: None
) -> Turned:
    """Wrap every person's key by a new master key, then forget the old one.

    Both read until the end; a call that was cut off is begun again and goes on. Raises
    WrongMasterKey where a key was wrapped by a third one.
    """
    new = masters.begin_turn()
    persons = {
        tenant: _turn_tenant(desk, tenant, masters, new, act, progress)
        for tenant in desk.store.tenants()
    }
    masters.end_turn()
    return Turned(master=new.hex(), persons=persons, scrubbed=scrub(desk.store._pool))


def _turn_tenant(
    desk: Desk, tenant: str, masters: MasterKeys, new: bytes, act: Act, progress: Progress
) -> int:
    pool = desk.store._pool
    before = wrapped_by(pool, tenant)
    old = tuple(name for name in before if name != new.hex())
    total, done = sum(before.values()) - before.get(new.hex(), 0), 0
    for count in turn(pool, tenant, masters, new):
        done += count
        progress(tenant, done, total)
    persons = sum(wrapped_by(pool, tenant).values())

    def decide(state: Masters) -> list[Fact]:
        if state.master == new.hex() or not persons:
            return []  # it was recorded before the call was cut off
        return [MasterKeyTurned(master=new.hex(), turned=old, persons=persons)]

    handle(desk, tenant, STREAM, Masters(), evolve, decide, Ask(act))
    return done
