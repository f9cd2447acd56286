"""`tallystick verify|bundle|checkpoint|witness`: what an auditor needs, and who helps him."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api import cli_show
from api.cli_base import Section
from api.cli_session import Session
from domain.refusals import Invalid, NotFound, WrongState

if TYPE_CHECKING:
    from ledger.log_store import Kept
    from ledger.notes import VerifierKey
    from ledger.verify import Asked
    from ledger.verify_report import Check, Report

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def _command(name: str, **more: Any) -> Any:
    return click.command(name, cls=Section.command_class, **more)


@_command("verify")
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
        keys=[_vkey(text) for text in trust],
        witnesses=[_vkey(text) for text in witness],
    )


def _span(span: str | None) -> tuple[int, int | None]:
    first, dots, last = (span or "1..").partition("..")
    good = dots and first.isdigit() and (not last or last.isdigit()) and int(first) > 0
    if not good:
        raise click.UsageError("--range takes A..B or A.., positions from 1.")
    return int(first), int(last) if last else None


def _vkey(text: str) -> VerifierKey:
    from ledger.notes import BadNote, VerifierKey

    path = Path(text)
    with contextlib.suppress(OSError):
        text = path.read_text("utf-8") if path.is_file() else text
    try:
        return VerifierKey.parse(text)
    except BadNote as error:
        raise Invalid(
            "公钥不正确", str(error), do="Write NAME+ID+KEY, or the name of a file with it."
        ) from error


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


def _write(session: Session, subject: Any, out: Path | None) -> None:
    from workflows.bundle import file_name, write_bundle

    path = out or Path(file_name(subject))
    data = write_bundle(session.desk, session.tenant, subject)
    path.write_bytes(data)
    said = {"file": str(path), "bytes": len(data), "subject": subject.title}
    check = f"  python scripts/verify_bundle.py {path}"
    session.show(said, lambda: click.echo(f"✓ {path}: {subject.title}\n{check}"))


@bundle.command("contract")
@click.argument("contract")
@click.option("-o", "--out", type=OUT, help="The file; named after the contract if left out.")
def bundle_contract(session: Session, contract: str, out: Path | None) -> None:
    """Everything about a contract: its facts, its payslips, what they were computed from."""
    from workflows.bundle import Subject

    _write(session, Subject(contract=contract), out)


@bundle.command("payslip")
@click.argument("run")
@click.argument("contract")
@click.option("-o", "--out", type=OUT, help="The file; named after the payslip if left out.")
def bundle_payslip(session: Session, run: str, contract: str, out: Path | None) -> None:
    """One payslip and everything it was computed from."""
    from workflows.bundle import Subject

    _write(session, Subject(contract=contract, run=run), out)


@bundle.command("period")
@click.argument("month")
@click.option("-o", "--out", type=OUT, help="The file; named after the month if left out.")
def bundle_period(session: Session, month: str, out: Path | None) -> None:
    """All payslips of a month with their contracts."""
    from workflows.bundle import Subject

    _write(session, Subject(month=month), out)


@_command("checkpoint")
@click.option("-o", "--out", type=OUT, help="Keep it in this file: an old one finds a rewrite.")
@click.option("--seal/--no-seal", default=True, help="Seal what is recorded first.")
@click.option("--rotate-key", is_flag=True, help="Make a new key; old and new sign the handover.")
@click.option("--witness", metavar="URL", help="Have it countersigned by the witness there.")
@click.option("--keys", is_flag=True, help="The public keys of the log instead.")
def checkpoint(
    session: Session,
    out: Path | None,
    seal: bool,
    rotate_key: bool,
    witness: str | None,
    keys: bool,
) -> None:
    """The signed checkpoint of everything recorded so far; keep it where nobody can change it."""
    from api.sealing import KEYS
    from ledger.keys import KeyRing, KeyTrouble
    from ledger.sealer import Sealer, SealRefused

    try:
        ring = KeyRing(session.settings.home / KEYS)
        if rotate_key:
            ring.rotate()
        if seal or rotate_key:
            Sealer(session.pool, ring).seal(session.tenant)
    except (SealRefused, KeyTrouble) as error:
        raise WrongState(
            "拒绝封存", str(error), do="Run `tallystick verify`; see docs/audit.md."
        ) from error
    if keys:
        _keys(session)
        return
    kept = _last(session)
    if witness:
        _countersign(session, kept, witness)
    note = _noted(session, kept)
    if out:
        out.write_text(note, "utf-8")
    said = {"size": kept.size, "root": kept.root.hex(), "note": note}
    session.show(said, lambda: click.echo(note, nl=False))


def _keys(session: Session) -> None:
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        found = LogStore(connection, session.tenant).log_keys()
    session.show(cli_show.listed(found), lambda: click.echo("\n".join(one.vkey for one in found)))


def _last(session: Session) -> Kept:
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        kept = LogStore(connection, session.tenant).checkpoint()
    if kept is None:
        raise NotFound("尚未封存", "Nothing is sealed yet", do="Record something first.")
    return kept


def _noted(session: Session, kept: Kept) -> str:
    from ledger.log_store import LogStore

    with session.pool.connection() as connection:
        return LogStore(connection, session.tenant).noted(kept)


def _countersign(session: Session, kept: Kept, url: str) -> None:
    """Ask a witness; where it saw another size last, prove the way from there."""
    from api.witness_server import ask
    from ledger.log_store import LogStore
    from ledger.notes import BadNote, parse_signature
    from ledger.witness import request_body

    with session.pool.connection() as connection:
        log = LogStore(connection, session.tenant)
        status, answer = ask(url, request_body(0, [], kept.note))
        if status == 409 and answer.strip().isdigit() and int(answer) <= kept.size:
            old = int(answer)
            status, answer = ask(url, request_body(old, log.consistency(old, kept.size), kept.note))
        if status == 200:
            with contextlib.suppress(BadNote):
                line = answer.splitlines(keepends=True)[0]
                log.add_cosignature(kept.size, parse_signature(line).name, line)
                return
    raise WrongState(
        "见证人拒绝签名",
        f"The witness does not countersign ({status}): {answer.strip()[:300]}",
        do="Where it saw another history, verify the ledger with the checkpoint it holds.",
    )


@_command("witness", tenant=False)
@click.option("--folder", type=FOLDER, required=True, help="Where its key and memory are.")
@click.option("--name", required=True, help="Its name, such as witness.example/w1.")
@click.option("--trust", multiple=True, metavar="VKEY", help="Follow the log with this key.")
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8401, help="The port.")
@click.option("--show-key", is_flag=True, help="Print its public key and end.")
def witness(
    session: Session,
    folder: Path,
    name: str,
    trust: tuple[str, ...],
    host: str,
    port: int,
    show_key: bool,
) -> None:
    """Be a witness: countersign checkpoints that go on from those that were seen before.

    Run it elsewhere, as somebody else: it needs no database and nothing of the company.
    """
    from api.serve import stopping_on_signals
    from api.witness_server import WitnessServer
    from ledger.witness import Witness

    one = Witness(folder, name)
    for text in trust:
        one.trust(_vkey(text))
    session.show({"vkey": one.key.vkey}, lambda: click.echo(one.key.vkey))
    if show_key:
        return
    with stopping_on_signals(), WitnessServer((host, port), one) as server:
        cli_show.say(f"The witness is at http://{host}:{server.server_port}  (Ctrl-C ends it)")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
