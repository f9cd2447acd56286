"""`tallystick privacy`: grants of personal data, and who read it or pay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_files import parsed
from api.cli_session import Session, moment
from domain.grants import FIELDS, GiveGrant


@click.group(cls=Section)
def privacy() -> None:
    """Personal data: who may read it, who read it."""


@privacy.command("grant", writes=True)
@click.argument("grant")
@click.option("--to", "grantee", required=True, help="Who may read.")
@click.option("--person", "persons", multiple=True, help="Of this person; may be given often.")
@click.option("--everybody", is_flag=True, help="Of every person.")
@click.option(
    "--field", "fields", multiple=True, type=click.Choice(FIELDS), required=True, help="This field."
)
@click.option("--until", required=True, metavar="TIME", help="2025-12-31T18:00:00+08:00")
def give_grant(session: Session, **said: Any) -> None:
    """Let somebody read personal data for a while; --reason says what for."""
    from workflows import grants

    command = parsed(GiveGrant, {**said, "until": moment(said["until"])})
    asked = session.ask(command.grant, command)
    outcome = grants.give(session.desk, session.tenant, command, asked)
    session.done(f"Grant {command.grant} given to {command.grantee}", outcome)


@privacy.command("withdraw", writes=True)
@click.argument("grantee")
@click.argument("grant")
def withdraw_grant(session: Session, grantee: str, grant: str) -> None:
    """End a grant before its time."""
    from workflows import grants

    asked = session.ask(f"{grantee}/{grant}")
    outcome = grants.withdraw(session.desk, session.tenant, grantee, grant, asked)
    session.done(f"Grant {grant} of {grantee} withdrawn", outcome)


@privacy.command("grants")
@click.option("--to", "grantee", help="Of this reader.")
def list_grants(session: Session, grantee: str | None) -> None:
    """List the grants, those that are over included."""
    from workflows.grants import every_grant

    found = every_grant(session.desk, session.tenant, grantee)
    now = datetime.now(UTC)
    columns = ("grant", "to", "persons", "fields", "until", "by", "stands")
    rows = [
        (g.grant, g.grantee, g.persons or "everybody", g.fields, g.until, g.given_by, g.stands(now))
        for g in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@privacy.command("reads")
@click.option("--person", help="Of this person.")
@click.option("--by", "actor", help="By this reader.")
@click.option("--kind", type=click.Choice(["personal", "pay"]))
@click.option("--about", help="Of this: payslip/2025-03-1/C-0001, payrun/2025-03-1 …")
@click.option("--since", metavar="TIME", help="From this time on.")
@click.option("--until", metavar="TIME", help="Before this time.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True)
def list_reads(
    session: Session, since: str | None, until: str | None, limit: int, **filters: Any
) -> None:
    """Who read personal data in clear, and who read pay, the latest first."""
    from workflows.disclosure import read_log

    session.desk.store.head(session.tenant)
    filters["since"] = None if since is None else moment(since)
    filters["until"] = None if until is None else moment(until)
    found = read_log(session.desk).entries(session.tenant, limit=limit, **filters)
    columns = ("when", "who", "by", "what", "of", "persons", "fields", "for")
    rows = [
        (one.read_at, one.actor, one.via, one.kind, one.about, one.persons, one.fields, one.purpose)
        for one in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))
