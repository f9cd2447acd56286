"""`tallystick history|try|status|rebuild|migrate|serve|demo|key`: looking, keeping, serving."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api import cli_show, views
from api.cli_base import Section
from api.cli_pay import everything, payslip_lines
from api.cli_session import Session
from domain.refusals import Invalid, NotFound

if TYPE_CHECKING:
    from projections.rebuild import Difference
    from workflows.try_folder import Tried


@click.command(cls=Section.command_class)
@click.argument("stream", metavar="STREAM")
@click.option("--known", metavar="WHEN", help="As known at a position or a time.")
@click.option("--facts", is_flag=True, help="The facts as they stand, instead of words.")
def history(session: Session, stream: str, known: str | None, facts: bool) -> None:
    """Who changed what, when and why: contract/C-0001, person/P-0001, kpi/…, payrun/2025-03-1.

    Every line is a fact of the ledger at its position; none can be altered or removed.
    """
    from workflows.disclosure import PAY_STREAMS

    position = session.known(known)
    recorded = session.desk.store.stream(session.tenant, stream, known=position)
    if not recorded:
        raise NotFound(
            f"没有 {stream} 的记录",
            f"Nothing is recorded of {stream}",
            do="Streams are named kind/id: contract/C-0001, person/P-0001, payrun/2025-03-1, "
            "payout/2025-03-1.C-0001.net, kpi/…, metric/…, template/…, law/….",
        )
    if stream.partition("/")[0] in PAY_STREAMS:
        session.read_pay(stream)
    if facts:
        data = [views.fact(one) for one in recorded]
        session.show(cli_show.listed(data), lambda: _facts(data))
        return
    audit = session.readers.audit
    told = everything(
        lambda cursor: audit.entries(
            session.tenant, stream=stream, known=position, cursor=cursor, oldest_first=True
        )
    )
    session.show(cli_show.listed(told), lambda: _told(told))


def _told(entries: Iterable[Any]) -> None:
    for one in entries:
        since = f"  applies from {one.effective}" if one.effective else ""
        click.echo(f"#{one.position}  {cli_show.cell(one.recorded_at)}  {one.actor}{since}")
        click.echo(f"    {one.en}\n    {one.zh}")
        if one.reason:
            click.echo(f"    because: {one.reason}")


def _facts(entries: Iterable[dict[str, Any]]) -> None:
    columns = ("position>", "version>", "when", "who", "applies from", "fact", "why")
    names = ("position", "version", "recorded_at", "actor", "effective", "name", "reason")
    cli_show.table(columns, ([one[name] for name in names] for one in entries))


@click.command("try", cls=Section.command_class, tenant=False)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--lineage", is_flag=True, help="Show what each line was made of.")
def try_files(session: Session, files: tuple[str, ...], lineage: bool) -> None:
    """Compute payslips from clauses and figures in files, or in all files of a folder; nothing is
    recorded (docs/try.md)."""
    from workflows.try_folder import try_all

    tried = try_all(files)
    if len(tried) == 1 and tried[0].refusal is not None:
        raise tried[0].refusal
    if session.as_json:
        answers = [one.as_dict() for one in tried]
        cli_show.as_json(answers if len(answers) > 1 else answers[0])
    else:
        for one in tried:
            if one.answer is not None:
                _tried(one.file, one.answer, lineage=lineage)
        if len(tried) > 1:
            _verdicts(tried)
    if any(one.verdict in ("refused", "differs") for one in tried):
        raise click.exceptions.Exit(1)


def _verdicts(tried: list[Tried]) -> None:
    """One line a file: what came out, and whether it is what the file expects."""
    cli_show.table(
        ("file", "net>", "verdict", "what"),
        ((one.file, one.net or "–", one.verdict, one.why) for one in tried),
    )
    counts = Counter(one.verdict for one in tried)
    cli_show.say(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))


def _tried(file: str, answer: dict[str, Any], *, lineage: bool) -> None:
    import msgspec

    from domain.lines import Payslip

    click.echo(f"{answer.get('title') or file}")
    for finding in answer["findings"]:
        sign = "✗" if finding["severity"] == "refuse" else "!"
        click.echo(f"{sign} {finding['clause']} {finding['en']}\n  {finding['zh']}")
    for slip in answer["payslips"]:
        payslip_lines(msgspec.convert(slip, Payslip, strict=False), lineage=lineage)


@click.command(cls=Section.command_class)
def status(session: Session) -> None:
    """Counts of facts and rows, read models and their lag, pay runs and payouts by state."""
    from workflows.status import status as stands

    data = stands(session.desk, session.pool, session.tenant)
    session.show(data, lambda: _status(data))


def _status(data: dict[str, Any]) -> None:
    simple = ("tenant", "position", "recorded_at", "facts")
    rows = ("batches", "rows_in", "rows_recorded", "rows_rejected")
    cli_show.fields((name.replace("_", " "), data[name]) for name in (*simple, *rows))
    cli_show.table(("facts", "count>"), data["facts_by_name"].items())
    reasons = data["rows_rejected_by_reason"].items()
    cli_show.table(("rows rejected because", "count>"), reasons)
    cli_show.table(
        ("read model", "position>", "facts behind>", "seconds>", "state"),
        (
            (
                *(one[name] for name in ("name", "position", "lag", "lag_seconds")),
                one["error"] or "follows",
            )
            for one in data["read_models"]
        ),
    )
    cli_show.table(("pay runs", "count>"), data["pay_runs"].items())
    cli_show.table(("payouts", "count>"), data["payouts"].items())


@click.command(cls=Section.command_class, tenant=False)
@click.option("--check", is_flag=True, help="Only say what would be applied.")
def migrate(session: Session, check: bool) -> None:
    """Bring the database to this version's tables; run by every other command as well."""
    from api import compose

    with compose.database(session.settings) as conninfo:
        if check:
            names = compose.unapplied_migrations(conninfo)
        else:
            names = compose.apply_migrations(conninfo)
    done = "to apply" if check else "applied"

    def human() -> None:
        click.echo("\n".join(f"{name} {done}" for name in names) or "Nothing to apply.")

    session.show({"applied": [] if check else names, "pending": names if check else []}, human)


