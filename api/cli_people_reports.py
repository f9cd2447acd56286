"""`tallystick people`: who comes, who leaves, and what stands beside it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_company import BODY, KNOWN
from api.cli_files import pairs, parsed, value_of
from api.cli_session import Session, day
from api.windows import window
from domain.onboarding import SetStepLimits
from domain.texts import percent
from workflows import foretold, onboarding, team_report
from workflows.chances import Interval
from workflows.leaving_report import By, leaving
from workflows.weight_changes import weight_changes

EFFECTIVE = click.option("--effective", metavar="DAY", help="As it stands on a day; today.")
SINCE = click.option("--since", metavar="DAY", help="First day; twelve months back.")
UNTIL = click.option("--until", metavar="DAY", help="First day after the window.")


@click.group(cls=Section)
def people() -> None:
    """Reports about people: leaving, teams side by side, before and after a change."""


def times(session: Session, options: dict[str, Any]) -> dict[str, Any]:
    """The look and the window of a report's options."""
    look = day(options["effective"], "effective") or session.today
    first, last = window(look, day(options["since"], "since"), day(options["until"], "until"))
    return {"day": look, "since": first, "until": last, "known": session.known(options["known"])}


@people.command("onboarding")
@click.option("--team", help="Only of this team.")
@click.option("--changed-on", metavar="DAY", help="Compare every step around a day.")
@EFFECTIVE
@SINCE
@UNTIL
@KNOWN
def show_onboarding(
    session: Session, team: str | None, changed_on: str | None, **options: Any
) -> None:
    """Show hours in each step by team, the bottleneck, and versions side by side."""
    when = times(session, options)
    del when["day"]
    changed = day(changed_on, "changed_on")
    found = onboarding.report(session.desk, session.tenant, team=team, changed_on=changed, **when)

    def human() -> None:
        rows = [
            (one.team, step, times.count, times.median, times.p90, "←" if step == one.step else "")
            for one in found.bottlenecks
            for step, times in one.steps.items()
        ]
        columns = ("team", "step", "people>", "median h>", "p90 h>", "longest")
        cli_show.table(columns, rows)
        said = [(one.en, one.zh) for one in found.bottlenecks]
        said += [(one.en, one.zh) for one in found.compared]
        for en, zh in said:
            click.echo(f"{en}\n  {zh}")

    session.show(found, human)


@people.command("waiting")
@KNOWN
def show_waiting(session: Session, known: str | None) -> None:
    """List who waits at a step, how long, and whom it has come to."""
    now = session.act.at
    found = onboarding.waiting(session.desk, session.tenant, now, session.known(known))
    rows = [(o.person, o.team, o.stage, o.since, o.hours, o.limit, o.level) for o in found]
    columns = ("person", "team", "stage", "since", "hours>", "limit>", "level")
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@people.command("limits", writes=True)
@BODY
@click.option("--effective", metavar="DAY", help="From this day on.")
@click.option("--hours", multiple=True, metavar="STAGE=HOURS", help="A limit, such as signed=72.")
def set_limits(session: Session, file: Path | None, hours: tuple[str, ...], **options: Any) -> None:
    """Set how many hours a round may stand at each step."""
    said = session.body(file, **options)
    if hours:
        given = {name: value_of(text) for name, text in pairs(hours, "--hours").items()}
        said["limits"] = {**(said.get("limits") or {}), **given}
    command = parsed(SetStepLimits, said)
    ask = session.ask("step-limits", command)
    outcome = onboarding.set_limits(session.desk, session.tenant, command, ask)
    session.done(f"Limits from {command.effective}", outcome)


@people.command("foretold")
@click.option("--days", type=click.IntRange(30, 1095), default=foretold.DAYS)
@click.option("--band", type=click.IntRange(1, 99), default=70, help="High scores from here on.")
@EFFECTIVE
@KNOWN
def show_foretold(
    session: Session, days: int, band: int, effective: str | None, known: str | None
) -> None:
    """Show how well match scores foretold staying and sales, by track."""
    found = foretold.foretold(
        session.desk,
        session.tenant,
        day=day(effective, "effective") or session.today,
        days=days,
        band=Decimal(band),
        known=session.known(known),
    )
    rows = [
        (one.track, name, part.people, interval(part.stayed), part.sales)
        for one in found
        for name, part in ((f"≥ {band}", one.high), (f"< {band}", one.low))
    ]

    def human() -> None:
        cli_show.table(("track", "score", "people>", "stayed (95 %)", "sales in 30 days>"), rows)
        for one in found:
            ranks = f"rank correlation with staying {one.with_staying}, sales {one.with_sales}"
            click.echo(f"{one.track}: {one.en} {ranks}\n  {one.zh}")

    session.show(cli_show.listed(found), human)


