"""`tallystick pay`: pay runs from computing to posting, their payslips, and payouts."""

from __future__ import annotations

from typing import Any

import click

from api import (
    cli_pay_journal,
    cli_pay_one_off,
    cli_pay_restated,
    cli_pay_statement,
    cli_pay_steps,
    cli_show,
)
from api.cli_files import parsed
from api.cli_pay_group import RUN, pay
from api.cli_session import Session, without_none
from api.cli_show import yuan
from domain import payout, payrun
from domain.lines import Payslip
from domain.payrun import PayRun
from projections.paging import Page
from workflows import payouts as paying
from workflows import payrun as runs
from workflows.payslips import read_payslip

__all__ = [
    "cli_pay_journal",
    "cli_pay_one_off",
    "cli_pay_restated",
    "cli_pay_statement",
    "cli_pay_steps",
    "everything",
    "pay",
    "payslip_lines",
]

PAYOUT = click.argument("payout_id", metavar="PAYOUT")


@pay.command(writes=True)
@click.argument("month", metavar="MONTH")
@click.option("--pay-date", metavar="DAY", help="The day of payment; the 10th of the next month.")
@click.option(
    "--off-cycle",
    type=click.Choice(["leavers", "corrections", "one_offs"]),
    help="A run beside the month's own, paid today if no other day is given.",
)
@click.option("--contract", "contracts", multiple=True, help="Off cycle: this one of those.")
def compute(session: Session, month: str, contracts: tuple[str, ...], **said: Any) -> None:
    """Compute the payslips of a month that is over; a run that was cut off goes on."""
    wanted = without_none({"month": month, "contracts": contracts or None, **said})
    command = parsed(payrun.StartPayRun, wanted)
    desk = session.current
    with cli_show.progress(f"Payslips of {month}") as moved:
        outcome = runs.compute(
            desk,
            session.tenant,
            command,
            session.ask(month, command),
            today=session.today,
            progress=moved,
        )
    _show_run(session, outcome.state)


@pay.command(writes=True)
@RUN
@click.option("--digest", help="Approve only if the run still has this digest.")
@click.option(
    "--leave-out", multiple=True, metavar="CONTRACT", help="Accept that this one has no payslip."
)
def approve(session: Session, run_id: str, digest: str | None, leave_out: tuple[str, ...]) -> None:
    """Approve a reviewed run; not by who computed it or amended its contracts."""
    said = {"digest": digest, "leave_out": leave_out or None}
    command = parsed(payrun.ApprovePayRun, without_none(said))
    asked = session.ask(run_id, command)
    outcome = runs.approve(session.current, session.tenant, run_id, command, asked)
    session.done(f"Run {run_id} approved", outcome)


@pay.command(writes=True)
@RUN
def reject(session: Session, run_id: str) -> None:
    """Refuse a run; --reason says what is to be mended before it is computed again."""
    outcome = runs.reject(session.desk, session.tenant, run_id, session.ask(run_id))
    session.done(f"Run {run_id} rejected", outcome)


@pay.command(writes=True)
@RUN
def post(session: Session, run_id: str) -> None:
    """Post an approved run: its payslips are final from now on."""
    outcome = runs.post(session.desk, session.tenant, run_id, session.ask(run_id))
    session.done(f"Run {run_id} posted", outcome)


@pay.command("runs")
@click.option("--month", help="Of this month only.")
@click.option("--status", help="computing, computed, approved, rejected, posted …")
def list_runs(session: Session, month: str | None, status: str | None) -> None:
    """List the pay runs, the latest first."""
    register = session.current.register
    found = everything(
        lambda cursor: register.runs(session.tenant, month=month, status=status, cursor=cursor)
    )
    columns = ("run", "status", "pay date", "payslips>", "gross>", "tax>", "net>", "exceptions>")
    rows = [
        (
            row.run_id,
            row.status,
            row.pay_date,
            row.payslips,
            yuan(row.gross),
            yuan(row.tax),
            yuan(row.net),
            len(row.exceptions),
        )
        for row in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@pay.command()
@RUN
@click.option("--known", metavar="WHEN", help="As known at a position or a time.")
def show(session: Session, run_id: str, known: str | None) -> None:
    """Show a run: its sums, its digest, and the exceptions to look at."""
    run = runs.read_run(session.desk, session.tenant, run_id, known=session.known(known))
    _show_run(session, run)


def _show_run(session: Session, run: PayRun) -> None:
    def human() -> None:
        shown = cli_show.flat(run)
        exceptions = shown.pop("exceptions")
        for name in ("version", "pinned", "contracts", "payslips"):
            shown[name] = str(shown[name])
        for name in ("gross", "contributions", "tax", "net"):
            shown[name] = yuan(shown[name])
        cli_show.fields(shown.items())
        cli_show.table(
            ("contract", "code", "what"),
            ((one["contract"], one["code"], f"{one['en']}\n{one['zh']}") for one in exceptions),
            title="Exceptions",
        )

    session.show(run, human)


@pay.command()
@RUN
def register(session: Session, run_id: str) -> None:
    """List the payslips of a run with their sums."""
    reader = session.current.register
    reader.run(session.tenant, run_id)
    found = everything(lambda cursor: reader.register(session.tenant, run_id, cursor=cursor))
    session.read_pay(f"payrun/{run_id}", {row.person_id for row in found})
    columns = ("contract", "person", "gross>", "contributions>", "tax>", "net>", "carried>")
    rows = [
        (
            row.contract_id,
            row.person_id,
            yuan(row.gross),
            yuan(row.contributions),
            yuan(row.tax),
            yuan(row.net),
            yuan(row.carried_out + row.owed_out),
        )
        for row in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows, f"Run {run_id}"))


