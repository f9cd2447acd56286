"""Read model `pay_register`: pay runs, their payslips and every line, by run and month.

A payslip counts as posted from the position at which its run was posted. The queries stand in
`pay_queries.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import LiteralString

import msgspec

from domain import payrun
from domain.payrun import PayRun, PayslipComputed
from ledger.records import Recorded
from projections.model import Connection, names_of
from projections.pay_queries import (
    Balances,
    PayRegister,
    PayslipRow,
    PostedRun,
    RunRow,
)
from projections.rows import Row, Table, distinct, last_segment, tuples

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
    payrun.PayslipComputed,
    payrun.PayRunComputed,
    payrun.PayRunApproved,
    payrun.PayRunRejected,
    payrun.PayRunPosted,
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
_RUN_STATE = tuple(set(PayRun.__struct_fields__) & set(RUN.columns))
_OLD_LINES: LiteralString = """
    DELETE FROM payslip_line AS l
    USING unnest(%b::text[], %b::text[]) AS a (run, contract)
    WHERE l.tenant_id = %b AND l.run_id = a.run AND l.contract_id = a.contract"""


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Fold facts of runs and payslips."""
    slips: dict[tuple[str, str], PayslipRow] = {}
    lines: dict[tuple[str, str], list[Row]] = {}
    runs: list[Recorded] = []
    for fact in recorded:
        if isinstance(fact.fact, PayslipComputed):
            key = (fact.fact.run, fact.fact.payslip.contract)
            slips[key] = _payslip_row(fact, fact.fact)
            lines[key] = list(_line_rows(key, fact.fact))
        else:
            runs.append(fact)
    if slips:
        again = {key for key, slip in slips.items() if slip.version > 1}
        if again:
            connection.execute(_OLD_LINES, [[k[0] for k in again], [k[1] for k in again], tenant])
        PAYSLIP.save(connection, tenant, tuples(slips), again)
        LINE.copy(connection, tenant, (row for rows in lines.values() for row in rows))
    if runs:
        _fold_runs(connection, tenant, runs)


def _payslip_row(recorded: Recorded, fact: PayslipComputed) -> PayslipRow:
    slip = fact.payslip
    return PayslipRow(
        run_id=fact.run,
        contract_id=slip.contract,
        person_id=slip.person,
        month=slip.month,
        pay_date=date.fromisoformat(slip.pay_date),
        character=slip.character,
        gross=slip.gross,
        contributions=slip.contributions,
        tax=slip.tax,
        net=slip.net,
        employer_cost=slip.employer_cost,
        carried_out=slip.carried_out,
        owed_out=slip.owed_out,
        draw_balance=slip.draw_balance,
        taxed=slip.taxed,
        lineage=slip.lineage,
        position=recorded.position,
        version=recorded.version,
    )


def _line_rows(key: tuple[str, str], fact: PayslipComputed) -> Iterator[Row]:
    for number, line in enumerate(fact.payslip.lines, start=1):
        yield (*key, number, *msgspec.structs.astuple(line))


def _fold_runs(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    runs = distinct(last_segment(fact.stream) for fact in recorded)
    loaded = (RunRow(*row) for row in RUN.load(connection, tenant, "run_id", runs))
    rows = {row.run_id: row for row in loaded}
    for fact in recorded:
        run = last_segment(fact.stream)
        rows[run] = _run_row(run, rows.get(run), fact)
    RUN.upsert(connection, tenant, tuples(rows).values())


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
