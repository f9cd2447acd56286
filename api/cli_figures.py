"""`tallystick figures|import`: figures from files, with every row taken or rejected by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_files import FILE
from api.cli_session import Session
from ledger.figures import BatchReceipt
from workflows.figures import record_upload, rules_of
from workflows.row_files import format_of

BLOCK = 1024 * 1024
EXAMPLES = """\
Examples:
  tallystick figures send march.csv --source shop
  tallystick figures batches
  tallystick figures rejected shop-3f2a…
"""


@click.group(cls=Section, epilog=EXAMPLES)
def figures() -> None:
    """Figures: batches of what was measured; the same batch sent twice counts once."""


@figures.command(writes=True)
@click.argument("file", type=FILE)
@click.option("--source", required=True, help="The system they come from, such as shop.")
@click.option("--format", "form", help="csv, ndjson, json or xlsx; by the file's name if left out.")
@click.option("--rows", "declared", type=int, help="How many rows there are: a cut-off is refused.")
def send(session: Session, file: Path, source: str, form: str | None, declared: int | None) -> None:
    """Send a file of figures: recorded whole or not at all, bad rows kept with their reasons."""
    kind = format_of(f".{form}" if form else file.name)
    desk = session.desk
    rules = rules_of(desk.store, session.tenant, session.today)
    with (
        cli_show.progress(f"Reading {file.name}") as moved,
        click.open_file(str(file), "rb") as data,
    ):
        result = record_upload(
            desk.figures,
            session.tenant,
            source,
            kind,
            _blocks(data, _size(file), moved),
            rules,
            session.act,
            declared=declared,
            key=session.key,
        )
    desk.runner.hint()
    session.show(result.receipt, lambda: _receipt(result.receipt))


def _blocks(data: Any, size: int, moved: cli_show.Progress) -> Iterator[bytes]:
    done = 0
    while block := data.read(BLOCK):
        done += len(block)
        moved(done, size)
        yield block


def _size(file: Path) -> int:
    return 0 if str(file) == "-" else file.stat().st_size


def _receipt(receipt: BatchReceipt) -> None:
    again = "" if receipt.fresh else " (it stood already)"
    click.echo(f"✓ Batch {receipt.batch}{again}, position {receipt.position}")
    rows_in = receipt.rows + receipt.rejected
    click.echo(f"  {rows_in:,} rows in = {receipt.rows:,} taken + {receipt.rejected:,} rejected")
    cli_show.table(("rejected because", "rows>"), receipt.rejected_by_code.items())
    cli_show.table(("metric", "sum>"), receipt.sums.items())


@figures.command()
def batches(session: Session) -> None:
    """List the batches, the oldest first."""
    found: list[BatchReceipt] = []
    while page := session.desk.figures.batches(
        session.tenant, found[-1].position if found else 0, 500
    ):
        found += page
    columns = ("batch", "source", "from", "to", "rows>", "rejected>", "recorded")
    rows = [
        (b.batch, b.source, b.period_start, b.period_end, b.rows, b.rejected, b.recorded_at)
        for b in found
    ]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@figures.command()
@click.argument("batch", metavar="BATCH")
def rejected(session: Session, batch: str) -> None:
    """List the rejected rows of a batch, each with its reason and what it said."""
    store = session.desk.figures
    store.batch(session.tenant, batch)
    found = _all(lambda after: store.rejected(session.tenant, batch, after))
    columns = ("row>", "code", "reason", "it said")
    rows = [(str(one.row_no), one.code, f"{one.en}\n{one.zh}", one.raw) for one in found]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


def _all(page_after: Callable[[int], list[Any]]) -> list[Any]:
    found: list[Any] = []
    while page := page_after(found[-1].row_no if found else 0):
        found += page
    return found