@people.command("leaving")
@click.option("--by", type=click.Choice(["team", "engagement", "scheme"]), default="team")
@EFFECTIVE
@SINCE
@UNTIL
@KNOWN
def show_leaving(session: Session, by: By, **options: Any) -> None:
    """Show survival and leaving by team, kind of contract or KPI scheme version."""
    found = leaving(session.desk, session.tenant, by, **times(session, options))
    rows = [
        (
            one.group,
            one.people,
            one.left,
            interval(one.share),
            one.curve.median_days,
            _least(one.curve.points),
            "too few" if one.curve.few else "",
        )
        for one in found.groups
    ]
    columns = ("group", "people>", "left>", "share (95 %)", "median days>", "last of curve", "")
    session.show(found, lambda: cli_show.table(columns, rows))


def _least(points: Any) -> str:
    if not points:
        return "nobody left"
    last = points[-1]
    span = "" if last.low is None else f" ({_cut(last.low)}–{_cut(last.high)})"
    return f"{_cut(last.share)}{span} after {last.day} days"


def interval(found: Interval | None) -> str:
    """A share with its interval, in per cent."""
    if found is None:
        return "–"
    span = (
        "" if found.low is None or found.high is None else f"{_cut(found.low)}–{_cut(found.high)}"
    )
    return f"{_cut(found.value)} ({span})"


def _cut(value: Decimal) -> str:
    return f"{value * 100:.1f} %"


@people.command("teams")
@click.option("--traffic", default=team_report.TRAFFIC, metavar="METRIC", help="The traffic.")
@EFFECTIVE
@SINCE
@UNTIL
@KNOWN
def show_teams(session: Session, traffic: str, **options: Any) -> None:
    """Show teams side by side: leaving beside targets, KPI weights and traffic growth."""
    found = team_report.teams(
        session.desk, session.tenant, traffic=traffic, **times(session, options)
    )

    def human() -> None:
        columns = ("team", "people>", "left>", "share (95 %)", "others", "traffic>", "")
        cli_show.table(columns, [_team(one) for one in found.teams])
        for one in found.teams:
            for said in one.beside if one.stands_out else ():
                click.echo(f"{one.team}: {said.en}\n  {said.zh}")

    session.show(found, human)


def _team(one: team_report.TeamRow) -> tuple[Any, ...]:
    growth = "–" if one.traffic_growth is None else _cut(one.traffic_growth)
    rest = interval(one.others)
    mark = "stands out" if one.stands_out else ""
    return (one.team, one.people, one.left, interval(one.share), rest, growth, mark)


@people.command("weights")
@click.argument("scheme_id", metavar="SCHEME")
@click.option("--months", type=click.IntRange(1, 36), default=6, help="Months on each side.")
@EFFECTIVE
@KNOWN
def show_weights(
    session: Session, scheme_id: str, months: int, effective: str | None, known: str | None
) -> None:
    """Show leaving before and after each change of a scheme's weights."""
    look = day(effective, "effective") or session.today
    found = weight_changes(
        session.desk,
        session.tenant,
        scheme_id,
        day=look,
        months=months,
        known=session.known(known),
    )

    def human() -> None:
        for one in found:
            names = {*one.weights_before, *one.weights_after}
            changed = [
                f"{name} {percent(one.weights_before.get(name, Decimal(0)))} → "
                f"{percent(one.weights_after.get(name, Decimal(0)))}"
                for name in sorted(names)
                if one.weights_before.get(name) != one.weights_after.get(name)
            ]
            click.echo(f"{one.effective}: {', '.join(changed)}\n  {one.en}\n  {one.zh}")
        if not found:
            click.echo("The weights never changed.")

    session.show({"scheme": scheme_id, "changes": found}, human)
