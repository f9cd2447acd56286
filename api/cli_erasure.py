"""`tallystick person|privacy`: holds, restriction and erasure of personal data, retention."""

from __future__ import annotations

from typing import Any, get_args

import click
import msgspec

from api import cli_show, views
from api.cli_company import person
from api.cli_files import parsed
from api.cli_privacy import privacy
from api.cli_session import Session
from domain import erasure_facts as commands
from domain import retention
from workflows import erasure

__all__ = ["person", "privacy"]
PERSON = click.argument("person_id", metavar="PERSON")


@person.command("hold", writes=True)
@PERSON
@click.argument("hold", metavar="HOLD")
@click.option("--document", default="", help="What it rests on: a case, an order, a letter.")
def place_hold(session: Session, person_id: str, hold: str, document: str) -> None:
    """Place a legal hold: nothing of the person's data is erased; --reason says why."""
    command = parsed(commands.PlaceHold, {"hold": hold, "document": document})
    asked = session.ask(person_id, command)
    outcome = erasure.place_hold(session.desk, session.tenant, person_id, command, asked)
    session.done(f"Hold {hold} of {person_id} placed", outcome)


@person.command("unhold", writes=True)
@PERSON
@click.argument("hold", metavar="HOLD")
def lift_hold(session: Session, person_id: str, hold: str) -> None:
    """Lift a legal hold; --reason says why."""
    asked = session.ask(f"{person_id}/{hold}")
    outcome = erasure.lift_hold(session.desk, session.tenant, person_id, hold, asked)
    session.done(f"Hold {hold} of {person_id} lifted", outcome)


@person.command("restrict", writes=True)
@PERSON
@click.option(
    "--ground",
    type=click.Choice(get_args(commands.Ground)),
    default="purpose_over",
    show_default=True,
    help="On which ground of 个人信息保护法 art. 47.",
)
def restrict(session: Session, person_id: str, ground: str) -> None:
    """First step to erase: the data is stored and not used; --reason says why."""
    command = parsed(commands.RestrictPerson, {"ground": ground})
    asked = session.ask(person_id, command)
    outcome = erasure.restrict(
        session.current, session.tenant, person_id, command, asked, session.today
    )
    session.done(f"Personal data of {person_id} restricted", outcome)


@person.command("unrestrict", writes=True)
@PERSON
def lift_restriction(session: Session, person_id: str) -> None:
    """Use the data again: the restriction was a mistake; --reason says why."""
    asked = session.ask(person_id)
    outcome = erasure.lift_restriction(session.desk, session.tenant, person_id, asked)
    session.done(f"Personal data of {person_id} in use again", outcome)


@person.command("erase", writes=True)
@PERSON
def erase(session: Session, person_id: str) -> None:
    """Second step, by another person: destroy the key; the data can never be read again."""
    asked = session.ask(person_id)
    receipts, scrubbed = erasure.erase(
        session.current, session.tenant, person_id, asked, session.today
    )
    data = {"done": f"Personal data of {person_id} erased", "receipts": receipts}

    def human() -> None:
        last = receipts[-1]
        cli_show.receipt(str(data["done"]), last.version, last.position)
        _scrubbed(scrubbed.left)

    session.show({**data, "scrubbed": scrubbed}, human)


def _scrubbed(left: dict[str, str]) -> None:
    for step, why in left.items():
        click.echo(f"! {step}: {why}; run `tallystick privacy scrub` as the database's owner")


@person.command("erasure")
@PERSON
def show_erasure(session: Session, person_id: str) -> None:
    """Show how a person's data stands, and what still needs it."""
    state = erasure.standing(session.current, session.tenant, person_id)
    needed = erasure.evidence(session.desk, session.tenant, state, session.today)
    data: dict[str, Any] = {"person": person_id, **views.standing(state)}
    data |= {**msgspec.structs.asdict(needed), "keep_until": needed.keep_until}
    session.show(data, lambda: cli_show.fields(data.items()))


@privacy.command("scrub", tenant=False)
def scrub(session: Session) -> None:
    """Rid the server's disk of what is left of destroyed keys; safe to repeat."""
    from ledger.scrub import scrub as scrubbing

    found = scrubbing(session.pool)

    def human() -> None:
        click.echo("✓ " + ", ".join(found.done) if found.done else "Nothing was done.")
        _scrubbed(found.left)

    session.show(found, human)


@privacy.command("retention")
def list_retention(session: Session) -> None:
    """List how long personal data is kept, by class, and what says so."""
    found = [*retention.SHIPPED, *erasure.every_term(session.desk, session.tenant)]
    rows = [(one.retention, one.months, one.effective, one.source) for one in found]
    columns = ("class", "months>", "from", "source")
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@privacy.command("keep", writes=True)
@click.argument("retention_class", metavar="CLASS")
@click.option("--months", type=int, required=True, help="So many months.")
@click.option("--effective", required=True, metavar="DAY", help="From this day on.")
@click.option("--source", required=True, help="The law, rule or decision that says so.")
def set_retention(session: Session, retention_class: str, **said: Any) -> None:
    """Set how long a class (pay, contract, candidate) is kept; never shorter than a law says."""
    command = parsed(commands.SetRetention, {"retention": retention_class, **said})
    asked = session.ask(retention_class, command)
    outcome = erasure.set_retention(session.desk, session.tenant, command, asked)
    session.done(f"Retention of {retention_class} set to {command.months} months", outcome)
