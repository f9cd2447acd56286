"""`tallystick kpi|metric`: what is measured, and what it weighs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_company import BODY, KNOWN, directory
from api.cli_files import pairs, parsed
from api.cli_session import Session
from domain import kpi as schemes
from domain import metric as metrics
from domain.refusals import NotFound
from workflows import definitions, setup


@click.group(cls=Section)
def kpi() -> None:
    """KPI schemes: metrics, targets and dated weights that sum to exactly 100 %."""


@kpi.command("define", writes=True)
@BODY
def define_scheme(session: Session, file: Path | None) -> None:
    """Define a scheme from a file."""
    command = parsed(schemes.DefineKpiScheme, session.body(file))
    outcome = setup.define_kpi_scheme(
        session.desk, session.tenant, command, session.ask(command.scheme, command)
    )
    session.done(f"KPI scheme {command.scheme} defined", outcome)


@kpi.command(writes=True)
@click.argument("scheme_id", metavar="SCHEME")
@BODY
@click.option("--effective", metavar="DAY", help="The first day of a month.")
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="METRIC=SHARE",
    help="A new weight, such as fans_gained=40%; targets and caps stay.",
)
def weights(
    session: Session, scheme_id: str, file: Path | None, weights: tuple[str, ...], **options: Any
) -> None:
    """Change weights from a month on; say why in --reason."""
    said = session.body(file, **options)
    if weights:
        said["metrics"] = _reweighted(_scheme(session, scheme_id, None), pairs(weights, "--weight"))
    command = parsed(schemes.ChangeKpiWeights, said)
    outcome = setup.change_kpi_weights(
        session.desk, session.tenant, scheme_id, command, session.ask(scheme_id, command)
    )
    session.done(f"Weights of {scheme_id} changed from {command.effective}", outcome)


def _reweighted(state: schemes.KpiScheme, changed: dict[str, str]) -> list[dict[str, Any]]:
    """The last metrics of a scheme with other weights; one it does not have is refused."""
    last = {entry.metric: entry for entry in state.weights[-1].metrics}
    unknown = sorted(set(changed) - set(last))
    if unknown:
        raise NotFound(
            f"方案中没有指标 {unknown[0]}",
            f"The scheme has no metric {unknown[0]}",
            do=f"It has {', '.join(last)}; a metric is added with --file and its target.",
            field="weight",
        )
    return [
        {
            "metric": code,
            "weight": changed.get(code, entry.weight),
            "target": entry.target,
            "cap": entry.cap,
        }
        for code, entry in last.items()
    ]


def _scheme(session: Session, scheme_id: str, known: str | None) -> schemes.KpiScheme:
    position = session.known(known)
    found = definitions.schemes_at(session.desk, session.tenant, position).get(scheme_id)
    if found is None:
        raise NotFound(
            f"没有考核方案 {scheme_id}",
            f"There is no KPI scheme {scheme_id}",
            do="See `tallystick kpi list`.",
        )
    return found


@kpi.command("show")
@click.argument("scheme_id", metavar="SCHEME")
@KNOWN
def show_scheme(session: Session, scheme_id: str, known: str | None) -> None:
    """Show a scheme with all its dated weights."""
    state = _scheme(session, scheme_id, known)
    rows = [
        (dated.effective, entry.metric, entry.weight, entry.target, entry.cap, dated.actor)
        for dated in state.weights
        for entry in dated.metrics
    ]
    columns = ("from", "metric", "weight>", "target>", "cap>", "by")
    session.show(state, lambda: cli_show.table(columns, rows, f"{state.scheme}: {state.title}"))


@kpi.command("list")
def list_schemes(session: Session) -> None:
    """List the KPI schemes."""
    directory(session, "kpi", None, ("team",))


@click.group(cls=Section)
def metric() -> None:
    """Metrics: what is counted, in which unit, and how days make a month."""


@metric.command("define", writes=True)
@BODY
@click.option("--id", "metric", help="The code, such as settled_sales.")
@click.option("--title-zh", help="What to call it, in Chinese.")
@click.option("--title-en", help="What to call it, in English.")
@click.option("--unit", help="CNY, people, minutes, …")
@click.option("--aggregation", help="How days make a month: sum, max, average or last.")
@click.option("--counts", help="What exactly is counted, in words.")
@click.option("--effective", metavar="DAY", help="From this day on.")
def define_metric(session: Session, file: Path | None, **options: Any) -> None:
    """Define a metric, or what it counts from a later day on."""
    command = parsed(metrics.DefineMetric, session.body(file, **options))
    outcome = setup.define_metric(
        session.desk, session.tenant, command, session.ask(command.metric, command)
    )
    session.done(f"Metric {command.metric} defined", outcome)


@metric.command("list")
def list_metrics(session: Session) -> None:
    """List the metrics and what they count."""
    directory(session, "metric", None, ("unit", "aggregation", "counts", "effective"))
