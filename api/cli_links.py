"""`tallystick link`: links that let a streamer in without a password."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from api import cli_show, entry
from api.cli_base import Section
from api.cli_session import Session
from ledger.entry_links import EntryLinks


@click.group(cls=Section)
def link() -> None:
    """Links for streamers: good for some days and uses; only their digest is kept."""


@link.command("create", writes=True)
@click.argument("person_id", metavar="PERSON")
@click.option("--days", type=int, default=entry.DAYS, show_default=True, help="Good for so long.")
@click.option("--uses", type=int, default=entry.USES, show_default=True, help="Lets in so often.")
@click.option("--site", default="", metavar="URL", help="The address of the pages.")
def create_link(session: Session, person_id: str, days: int, uses: int, site: str) -> None:
    """Make a link for a person; its address is shown this once."""
    made, text = entry.issue_link(
        session.desk, session.tenant, person_id, days=days, uses=uses, by=session.actor, at=_now()
    )
    address = f"{site.rstrip('/')}/enter/{text}"

    def human() -> None:
        cli_show.say(f"Link {made.link_id} of {person_id}, until {made.expires_at:%F %H:%M} UTC:")
        click.echo(address)

    session.show({"link": made, "address": address}, human)


@link.command("list")
@click.option("--person", help="Of this person alone.")
def list_links(session: Session, person: str | None) -> None:
    """List the links, those that are over included; never their addresses."""
    found = EntryLinks.beside(session.desk.store).links(session.tenant, person)
    columns = ("link", "person", "state", "used", "made", "by", "until")
    rows = [
        (
            one.link_id,
            one.person,
            one.state(_now()),
            f"{one.used} of {one.uses}",
            one.created_at,
            one.created_by,
            one.expires_at,
        )
        for one in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@link.command("revoke", writes=True)
@click.argument("link_id", metavar="LINK")
def revoke_link(session: Session, link_id: str) -> None:
    """Make a link useless and end the sessions begun with it."""
    links = EntryLinks.beside(session.desk.store)
    done = links.revoke(session.tenant, link_id, by=session.actor, at=_now())
    session.show(done, lambda: click.echo(f"✓ Link {link_id} of {done.person} revoked"))


def _now() -> datetime:
    return datetime.now(UTC)
