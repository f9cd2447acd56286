"""Positions of read models: read, locked, moved on, halted and resumed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString

import msgspec

from projections.model import Connection, ModelStatus, ReadModel

ENSURE: LiteralString = """
    INSERT INTO projections.progress (tenant_id, name, version)
    SELECT %s, a.name, a.version FROM unnest(%s::text[], %s::int[]) AS a (name, version)
    ON CONFLICT DO NOTHING"""
READ: LiteralString = """
    SELECT name, version, position, error FROM projections.progress WHERE tenant_id = %s"""
LOCK: LiteralString = """
    SELECT name, version, position, error FROM projections.progress
    WHERE tenant_id = %s AND name = %s FOR UPDATE"""
MOVE: LiteralString = """
    UPDATE projections.progress SET position = %s, updated_at = clock_timestamp()
    WHERE tenant_id = %s AND name = %s"""
HALT: LiteralString = """
    UPDATE projections.progress
    SET halted_at = clock_timestamp(), error = %s, updated_at = clock_timestamp()
    WHERE tenant_id = %s AND name = %s AND position = %s AND halted_at IS NULL"""
RESUME: LiteralString = """
    UPDATE projections.progress
    SET halted_at = NULL, error = NULL, updated_at = clock_timestamp()
    WHERE tenant_id = %s AND name = %s"""
TAKE_OVER: LiteralString = """
    UPDATE projections.progress
    SET version = %s, halted_at = NULL, error = NULL, updated_at = clock_timestamp()
    WHERE tenant_id = %s AND name = %s"""
LONGEST_ERROR = 4000


class Mark(msgspec.Struct, frozen=True):
    """How far one read model has come."""

    name: str
    version: int
    position: int
    error: str | None

    @property
    def halted(self) -> bool:
        return self.error is not None


def ensure(connection: Connection, tenant: str, models: Iterable[ReadModel]) -> None:
    """Give every read model of a tenant its row."""
    models = list(models)
    connection.execute(ENSURE, [tenant, [m.name for m in models], [m.version for m in models]])


def marks(connection: Connection, tenant: str) -> dict[str, Mark]:
    """The marks of a tenant's read models, by name."""
    rows = connection.execute(READ, [tenant]).fetchall()
    return {row[0]: Mark(*row) for row in rows}


def lock(connection: Connection, tenant: str, name: str) -> Mark | None:
    """Lock a read model's row to the end of the transaction."""
    row = connection.execute(LOCK, [tenant, name]).fetchone()
    return Mark(*row) if row else None


def move(connection: Connection, tenant: str, name: str, position: int) -> None:
    """Save the position in the transaction that wrote the rows."""
    connection.execute(MOVE, [position, tenant, name])


def halt(connection: Connection, tenant: str, mark: Mark, error: str) -> None:
    """Store why the fact after the mark cannot be applied, unless somebody got further."""
    text = error.replace("\0", "")[:LONGEST_ERROR]
    connection.execute(HALT, [text, tenant, mark.name, mark.position])


def resume(connection: Connection, tenant: str, name: str) -> None:
    """Let a halted read model try again."""
    connection.execute(RESUME, [tenant, name])


def take_over(connection: Connection, tenant: str, model: ReadModel) -> None:
    """The rows are now those of this version of the model."""
    connection.execute(TAKE_OVER, [model.version, tenant, model.name])


def status_of(model: ReadModel, mark: Mark | None, head: int) -> ModelStatus:
    """The status of a model that may not have begun."""
    if mark is None:
        return ModelStatus(name=model.name, position=0, head=head)
    return ModelStatus(
        name=model.name,
        position=mark.position,
        head=head,
        halted=mark.halted,
        error=mark.error,
        outdated=mark.version != model.version,
    )


def describe(error: BaseException, what: Any) -> str:
    """An error in words for `progress.error`: what was applied, and what went wrong."""
    return f"{what}: {type(error).__name__}: {error}"
