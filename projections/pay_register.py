"""Read model `pay_register`: pay runs, their payslips and every line, by run and month.

A payslip counts as posted from the position at which its run was posted. The queries stand in
`pay_queries.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import LiteralString

import msgspec
from msgspec.structs import astuple

from domain import payrun
from domain.payrun import PayRun, PayslipComputed
from domain.run_step_facts import PayRunClosed, PayRunPaid, PayRunReconciled, PayRunReviewed
from ledger.records import Recorded
from projections.model import Connection, names_of
from projections.pay_queries import (
    Balances,
    PayRegister,
    PayslipRow,
    PostedRun,
    RunRow,
)
from projections.rows import Row, Table, as_json, distinct, last_segment

__all__ = [
    "Balances",
    "PayRegister",
    "PayslipRow",
    "PostedRun",
    "RunRow",
    "apply",
    "name",
    "names",
    "tables",
    "version",
]

name = "pay_register"
version = 1
tables = ("pay_run", "payslip", "payslip_line")
names = names_of(
    payrun.PayRunStarted,
    payrun.OffCycleRunStarted,
    payrun.PayslipComputed,
    payrun.PayRunComputed,
    payrun.PayRunApproved,
    payrun.PayRunRejected,
    payrun.PayRunPosted,
    PayRunReviewed,
    PayRunPaid,
    PayRunReconciled,
    PayRunClosed,
)

RUN = Table(
    "pay_run",
    {
        "run_id": "text",
        "version": "int",
        "status": "text",
        "month": "text",
        "pay_date": "date",
        "pinned": "bigint",
        "engine": "text",
        "contracts": "int",
        "payslips": "int",
        "gross": "numeric",
        "contributions": "numeric",
        "tax": "numeric",
        "net": "numeric",
        "digest": "text",
        "exceptions": "jsonb",
        "computed_by": "text",
        "approved_by": "text",
        "started_at": "timestamptz",
        "started_position": "bigint",
        "posted_position": "bigint",
    },
    ("run_id",),
)
PAYSLIP = Table(
    "payslip",
    {
        "run_id": "text",
        "contract_id": "text",
        "person_id": "text",
        "month": "text",
        "pay_date": "date",
        "character": "text",
        "gross": "numeric",
        "contributions": "numeric",
        "tax": "numeric",
        "net": "numeric",
        "employer_cost": "numeric",
        "carried_out": "numeric",
        "owed_out": "numeric",
        "draw_balance": "numeric",
        "taxed": "jsonb",
        "lineage": "jsonb",
        "position": "bigint",
        "version": "int",
    },
    ("run_id", "contract_id"),
)
LINE = Table(
    "payslip_line",
    {
        "run_id": "text",
        "contract_id": "text",
        "line": "int",
        "code": "text",
        "component": "text",
        "clause": "text",
        "period": "text",
        "base": "numeric",
        "rate": "numeric",
        "unrounded": "numeric",
        "amount": "numeric",
        "zh": "text",
        "en": "text",
        "lineage": "jsonb",
    },
    ("run_id", "contract_id", "line"),
)
Key = tuple[str, str]
"""Run and contract of a payslip."""
_RUN_STATE = tuple(set(PayRun.__struct_fields__) & set(RUN.columns))
_OLD_LINES: LiteralString = """
    DELETE FROM payslip_line AS l
    USING unnest(%b::text[], %b::text[]) AS a (run, contract)
    WHERE l.tenant_id = %b AND l.run_id = a.run AND l.contract_id = a.contract"""


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Fold facts of runs and payslips."""
    slips: dict[Key, Recorded] = {}
    runs: list[Recorded] = []
    for fact in recorded:
        if isinstance(fact.fact, PayslipComputed):
            slips[fact.fact.run, fact.fact.payslip.contract] = fact
        else:
            runs.append(fact)
    if slips:
        _write_slips(connection, tenant, slips)
    if runs:
        _fold_runs(connection, tenant, runs)


def _write_slips(connection: Connection, tenant: str, slips: dict[Key, Recorded]) -> None:
    """The last payslip of each contract in each run, with its lines."""
    again = {key for key, slip in slips.items() if slip.version > 1}
    if again:
        connection.execute(_OLD_LINES, [[k[0] for k in again], [k[1] for k in again], tenant])
    rows = {key: _payslip_row(key, slip) for key, slip in slips.items()}
    PAYSLIP.save(connection, tenant, rows, again)
    LINE.copy(connection, tenant, (r for key, slip in slips.items() for r in _line_rows(key, slip)))


def _payslip_row(key: Key, recorded: Recorded) -> Row:
    slip = recorded.fact.payslip  # type: ignore[attr-defined]
    return (
        *key,
        slip.person,
        slip.month,
        date.fromisoformat(slip.pay_date),
        slip.character,
        slip.gross,
        slip.contributions,
        slip.tax,
        slip.net,
        slip.employer_cost,
        slip.carried_out,
        slip.owed_out,
        slip.draw_balance,
        as_json(slip.taxed),
        as_json(slip.lineage),
        recorded.position,
        recorded.version,
    )


def _line_rows(key: Key, recorded: Recorded) -> Iterator[Row]:
    lines = recorded.fact.payslip.lines  # type: ignore[attr-defined]
    for number, line in enumerate(lines, start=1):
        *said, lineage = astuple(line)
        yield (*key, number, *said, as_json(lineage))


def _fold_runs(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    runs = distinct(last_segment(fact.stream) for fact in recorded)
    loaded = (RunRow(*row) for row in RUN.load(connection, tenant, "run_id", runs))
    rows = {row.run_id: row for row in loaded}
    for fact in recorded:
        run = last_segment(fact.stream)
        rows[run] = _run_row(run, rows.get(run), fact)
    RUN.upsert(connection, tenant, (_plain(row) for row in rows.values()))


def _plain(row: RunRow) -> Row:
    return astuple(msgspec.structs.replace(row, exceptions=as_json(row.exceptions)))


def _run_row(run: str, row: RunRow | None, fact: Recorded) -> RunRow:
    """The row of a run after one more fact; the domain's fold says what changes."""
    before = PayRun()
    if row is not None:
        before = PayRun(run=run, **{field: getattr(row, field) for field in _RUN_STATE})
    state = payrun.evolve(before, fact.fact, fact)
    posted = isinstance(fact.fact, payrun.PayRunPosted)
    return RunRow(
        run_id=run,
        started_at=row.started_at if row else fact.recorded_at,
        started_position=row.started_position if row else fact.position,
        posted_position=fact.position if posted else (row.posted_position if row else None),
        **{field: getattr(state, field) for field in _RUN_STATE},
    )
