"""`tallystick pay`: the journal of a posted run and the accounts it is booked to."""

from __future__ import annotations

from pathlib import Path

import click

from api import cli_show
from api.cli_files import document, parsed
from api.cli_pay_group import RUN, pay
from api.cli_session import Session
from api.cli_show import yuan
from domain.accounts import MapAccounts
from workflows import journal as journals


@pay.command()
@RUN
@click.option("--layout", type=click.Choice(sorted(journals.LAYOUTS)), help="Write it as a file.")
def journal(session: Session, run_id: str, layout: str | None) -> None:
    """Show the double-entry voucher of a posted run, or write it for another program."""
    made = journals.read_voucher(session.desk, session.tenant, run_id)
    if layout is not None:
        click.echo(journals.LAYOUTS[layout](made), nl=False)
        return
    rows = [
        (one.account.code, one.account.name, yuan(one.debit), yuan(one.credit), one.zh)
        for one in made.entries
    ]
    rows.append(("", "合计 total", yuan(made.debit), yuan(made.credit), ""))
    columns = ("account", "name", "debit>", "credit>", "what")
    session.show(made, lambda: cli_show.table(columns, rows, f"Run {run_id}, {made.day}"))


@pay.command(writes=True)
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def accounts(session: Session, path: Path | None) -> None:
    """Show the accounts that pay is booked to; with a file, book to others from a day on."""
    if path is not None:
        command = parsed(MapAccounts, document(path))
        asked = session.ask("accounts", command)
        outcome = journals.map_accounts(session.desk, session.tenant, command, asked)
        session.done("Accounts mapped", outcome)
        return
    found = journals.read_accounts(session.desk, session.tenant).on(session.today)
    rows = [(role, one.code, one.name, one.beancount) for role, one in found.items()]
    session.show(
        found, lambda: cli_show.table(("for", "account", "name", "Beancount"), rows, "Accounts")
    )
