"""Reconciliation of a run, a month or everything, as data, text and CSV; and the way from settled
orders over commission lines and payslips to the bank's lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from domain.bank_line import BankStatementRecorded
from domain.lines import Line, Payslip
from domain.money import ZERO
from domain.payrun import PayRun, PayRunPosted
from domain.periods import Month
from domain.reconcile import PayoutVerdict
from domain.reconcile_sums import Owed, Reconciliation, Sum, reconciliation
from domain.refusals import NotFound, WrongState
from workflows.bank_match import picture
from workflows.definitions import aggregations_of, metrics_at
from workflows.desk import Desk, scan
from workflows.payouts import COMPONENT
from workflows.payrun import read_run
from workflows.payslips import payslips

ORDER_LINES = ("commission", "revenue_share", "category_uplift")


def reconcile(
    desk: Desk,
    tenant: str,
    *,
    on: date,
    run: str | None = None,
    month: str | None = None,
    known: int | None = None,
) -> Reconciliation:
    """The reconciliation statement of a posted run, of a month's runs, or of all runs, with ages
    on a day, as known at a position. Raises NotFound, and WrongState for a run not posted."""
    position = desk.store.head(tenant)[0] if known is None else known
    owed = [
        Owed(
            payout=f"{one.run}.{slip.contract}.{COMPONENT}",
            run=one.run,
            contract=slip.contract,
            net=slip.net,
        )
        for one in _runs(desk, tenant, run, month, position)
        for slip in payslips(desk, tenant, one)
        if slip.net > ZERO
    ]
    statements = [
        record.fact
        for record in scan(desk, tenant, ["bank.statement_recorded.v1"], upto=position)
        if isinstance(record.fact, BankStatementRecorded)
    ]
    return reconciliation(
        run or month or "all", on, owed, picture(desk, tenant, position), statements
    )


def _runs(desk: Desk, tenant: str, run: str | None, month: str | None, known: int) -> list[PayRun]:
    if run is not None:
        found = read_run(desk, tenant, run, known=known)
        posted = {one.run for one in _posted(desk, tenant, known)}
        if run not in posted:
            raise WrongState(
                f"批次 {run} 未过账",
                f"Run {run} is {found.status}, not posted: nothing of it is to be paid",
                do="Approve and post it first.",
                state=found.status,
            )
        return [found]
    runs = [one for one in _posted(desk, tenant, known) if month in (None, one.month)]
    if not runs:
        raise NotFound(
            f"{month or ''} 没有已过账的批次",
            f"There is no posted run{f' of {month}' if month else ''}",
            do="Post a run first.",
        )
    return runs


def _posted(desk: Desk, tenant: str, known: int) -> Iterator[PayRun]:
    for record in scan(desk, tenant, ["pay.run_posted.v1"], upto=known):
        if isinstance(record.fact, PayRunPosted):
            yield read_run(desk, tenant, record.stream.removeprefix("payrun/"), known=known)


# Three ways


class OrderMatch(msgspec.Struct, frozen=True, kw_only=True):
    """A line of pay that came from orders: the orders' sum, the line's, and what the bank did."""

    contract: str
    person: str
    line: str
    clause: str
    metric: str
    orders: Decimal
    """Sum of the figures that name orders, as the run knew them."""
    base: Decimal
    amount: Decimal
    payout: str
    verdict: str
    bank_reference: str

    @property
    def difference(self) -> Decimal:
        """0 where the line is paid on exactly the orders there are."""
        return self.base - self.orders


def order_matches(desk: Desk, tenant: str, run_id: str) -> list[OrderMatch]:
    """Settled orders ↔ commission lines ↔ bank lines of a run, one row for each metric paid on a
    payslip's lines of the month. Where a clause changed inside the month its lines are summed."""
    run = read_run(desk, tenant, run_id)
    month = Month.parse(run.month)
    seen = {one.payout: one for one in picture(desk, tenant).payouts}
    aggregations = aggregations_of(metrics_at(desk, tenant, run.pinned))
    slips = [slip for slip in payslips(desk, tenant, run) if any(_lines(slip, run.month))]
    people = sorted({slip.person for slip in slips})
    figures = desk.figures.read(tenant, people, month.period, run.pinned, aggregations)
    made = []
    for slip in slips:
        payout = seen.get(f"{run_id}.{slip.contract}.{COMPONENT}")
        for (code, clause, named), lines in _by_metric(slip, run.month).items():
            metric, _, category = named.partition("/")
            total = figures[slip.person].total(metric, month.period, category or None)
            made.append(_matched(slip, (code, clause, named), lines, total, payout))
    return made


