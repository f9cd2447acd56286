"""`tallystick pay`: one-off payments beside the clauses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_contract_acts import BODY
from api.cli_files import parsed
from api.cli_pay_group import pay
from api.cli_session import Session
from domain.one_off import AgreeOneOff, ChooseBonusTax
from workflows import one_offs

ONE_OFF = click.argument("one_off_id", metavar="ID")
KINDS = click.Choice(["award", "annual_bonus", "severance", "non_compete"])


@pay.command("one-off", writes=True)
@click.argument("one_off", metavar="ID")
@BODY
@click.option("--contract", metavar="CONTRACT", help="Whom it is for.")
@click.option("--kind", type=KINDS, help="What it is.")
@click.option("--month", metavar="MONTH", help="Paid with this month's run or a later one.")
@click.option("--amount", help="Left out, severance and non-compete pay are computed.")
@click.option("--document", help="Where the supporting document is kept.")
def agree(session: Session, one_off: str, file: Path | None, **options: Any) -> None:
    """Agree on an award, an annual bonus, severance or non-compete pay; say why in --reason."""
    said = session.body(file, **options)
    command = parsed(AgreeOneOff, {**said, "one_off": one_off})
    outcome = one_offs.agree(session.desk, session.tenant, command, session.ask(one_off, command))
    session.done(
        f"{outcome.state.kind} {one_off}: {cli_show.yuan(outcome.state.amount)}",
        outcome,
        one_off=outcome.state,
    )


@pay.command("bonus-tax", writes=True)
@ONE_OFF
@click.option("--way", required=True, type=click.Choice(["separate", "merged"]))
@click.option("--year", required=True, type=int, help="The year of payment.")
def choose(session: Session, one_off_id: str, **said: Any) -> None:
    """Record how the worker wants an annual bonus to be taxed."""
    command = parsed(ChooseBonusTax, said)
    outcome = one_offs.choose(
        session.desk, session.tenant, one_off_id, command, session.ask(one_off_id, command)
    )
    session.done(f"Bonus {one_off_id} is taxed {command.way}", outcome)


@pay.command("withdraw-one-off", writes=True)
@ONE_OFF
def withdraw(session: Session, one_off_id: str) -> None:
    """Withdraw a one-off payment that no posted run has paid."""
    outcome = one_offs.withdraw(session.desk, session.tenant, one_off_id, session.ask(one_off_id))
    session.done(f"One-off payment {one_off_id} withdrawn", outcome)


@pay.command("one-offs")
@click.option("--known", metavar="WHEN", help="As known at a position or a time.")
def list_one_offs(session: Session, known: str | None) -> None:
    """List the one-off payments and whether a posted run has paid them."""
    found = one_offs.listed(session.desk, session.tenant, session.known(known))
    columns = ("id", "contract", "kind", "from", "amount>", "tax", "status")
    rows = [
        (
            one.one_off,
            one.contract,
            one.kind,
            one.month,
            cli_show.yuan(one.amount),
            one.way or ("waits for the choice" if one.waits else "–"),
            "paid" if paid else one.status,
        )
        for one, paid in found
    ]
    data = cli_show.listed({**cli_show.flat(one), "paid": paid} for one, paid in found)
    session.show(data, lambda: cli_show.table(columns, rows))
