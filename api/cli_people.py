"""`tallystick career|competence`: the way of persons through the company, and what tracks ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show, views
from api.cli_base import Section
from api.cli_company import BODY, KNOWN
from api.cli_files import FILE, document, pairs, parsed, value_of
from api.cli_session import Session, day
from domain.career_commands import AssessCandidate, CareerStep
from domain.commands import Command
from domain.competence import DefineCompetenceModel, Match
from domain.refusals import Invalid
from workflows import career_import, careers, funnel

KINDS = (
    "candidate",
    "interview",
    "offer",
    "contract_sent",
    "signed",
    "active",
    "moved",
    "left",
    "rehired",
    "withdrawn",
)


class _OneStep(Command):
    step: CareerStep


@click.group(cls=Section)
def career() -> None:
    """Careers: candidate, interview, offer, contract, work, moves, leaving, and back again."""


@career.command("record", writes=True)
@click.argument("person_id", metavar="PERSON")
@click.argument("kind", type=click.Choice(KINDS))
@BODY
@click.option("--at", metavar="TIME", help="When it happened: 2025-09-01T12:00:00+08:00.")
@click.option("--on", metavar="DAY", help="The day it happened; now if neither is given.")
@click.option("--team", help="The team.")
@click.option("--contract", help="A contract of this record; it says time and template.")
@click.option("--set", "fields", multiple=True, metavar="NAME=VALUE", help="Another field.")
@click.option("--why", "reasons", multiple=True, metavar="REASON=SHARE", help="Why they leave.")
def record(
    session: Session,
    person_id: str,
    kind: str,
    file: Path | None,
    fields: tuple[str, ...],
    reasons: tuple[str, ...],
    **options: Any,
) -> None:
    """Record one step of a person's way, in the order in which the steps happened."""
    said = {**session.body(file, **options), "kind": kind}
    said |= {name: value_of(text) for name, text in pairs(fields, "--set").items()}
    if reasons:
        said["reasons"] = [
            {"reason": name, "weight": share} for name, share in pairs(reasons, "--why").items()
        ]
    command = parsed(_OneStep, {"step": said}).step
    ask = session.ask(person_id, command)
    outcome = careers.record(session.desk, session.tenant, person_id, command, ask)
    session.done(f"{person_id} is now {outcome.state.stage}", outcome)


@career.command("show")
@click.argument("person_id", metavar="PERSON")
@click.option("--personal", is_flag=True, help="Decrypt and show the notes too.")
@KNOWN
def show(session: Session, person_id: str, personal: bool, known: str | None) -> None:
    """Show where a person stands and every step, as known at a time."""
    position = session.known(known)
    state = careers.read(session.desk, session.tenant, person_id, position)
    found = careers.steps(session.desk, session.tenant, person_id, position)
    data: dict[str, Any] = {"career": state, "steps": [views.fact(one) for one in found]}
    if personal:
        from workflows.disclosure import open_notes

        data["notes"] = open_notes(session.desk, session.tenant, session.reader(), person_id, found)
    rows = [
        (one.fact.effective, one.name.split(".")[1], getattr(one.fact, "team", ""), one.position)  # type: ignore[attr-defined]
        for one in found
    ]

    def human() -> None:
        stands = {"person": person_id, "stage": state.stage, "since": state.since}
        cli_show.fields({**stands, "team": state.team, "track": state.track}.items())
        cli_show.table(("day", "step", "team", "position>"), rows)
        for version, note in data.get("notes", {}).items():
            click.echo(f"  note of step {version}: {note}")

    session.show(data, human)


@career.command("list")
@click.option("--stage", help="Only at this stage.")
@click.option("--team", help="Only of this team.")
@KNOWN
def standing(session: Session, stage: str | None, team: str | None, known: str | None) -> None:
    """List where everybody stands, as known at a time."""
    found = funnel.standing(
        session.desk, session.tenant, session.known(known), stage=stage, team=team
    )
    rows = [
        (one.person, one.stage, one.team, one.track, one.engagement or "", one.since)
        for one in found.people
    ]
    columns = ("person", "stage", "team", "track", "engagement", "since")
    session.show(found, lambda: cli_show.table(columns, rows))


