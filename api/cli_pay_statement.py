"""`tallystick pay`: statements, confirmations and disputes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_files import parsed
from api.cli_pay_group import RUN, pay
from api.cli_session import Session, without_none
from domain.dispute import DisputeLine, ResolveDispute
from workflows import disputes, statements

CONTRACT = click.argument("contract_id", metavar="CONTRACT")


@pay.command()
@RUN
@CONTRACT
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file: .pdf or .html."
)
def statement(session: Session, run_id: str, contract_id: str, output: Path | None) -> None:
    """Show what a payslip's tiers and returns came to, or write the statement as PDF or HTML."""
    made = statements.read_statement(session.desk, session.tenant, run_id, contract_id)
    session.read_pay(f"payslip/{run_id}/{contract_id}", [made.payslip.person])
    if output is not None:
        pdf = output.suffix.lower() == ".pdf"
        output.write_bytes(
            statements.as_pdf(made) if pdf else statements.as_html(made).encode("utf-8")
        )
        cli_show.say(f"✓ {output}")
        return
    rows = [(note.clause, f"{note.en}\n{note.zh}") for note in (*made.next_tiers, *made.returns)]
    session.show(made, lambda: cli_show.table(("clause", "what"), rows, "Statement"))


@pay.command(writes=True)
@RUN
@CONTRACT
def confirm(session: Session, run_id: str, contract_id: str) -> None:
    """Record that the person agrees with a posted payslip."""
    asked = session.ask(f"{run_id}/{contract_id}")
    outcome = disputes.confirm(session.desk, session.tenant, run_id, contract_id, asked)
    session.done(f"Payslip {run_id} {contract_id} confirmed", outcome)


@pay.command(writes=True)
@RUN
@CONTRACT
@click.option("--dispute", required=True, help="The id of the dispute.")
@click.option("--line", required=True, type=int, help="The line's number, from 1.")
@click.option("--statement", required=True, help="What the person says.")
@click.option("--expected", help="The amount expected.")
def dispute(session: Session, run_id: str, contract_id: str, **said: Any) -> None:
    """Record that the person does not agree with a line of a posted payslip."""
    command = parsed(DisputeLine, without_none(said))
    asked = session.ask(f"{run_id}/{contract_id}", command)
    outcome = disputes.raise_dispute(
        session.desk, session.tenant, run_id, contract_id, command, asked
    )
    session.done(f"Line {command.line} disputed", outcome)


@pay.command(writes=True)
@RUN
@CONTRACT
@click.argument("name", metavar="DISPUTE")
@click.option("--outcome", required=True, type=click.Choice(["accepted", "rejected"]))
@click.option("--answer", required=True, help="What is answered.")
@click.option("--correction", type=int, help="The position of the fact that mends it.")
def resolve(session: Session, run_id: str, contract_id: str, name: str, **said: Any) -> None:
    """Answer a dispute; an accepted one names the amendment or batch that mends it."""
    command = parsed(ResolveDispute, without_none(said))
    asked = session.ask(f"{run_id}/{contract_id}/{name}", command)
    outcome = disputes.resolve(
        session.desk, session.tenant, run_id, contract_id, name, command, asked
    )
    session.done(f"Dispute {name} {command.outcome}", outcome)
