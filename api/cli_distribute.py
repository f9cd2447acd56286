"""`tallystick distribute`: the schema onto Citus by tenant, where Citus is."""

from __future__ import annotations

import click

from api.cli_base import Section
from api.cli_session import Session

NOT_HERE = "skipped: the citus extension is not installed on this server"
NOT_IN_DATABASE = "skipped: this server has the citus extension and this database has not (CREATE EXTENSION citus)"


@click.command(cls=Section.command_class, tenant=False)
@click.option("--dry-run", is_flag=True, help="Only print the statements, with or without Citus.")
def distribute(session: Session, dry_run: bool) -> None:
    """Spread the tables over the nodes of Citus, each tenant on one of them (docs/scale.md)."""
    import psycopg

    from api import compose
    from ledger import distribute as citus

    with compose.database(session.settings) as conninfo:
        compose.apply_migrations(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            asked = citus.statements(citus.schema(connection))
            version = citus.citus(connection)
            skipped = None
            if version is None:
                skipped = NOT_IN_DATABASE if citus.is_on_server(connection) else NOT_HERE
            done = skipped is None and not dry_run
            if done:
                citus.distribute(connection, asked)
    answer = {"citus": version, "done": done, "skipped": skipped, "statements": asked}

    def human() -> None:
        if dry_run:
            click.echo("".join(f"{statement};\n" for statement in asked), nl=False)
        else:
            click.echo(skipped or f"✓ Distributed by tenant on Citus {version}")

    session.show(answer, human)
