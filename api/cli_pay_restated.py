"""`tallystick pay restatement`: a posted month as it was paid and as it is known later."""

from __future__ import annotations

import click

from api import cli_show
from api.cli_pay_group import RUN, pay
from api.cli_session import Session
from api.cli_show import yuan
from domain.restatement import Cause, Restatement
from workflows.restatement import restate


@pay.command("restatement")
@RUN
@click.option("--known", metavar="WHEN", help="As known at a position or a time; now by default.")
@click.option("--by-cause", is_flag=True, help="The sums by cause alone.")
def restatement(session: Session, run_id: str, known: str | None, by_cause: bool) -> None:
    """Show what a posted month paid against what is known now, by person and cause."""
    position = session.known(known)
    made = restate(session.current, session.tenant, run_id, position)

    def human() -> None:
        if not by_cause:
            _by_person(made)
        _by_cause(made)

    session.read_pay(f"payrun/{run_id}", {one.person for one in made.items})
    session.show(made, human)


def _by_person(made: Restatement) -> None:
    columns = ("person", "contract", "posted>", "now>", "difference>", "made good>", "open>")
    rows = []
    for item in made.items:
        amounts = (item.posted, item.now, item.difference, item.made_good, item.open)
        rows.append((item.person, item.contract, *map(yuan, amounts)))
    title = f"{made.month} as posted (known at {made.pinned}) and as known at {made.known}"
    cli_show.table(columns, rows, title)
    for item in made.items:
        for cause in item.causes:
            click.echo(f"  {item.contract}  {yuan(cause.amount)}  {_said(cause)}")
        if item.refusal_en:
            click.echo(f"  {item.contract}  cannot be rated: {item.refusal_en}")


def _said(cause: Cause) -> str:
    """A cause in words, with the fact that says it, who recorded it, when and why."""
    words = f"{cause.en}  {cause.zh}"
    if cause.position is None or cause.recorded_at is None:
        return words
    when = f"recorded {cli_show.cell(cause.recorded_at)} by {cause.actor}"
    why = f", because {cause.reason}" if cause.reason else ""
    early = " (before it was posted)" if cause.before_posting else ""
    return f"{words} [position {cause.position}, {when}{why}{early}]"


def _by_cause(made: Restatement) -> None:
    rows = [(one.kind, one.facts, one.persons, yuan(one.amount)) for one in made.causes]
    cli_show.table(("cause", "facts>", "persons>", "amount>"), rows, "By cause")
    cli_show.fields(
        (name, yuan(getattr(made, name)))
        for name in ("posted", "now", "difference", "made_good", "open")
    )
