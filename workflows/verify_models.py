"""Read models verified: each is folded anew from the facts and compared, row by row."""

from __future__ import annotations

from typing import Any

import psycopg

from domain.refusals import WrongState
from ledger.names import UnreadableFact
from ledger.verify_report import Check, Progress
from projections import progress as marks
from projections.model import ReadModel
from projections.rebuild import Difference, TableDifference, rebuild
from workflows.desk import Desk


def check_models(desk: Desk, tenant: str, progress: Progress) -> Check:
    """Fold every read model of the desk's runner anew, and say which rows differ."""
    check = Check(name="read models", unit="read models")
    models = desk.runner.models
    _check_marks(desk, tenant, check)
    for model in models.values():
        check.counted += 1
        _check_model(desk, tenant, model, check)
        progress("read models", check.counted, len(models))
    return check


def _check_marks(desk: Desk, tenant: str, check: Check) -> None:
    head = desk.store.head(tenant)[0]
    with desk.store._pool.connection() as connection:
        found = marks.marks(connection, tenant)
    for name, mark in found.items():
        place = f"projections.progress {name}"
        model = desk.runner.models.get(name)
        if model is None:
            check.notes.append(f"{place}: no read model of this name is verified here")
        elif mark.version != model.version:
            check.add(place, f"version {mark.version}, the program has {model.version}")
        elif mark.position > head:
            check.add(place, f"it stands at {mark.position}, the ledger ends at {head}")
        if mark.halted:
            check.add(place, f"it halted: {mark.error}")
    for name in desk.runner.models.keys() - found.keys():
        check.add(f"projections.progress {name}", "the row is missing")


def _check_model(desk: Desk, tenant: str, model: ReadModel, check: Check) -> None:
    try:
        found = rebuild(
            desk.store._pool, desk.store, model, tenant, accept=lambda difference: False
        )
    except (UnreadableFact, WrongState, psycopg.Error, ValueError, TypeError, LookupError) as error:
        said = str(error).splitlines()[0] if str(error) else ""
        check.add(
            f"read model {model.name}",
            f"it cannot be folded from the facts: {type(error).__name__}: {said}",
        )
        return
    for table in found.tables:
        _say(found, table, check)


def _say(found: Difference, table: TableDifference, check: Check) -> None:
    named = 0
    for live, folded in table.sample:
        check.add(*_finding(table.table, live, folded))
        named += 1
    check.found += table.rows - named


def _finding(
    table: str, live: dict[str, Any] | None, folded: dict[str, Any] | None
) -> tuple[str, str]:
    """The place and the words for one row that differs."""
    row = live or folded or {}
    place = f"projections.{table} " + " ".join(str(value) for value in list(row.values())[1:4])
    if live is None:
        return place, "the row is missing"
    if folded is None:
        return place, "the row was made by no fact"
    wrong = [name for name in live if live[name] != folded.get(name)]
    return place, f"not what the facts say: {', '.join(wrong) or 'written otherwise'}"
