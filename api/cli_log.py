"""`tallystick checkpoint|witness`: the signed roots of a log, and who else signs them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api import cli_show
from api.cli_base import Section
from api.cli_session import Session
from domain.refusals import Invalid, NotFound, WrongState

if TYPE_CHECKING:
    from ledger.log_store import Kept
    from ledger.notes import VerifierKey

OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def vkey(text: str) -> VerifierKey:
    """A public key, or that in the file of this name. Raises Invalid."""
    from ledger.notes import BadNote, VerifierKey

    path = Path(text)
    with contextlib.suppress(OSError):
        text = path.read_text("utf-8") if path.is_file() else text
    try:
        return VerifierKey.parse(text)
    except BadNote as error:
        raise Invalid(
            "公钥不正确", str(error), do="Write NAME+ID+KEY, or the name of a file with it."
        ) from error


@click.command("checkpoint", cls=Section.command_class)
@click.option("-o", "--out", type=OUT, help="Keep it in this file: an old one finds a rewrite.")
@click.option("--seal/--no-seal", default=True, help="Seal what is recorded first.")
@click.option("--witness", metavar="URL", help="Have it countersigned by the witness there.")
@click.option("--keys", is_flag=True, help="The public keys of the log instead.")
def checkpoint(
    session: Session,
    out: Path | None,
    seal: bool,
    witness: str | None,
    keys: bool,
) -> None:
    """The signed checkpoint of everything recorded so far; keep it where nobody can change it."""
    from api.sealing import KEYS
    from ledger.keys import KeyRing, KeyTrouble
    from ledger.sealer import Sealer, SealRefused

    try:
        ring = KeyRing(session.settings.home / KEYS)
        if seal:
            Sealer(session.pool, ring).seal(session.tenant)
    except (SealRefused, KeyTrouble) as error:
        raise WrongState(
            "拒绝封存", str(error), do="Run `tallystick verify`; see docs/audit.md."
        ) from error
    if keys:
        _keys(session)
        return
    kept = _last(session)
    if witness:
        _countersign(session, kept, witness)
    note = _noted(session, kept)
    if out:
        out.write_text(note, "utf-8")
    said = {"size": kept.size, "root": kept.root.hex(), "note": note}
    session.show(said, lambda: click.echo(note, nl=False))


def _keys(session: Session) -> None:
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        found = LogStore(connection, session.tenant).log_keys()
    session.show(cli_show.listed(found), lambda: click.echo("\n".join(one.vkey for one in found)))


def _last(session: Session) -> Kept:
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        kept = LogStore(connection, session.tenant).checkpoint()
    if kept is None:
        raise NotFound("尚未封存", "Nothing is sealed yet", do="Record something first.")
    return kept


def _noted(session: Session, kept: Kept) -> str:
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        return LogStore(connection, session.tenant).noted(kept)


def _countersign(session: Session, kept: Kept, url: str) -> None:
    """Ask a witness; where it saw another size last, prove the way from there."""
    from api.witness_server import ask
    from ledger.log_store import LogStore
    from ledger.notes import BadNote, parse_signature
    from ledger.witness import request_body

    with session.pool.connection() as connection:
        log = LogStore(connection, session.tenant)
        status, answer = ask(url, request_body(0, [], kept.note))
        if status == 409 and answer.strip().isdigit() and int(answer) <= kept.size:
            old = int(answer)
            status, answer = ask(url, request_body(old, log.consistency(old, kept.size), kept.note))
        if status == 200:
            with contextlib.suppress(BadNote):
                line = answer.splitlines(keepends=True)[0]
                log.add_cosignature(kept.size, parse_signature(line).name, line)
                return
    raise WrongState(
        "见证人拒绝签名",
        f"The witness does not countersign ({status}): {answer.strip()[:300]}",
        do="Where it saw another history, verify the ledger with the checkpoint it holds.",
    )


@click.command("witness", cls=Section.command_class, tenant=False)
@click.option("--folder", type=FOLDER, required=True, help="Where its key and memory are.")
@click.option("--name", required=True, help="Its name, such as witness.example/w1.")
@click.option("--trust", multiple=True, metavar="VKEY", help="Follow the log with this key.")
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8401, help="The port.")
@click.option("--show-key", is_flag=True, help="Print its public key and end.")
def witness(
    session: Session,
    folder: Path,
    name: str,
    trust: tuple[str, ...],
    host: str,
    port: int,
    show_key: bool,
) -> None:
    """Be a witness: countersign checkpoints that go on from those that were seen before.

    Run it elsewhere, as somebody else: it needs no database and nothing of the company.
    """
    from api.serve import stopping_on_signals
    from api.witness_server import WitnessServer
    from ledger.witness import Witness

    one = Witness(folder, name)
    for text in trust:
        one.trust(vkey(text))
    session.show({"vkey": one.key.vkey}, lambda: click.echo(one.key.vkey))
    if show_key:
        return
    with stopping_on_signals(), WitnessServer((host, port), one) as server:
        cli_show.say(f"The witness is at http://{host}:{server.server_port}  (Ctrl-C ends it)")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