def _lines(slip: Payslip, month: str) -> Iterator[Line]:
    for line in slip.lines:
        if line.code in ORDER_LINES and line.period == month and line.base is not None:
            yield line


def _by_metric(slip: Payslip, month: str) -> dict[tuple[str, str, str], list[Line]]:
    found: dict[tuple[str, str, str], list[Line]] = {}
    for line in _lines(slip, month):
        for named in line.lineage.get("metrics", ()):
            found.setdefault((line.code, line.clause or "", str(named)), []).append(line)
    return found


def _matched(
    slip: Payslip,
    names: tuple[str, str, str],
    lines: list[Line],
    orders: Decimal,
    payout: PayoutVerdict | None,
) -> OrderMatch:
    code, clause, metric = names
    return OrderMatch(
        contract=slip.contract,
        person=slip.person,
        line=code,
        clause=clause,
        metric=metric,
        orders=orders,
        base=sum((line.base or ZERO for line in lines), ZERO),
        amount=sum((line.amount for line in lines), ZERO),
        payout=payout.payout if payout else "",
        verdict=payout.verdict if payout else "unpaid",
        bank_reference=payout.paid.ref if payout and payout.paid else "",
    )


# As text and CSV


def as_text(found: Reconciliation) -> str:
    """The statement as finance reads it."""
    out = [f"Reconciliation of {found.scope} on {found.on}", ""]
    out.append(_row("payslips, net", found.payslips))
    for title, sums in (("payouts", found.payouts), ("bank lines", found.lines)):
        out += ["", title, *(_row(f"  {one.kind}", one) for one in sums if one.count)]
    for check in found.checks:
        out += ["", f"{check.en} ({check.zh})"]
        out += [f"  {name:<34}{amount:>18,.2f}" for name, amount in check.steps]
        out.append(f"  {'makes':<34}{check.target + check.difference:>18,.2f}")
        out.append(f"  {'is':<34}{check.target:>18,.2f}   difference {check.difference:,.2f}")
    out += ["", "Everything adds up." if found.adds_up else "IT DOES NOT ADD UP: see above."]
    return "\n".join(out) + "\n"


def _row(title: str, one: Sum) -> str:
    age = f"   oldest {one.oldest} days" if one.oldest else ""
    return f"{title:<24}{one.count:>12,}{one.amount:>18,.2f}{age}"


def as_csv(found: Reconciliation) -> str:
    """One row for each sum, check, open payout and open line; no cell begins like a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["part", "name", "verdict", "count", "amount", "days", "reference"])
    rows: list[tuple[object, ...]] = [("payslips", "net", "", *_cells(found.payslips), "")]
    for part, sums in (("payouts", found.payouts), ("lines", found.lines)):
        rows += [(part, "", one.kind, *_cells(one), "") for one in sums]
    for check in found.checks:
        rows += [("check", check.en, name, "", amount, "", "") for name, amount in check.steps]
        rows.append(("check", check.en, "difference", "", check.difference, "", ""))
    for each in found.open_payouts:
        rows.append(
            ("payout", each.payout, each.verdict, 1, each.amount, each.age(found.on), each.status)
        )
    for line in found.open_lines:
        amount = line.line.amount
        rows.append(
            ("line", line.line.id, line.verdict, 1, amount, line.age(found.on), line.payout)
        )
    for owed in found.unpaid_payslips:
        rows.append(("payslip", owed.payout, "not instructed", 1, owed.net, "", ""))
    writer.writerows([[_safe(cell) for cell in row] for row in rows])
    return text.getvalue()


def _cells(one: Sum) -> tuple[int, Decimal, int]:
    return one.count, one.amount, one.oldest


def _safe(cell: object) -> str:
    if isinstance(cell, Decimal):
        return format(cell, ".2f")
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
