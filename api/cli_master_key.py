"""`tallystick master-key|kms`: turning the master key, and a key service that holds it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from api import cli_show
from api.cli_base import Section
from api.cli_session import Session
from api.settings import SHORTEST_TOKEN, SettingError, ensure_key_file

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("master-key", cls=Section)
def master_key() -> None:
    """The master key that wraps every person's key: which one, and turning it."""


@master_key.command("show", tenant=False)
def show(session: Session) -> None:
    """Show the ids of the master keys, and how many persons' keys each wraps."""
    from api.compose import master_keys
    from ledger.turning import wrapped_by

    masters = master_keys(session.settings)
    tenants = session.desk.store.tenants()
    wrapped = {tenant: wrapped_by(session.pool, tenant) for tenant in tenants}
    data = {
        "current": masters.current().hex(),
        "known": [one.hex() for one in masters.known()],
        "wrapped": wrapped,
    }
    rows = [(name, key, n) for name, found in wrapped.items() for key, n in found.items()]

    def human() -> None:
        cli_show.fields((name, data[name]) for name in ("current", "known"))
        cli_show.table(("company", "master key", "persons' keys>"), rows)

    session.show(data, human)


@master_key.command("rotate", tenant=False, writes=True)
def rotate(session: Session) -> None:
    """Wrap every person's key by a new master key, then forget the old one.

    Everything can be read all the while; a call that was cut off is begun again and goes on.
    """
    from api.compose import master_keys
    from workflows.master_key import turn_master_key

    with cli_show.progress_of_steps() as step:
        done = turn_master_key(session.desk, master_keys(session.settings), session.act, step)

    def human() -> None:
        click.echo(f"✓ Master key {done.master} wraps every key from now on")
        cli_show.table(("company", "wrapped anew>"), done.persons.items())
        click.echo("  Keep a copy of the new key; destroy every copy of the old one.")

    session.show(done, human)


@click.command("kms", cls=Section.command_class, tenant=False)
@click.option("--folder", type=FOLDER, required=True, help="Where its master key is.")
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8402, help="The port.")
def kms(session: Session, folder: Path, host: str, port: int) -> None:
    """Be a key service: hold the master key, wrap and unwrap for whoever has TALLYSTICK_KMS_TOKEN.

    Run it as another user: the program that asks it never sees the master key.
    """
    from api.kms_server import KeyServer
    from api.serve import stopping_on_signals
    from ledger.master_keys import KeysInFile

    token = os.environ.get("TALLYSTICK_KMS_TOKEN", "")
    if len(token) < SHORTEST_TOKEN:
        raise SettingError("TALLYSTICK_KMS_TOKEN", "…", "16 or more letters and digits")
    path = folder / "master.key"
    ensure_key_file(path)
    with stopping_on_signals(), KeyServer((host, port), KeysInFile(path), token) as server:
        cli_show.say(f"The key service is at http://{host}:{server.server_port}  (Ctrl-C ends it)")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