@career.command("funnel")
@click.option(
    "--since", metavar="DAY", required=True, help="Rounds that began on this day or later."
)
@click.option("--until", metavar="DAY", help="And before this day; today if left out.")
@click.option("--team", help="Only of this team.")
@KNOWN
def show_funnel(
    session: Session, since: str, until: str | None, team: str | None, known: str | None
) -> None:
    """Count how many rounds of hiring came to each stage, and where they ended."""
    first, last = day(since, "since"), day(until, "until") or session.today
    assert first is not None
    facts = careers.histories(session.desk, session.tenant, session.known(known))
    found = funnel.funnel(facts, first, last, team)
    rows = [(one.stage, one.rounds, one.ended_here, one.waiting) for one in found]
    columns = ("stage", "rounds>", "ended here>", "waiting>")
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@career.command("import", writes=True)
@click.argument("file", type=FILE)
def import_histories(session: Session, file: Path) -> None:
    """Take over histories from a YAML or JSON file: a list, or an object with `histories`."""
    said = document(file)
    sent = said.get("histories") if isinstance(said, dict) else said
    if not isinstance(sent, list):
        raise Invalid(
            "文件应是人员履历的列表",
            "The file must hold a list of histories",
            do="See docs/people.md for an example.",
        )
    done = career_import.import_histories(session.desk, session.tenant, sent, session.act)

    def human() -> None:
        click.echo(f"{done.recorded} recorded ({done.facts} facts), {len(done.rejected)} rejected")
        columns = ("number>", "person", "step>", "why")
        rows = [(one.number, one.person, one.step or "", one.en) for one in done.rejected]
        if rows:
            cli_show.table(columns, rows)

    session.show(done, human)


@career.command("assess", writes=True)
@click.argument("person_id", metavar="PERSON")
@BODY
@click.option("--track", help="The track whose model is used.")
@click.option("--mark", "marks", multiple=True, metavar="TAG=MARK", help="A mark.")
@click.option("--on", metavar="DAY", help="The day of the assessment.")
def assess(
    session: Session, person_id: str, file: Path | None, marks: tuple[str, ...], **options: Any
) -> None:
    """Record marks of a person by the competence model of a track."""
    said = session.body(file, **options)
    if marks:
        said["marks"] = {**(said.get("marks") or {}), **pairs(marks, "--mark")}
    command = parsed(AssessCandidate, said)
    ask = session.ask(person_id, command)
    outcome = careers.assess(session.desk, session.tenant, person_id, command, ask)
    session.done(f"{person_id} assessed for {command.track}", outcome)


@career.command("match")
@click.argument("person_id", metavar="PERSON")
@click.option("--track", help="The track; that of the last assessment if left out.")
@KNOWN
def match(session: Session, person_id: str, track: str | None, known: str | None) -> None:
    """Show how a person fits a track: the score, explained line by line."""
    found = careers.match(session.desk, session.tenant, person_id, track, session.known(known))
    session.show(found, lambda: _show_match(found))


def _show_match(found: Match) -> None:
    click.echo(f"{found.score:.2f} of 100 for {found.track} (model version {found.model_version})")
    for line in found.lines:
        click.echo(f"  {line.en}\n    {line.zh}")


@click.group(cls=Section)
def competence() -> None:
    """Competence models: what a track asks of a streamer, weights that sum to 100 %."""


@competence.command("define", writes=True)
@BODY
def define(session: Session, file: Path | None) -> None:
    """Define a track's model, or its next version, from a file."""
    command = parsed(DefineCompetenceModel, session.body(file))
    ask = session.ask(command.track, command)
    outcome = careers.define_model(session.desk, session.tenant, command, ask)
    session.done(f"Competence model of {command.track} defined", outcome)


@competence.command("show")
@click.argument("track")
@KNOWN
def show_model(session: Session, track: str, known: str | None) -> None:
    """Show every version of a track's model."""
    state = careers.read_model(session.desk, session.tenant, track, session.known(known))
    rows = [
        (version.number, version.defined.effective, one.tag, one.title_en, one.weight, one.full)
        for version in state.versions
        for one in version.defined.tags
    ]
    columns = ("version>", "from", "tag", "title", "weight>", "full>")
    session.show(state, lambda: cli_show.table(columns, rows))
