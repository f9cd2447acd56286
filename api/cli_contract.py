"""`tallystick contract`: look at contracts, at any day, as known at any position."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from api import cli_show, views
from api.cli_base import Section
from api.cli_files import FILE, parsed
from api.cli_session import Session, day
from domain.contract_commands import DraftContract
from domain.contract_state import Contract
from domain.documents import document_sha256, document_text
from domain.findings import Finding, PlanContext
from domain.periods import Period
from domain.plan_check import check_plan
from projections.contract_queries import ContractTerms
from workflows import contracts
from workflows import diff as differences

EFFECTIVE = click.option(
    "--effective", metavar="DAY", help="The day it applies to; today if left out."
)
KNOWN = click.option(
    "--known", metavar="WHEN", help="As known at a position or a time; now if left out."
)
EXAMPLES = """\
Examples:
  tallystick contract draft --file contract.yaml
  tallystick contract show C-0001 --effective 2025-09-15 --known 2025-09-01T00:00:00+08:00
  tallystick contract amend C-0001 --effective 2025-09-01 --set base.amount=9000 \\
      --reason "agreed with the business department"
  tallystick contract diff C-0001 --from 2025-08-31 --to 2025-09-01
"""


@click.group(cls=Section, epilog=EXAMPLES)
def contract() -> None:
    """Draft, sign, amend, renew and end contracts; see them at any two times."""


@contract.command("list")
@click.option("--status", help="drafted, sent, signed, active, ended or cancelled.")
@click.option("--team", help="Of this team only.")
@click.option("--track", help="Of this track only.")
@click.option("--engagement", help="full_time, part_time or agency.")
@click.option("--person", help="Of this person only.")
@click.option("--on", "on_day", metavar="DAY", help="In force on this day.")
@KNOWN
def list_contracts(
    session: Session,
    status: str | None,
    on_day: str | None,
    known: str | None,
    **wanted: str | None,
) -> None:
    """List contracts, all or some, with their status on the day (today by default)."""
    on = day(on_day, "on")
    moment = on or session.today
    reader = ContractTerms(session.readers.pool)
    found = reader.states(session.tenant, session.known(known))
    shown = [
        state
        for _, state in sorted(found.items())
        if all(value is None or getattr(state, name) == value for name, value in wanted.items())
        and (on is None or on in state.period)
        and status in (None, state.status_on(moment))
    ]
    columns = ("contract", "number", "person", "kind", "team", "from", "to", "status")
    session.show(
        cli_show.listed(
            [{**views.contract(state), "status": state.status_on(moment)} for state in shown]
        ),
        lambda: cli_show.table(columns, (_row(state, moment) for state in shown)),
    )


def _row(state: Contract, moment: date) -> tuple[Any, ...]:
    term = (state.start, state.end, state.status_on(moment))
    return (state.contract, state.number, state.person, state.engagement, state.team, *term)


@contract.command()
@click.argument("contract_id", metavar="CONTRACT")
@EFFECTIVE
@KNOWN
def show(session: Session, contract_id: str, effective: str | None, known: str | None) -> None:
    """Show a contract and its clauses as they are on a day, as known at a time."""
    state = contracts.read(session.desk, session.tenant, contract_id, session.known(known))
    data = views.contract_on(state, day(effective, "effective") or session.today)
    session.show(data, lambda: _show(data))


def _show(data: dict[str, Any]) -> None:
    characters = [f"{one['character']} from {one['effective']}" for one in data["characters"]]
    hidden = ("clauses", "characters", "character", "effective")
    shown = {name: value for name, value in data.items() if name not in hidden}
    cli_show.fields({**shown, "version": str(data["version"]), "taxed as": characters}.items())
    click.echo(f"\nClauses in force on {data['effective']}:")
    for row in data["clauses"]:
        until = f" until {row['end']}" if row["end"] else ""
        where = f"from {row['start']}{until}, position {row['position']}"
        click.echo(f"\n  {row['key']} ({row['kind']}) {where}\n    {row['zh']}\n    {row['en']}")
    if not data["clauses"]:
        click.echo("  none")


@contract.command()
@click.argument("contract_id", metavar="CONTRACT")
@KNOWN
def text(session: Session, contract_id: str, known: str | None) -> None:
    """Print the text that is signed, and its hash."""
    state = contracts.read(session.desk, session.tenant, contract_id, session.known(known))
    said, sha256 = document_text(state), document_sha256(state)
    data = {"contract": contract_id, "text": said, "sha256": sha256, "sent": state.document_sha256}

    def human() -> None:
        click.echo(said, nl=False)
        cli_show.say(f"SHA-256 {sha256}")
        if state.document_sha256 and state.document_sha256 != sha256:
            cli_show.say(f"What was sent to be signed had {state.document_sha256}")

    session.show(data, human)


@contract.command()
@click.argument("contract_id", metavar="CONTRACT")
@click.option("--from", "first", required=True, metavar="DAY[@WHEN]", help="The first look.")
@click.option("--to", "second", required=True, metavar="DAY[@WHEN]", help="The second look.")
def diff(session: Session, contract_id: str, first: str, second: str) -> None:
    """Say what differs between two looks: 2025-08-31, or 2025-09-01@1200 as known at 1200."""
    a, b = _look(session, first, "from"), _look(session, second, "to")
    found = differences.diff(session.desk, session.tenant, contract_id, a, b)

    def human() -> None:
        for one in found:
            click.echo(f"{one.en}\n  {one.zh}")
        if not found:
            click.echo("Nothing differs.")

    session.show({"contract": contract_id, "from": a, "to": b, "differences": found}, human)


def _look(session: Session, said: str, field: str) -> differences.Look:
    on, _, known = said.partition("@")
    effective = day(on, field)
    assert effective is not None
    return differences.Look(effective, session.known(known or None))


@contract.command("plan-check")
@click.argument("contract_id", metavar="[CONTRACT]", required=False)
@click.option("--file", "file", type=FILE, help="Check a draft that is not recorded.")
@EFFECTIVE
def plan_check(
    session: Session, contract_id: str | None, file: Path | None, effective: str | None
) -> None:
    """Look for gaps, overlaps, cliffs and doubtful readings in a contract or a draft."""
    on = day(effective, "effective")
    if (contract_id is None) == (file is None):
        raise click.UsageError("Name a contract, or give a draft with --file.")
    if contract_id is not None:
        state = contracts.read(session.desk, session.tenant, contract_id)
        found = contracts.findings(session.desk, session.tenant, state, on or session.today)
    else:
        found = _of_draft(session, file)
    session.show({"findings": found}, lambda: _findings(found))
    if any(finding.severity == "refuse" for finding in found):
        raise click.exceptions.Exit(1)


def _of_draft(session: Session, file: Path | None) -> list[Finding]:
    said = session.body(file)
    said.pop("variables", None)
    draft = parsed(DraftContract, said)
    plan = contracts.plan_context(session.desk, session.tenant)
    told: dict[str, Any] = {name: getattr(plan, name) for name in PlanContext.__struct_fields__}
    told |= {
        "engagement": draft.engagement,
        "character": draft.character,
        "term": Period(draft.start, draft.end),
    }
    return check_plan({entry.key: entry.clause for entry in draft.clauses}, PlanContext(**told))


def _findings(found: list[Finding]) -> None:
    for finding in found:
        sign = "✗" if finding.severity == "refuse" else "!"
        click.echo(f"{sign} {finding.clause} [{finding.code}] {finding.en}\n  {finding.zh}")
    if not found:
        click.echo("Nothing to say against it.")
