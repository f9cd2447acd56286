"""A pay run of many contracts: killed and resumed, by one process or several, in bounded memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from domain.contract_commands import DraftContract
from domain.payrun import PayRun, PayslipComputed
from domain.periods import Month
from ledger.codec import canonical, split
from ledger.failures import Unavailable
from tests.workflows.company import TENANT, Company, by, opened_desk
from tests.workflows.large_run import MONTH, compute, crewed, fill
from workflows import contracts, pay_hands, payrun
from workflows.pay_books import in_force, open_books, shared_books
from workflows.pay_chunks import Made, Payer
from workflows.pay_roll import read_roll
from workflows.payslips import payslips

CONTRACTS = 2_000
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def filled(shared_database: str) -> str:
    """A company of 2,000 contracts with a month of figures."""
    with opened_desk(shared_database) as desk:
        fill(Company(desk), CONTRACTS)
    return shared_database


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        yield Company(desk)


def slips(conninfo: str, run: str) -> list[tuple[str, bytes]]:
    """Stream and payload of every payslip of a run, in the order of the ledger."""
    query = (
        "SELECT stream_id, envelope FROM ledger.fact WHERE tenant_id = %s AND"
        " name = 'pay.payslip_computed.v1' AND stream_id LIKE %s ORDER BY position"
    )
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(query, [TENANT, f"payslip/{run}/%"]).fetchall()
    return [
        (stream.removeprefix(f"payslip/{run}/"), split(bytes(raw)).payload) for stream, raw in rows
    ]


def without_run(found: list[tuple[str, bytes]], run: str) -> list[tuple[str, bytes]]:
    return [(contract, payload.replace(run.encode(), b"RUN")) for contract, payload in found]


def reject(conninfo: str, run: str) -> None:
    with opened_desk(conninfo) as desk:
        payrun.reject(desk, TENANT, run, by("approver.qian", "again"))


def test_a_run_killed_at_many_points_and_resumed_is_the_run_nobody_killed(filled: str) -> None:
    with crewed(filled, 1) as desk:
        whole = compute(desk)
    expected = slips(filled, whole.run)
    assert len(expected) == whole.payslips == CONTRACTS
    assert [contract for contract, _ in expected] == sorted(contract for contract, _ in expected)
    reject(filled, whole.run)
    run, seen = f"{MONTH}-2", set[int]()
    for processes, upto in ((2, 1), (1, 400), (2, 1_000), (2, 1_500)):
        seen.add(_killed_after(filled, run, processes, upto))
    assert len(seen) >= 3, "the run was killed at different points"
    assert max(seen) < CONTRACTS
    with crewed(filled, 2) as desk:
        resumed = compute(desk)
    assert (resumed.run, resumed.status) == (run, "computed")
    assert without_run(slips(filled, run), run) == without_run(expected, whole.run)
    assert resumed.digest == whole.digest
    assert (resumed.net, resumed.gross, resumed.tax) == (whole.net, whole.gross, whole.tax)
    reject(filled, run)


def _killed_after(conninfo: str, run: str, processes: int, upto: int) -> int:
    """Kill the computation with SIGKILL once so many payslips stand; how many stood then."""
    asked = [sys.executable, "-m", "tests.workflows.large_run", conninfo, str(processes)]
    with subprocess.Popen(asked, cwd=ROOT) as process:
        while _recorded(conninfo, run) < upto and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    return _recorded(conninfo, run)


def _recorded(conninfo: str, run: str) -> int:
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "SELECT count(*) FROM ledger.fact WHERE tenant_id = %s AND stream_id LIKE %s",
            [TENANT, f"payslip/{run}/%"],
        ).fetchone()
    assert found
    return int(found[0])


def test_two_processes_make_the_bytes_that_one_makes(filled: str) -> None:
    runs = []
    for processes in (1, 2):
        with crewed(filled, processes) as desk:
            run = compute(desk)
        runs.append((run.digest, without_run(slips(filled, run.run), run.run)))
        reject(filled, run.run)
    assert runs[0] == runs[1]


def test_a_hand_that_is_killed_ends_the_computation_and_it_goes_on_when_asked_again(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Watched(pay_hands.Hand):
        def __init__(self) -> None:
            super().__init__()
            started.append(self.pid)

        def send(self, data: bytes) -> None:
            super().send(data)
            if len(started) == 2:
                os.kill(started.pop(), signal.SIGKILL)

    monkeypatch.setattr(pay_hands, "Hand", Watched)
    with crewed(filled, 2) as desk:
        with pytest.raises(Unavailable, match="ended"):
            compute(desk)
        monkeypatch.undo()
        run = compute(desk)
    assert (run.status, run.payslips) == ("computed", CONTRACTS)
    assert len(slips(filled, run.run)) == CONTRACTS
    reject(filled, run.run)


def test_memory_does_not_grow_with_the_contracts_of_a_run(filled: str) -> None:
    """Six chunks take about as much as two; the whole company opened at once takes many times."""
    with opened_desk(filled) as desk:
        known = desk.store.head(TENANT)[0]
        roll = read_roll(desk, TENANT, known)
        run = pinned_run(known)
        shared = shared_books(desk, TENANT, known, roll)
        payer = Payer(shared, run)
        people = payer.candidates()
        peaks = [_peak(payer, people[:count]) for count in (200, 400, 1_200)]
        tracemalloc.start()
        books = open_books(desk, TENANT, known)
        books.figures(Month.parse(MONTH))
        whole = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 1.3
    assert peaks[2] < whole / 2


def pinned_run(known: int) -> PayRun:
    return PayRun(run=f"{MONTH}-9", month=MONTH, pay_date=date(2025, 5, 10), pinned=known)


def _peak(payer: Payer, people: list[str]) -> int:
    tracemalloc.start()
    for start in range(0, len(people), 200):
        payer.chunk(people[start : start + 200])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_the_bytes_recorded_are_those_of_the_fact(filled: str) -> None:
    with opened_desk(filled) as desk:
        run = compute(desk)
        for slip in list(payslips(desk, TENANT, run))[:50]:
            fact = PayslipComputed(run=run.run, payslip=slip)
            assert Made.of(slip).payload(run.run) == canonical(fact)
    reject(filled, run.run)


def test_the_roll_says_of_everybody_what_the_contracts_say(filled: str) -> None:
    with opened_desk(filled) as desk:
        known = desk.store.head(TENANT)[0]
        books = open_books(desk, TENANT, known)
        month = Month.parse(MONTH)
        for entry in read_roll(desk, TENANT, known):
            contract = books.contracts[entry.contract]
            assert (entry.person, entry.team) == (contract.person, contract.team)
            assert in_force(entry, month) == in_force(contract, month)


def test_a_contract_that_was_never_signed_is_owed_nothing(company: Company) -> None:
    base = {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"}
    company.open()
    company.hire("S0001", {"base": base})
    company.pay("2025-03")
    draft = DraftContract.model_validate(
        {
            "contract": "C-DRAFT", "person": "S0001", "number": "2025-9",
            "engagement": "full_time", "character": "wages", "start": "2025-01-01",
            "team": "Korean", "clauses": [{"key": "base", "clause": base}],
        }
    )  # fmt: skip
    contracts.draft(company.desk, TENANT, draft, {}, by("hr.lin"))
    run = company.compute("2025-04")
    assert [slip.contract for slip in payslips(company.desk, TENANT, run)] == ["C-S0001"]
