"""`tallystick contract`: the acts, from a file or from options."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from api.cli_contract import contract
from api.cli_files import FILE, pairs, parsed
from api.cli_session import Session
from domain import contract_commands as commands
from workflows import contracts

BODY = click.option(
    "--file", "file", type=FILE, help="The body as YAML or JSON, - for stdin; options add to it."
)
CONTRACT = click.argument("contract_id", metavar="CONTRACT")
__all__ = ["BODY", "CONTRACT", "act_on", "contract"]


@contract.command(writes=True)
@BODY
@click.option("--id", "contract", help="Its id, such as C-0001.")
@click.option("--person", help="Whose contract it is.")
@click.option("--number", help="The number printed on it.")
@click.option("--engagement", help="full_time, part_time or agency.")
@click.option("--character", help="How it is taxed: wages, labour_remuneration, …")
@click.option("--start", metavar="DAY", help="The first day.")
@click.option("--end", metavar="DAY", help="The first day after it; none is open-ended.")
@click.option("--team", help="The team.")
@click.option("--track", help="The track.")
@click.option("--template", help="Take the clauses of this template.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Of the template.")
def draft(session: Session, file: Path | None, variables: tuple[str, ...], **options: Any) -> None:
    """Draft a contract from clauses in a file, or from a template and its variables."""
    said = session.body(file, **options)
    filled = {**(said.pop("variables", None) or {}), **pairs(variables, "--var")}
    command = parsed(commands.DraftContract, said)
    asked = session.ask(command.contract, {**command.model_dump(mode="json"), "variables": filled})
    outcome = contracts.draft(session.desk, session.tenant, command, filled, asked)
    session.done(f"Contract {command.contract} drafted", outcome)


@contract.command(writes=True)
@CONTRACT
def send(session: Session, contract_id: str) -> None:
    """Send a draft out to be signed: its text is fixed from now on."""
    outcome = act_on(session, contract_id, commands.SendContract())
    sha = outcome.state.document_sha256
    session.done(f"Contract {contract_id} sent; its text has SHA-256 {sha}", outcome, sha256=sha)


@contract.command(writes=True)
@CONTRACT
@click.option("--party", required=True, help="business_department, company_seal, then streamer.")
@click.option("--signatory", required=True, help="Who signs for the party.")
@click.option("--sha256", "document_sha256", help="The hash of the text that is accepted.")
@click.option("--text", "file", type=FILE, help="The text that is accepted, as `text` printed it.")
@click.option("--method", help="How identity and intent were shown.")
@click.option("--evidence", help="Where the proof is kept.")
def sign(session: Session, contract_id: str, file: Path | None, **options: Any) -> None:
    """Record that one party accepts the text; parties sign in order."""
    if (file is None) == (options["document_sha256"] is None):
        raise click.UsageError("Say which text is accepted: --sha256, or --text FILE.")
    if file is not None:
        with click.open_file(str(file), "rb") as text:
            options["document_sha256"] = sha256(text.read()).hexdigest()
    command = parsed(commands.SignContract, {k: v for k, v in options.items() if v is not None})
    outcome = act_on(session, contract_id, command)
    session.done(f"Contract {contract_id} signed by {command.party}", outcome)


@contract.command(writes=True)
@CONTRACT
def activate(session: Session, contract_id: str) -> None:
    """Put a signed contract in force: from its first day on it is paid."""
    outcome = act_on(session, contract_id, commands.ActivateContract())
    session.done(f"Contract {contract_id} active", outcome)


@contract.command(writes=True)
@CONTRACT
def cancel(session: Session, contract_id: str) -> None:
    """Drop a contract that is not yet signed by all."""
    outcome = act_on(session, contract_id, commands.CancelContract())
    session.done(f"Contract {contract_id} cancelled", outcome)


@contract.command(writes=True)
@CONTRACT
@BODY
@click.option("--end", metavar="DAY", help="The first day after the new term; none is open-ended.")
@click.option("--amendment", metavar="ID", help="Its id; the next number if left out.")
@click.option("--document", help="Where the supporting document is kept.")
def renew(session: Session, contract_id: str, file: Path | None, **options: Any) -> None:
    """Agree on a new term from the day the old one ends, with changed clauses if any."""
    said = session.body(file, **options)
    if "amendment" not in said:
        state = contracts.read(session.desk, session.tenant, contract_id)
        said["amendment"] = f"A-{state.version + 1}"
    outcome = act_on(session, contract_id, parsed(commands.RenewContract, said))
    session.done(f"Contract {contract_id} renewed until {outcome.state.end or 'open'}", outcome)


@contract.command(writes=True)
@CONTRACT
@BODY
@click.option("--effective", metavar="DAY", help="The first day on which it is not in force.")
@click.option("--ending", help="expired, terminated, rescinded or superseded.")
@click.option("--note", help="What else is to be said.")
def end(session: Session, contract_id: str, file: Path | None, **options: Any) -> None:
    """End a contract."""
    command = parsed(commands.EndContract, session.body(file, **options))
    outcome = act_on(session, contract_id, command)
    session.done(f"Contract {contract_id} ended on {command.effective}", outcome)


@contract.command("tax-character", writes=True)
@CONTRACT
@click.option("--character", required=True, help="wages, labour_remuneration, …")
@click.option("--effective", required=True, metavar="DAY", help="From this day on.")
def tax_character(session: Session, contract_id: str, **options: Any) -> None:
    """Say how payments under a contract are taxed, from a day on."""
    command = parsed(commands.SetTaxCharacter, options)
    outcome = act_on(session, contract_id, command)
    session.done(f"Contract {contract_id} is taxed as {command.character}", outcome)


@contract.command("decide-expiry", writes=True)
@CONTRACT
@click.option("--decision", required=True, help="renew, renegotiate or let_end.")
def decide_expiry(session: Session, contract_id: str, **options: Any) -> None:
    """Record what is to happen at the end of the term."""
    command = parsed(commands.DecideExpiry, options)
    outcome = act_on(session, contract_id, command)
    session.done(f"Contract {contract_id}: {command.decision}", outcome)


def act_on(session: Session, contract_id: str, command: commands.ContractCommand) -> Any:
    """Let one command act on one contract."""
    asked = session.ask(contract_id, command)
    return contracts.act_on(session.desk, session.tenant, contract_id, command, asked)
