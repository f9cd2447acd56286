"""`tallystick log-key`: the keys that sign a log, and handing it from one to the next."""

from __future__ import annotations

import click

from api import cli_show
from api.cli_base import Section
from api.cli_session import Session


@click.group("log-key", cls=Section)
def log_key() -> None:
    """The keys that sign checkpoints: list them, rotate them."""


@log_key.command("list")
def list_keys(session: Session) -> None:
    """List the public keys of the log; compare them with what you were given."""
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        found = LogStore(connection, session.tenant).log_keys()
    columns = ("number>", "signs from>", "key")
    rows = [(key.number, key.from_size, key.vkey) for key in found]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@log_key.command("rotate", writes=True)
def rotate_key(session: Session) -> None:
    """Hand the log to the next key; --reason says why. The fact is signed by old and new."""
    from api.sealing import KEYS
    from workflows.log_keys import rotate

    folder = session.settings.home / KEYS
    receipt = rotate(session.desk, session.tenant, folder, session.ask("log/keys"))
    said = f"Key {receipt.version + 1} signs the log from here on"
    session.show(
        {"number": receipt.version + 1, "receipts": [receipt]},
        lambda: cli_show.receipt(said, receipt.version, receipt.position),
    )
