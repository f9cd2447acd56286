"""A small company with a history of every kind: amendments, corrections, pay, payouts, all sealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.bank_line import KeptLine, Statement
from domain.payout import ReturnPayout, SettlePayout
from domain.payrun import StartPayRun
from ledger.bank_lines import BankLines
from ledger.figure_rows import MetricRow, Rejected
from ledger.figures import FigureStore
from ledger.idempotency import Idempotency
from ledger.keys import KeyRing
from ledger.log_store import LogStore
from ledger.rotation import rotate_key
from ledger.sealer import Sealer
from ledger.store import FactStore, open_pool
from ledger.vault import KeyVault
from projections.models import MODELS
from projections.pay_register import PayRegister
from projections.runner import Runner
from tests.workflows.company import TENANT, TODAY, Company, by
from workflows import payouts, payrun
from workflows.desk import Ask, Desk

PEOPLE = [f"S00{number:02}" for number in range(20)]


@contextmanager
def whole_desk(conninfo: str) -> Iterator[Desk]:
    """A desk with every read model."""
    pool = open_pool(conninfo, max_size=8)
    store = FactStore(pool)
    try:
        yield Desk(
            store,
            FigureStore(pool, store),
            KeyVault(pool, b"k" * 32),
            Runner(pool, store, MODELS),
            PayRegister(pool),
        )
    finally:
        pool.close()


def commission(rate: str = "0.05") -> dict[str, Any]:
    return {"kind": "commission", "rate": rate, "base": "settled"}


def performance(scheme: str) -> dict[str, Any]:
    steps = [{"from_score": "0", "coefficient": "0.5"}, {"from_score": "0.8", "coefficient": "1"}]
    return {
        "kind": "performance_pay",
        "amount": "5000",
        "scheme": scheme,
        "coefficients": steps,
        "proration": "workdays_actual",
    }


def fill(desk: Desk, keys: Path) -> str:
    """The history, sealed in several steps and with two keys; the second checkpoint of it."""
    company, ring = Company(desk), KeyRing(keys)
    sealer = Sealer(desk.store._pool, ring)
    company.open()
    company.scheme("streamers", {"sales": ("0.6", "100000"), "fans_gained": ("0.4", "1000")})
    for person in PEOPLE:
        company.hire(person, {"commission": commission(), "kpi": performance("streamers")})
    sealer.seal(TENANT)
    _figures(company)
    first = company.pay("2025-03")
    _pay_out(desk, first.run)
    _statement(desk)
    sealer.seal(TENANT)
    with desk.store._pool.connection() as connection:
        kept = LogStore(connection, TENANT).checkpoint()
    rotate_key(desk.store, ring, TENANT, by("admin.luo", "yearly rotation").act)
    _late_truth(company)
    _rejected_run(company)
    company.pay("2025-04")
    sealer.seal(TENANT)
    company.weights(
        "streamers", "2025-07-01", {"sales": ("0.5", "100000"), "fans_gained": ("0.5", "900")}
    )
    desk.runner.catch_up(TENANT)
    sealer.seal(TENANT)
    assert kept is not None
    return kept.note


def _figures(company: Company) -> None:
    rows = [(person, "sales", "2025-03-05", str(1000 * n + 500)) for n, person in enumerate(PEOPLE)]
    company.figures(*rows, *((person, "fans_gained", "2025-03-06", "700") for person in PEOPLE))
    mixed = [
        MetricRow("r-1", PEOPLE[0], "sales", date(2025, 3, 9), Decimal("12.50"), "beauty", "o-1"),
        Rejected("unknown_person", "没有此人", "nobody of this name", "r-2,Nobody,sales,7"),
    ]
    company.desk.figures.record(TENANT, "shop", mixed, by("data.bot").act, key="upload-1")


def _pay_out(desk: Desk, run: str) -> None:
    once = Idempotency("instruct-1", b"f" * 32, b"answer")
    desk.store.append(TENANT, [], by("finance.zhao").act, idempotency=once)
    payouts.instruct_run(desk, TENANT, run, by("finance.zhao"))
    back, paid = f"{run}.C-{PEOPLE[1]}.net", f"{run}.C-{PEOPLE[2]}.net"
    returned = ReturnPayout(reason_code="AC04", on=date(2025, 4, 11))
    payouts.give_back(desk, TENANT, back, returned, by("bank"))
    payouts.instruct_again(desk, TENANT, back, by("finance.zhao"))
    settled = SettlePayout(bank_reference="B-7", on=date(2025, 4, 12))
    payouts.settle(desk, TENANT, paid, settled, by("bank"))


def _statement(desk: Desk) -> None:
    line = KeptLine(
        line_no=1,
        fate="taken",
        ref="R-1",
        booked_on=date(2025, 4, 12),
        amount=Decimal("-12.50"),
        end_to_end_id="x.1",
        party_account="digest-a",
        party_name="digest-n",
        reason_code="AC04",
        problem="none",
    )
    lines, act = BankLines(desk.store._pool, desk.store), by("finance.zhao").act
    parsed = Statement(account="6222", lines=())
    lines.record(TENANT, parsed, [line], "camt.053", "ab" * 32, act)


def _late_truth(company: Company) -> None:
    key = {"op": "change", "key": "commission", "clause": commission("0.06")}
    company.amend(f"C-{PEOPLE[3]}", "2025-03-01", [key])
    company.figures((PEOPLE[4], "sales", "2025-03-05", "99999"))
    company.figures(*((person, "sales", "2025-04-08", "30000") for person in PEOPLE))


def _rejected_run(company: Company) -> None:
    desk = company.desk
    command = StartPayRun(month="2025-04")
    run = payrun.compute(desk, TENANT, command, by("finance.zhao"), today=TODAY).state
    payrun.reject(desk, TENANT, run.run, Ask(by("approver.qian", "one more look").act))
