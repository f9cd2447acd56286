"""Read models verified: each is folded anew from the facts and compared, row by row."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import sql

from domain.refusals import WrongState
from ledger.names import UnreadableFact
from ledger.verify_report import Check, Progress
from projections import progress as marks
from projections.model import ReadModel
from projections.rebuild import rebuild
from workflows.desk import Desk

_KEY: LiteralString = """
    SELECT a.attname FROM pg_index AS i, unnest(i.indkey) WITH ORDINALITY AS k (number, place),
        pg_attribute AS a
    WHERE i.indrelid = %s::regclass AND i.indisprimary
        AND a.attrelid = i.indrelid AND a.attnum = k.number
    ORDER BY k.place"""

_ANY = sql.SQL("SELECT 1 FROM {} WHERE tenant_id = %s LIMIT 1")
_HALTED: LiteralString = """
    SELECT name, error FROM projections.progress
    WHERE tenant_id = %s AND (halted_at IS NOT NULL OR error IS NOT NULL) ORDER BY name"""


def check_models(desk: Desk, tenant: str, head: int, progress: Progress) -> Check:
    """Fold every read model of the desk's runner anew, and say which rows differ."""
    check = Check(name="read models", unit="read models")
    models = desk.runner.models
    _check_marks(desk, tenant, head, check)
    for model in models.values():
        check.counted += 1
        _check_model(desk, tenant, model, check)
        progress("read models", check.counted, len(models))
    return check


def _check_marks(desk: Desk, tenant: str, head: int, check: Check) -> None:
    with desk.store._pool.connection() as connection:
        found = marks.marks(connection, tenant)
        halted = connection.execute(_HALTED, [tenant]).fetchall()
    for name, error in halted:
        check.add(f"projections.progress {name}", f"it halted: {error}")
    for name, mark in found.items():
        place = f"projections.progress {name}"
        model = desk.runner.models.get(name)
        if model is None:
            check.notes.append(f"{place}: no read model of this name is verified here")
        elif mark.version != model.version:
            check.add(place, f"version {mark.version}, the program has {model.version}")
        elif mark.position > head:
            check.add(place, f"it stands at {mark.position}, the ledger ends at {head}")
    for name in sorted(desk.runner.models.keys() - found.keys()):
        if _has_rows(desk, tenant, desk.runner.models[name]):
            check.add(f"projections.progress {name}", "the row is missing")
        else:
            check.notes.append(f"{name} was not filled yet")


def _has_rows(desk: Desk, tenant: str, model: ReadModel) -> bool:
    with desk.store._pool.connection() as connection:
        return any(
            connection.execute(
                _ANY.format(sql.Identifier("projections", table)), [tenant]
            ).fetchone()
            for table in model.tables
        )


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
        for live, folded in table.sample:
            check.add(*_finding(table.table, _key(desk, table.table), live, folded))
        check.found += table.rows - len(table.sample)


def _key(desk: Desk, table: str) -> list[str]:
    """The columns that name a row, the tenant left out."""
    with desk.store._pool.connection() as connection:
        rows = connection.execute(_KEY, [f"projections.{table}"]).fetchall()
    return [name for (name,) in rows if name != "tenant_id"]


def _finding(
    table: str, key: list[str], live: dict[str, Any] | None, folded: dict[str, Any] | None
) -> tuple[str, str]:
    """The place and the words for one row that differs."""
    row = live or folded or {}
    place = " ".join([f"projections.{table}", *(str(row.get(name)) for name in key)])
    if live is None:
        return place, "the row is missing"
    if folded is None:
        return place, "the row was made by no fact"
    wrong = [name for name in live if live[name] != folded.get(name)]
    return place, f"not what the facts say: {', '.join(wrong) or 'written otherwise'}"