@pay.command("payslip")
@RUN
@click.argument("contract_id", metavar="CONTRACT")
@click.option("--lineage", is_flag=True, help="Show what each line was made of.")
def show_payslip(session: Session, run_id: str, contract_id: str, lineage: bool) -> None:
    """Show a payslip line by line, each with its reason."""
    found = read_payslip(session.desk, session.tenant, run_id, contract_id)
    session.read_pay(f"payslip/{run_id}/{contract_id}", [found.person])
    session.show(found, lambda: payslip_lines(found, lineage=lineage))


def payslip_lines(slip: Payslip, *, lineage: bool = False) -> None:
    """A payslip as a person reads it."""
    title = f"{slip.contract}  {slip.month}  paid {slip.pay_date}  as {slip.character}"
    columns = ("line", "clause", "month", "amount>", "because")
    rows = []
    for line in slip.lines:
        said = f"{line.en}\n{line.zh}"
        if lineage:
            said += "\n" + "\n".join(f"  {k}: {cli_show.cell(v)}" for k, v in line.lineage.items())
        rows.append((line.code, line.clause, line.period, yuan(line.amount), said))
    cli_show.table(columns, rows, title)
    names = ("gross", "contributions", "tax", "net", "employer_cost", "carried_out", "owed_out")
    cli_show.fields((name, yuan(getattr(slip, name))) for name in names)


@pay.command(writes=True)
@click.argument("run_id", metavar="RUN", required=False)
@click.option("--payout", "payout_id", help="Instruct this one again after the bank returned it.")
def instruct(session: Session, run_id: str | None, payout_id: str | None) -> None:
    """Instruct the bank to pay a posted run: each payable once, however often this is run."""
    if (run_id is None) == (payout_id is None):
        raise click.UsageError("Name a run, or one returned payout with --payout.")
    if payout_id is not None:
        asked = session.ask(payout_id)
        outcome = paying.instruct_again(session.desk, session.tenant, payout_id, asked)
        session.done(f"Payout {payout_id} instructed again", outcome)
        return
    assert run_id is not None
    made = paying.instruct_run(session.desk, session.tenant, run_id, session.ask(run_id))

    def human() -> None:
        click.echo(
            f"✓ {made.instructed} instructed, {made.already} already, "
            f"{made.nothing_to_pay} with nothing to pay"
        )

    session.show(made, human)


@pay.command(writes=True)
@PAYOUT
@click.option("--bank-reference", required=True, help="The bank's reference.")
@click.option("--on", required=True, metavar="DAY", help="The day the bank paid.")
@click.option("--amount", help="The amount on the bank's line; refused if it differs.")
def settle(session: Session, payout_id: str, **options: Any) -> None:
    """Record that the bank paid."""
    command = parsed(payout.SettlePayout, without_none(options))
    asked = session.ask(payout_id, command)
    outcome = paying.settle(session.desk, session.tenant, payout_id, command, asked)
    session.done(f"Payout {payout_id} settled", outcome)


@pay.command("return", writes=True)
@PAYOUT
@click.option("--reason-code", required=True, help="The bank's code, such as AC04.")
@click.option("--on", required=True, metavar="DAY", help="The day the money came back.")
def give_back(session: Session, payout_id: str, **options: Any) -> None:
    """Record that the bank sent the money back: it can be instructed again."""
    command = parsed(payout.ReturnPayout, options)
    asked = session.ask(payout_id, command)
    outcome = paying.give_back(session.desk, session.tenant, payout_id, command, asked)
    session.done(f"Payout {payout_id} returned", outcome)


@pay.command("payouts")
@click.option("--run", help="Of this run only.")
@click.option("--status", help="instructed, settled or returned.")
@click.option("--contract", help="Of this contract only.")
def list_payouts(session: Session, **wanted: str | None) -> None:
    """List payouts and where they stand."""
    ledger = session.readers.payouts
    found = everything(
        lambda cursor: ledger.payouts(session.tenant, cursor=cursor, **wanted)  # type: ignore[arg-type]
    )
    session.read_pay("payouts", {row.person_id for row in found})
    columns = ("payout", "amount>", "status", "attempts>", "end-to-end id", "answered", "code")
    rows = [
        (
            row.payout_id,
            yuan(row.amount),
            row.status,
            row.attempts,
            row.end_to_end_id,
            row.answered_on,
            row.reason_code or row.bank_reference,
        )
        for row in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


def everything(page_after: Any) -> list[Any]:
    """All rows of a paged list."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page: Page[Any] = page_after(cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found