@click.command(cls=Section.command_class)
@click.argument("model", required=False)
@click.option("--all", "every", is_flag=True, help="All read models.")
@click.option("--check", is_flag=True, help="Only compare; exit code 1 where rows differ.")
def rebuild(session: Session, model: str | None, every: bool, check: bool) -> None:
    """Build a read model anew beside the old one, compare, and let it take over."""
    models = session.desk.runner.models
    if every == (model is not None):
        raise click.UsageError(f"Name one of {', '.join(models)}, or say --all.")
    if model is not None and model not in models:
        raise Invalid(
            f"没有读模型 {model}",
            f"There is no read model {model}",
            do=f"They are {', '.join(models)}.",
            field="model",
        )
    session.desk.runner.catch_up(session.tenant)
    names = list(models) if model is None else [model]
    found = [_rebuilt(session, name, check=check) for name in names]
    session.show({"rebuilt": found}, lambda: _compared(found))
    if check and any(difference.rows for difference in found):
        raise click.exceptions.Exit(1)


def _rebuilt(session: Session, name: str, *, check: bool) -> Difference:
    from projections.rebuild import rebuild as build_anew

    desk = session.desk
    with cli_show.progress(f"Rebuilding {name}") as moved:
        return build_anew(
            session.pool,
            desk.store,
            desk.runner.models[name],
            session.tenant,
            accept=lambda difference: not check,
            report=moved,
        )


def _compared(found: list[Difference]) -> None:
    columns = ("read model", "position>", "table", "gone>", "new>", "changed>", "taken over")
    rows = [
        (one.model, one.position, t.table, t.only_live, t.only_rebuilt, t.changed, one.taken_over)
        for one in found
        for t in one.tables
    ]
    cli_show.table(columns, rows)


@click.group(cls=Section)
def key() -> None:
    """API keys: each belongs to an actor and has roles; only its digest is kept."""


@key.command("create", writes=True)
@click.argument("owner", metavar="ACTOR")
@click.option(
    "--role", "roles", multiple=True, required=True, help="hr, finance, approver, lead, …"
)
def create_key(session: Session, owner: str, roles: tuple[str, ...]) -> None:
    """Make a key for an actor, with roles; the secret is shown this once."""
    from domain.roles import ROLES

    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise Invalid(
            f"没有角色 {unknown[0]}",
            f"There is no role {unknown[0]}",
            do=f"Roles are {', '.join(ROLES)}.",
            field="role",
        )
    session.desk.store.head(session.tenant)
    made, secret = session.access.issue(
        session.tenant, owner, list(dict.fromkeys(roles)), by=session.actor, at=_now()
    )

    def human() -> None:
        cli_show.say(f"Key {made.key_id} of {owner} ({', '.join(made.roles)}); shown once:")
        click.echo(secret)

    session.show({"key": made, "secret": secret}, human)


@key.command("list")
def list_keys(session: Session) -> None:
    """List the keys, revoked ones included; never their secrets."""
    found: list[Any] = []
    while page := session.access.keys(session.tenant, found[-1].key_id if found else ""):
        found += page
    columns = ("key", "actor", "roles", "made", "by", "revoked")
    rows = [(k.key_id, k.actor, k.roles, k.created_at, k.created_by, k.revoked_at) for k in found]
    session.show(cli_show.listed(found), lambda: cli_show.table(columns, rows))


@key.command("revoke", writes=True)
@click.argument("key_id", metavar="KEY")
def revoke_key(session: Session, key_id: str) -> None:
    """Make a key useless from now on."""
    done = session.access.revoke(session.tenant, key_id, by=session.actor, at=_now())
    session.show(done, lambda: click.echo(f"✓ Key {key_id} of {done.actor} revoked"))


def _now() -> datetime:
    return datetime.now(UTC)


@click.command(cls=Section.command_class, tenant=False)
def serve(session: Session) -> None:
    """Serve the HTTP interface and the pages until Ctrl-C (TALLYSTICK_HOST, TALLYSTICK_PORT)."""
    from api.serve import serve as serving

    serving(session.settings)


@click.command(cls=Section.command_class, tenant=False)
@click.option(
    "--data",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the company's files; the sample in the checkout if left out.",
)
@click.option("--no-serve", is_flag=True, help="Fill the company and end.")
def demo(session: Session, folder: Path | None, no_serve: bool) -> None:
    """Fill a company with a year of contracts, figures and pay, and serve it.

    The second time it finds the company and starts in seconds.
    """
    from api.demo import run_demo

    run_demo(session.settings, folder, serving=not no_serve, as_json=session.as_json)
