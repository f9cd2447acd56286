"""`tallystick what-if`: past months with other terms, weights or teams; nothing is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api import cli_show
from api.cli_base import Leaf
from api.cli_contract_amend import fields_of
from api.cli_files import FILE, parsed
from api.cli_session import Session

if TYPE_CHECKING:
    from workflows.what_if import WhatIfAnswer


@click.command("what-if", cls=Leaf)
@click.option("--file", type=FILE, help="Months, cohort and what differs, as YAML or JSON.")
@click.option("--first", metavar="MONTH", help="The first month, 2025-04.")
@click.option("--last", metavar="MONTH", help="The last month; without both, the last months.")
@click.option("--months", type=click.IntRange(1, 12), help="So many last months of one contract.")
@click.option("--contract", "contracts", multiple=True, metavar="ID", help="One of the cohort.")
@click.option("--team", help="All contracts of a team.")
@click.option("--track", help="All contracts of a track.")
@click.option("--person", metavar="ID", help="All contracts of a person.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="CLAUSE.FIELD=VALUE",
    help="A parameter that would have been different, such as commission.rate=6%.",
)
@click.option("--known", metavar="WHEN", help="As known at a position or a time; now if left out.")
def what_if(
    session: Session,
    file: Path | None,
    sets: tuple[str, ...],
    contracts: tuple[str, ...],
    months: int | None,
    known: str | None,
    **options: Any,
) -> None:
    """Rate real past months again with other terms, weights or teams; nothing is recorded."""
    cohort = {name: options.pop(name) for name in ("team", "track", "person")}
    said = session.body(file, **options)
    said["parameters"] = {**(said.get("parameters") or {}), **fields_of(sets)}
    said["cohort"] = {
        **(said.get("cohort") or {}),
        **{name: value for name, value in cohort.items() if value is not None},
        **({"contracts": list(contracts)} if contracts else {}),
    }
    answer = _asked(session, said, months, session.known(known))
    session.show(answer, lambda: _shown(answer))


def _asked(
    session: Session, said: dict[str, Any], months: int | None, known: int | None
) -> WhatIfAnswer:
    from domain.what_if_command import AmendedPay, WhatIf
    from workflows import what_if as workflow

    desk, tenant, today = session.desk, session.tenant, session.today
    named = said["cohort"].get("contracts") or []
    if "first" in said or "last" in said or len(named) != 1:
        command = parsed(WhatIf, said)
        return workflow.what_if(desk, tenant, command, today=today, known=known)
    of_one = {"contract": named[0], "months": months or 3}
    own = {name: said[name] for name in ("changes", "parameters") if said.get(name)}
    command_of_one = parsed(AmendedPay, {**of_one, **own})
    return workflow.amended_pay(desk, tenant, command_of_one, today=today, known=known)


def _shown(answer: WhatIfAnswer) -> None:
    sums = answer.sums
    cli_show.table(
        ("person", "contracts", "before>", "after>", "difference>", "crossed"),
        (
            (
                one.person,
                ", ".join(one.contracts),
                cli_show.yuan(one.before),
                cli_show.yuan(one.after),
                cli_show.yuan(one.difference),
                "\n".join(f"{m.month} {c.clause}: {c.en}" for m in one.months for c in m.crossed),
            )
            for one in answer.people
        ),
        title=f"{answer.first} to {answer.last}, as known at position {answer.known}",
    )
    cli_show.table(
        ("month", "before>", "after>", "difference>"),
        (
            (m.month, *(cli_show.yuan(value) for value in (m.before, m.after, m.difference)))
            for m in answer.months
        ),
    )
    cli_show.fields(
        [
            ("in all", cli_show.yuan(sums.difference)),
            ("gain", f"{sums.gain} people, {cli_show.yuan(sums.gained)}"),
            ("lose", f"{sums.lose} people, {cli_show.yuan(sums.lost)}"),
            ("same", f"{sums.same} people"),
            ("tiers crossed", f"{answer.crossed_up} up, {answer.crossed_down} down"),
        ]
    )
    for refused in answer.not_rated:
        cli_show.say(f"not rated: {refused.contract} {refused.month}: {refused.en}")
    for note in answer.findings:
        cli_show.say(f"{note.severity}: {note.clause}: {note.en} ({note.contracts} contracts)")
    cli_show.say(answer.behaviour_en)
    cli_show.say(answer.behaviour_zh)
