"""`tallystick contract amend|amend-cohort`: change terms with effect on a day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import cli_show
from api.cli_contract_acts import BODY, CONTRACT, act_on, contract
from api.cli_files import pairs, parsed, value_of
from api.cli_session import Session
from domain import contract_commands as commands
from domain.contract_state import Contract
from domain.refusals import Invalid
from domain.terms import terms_on
from workflows import contracts

__all__ = ["contract"]


def amending(function: Any) -> Any:
    """The options of an amendment."""
    options = (
        BODY,
        click.option("--effective", metavar="DAY", help="From this day on, past or future."),
        click.option("--until", metavar="DAY", help="The first day on which it is over."),
        click.option(
            "--set", "changes", multiple=True, metavar="CLAUSE.FIELD=VALUE",
            help="Change one parameter of a clause, such as base.amount=9000.",
        ),
        click.option("--end-clause", "ended", multiple=True, metavar="CLAUSE", help="End a clause."),
        click.option("--amendment", metavar="ID", help="Its id; the next number if left out."),
        click.option("--document", help="Where the supporting document is kept."),
        click.option(
            "--supersede-later", is_flag=True, default=None,
            help="Replace changes that are already agreed for later days.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@contract.command(writes=True)
@CONTRACT
@amending
def amend(
    session: Session,
    contract_id: str,
    file: Path | None,
    changes: tuple[str, ...],
    ended: tuple[str, ...],
    **options: Any,
) -> None:
    """Change, add or end clauses with effect on a day, past or future; say why in --reason."""
    said = session.body(file, **options)
    state = contracts.read(session.desk, session.tenant, contract_id)
    command = _amendment(state, said, changes, ended)
    outcome = act_on(session, contract_id, command)
    session.done(f"Contract {contract_id} amended from {command.effective}", outcome)


@contract.command("amend-cohort", writes=True)
@amending
@click.option("--contract", "named", multiple=True, metavar="ID", help="One of the cohort.")
@click.option("--team", help="All active contracts of a team.")
@click.option("--track", help="All active contracts of a track.")
@click.option("--preview", is_flag=True, help="Show what would change; record nothing.")
def amend_cohort(
    session: Session,
    file: Path | None,
    changes: tuple[str, ...],
    ended: tuple[str, ...],
    named: tuple[str, ...],
    team: str | None,
    track: str | None,
    preview: bool,
    **options: Any,
) -> None:
    """Amend many contracts at once; each has its own verdict, and --preview records nothing."""
    said = session.body(file, **options)
    cohort = _cohort(session, [*(said.pop("contracts", None) or ()), *named], team, track)
    amendments = {state.contract: _amendment(state, dict(said), changes, ended) for state in cohort}
    body = {name: command.model_dump(mode="json") for name, command in amendments.items()}
    results = contracts.amend_cohort(
        session.desk, session.tenant, amendments, session.ask("", body), preview=preview
    )
    session.show({"preview": preview, "results": results}, lambda: _verdicts(results, preview))
    if not all(result.accepted for result in results):
        raise click.exceptions.Exit(1)


def _cohort(
    session: Session, named: list[str], team: str | None, track: str | None
) -> list[Contract]:
    if named:
        return [contracts.read(session.desk, session.tenant, name) for name in dict.fromkeys(named)]
    if team is None and track is None:
        raise click.UsageError("Name the cohort: --contract, --team or --track.")
    found = contracts.all_contracts(session.desk, session.tenant)
    cohort = [
        state
        for _, state in sorted(found.items())
        if state.status == "active" and team in (None, state.team) and track in (None, state.track)
    ]
    if not cohort:
        raise Invalid(
            "没有符合条件的有效合同",
            "No active contract fits",
            do="See `tallystick contract list --status active`.",
        )
    return cohort


def _amendment(
    state: Contract, said: dict[str, Any], sets: tuple[str, ...], ended: tuple[str, ...]
) -> commands.AmendContract:
    """The command in a file and in options; `--set` starts from the clause of the day."""
    said.setdefault("amendment", f"A-{state.version + 1}")
    made = list(said.get("changes") or [])
    for key, fields in fields_of(sets).items():
        made.append({"op": "change", "key": key, "clause": _changed(state, said, key, fields)})
    made += [{"op": "end", "key": key} for key in ended]
    return parsed(commands.AmendContract, {**said, "changes": made})


def fields_of(sets: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Clause key to the parameters that `--set CLAUSE.FIELD=VALUE` names."""
    found: dict[str, dict[str, Any]] = {}
    for name, text in pairs(sets, "--set").items():
        key, point, field = name.rpartition(".")
        if not point or not key:
            raise click.UsageError(f"--set takes CLAUSE.FIELD=VALUE, not {name!r}.")
        found.setdefault(key, {})[field] = value_of(text)
    return found


def _changed(
    state: Contract, said: dict[str, Any], key: str, fields: dict[str, Any]
) -> dict[str, Any]:
    # Only the day is read here; the whole is checked again with its changes.
    whole = parsed(
        commands.AmendContract,
        {**said, "changes": [{"op": "end", "key": key}]},
    )
    for term in terms_on(state.terms, whole.effective):
        if term.key == key:
            return {**term.data, **fields}
    in_force = ", ".join(term.key for term in terms_on(state.terms, whole.effective))
    raise Invalid(
        f"合同 {state.contract} 在 {whole.effective} 没有条款 {key}",
        f"Contract {state.contract} has no clause {key} on {whole.effective}",
        do=f"In force that day: {in_force or 'none'}.",
        field=key,
    )


def _verdicts(results: list[contracts.CohortResult], preview: bool) -> None:
    accepted = "would be amended" if preview else "amended"
    cli_show.table(
        ("contract", "verdict", "before", "after"),
        (
            (
                result.contract,
                accepted if result.refusal is None else f"refused: {result.refusal.en}",
                "\n".join(t.text_en for t in result.before if t not in result.after),
                "\n".join(t.text_en for t in result.after if t not in result.before),
            )
            for result in results
        ),
    )
    count = sum(1 for result in results if result.accepted)
    cli_show.say(f"{count} {accepted}, {len(results) - count} refused.")
