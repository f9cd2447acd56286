"""A pay run of many contracts in a process of its own, to be killed at any moment.

python -m tests.workflows.large_run CONNINFO PROCESSES
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec

from domain.facts import Fact
from domain.payrun import PayRun, StartPayRun
from ledger.figure_rows import MetricRow
from ledger.records import NewFact
from tests.workflows.company import TENANT, TODAY, Company, by, opened_desk
from workflows import payrun
from workflows.crew import Crew
from workflows.desk import Desk

MONTH = "2025-04"
DAYS = 30


@contextmanager
def crewed(conninfo: str, processes: int, least: int = 1) -> Iterator[Desk]:
    """A desk whose pay runs are computed by so many processes."""
    with opened_desk(conninfo) as desk:
        yield replace(desk, crew=Crew(conninfo, processes, least))


def fill(company: Company, contracts: int) -> None:
    """So many contracts in force and a batch of figures for each ten days.

    The first is signed the long way; the others have its facts under ids of their own. Every
    tenth person has two contracts, so that one is taxed after the other.
    """
    company.open()
    clauses = {
        "base": {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"},
        "commission": {"kind": "commission", "rate": "0.05", "base": "settled"},
    }
    first = company.hire("S00000", clauses, character="wages", contract="C-00000")
    store, new = company.desk.store, list[NewFact]()
    person = [record.fact for record in store.stream(TENANT, "person/S00000")]
    signed = [record.fact for record in store.stream(TENANT, f"contract/{first}")]
    for number in range(1, contracts):
        name, who = f"C-{number:05}", _person(number)
        if who == f"S{number:05}":
            new += [NewFact(f"person/{who}", 1, replaced(person[0], person=who))]
        facts = [replaced(signed[0], contract=name, person=who), *signed[1:]]
        new += [NewFact(f"contract/{name}", version, fact) for version, fact in enumerate(facts, 1)]
        if len(new) > 4_000:
            store.append(TENANT, new, by("hr.lin").act)
            new = []
    store.append(TENANT, new, by("hr.lin").act)
    for start in range(1, DAYS + 1, 10):
        company.desk.figures.record(TENANT, "shop", _rows(contracts, start), by("data.bot").act)


def replaced(fact: Fact, **changes: object) -> Fact:
    """The fact with other values."""
    return msgspec.structs.replace(fact, **changes)


def _person(number: int) -> str:
    return f"S{number // 10 * 10:05}" if number % 10 == 1 else f"S{number:05}"


def _rows(contracts: int, start: int) -> Iterator[MetricRow]:
    for number in range(contracts):
        for day in range(start, start + 10, 3):
            on, value = date(2025, 4, day), Decimal(number % 97 * 100 + day)
            yield MetricRow(f"{number}-{day}", _person(number), "sales", on, value)


def compute(desk: Desk) -> PayRun:
    """Compute the month, or go on with it."""
    command = StartPayRun(month=MONTH)
    return payrun.compute(desk, TENANT, command, by("finance.zhao"), today=TODAY).state


if __name__ == "__main__":
    payrun.CHUNK = 100
    with crewed(sys.argv[1], int(sys.argv[2])) as opened:
        compute(opened)
