"""How far the read models of a tenant are behind: in facts, and in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from projections import progress
from projections.model import Connection, ModelStatus, ReadModel
from projections.progress import Mark

_STANDING: LiteralString = """
    SELECT wanted.name, p.version, p.position, p.error, h.position,
        CASE WHEN coalesce(p.position, 0) < h.position
            THEN greatest(0, extract(epoch FROM clock_timestamp() - f.recorded_at))::float8
            ELSE 0 END
    FROM ledger.head AS h
    CROSS JOIN unnest(%s::text[]) AS wanted (name)
    LEFT JOIN projections.progress AS p
        ON p.tenant_id = h.tenant_id AND p.name = wanted.name
    LEFT JOIN ledger.fact AS f
        ON f.tenant_id = h.tenant_id AND f.position = coalesce(p.position, 0) + 1
    WHERE h.tenant_id = %s"""


class Standing(ModelStatus, frozen=True, kw_only=True):
    """How a read model stands, and for how long its next fact has been waiting."""

    lag_seconds: float = 0.0
    """Since when the oldest fact that is not yet in the rows is recorded; 0 where none is."""


def standing(connection: Connection, tenant: str, models: Iterable[ReadModel]) -> list[Standing]:
    """Every read model of a tenant in one statement; none where the tenant is not open."""
    known = {model.name: model for model in models}
    rows = connection.execute(_STANDING, [list(known), tenant]).fetchall()
    return [
        _standing(known[name], None if version is None else Mark(name, version, *rest), head, lag)
        for name, version, *rest, head, lag in rows
    ]


def _standing(model: ReadModel, mark: Mark | None, head: int, seconds: float) -> Standing:
    found = progress.status_of(model, mark, head)
    return Standing(
        name=found.name,
        position=found.position,
        head=found.head,
        halted=found.halted,
        error=found.error,
        outdated=found.outdated,
        lag_seconds=seconds,
    )
