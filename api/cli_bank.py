"""`tallystick bank`: batches and files for the bank, its statements, matching, reconciliation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_files import FILE, document, parsed
from api.cli_session import Session, without_none
from api.cli_show import yuan
from domain.bank_batch import ApproveBatch, Batch, ProposeBatch
from domain.bank_csv import CsvLayout
from domain.bank_statement_csv import StatementLayout
from domain.payout import FailPayout
from workflows import bank_batches, bank_files, bank_match, bank_statements, reconcile
from workflows.bank_books import batches_of, read_batch
from workflows.desk import Ask, Outcome
from workflows.disclosure import read_for_payment

RUN = click.argument("run_id", metavar="RUN")
BATCH = click.argument("batch_id", metavar="BATCH")
LAYOUT = click.option("--layout", type=FILE, help="Columns and headings (docs/reconcile.md).")
EXAMPLES = """\
Examples:
  tallystick bank propose 2025-03-1 --name 星光传媒 --account 310066001234567 --bank 102290000010
  tallystick bank approve 2025-03-1.b1 --actor cfo.li
  tallystick bank file 2025-03-1.b1 --format pain.001 --out 2025-03.xml
  tallystick bank send 2025-03-1.b1
  tallystick bank statement april.xml --format camt.053
  tallystick bank match
  tallystick bank reconcile --run 2025-03-1

