"""`tallystick pay`: exceptions, review, and the steps after posting."""

from __future__ import annotations

import click

from api import cli_show
from api.cli_files import parsed
from api.cli_pay_group import RUN, pay
from api.cli_session import Session
from api.cli_show import yuan
from domain.run_findings import RunFinding, counted, digest_of, to_acknowledge
from domain.run_step_facts import ReconcilePayRun, ReviewPayRun
from workflows import run_steps
from workflows.run_compare import compare_runs

CHANGE = click.option(
    "--change", default="30%", show_default=True, help="Pay up or down by more is an exception."
)


@pay.command()
@RUN
@CHANGE
def exceptions(session: Session, run_id: str, change: str) -> None:
    """List what is to be looked at before a run is approved."""
    command = parsed(ReviewPayRun, {"change": change})
    found = run_steps.findings(session.current, session.tenant, run_id, command, session.today)
    session.read_pay(f"payrun/{run_id}")
    data = {
        "items": found,
        "counts": counted(found),
        "acknowledge": sorted(to_acknowledge(found)),
        "findings_digest": digest_of(found),
    }
    session.show(data, lambda: _table(found))


def _table(found: list[RunFinding]) -> None:
    rows = (
        (
            one.contract,
            one.severity,
            one.code,
            f"{one.en}\n{one.zh}",
            "\n".join(f"{name}: {value}" for name, value in one.figures.items()),
        )
        for one in found
    )
    cli_show.table(("contract", "severity", "code", "what", "figures"), rows, "Exceptions")
    cli_show.fields([("digest of the list", digest_of(found))])


@pay.command(writes=True)
@RUN
@CHANGE
@click.option("--acknowledge", multiple=True, metavar="CODE", help="A kind you looked at.")
@click.option("--findings-digest", help="Review only if the list still has this digest.")
def review(
    session: Session,
    run_id: str,
    change: str,
    acknowledge: tuple[str, ...],
    findings_digest: str | None,
) -> None:
    """Take note of the exceptions of a computed run: every kind is named."""
    said = {"change": change, "acknowledge": acknowledge, "findings_digest": findings_digest}
    command = parsed(ReviewPayRun, said)
    asked = session.ask(run_id, command)
    outcome = run_steps.review(
        session.current, session.tenant, run_id, command, asked, today=session.today
    )
    session.done(f"Run {run_id} reviewed", outcome)


@pay.command(writes=True)
@RUN
def paid(session: Session, run_id: str) -> None:
    """Say that every payable of a posted run is instructed."""
    outcome = run_steps.mark_paid(session.desk, session.tenant, run_id, session.ask(run_id))
    session.done(f"Run {run_id} paid", outcome)


@pay.command(writes=True)
@RUN
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    metavar="PAYOUT=VERDICT",
    help="What became of one that is not settled: unpaid, amount_differs, duplicate, returned "
    "or unknown.",
)
def reconcile(session: Session, run_id: str, verdicts: tuple[str, ...]) -> None:
    """Say that every payout of a run is settled or has a verdict."""
    said = dict(verdict.partition("=")[::2] for verdict in verdicts)
    command = parsed(ReconcilePayRun, {"verdicts": said})
    asked = session.ask(run_id, command)
    outcome = run_steps.reconcile(session.desk, session.tenant, run_id, command, asked)
    session.done(f"Run {run_id} reconciled", outcome)


@pay.command(writes=True)
@RUN
def close(session: Session, run_id: str) -> None:
    """End a reconciled run."""
    outcome = run_steps.close(session.desk, session.tenant, run_id, session.ask(run_id))
    session.done(f"Run {run_id} closed", outcome)


@pay.command()
@click.argument("before", metavar="BEFORE")
@RUN
def compare(session: Session, before: str, run_id: str) -> None:
    """Show what differs from one run to another, by contract and line."""
    found = compare_runs(session.desk, session.tenant, before, run_id)
    session.read_pay(f"payrun/{run_id}")
    rows = (
        (slip.contract, line.code, line.clause, line.period, yuan(line.before), yuan(line.after))
        for slip in found
        for line in slip.lines
    )
    columns = ("contract", "line", "clause", "month", f"{before}>", f"{run_id}>")
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows, "What differs"))
