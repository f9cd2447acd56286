"""`tallystick verify|bundle`: what an auditor needs; `checkpoint` and `witness` are beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_log import OUT, checkpoint, vkey, witness
from api.cli_session import Session

if TYPE_CHECKING:
    from ledger.verify import Asked
    from ledger.verify_report import Check, Report

__all__ = ["bundle", "checkpoint", "verify", "witness"]
PERSONAL = click.option(
    "--personal", is_flag=True, help="With personal data in clear; that is written down."
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify", cls=Section.command_class)
@click.option("--range", "span", metavar="A..B", help="Read only the facts from A to B.")
@click.option(
    "--since", type=FILE, metavar="CHECKPOINT", help="Read only facts after a checkpoint you kept."
)
@click.option(
    "--checkpoint",
    "kept",
    type=FILE,
    multiple=True,
    metavar="CHECKPOINT",
    help="Hold the log against a checkpoint you kept; may be given often.",
)
@click.option("--trust", multiple=True, metavar="VKEY", help="A key of the log that you know.")
@click.option("--witness", multiple=True, metavar="VKEY", help="The key of a witness you trust.")
@click.option(
    "--only",
    type=click.Choice(["ledger", "models", "pay", "persons"]),
    multiple=True,
    help="Only these parts; the ledger's bytes always.",
)
def verify(session: Session, span: str | None, only: tuple[str, ...], **brought: Any) -> None:
    """Verify everything from the bytes: facts, tree, signatures, figures, read models, pay.

    Exit status 0 where nothing was found, 1 where something was; every finding names its place.
    """
    from workflows.verify import PARTS
    from workflows.verify import verify as verified

    asked = _asked(span, **brought)
    tenants = [session.given_tenant] if session.given_tenant else session.desk.store.tenants()
    reports: list[Report] = []
    for tenant in tenants:
        assert tenant is not None
        with cli_show.progress_of_steps() as step:
            reports.append(
                verified(session.desk, tenant, asked, parts=only or PARTS, progress=step)
            )
    data = {"ok": all(report.ok for report in reports), "tenants": reports}
    session.show(data, lambda: _show_all(reports))
    if not data["ok"]:
        raise click.exceptions.Exit(1)


def _asked(
    span: str | None,
    since: Path | None,
    kept: tuple[Path, ...],
    trust: tuple[str, ...],
    witness: tuple[str, ...],
) -> Asked:
    from ledger.verify import Asked

    first, last = _span(span)
    files = [*kept, *([since] if since else [])]
    return Asked(
        first=first,
        last=last,
        checkpoints=[(str(path), path.read_text("utf-8")) for path in files],
        since=since is not None,
        keys=[vkey(text) for text in trust],
        witnesses=[vkey(text) for text in witness],
    )


def _span(span: str | None) -> tuple[int, int | None]:
    first, dots, last = (span or "1..").partition("..")
    good = dots and first.isdigit() and (not last or last.isdigit()) and int(first) > 0
    if not good:
        raise click.UsageError("--range takes A..B or A.., positions from 1.")
    return int(first), int(last) if last else None


def _show_all(reports: list[Report]) -> None:
    for report in reports:
        _show(report)


def _show(report: Report) -> None:
    spoken = f"facts {report.first} to {report.last} of {report.head}, {report.sealed} sealed"
    click.echo(f"{report.tenant}: {spoken}")
    columns = ("check", "looked at>", "of what", "found>", "seconds>")
    rows = [(c.name, c.counted, c.unit, c.found, c.seconds) for c in report.checks]
    cli_show.table(columns, rows)
    for check in report.checks:
        _findings(check)
    if report.ok:
        click.secho("✓ nothing was altered, removed or added  没有发现任何改动", fg="green")
    else:
        click.secho(f"✗ {report.found} findings  发现 {report.found} 处问题", fg="red")


def _findings(check: Check) -> None:
    for finding in check.findings:
        click.echo(f"  ✗ {finding.place}: {finding.what}")
    if check.found > len(check.findings):
        click.echo(f"  ✗ … and {check.found - len(check.findings)} more of {check.name}")
    for note in check.notes:
        click.echo(f"  – {check.name}: {note}")


@click.group(cls=Section)
def bundle() -> None:
    """Audit bundles: one ZIP with facts, proofs and keys that `scripts/verify_bundle.py` checks."""


def _write(session: Session, subject: Any, out: Path | None, personal: bool) -> None:
    from workflows.bundle import file_name, write_bundle

    path = out or Path(file_name(subject))
    reader = session.reader() if personal else None
    data = write_bundle(session.desk, session.tenant, subject, reader)
    session.read_pay(f"bundle/{file_name(subject)}")
    path.write_bytes(data)
    said = {"file": str(path), "bytes": len(data), "subject": subject.title}
    check = f"  python scripts/verify_bundle.py {path}"
    session.show(said, lambda: click.echo(f"✓ {path}: {subject.title}\n{check}"))


@bundle.command("contract")
@click.argument("contract")
@click.option("-o", "--out", type=OUT, help="The file; named after the contract if left out.")
@PERSONAL
def bundle_contract(session: Session, contract: str, out: Path | None, personal: bool) -> None:
    """Everything about a contract: its facts, its payslips, what they were computed from."""
    from workflows.bundle import Subject

    _write(session, Subject(contract=contract), out, personal)


@bundle.command("payslip")
@click.argument("run")
@click.argument("contract")
@click.option("-o", "--out", type=OUT, help="The file; named after the payslip if left out.")
@PERSONAL
def bundle_payslip(
    session: Session, run: str, contract: str, out: Path | None, personal: bool
) -> None:
    """One payslip and everything it was computed from."""
    from workflows.bundle import Subject

    _write(session, Subject(contract=contract, run=run), out, personal)


@bundle.command("period")
@click.argument("month")
@click.option("-o", "--out", type=OUT, help="The file; named after the month if left out.")
@PERSONAL
def bundle_period(session: Session, month: str, out: Path | None, personal: bool) -> None:
    """All payslips of a month with their contracts."""
    from workflows.bundle import Subject

    _write(session, Subject(month=month), out, personal)
