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
from domain.periods import Month
from domain.refusals import Invalid
from ledger.figures import BatchReceipt
from workflows.figures import record_upload, rules_of
from workflows.import_mapping import Mapping
from workflows.imports import ImportReport, import_folder, read_mapping
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


@click.command("import", cls=Section.command_class, writes=True)
@click.argument("path", metavar="FOLDER|FILE", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Says what the columns mean (docs/imports.md).",
)
@click.option("--month", "months", multiple=True, help="Only this month, such as 2025-03.")
def import_files(session: Session, path: Path, mapping_file: Path, months: tuple[str, ...]) -> None:
    """Import a customer's export: every row ends as a figure or in the report with a reason.

    A FILE is imported alone, with the look-up files of its folder. An import that was cut off is
    started again: what stands already counts once.
    """
    mapping, folder = read_mapping(mapping_file), path
    if path.is_file():
        mapping, folder = _part_of(mapping, path.name), path.parent
    desk = session.desk
    with cli_show.progress("Rows") as moved:
        report = import_folder(
            desk,
            session.tenant,
            folder,
            mapping,
            session.act,
            today=session.today,
            months={month_of(month) for month in months} or None,
            progress=moved,
        )
    data = {
        "rows_in": report.rows_in,
        "rows_recorded": report.rows_recorded,
        "figures": report.figures,
        "rejected": report.rejected,
        "notes": report.notes,
        "sums": report.sums,
        "files": report.files,
    }
    session.show(data, lambda: _imported(report))


def _part_of(mapping: Mapping, name: str) -> Mapping:
    """The part of a mapping that reads one file."""
    if mapping.orders and mapping.orders.file == name:
        return mapping.model_copy(update={"traffic": None})
    if mapping.traffic and mapping.traffic.file == name:
        return mapping.model_copy(update={"orders": None, "attribution": None})
    raise Invalid(
        f"映射文件没有提到 {name}",
        f"The mapping does not say how {name} is read",
        do="Name the file in the mapping, or import the folder.",
        field="file",
    )


def month_of(text: str) -> Month:
    """A month of an option. Raises Invalid."""
    try:
        return Month.parse(text)
    except ValueError as error:
        raise Invalid(
            f"{text[:20]} 不是月份", str(error), do="Write it as 2025-03.", field="month"
        ) from None


def _imported(report: ImportReport) -> None:
    cli_show.table(
        ("file", "rows in>", "taken>", "rejected>", "figures>", "batches>"),
        (
            (
                file.file,
                file.rows_in,
                file.rows_recorded,
                sum(file.rejected.values()),
                file.figures,
                len(file.batches),
            )
            for file in report.files
        ),
    )
    cli_show.table(("rejected because", "rows>"), report.rejected.items())
    cli_show.table(("taken, and worth knowing", "rows>"), report.notes.items())
    cli_show.table(("metric", "sum>"), report.sums.items())


def _all(page_after: Callable[[int], list[Any]]) -> list[Any]:
    found: list[Any] = []
    while page := page_after(found[-1].row_no if found else 0):
        found += page
    return found
