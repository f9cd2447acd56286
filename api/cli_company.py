"""`tallystick tenant|person|template|kpi|metric`: setting a company up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show, views
from api.cli_base import Section
from api.cli_files import FILE, parsed
from api.cli_session import Session, day, without_none
from domain import person as persons
from domain import template as templates
from domain.refusals import NotFound
from domain.tenant import OpenTenant
from workflows import erasure, setup
from workflows.desk import load
from workflows.disclosure import open_personal

BODY = click.option(
    "--file", "file", type=FILE, help="The body as YAML or JSON, - for stdin; options add to it."
)
KNOWN = click.option("--known", metavar="WHEN", help="As known at a position or a time.")


@click.group(cls=Section)
def tenant() -> None:
    """Companies: each has a ledger, a payroll and a tax number of its own."""


@tenant.command("open", tenant=False, writes=True)
@click.argument("tenant_id", metavar="ID")
@click.option("--name", required=True, help="The name of the company.")
@click.option("--city", help="The city whose insurance rules apply; Shanghai if left out.")
def open_company(session: Session, tenant_id: str, **options: str | None) -> None:
    """Open the ledger of a company and publish the law tables to it."""
    command = parsed(OpenTenant, {"tenant": tenant_id, **without_none(options)})
    receipts = setup.open_tenant(session.desk, command, session.act)
    data = {"tenant": tenant_id, "position": receipts[-1].position, "receipts": receipts}
    position = receipts[-1].position
    session.show(data, lambda: cli_show.receipt(f"Company {tenant_id} open", 1, position))


@tenant.command("list", tenant=False)
def list_companies(session: Session) -> None:
    """List the companies of this database."""
    heads = {name: session.desk.store.head(name) for name in session.desk.store.tenants()}
    rows = [
        {"tenant": name, "position": position, "recorded_at": at}
        for name, (position, at) in heads.items()
    ]
    columns = ("tenant", "facts>", "last recorded")
    session.show(
        cli_show.listed(rows),
        lambda: cli_show.table(columns, [tuple(row.values()) for row in rows]),
    )


@click.group(cls=Section)
def person() -> None:
    """Persons: who they are (encrypted, each with a key of their own) and their tax facts."""


@person.command(writes=True)
@BODY
@click.option("--id", "person", help="The id, such as P-0001; not personal data.")
@click.option("--name", help="The name; in a file it does not stand in the shell's history.")
@click.option("--identity-number", help="The identity number.")
@click.option("--phone", help="The phone number.")
@click.option("--bank-account", help="The account that is paid.")
@click.option("--bank-name", help="The bank of the account.")
@click.option("--tag", "tags", multiple=True, help="A tag; not personal data.")
def register(
    session: Session, file: Path | None, person: str | None, tags: tuple[str, ...], **private: Any
) -> None:
    """Register a person; names and numbers are encrypted before they are recorded."""
    said = session.body(file, person=person, tags=tags or None)
    said["personal"] = {**(said.get("personal") or {}), **without_none(private)}
    command = parsed(persons.RegisterPerson, said)
    outcome = setup.register_person(
        session.desk, session.tenant, command, session.ask(command.person, command)
    )
    session.done(f"Person {command.person} registered", outcome)


@person.command("tax-profile", writes=True)
@click.argument("person_id", metavar="PERSON")
@BODY
@click.option("--effective", metavar="DAY", help="The first day of a month.")
def tax_profile(session: Session, person_id: str, file: Path | None, **options: Any) -> None:
    """Set what a person declared for tax and insurance, from a month on."""
    command = parsed(persons.SetTaxProfile, session.body(file, **options))
    outcome = setup.set_tax_profile(
        session.desk, session.tenant, person_id, command, session.ask(person_id, command)
    )
    session.done(f"Tax profile of {person_id} from {command.effective}", outcome)


@person.command("show")
@click.argument("person_id", metavar="PERSON")
@click.option("--personal", is_flag=True, help="Decrypt and show the personal data too.")
@click.option("--purpose", default="", help="What the personal data is read for.")
@click.option("--effective", metavar="DAY", help="The day of the tax profile; today if left out.")
@KNOWN
def show_person(
    session: Session,
    person_id: str,
    personal: bool,
    purpose: str,
    effective: str | None,
    known: str | None,
) -> None:
    """Show a person; personal data only with --personal, and that is written down."""
    state = setup.read_person(session.desk, session.tenant, person_id, session.known(known))
    data = views.person(state, day(effective, "effective") or session.today)
    if personal:
        about, reader = f"person/{person_id}", session.reader(purpose)
        position = session.known(known)
        found = open_personal(session.desk, session.tenant, reader, [person_id], about, position)
        data["personal"] = found.get(person_id)
    data["data"] = erasure.status(session.desk, session.tenant, person_id)
    session.show(data, lambda: cli_show.fields(data.items()))


@person.command("list")
@click.option("--search", help="With this text in the id.")
def list_persons(session: Session, search: str | None) -> None:
    """List persons, without personal data."""
    directory(session, "person", search, ("tags", "profiles"))


@click.group(cls=Section)
def template() -> None:
    """Templates: named, versioned sets of clauses with variables."""


@template.command("define", writes=True)
@BODY
def define_template(session: Session, file: Path | None) -> None:
    """Define a template, or its next version, from a file."""
    command = parsed(templates.DefineTemplate, session.body(file))
    outcome = setup.define_template(
        session.desk, session.tenant, command, session.ask(command.template, command)
    )
    session.done(f"Template {command.template} defined", outcome)


@template.command("show")
@click.argument("template_id", metavar="TEMPLATE")
@KNOWN
def show_template(session: Session, template_id: str, known: str | None) -> None:
    """Show the versions of a template and the variables they ask for."""
    state = load(
        session.desk,
        session.tenant,
        f"template/{template_id}",
        templates.Template(),
        templates.evolve,
        session.known(known),
    )
    if not state.version:
        raise NotFound(
            f"没有模板 {template_id}",
            f"There is no template {template_id}",
            do="See `tallystick template list`.",
        )
    rows = [
        {
            "version": number,
            "title": defined.title,
            "engagement": defined.engagement,
            "clauses": defined.clauses,
            "variables": sorted(templates.variables_of(list(defined.clauses))),
        }
        for number, defined in enumerate(state.versions, start=1)
    ]
    columns = ("version>", "title", "engagement", "clauses", "variables")
    session.show(
        {"template": template_id, "versions": rows},
        lambda: cli_show.table(columns, (_without_parameters(row) for row in rows)),
    )


def _without_parameters(row: dict[str, Any]) -> list[Any]:
    keys = [entry["key"] for entry in row["clauses"]]
    return [row["version"], row["title"], row["engagement"], keys, row["variables"]]


@template.command("list")
def list_templates(session: Session) -> None:
    """List the templates."""
    directory(session, "template", None, ("engagement", "clauses"))


def directory(session: Session, kind: str, search: str | None, shown: tuple[str, ...]) -> None:
    """List the things of a kind."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = session.readers.directory.entries(session.tenant, kind, search=search, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    rows = [(entry.id, entry.title, *(entry.data.get(name) for name in shown)) for entry in found]
    session.show(cli_show.listed(found), lambda: cli_show.table((kind, "title", *shown), rows))
