"""10,000 people are paid with a crash at every step: nobody twice, nobody not at all."""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from domain.payout import PayoutInstructed, PayoutSent, PayoutSettled
from tests.workflows.bank import RUN, amount_of, posted_run
from tests.workflows.company import TENANT, opened_desk
from tests.workflows.crash_bank import DyingStore, pay
from workflows import bank_match
from workflows.bank_books import bank_lines, payouts_of
from workflows.desk import Desk, scan

ROOT = Path(__file__).resolve().parents[2]
SEED = 20250410


def nobody_twice_nobody_not_at_all(desk: Desk, people: int) -> None:
    """Every payable has one instruction, one sending, one settlement and one line, of its sum."""
    owed = {f"{RUN}.C{n:05}.net": amount_of(n) for n in range(1, people + 1)}
    names = ["payout.instructed.v1", "payout.sent.v1", "payout.settled.v1", "payout.returned.v1"]
    counted: dict[str, Counter[str]] = {}
    for record in scan(desk, TENANT, names):
        payout = record.stream.removeprefix("payout/")
        counted.setdefault(payout, Counter())[type(record.fact).__name__] += 1
    once = Counter([kind.__name__ for kind in (PayoutInstructed, PayoutSent, PayoutSettled)])
    assert counted == dict.fromkeys(owed, once)
    standing = payouts_of(desk, TENANT, RUN)
    assert {name: one.state.amount for name, one in standing.items()} == owed
    lines = bank_lines(desk).taken(TENANT)
    assert len(lines) == people
    assert -sum((line.amount for line in lines), Decimal(0)) == sum(owed.values())
    seen = bank_match.picture(desk, TENANT)
    assert Counter(one.verdict for one in seen.payouts) == {"settled": people}
    assert Counter(one.verdict for one in seen.lines) == {"settled": people}


@pytest.mark.slow
def test_ten_thousand_people_are_paid_once_each_with_a_crash_at_every_append(database: str):
    with opened_desk(database) as desk:
        posted_run(desk, 10_000)
        store = DyingStore(desk.store._pool, SEED)
        pay(dataclasses.replace(desk, store=store))
        assert store.crashes >= 20, f"seed {SEED}"
        nobody_twice_nobody_not_at_all(desk, 10_000)


@pytest.mark.slow
def test_people_are_paid_once_each_by_a_program_that_is_killed_again_and_again(database: str):
    chance = random.Random(SEED)
    with opened_desk(database) as desk:
        posted_run(desk, 1_000)
        kills = 0
        for _ in range(10):
            kills += _run_and_kill(desk, database, chance.randint(1, 900))
            if kills == 3:
                break
        assert kills >= 2
        done = subprocess.run(
            _command(database), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert "paid" in done.stdout, done.stderr
        nobody_twice_nobody_not_at_all(desk, 1_000)


def _command(database: str) -> list[str]:
    return [sys.executable, "-m", "tests.workflows.crash_bank", database]


def _run_and_kill(desk: Desk, database: str, facts: int) -> bool:
    """Kill the program when it has recorded so many facts; False where it was done before."""
    program = subprocess.Popen(
        _command(database), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = desk.store.head(TENANT)[0] + facts
    deadline = time.monotonic() + 60
    while program.poll() is None and desk.store.head(TENANT)[0] < until:
        assert time.monotonic() < deadline, "the program neither works nor ends"
        time.sleep(0.005)
    if program.poll() is not None:
        return False
    program.send_signal(signal.SIGKILL)
    program.wait()
    return True
