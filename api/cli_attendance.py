"""`tallystick attendance`: leave, overtime, and a month as pay needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_company import BODY, KNOWN
from api.cli_files import FILE, document, parsed
from api.cli_session import Session
from domain.attendance import AttendanceEntry
from domain.commands import Command
from domain.periods import Month
from domain.refusals import Invalid
from workflows import attendance as workflow


class _Entry(Command):
    entry: AttendanceEntry


@click.group(cls=Section)
def attendance() -> None:
    """Attendance: leave and overtime, live days and hours of a month."""


@attendance.command("record", writes=True)
@click.argument("person_id", metavar="PERSON")
@click.argument("kind", type=click.Choice(["leave", "overtime", "withdraw"]))
@BODY
@click.option("--entry", help="The entry's id.")
@click.option("--start", metavar="DAY", help="First day of a leave.")
@click.option("--last", metavar="DAY", help="Last day of a leave.")
@click.option("--leave", help="Kind of leave: annual, sick, unpaid, …")
@click.option("--share", help="Share of each day; 0.5 is half.")
@click.option("--day", metavar="DAY", help="Day of overtime.")
@click.option("--hours", help="Hours of overtime.")
@click.option("--overtime", help="workday, rest_day or holiday.")
def record(session: Session, person_id: str, kind: str, file: Path | None, **options: Any) -> None:
    """Record leave or overtime, or withdraw an entry."""
    said = {**session.body(file, **options), "kind": kind}
    command = parsed(_Entry, {"entry": said}).entry
    ask = session.ask(person_id, command)
    outcome = workflow.record(session.desk, session.tenant, person_id, command, ask)
    session.done(f"{kind} {command.entry} of {person_id}", outcome)


@attendance.command("month")
@click.argument("person_id", metavar="PERSON")
@click.argument("month")
@KNOWN
def show_month(session: Session, person_id: str, month: str, known: str | None) -> None:
    """Show a month: live days and hours, leave and overtime."""
    try:
        asked = Month.parse(month)
    except ValueError as error:
        raise Invalid("月份不正确", str(error), do="Write 2025-03.", field="month") from None
    found = workflow.read_month(
        session.desk, session.tenant, person_id, asked, session.known(known)
    )
    session.show(found, lambda: cli_show.fields(cli_show.flat(found).items()))


@attendance.command("import", writes=True)
@click.argument("file", type=FILE)
def import_rows(session: Session, file: Path) -> None:
    """Record entries from a YAML or JSON file: a list, or an object with `rows`."""
    said = document(file)
    sent = said.get("rows") if isinstance(said, dict) else said
    if not isinstance(sent, list):
        raise Invalid(
            "文件应是考勤记录的列表",
            "The file must hold a list of entries",
            do="See docs/people.md.",
        )
    done = workflow.import_rows(session.desk, session.tenant, sent, session.ask("rows", sent))

    def human() -> None:
        click.echo(f"{done.recorded} recorded, {len(done.rejected)} rejected")
        rows = [(one.number, one.person, one.en) for one in done.rejected]
        if rows:
            cli_show.table(("row>", "person", "why"), rows)

    session.show(done, human)