Nobody approves a batch they instructed or proposed.
"""


@click.group(cls=Section, epilog=EXAMPLES)
def bank() -> None:
    """Pay through a bank: propose, approve (somebody else), file, send, statement, match."""


@bank.command(writes=True)
@RUN
@click.option("--name", required=True, help="The company's name at the bank.")
@click.option("--account", required=True, help="The company's account that pays.")
@click.option("--bank", "code", required=True, help="The bank's CNAPS number or BIC.")
@click.option("--pay-on", metavar="DAY", help="The day the bank is to pay; the run's by default.")
@click.option("--leave-out", multiple=True, metavar="PAYOUT", help="This payout waits.")
def propose(session: Session, run_id: str, **said: Any) -> None:
    """Put what a run has instructed, and what is in no batch yet, into its next batch."""
    debtor = {"name": said["name"], "account": said["account"], "bank": said["code"]}
    more = {"pay_on": said["pay_on"], "leave_out": said["leave_out"] or None}
    command = parsed(ProposeBatch, {"debtor": debtor, **without_none(more)})
    asked = session.ask(run_id, command)
    outcome = bank_batches.propose(session.desk, session.tenant, run_id, command, asked)
    _done(session, outcome, "proposed")


@bank.command(writes=True)
@BATCH
@click.option("--digest", help="Approve only if the batch has this digest.")
def approve(session: Session, batch_id: str, digest: str | None) -> None:
    """Approve a batch; not by who instructed or proposed any of it."""
    command = parsed(ApproveBatch, without_none({"digest": digest}))
    asked = session.ask(batch_id, command)
    outcome = bank_batches.approve(session.desk, session.tenant, batch_id, command, asked)
    _done(session, outcome, "approved")


@bank.command(writes=True)
@BATCH
def withdraw(session: Session, batch_id: str) -> None:
    """Withdraw a batch of which no file was written: its instructions are free again."""
    asked = session.ask(batch_id)
    outcome = bank_batches.withdraw(session.desk, session.tenant, batch_id, asked)
    _done(session, outcome, "withdrawn")


def _done(session: Session, outcome: Outcome[Batch], what: str) -> None:
    batch = outcome.state
    session.done(
        f"Batch {batch.batch} {what}: {batch.payouts} payouts, {yuan(batch.total)}", outcome
    )


@bank.command("batches")
@RUN
def list_batches(session: Session, run_id: str) -> None:
    """List the batches of a run and where they stand."""
    found = batches_of(session.desk, session.tenant, run_id)
    columns = ("batch", "status", "payouts>", "total>", "pay on", "file SHA-256", "digest")
    rows = [
        (
            one.batch,
            one.status,
            one.payouts,
            yuan(one.total),
            one.pay_on,
            one.file.sha256 if one.file else "",
            one.digest,
        )
        for one in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@bank.command("file", writes=True)
@BATCH
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "pain.001"]),
    help="csv (代发) by default; of a batch that was written it is known.",
)
@LAYOUT
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; readable by you alone.",
)
def write_file(session: Session, batch_id: str, form: Any, layout: Path | None, out: Path) -> None:
    """Write the file of an approved batch, the same bytes each time; the opening is recorded."""
    columns = parsed(CsvLayout, document(layout)) if layout else None
    made = bank_files.write_file(
        session.desk, session.tenant, batch_id, form, columns, session.ask(batch_id)
    )
    about = f"payoutbatch/{batch_id}"
    read_for_payment(session.desk, session.tenant, session.reader(), about, made.persons)
    keep(out, made.data)

    def human() -> None:
        click.echo(f"✓ {out}: {made.fact.payouts} payouts, {yuan(made.fact.total)}")
        click.echo(f"  SHA-256 {made.fact.sha256}")

    session.show(made.fact, human)


def keep(out: Path, data: bytes) -> None:
    """Write a file with accounts in it: readable by its owner alone from the first byte on."""
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_bytes(data)


@bank.command(writes=True)
@BATCH
def send(session: Session, batch_id: str) -> None:
    """Say that the file was handed to the bank: every instruction of it is sent."""
    asked = session.ask(batch_id)
    outcome = bank_batches.send(session.desk, session.tenant, batch_id, asked)
    _done(session, outcome, "sent")


@bank.command(writes=True)
@BATCH
@click.option("--reason-code", required=True, help="The bank's code, such as RJCT.")
@click.option("--on", required=True, metavar="DAY", help="The day the bank said so.")
def refused(session: Session, batch_id: str, **options: Any) -> None:
    """Say that the bank refused the whole file: every payable of it is open again."""
    command = parsed(FailPayout, options)
    told = bank_batches.refuse_all(
        session.desk, session.tenant, batch_id, command, Ask(session.act)
    )
    failed = [one.payout for one in told if one.receipt is not None]
    session.show({"failed": failed}, lambda: click.echo(f"✓ {len(failed)} payouts failed"))


@bank.command(writes=True)
@click.argument("file", type=FILE)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "camt.053"]),
    help="By the file's name if left out: .xml is camt.053.",
)
@click.option("--account", help="The company's account, for a CSV.")
@LAYOUT
def statement(
    session: Session, file: Path, form: Any, account: str | None, layout: Path | None
) -> None:
    """Import a bank's statement; each line counts once in however many files it stands."""
    xml = form == "camt.053" or (form is None and file.suffix.lower() == ".xml")
    columns = parsed(StatementLayout, document(layout)) if layout else None
    with click.open_file(str(file), "rb") as data:
        made = bank_statements.import_statement(
            session.desk,
            session.tenant,
            "camt.053" if xml else "csv",
            iter(lambda: data.read(1 << 20), b""),
            Ask(session.act),
            account=account,
            layout=columns,
        )
    names = (
        "statement",
        "new",
        "taken>",
        "repeated>",
        "conflicting>",
        "unreadable>",
        "out>",
        "in>",
    )
    rows = [
        (
            one.statement.statement,
            "yes" if one.fresh else "no",
            one.statement.taken,
            one.statement.repeated,
            one.statement.conflicting,
            one.statement.unreadable,
            yuan(one.statement.debits),
            yuan(one.statement.credits),
        )
        for one in made
    ]
    session.show(
        cli_show.listed([one.statement for one in made]), lambda: cli_show.table(names, rows)
    )


