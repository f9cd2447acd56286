"""The roll: every contract with its person, team and term, and nothing of what it says.

It is small enough to be held whole for a hundred thousand contracts, which the contracts are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from domain.contract_facts import (
    ContractActivated,
    ContractDrafted,
    ContractEnded,
    ContractRenewed,
)
from domain.periods import Month
from workflows.desk import Desk, scan

_NAMES = (
    "contract.drafted.v1",
    "contract.activated.v1",
    "contract.renewed.v1",
    "contract.ended.v1",
)


class Entry(msgspec.Struct, kw_only=True):
    """One contract on the roll, as known at a position."""

    contract: str
    person: str
    team: str
    start: date
    end: date | None
    activated_on: date | None = None

    def in_force(self, month: Month) -> bool:
        """Whether the contract was active on any day of the month."""
        if self.activated_on is None or self.start >= month.period.stop:
            return False
        return self.end is None or self.end > month.first


Roll = Sequence[Entry]
"""Entries in the order in which their payslips are recorded: by contract."""


def read_roll(desk: Desk, tenant: str, known: int) -> list[Entry]:
    """Everybody's contracts as known at a position, by contract."""
    entries: dict[str, Entry] = {}
    for record in scan(desk, tenant, _NAMES, upto=known):
        match record.fact:
            case ContractDrafted() as fact:
                entries[record.stream] = Entry(
                    contract=fact.contract,
                    person=fact.person,
                    team=fact.team,
                    start=fact.effective,
                    end=fact.end,
                )
            case ContractActivated() as fact:
                entries[record.stream].activated_on = fact.effective
            case ContractRenewed() as fact:
                entries[record.stream].end = fact.end
            case ContractEnded() as fact:
                entries[record.stream].end = fact.effective
    return sorted(entries.values(), key=lambda entry: entry.contract)
