"""`tallystick receipt`: what a write answered, held against the log later."""

from __future__ import annotations

from pathlib import Path

import click

from api import cli_show
from api.cli_base import Section
from api.cli_session import Session

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("receipt", cls=Section.command_class)
@click.argument("position", type=click.IntRange(1, 2**62))
@click.argument("leaf_hash")
@click.option("--checkpoint", type=FILE, help="Hold it against a checkpoint that you kept.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the proof here."
)
def receipt(
    session: Session, position: int, leaf_hash: str, checkpoint: Path | None, out: Path | None
) -> None:
    """Check a receipt: its position and leaf hash, against the log and a checkpoint you kept."""
    from workflows.receipts import check_receipt

    kept = checkpoint.read_text("utf-8") if checkpoint else None
    found = check_receipt(session.desk, session.tenant, position, leaf_hash.lower(), kept)
    if out is not None:
        out.write_text(found.tlog_proof, "utf-8")
    whose = "your checkpoint" if found.covered else "the last checkpoint"
    said = f"✓ fact {position} stands in {whose} of {found.size} facts  收据属实"
    session.show(found, lambda: click.echo(said))
    if out is not None:
        cli_show.say(f"The proof is in {out}")