@bank.command(writes=True)
@click.option("--proposals", is_flag=True, help="List what lines without a known id may be.")
def match(session: Session, proposals: bool) -> None:
    """Record what the bank's lines say of each payout; safe to repeat."""
    asked = Ask(session.act)
    if proposals:
        _proposals(session, asked)
        return
    found = bank_match.match(session.desk, session.tenant, asked)

    def human() -> None:
        click.echo(f"✓ {found.settled} settled, {found.returned} returned")
        cli_show.table(("lines that are", "lines>"), sorted(found.verdicts.items()))
        for warning in found.warnings:
            click.echo(f"! {warning}")

    session.show(found, human)


def _proposals(session: Session, asked: Ask) -> None:
    found = bank_match.proposals(session.desk, session.tenant, asked)
    columns = ("line", "booked", "amount>", "instruction", "by", "only one")
    rows = [
        (
            one.line.id,
            one.line.booked_on,
            yuan(one.line.amount),
            one.end_to_end_id,
            one.rule,
            "yes" if one.only else "no",
        )
        for one in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@bank.command(writes=True)
@click.argument("line", metavar="LINE")
@click.argument("end_to_end_id", metavar="INSTRUCTION")
@click.option("--rule", default="person", help="How it was found, as the proposal says.")
def confirm(session: Session, line: str, end_to_end_id: str, rule: str) -> None:
    """Say that a line without a known id belongs to an instruction; then match again."""
    asked = session.ask(line, {"end_to_end_id": end_to_end_id, "rule": rule})
    receipts = bank_match.confirm(session.desk, session.tenant, line, end_to_end_id, rule, asked)
    said = {"line": line, "end_to_end_id": end_to_end_id, "new": bool(receipts)}
    session.show(said, lambda: click.echo(f"✓ {line} belongs to {end_to_end_id}"))


@bank.command("reconcile")
@click.option("--run", help="Of this run.")
@click.option("--month", help="Of this month's runs; of all runs without either.")
@click.option("--known", metavar="WHEN", help="As known at a position or a time.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV on stdout.")
@click.option("--orders", is_flag=True, help="Orders, commission lines and bank lines of --run.")
def reconcile_run(
    session: Session, run: str | None, month: str | None, known: str | None, **how: bool
) -> None:
    """Show payslips, ledger and bank as sums that add up, and everything that is open."""
    if how["orders"]:
        _orders(session, run)
        return
    found = reconcile.reconcile(
        session.desk,
        session.tenant,
        on=session.today,
        run=run,
        month=month,
        known=session.known(known),
    )
    session.read_pay(f"payrun/{run}" if run else f"reconciliation/{month or 'all'}")
    if how["as_csv"]:
        click.echo(reconcile.as_csv(found), nl=False)
        return
    session.show(found, lambda: click.echo(reconcile.as_text(found), nl=False))


def _orders(session: Session, run: str | None) -> None:
    if run is None:
        raise click.UsageError("Name a run with --run.")
    found = reconcile.order_matches(session.desk, session.tenant, run)
    session.read_pay(f"payrun/{run}")
    columns = ("contract", "line", "metric", "orders>", "paid on>", "differs>", "pay>", "bank")
    rows = [
        (
            one.contract,
            one.clause or one.line,
            one.metric,
            yuan(one.orders),
            yuan(one.base),
            yuan(one.difference),
            yuan(one.amount),
            f"{one.verdict} {one.bank_reference}".strip(),
        )
        for one in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@bank.command("show")
@BATCH
def show_batch(session: Session, batch_id: str) -> None:
    """Show a batch with its instructions and digest, as an approver looks at it."""
    batch = read_batch(session.desk, session.tenant, batch_id)
    session.read_pay(f"payoutbatch/{batch_id}")

    def human() -> None:
        shown = {**cli_show.flat(batch), "total": yuan(batch.total), "payouts": str(batch.payouts)}
        names = ("batch", "status", "run", "payouts", "total", "pay_on", "digest", "proposed_by")
        cli_show.fields((name, shown[name]) for name in names)
        for name in batch.end_to_end_ids[:200]:
            click.echo(f"  {name}")

    session.show(batch, human)
