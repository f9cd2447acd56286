"""Read models held against the fold of the log, whatever was done to the server before."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.queries import Pool
from ledger.store import FactStore
from projections.model import ReadModel
from projections.models import MODELS
from projections.rebuild import rebuild
from projections.runner import Runner
from tests.soak.report import Report


def follow(pool: Pool, tenant: str) -> None:
    """Bring the read models of a tenant up to date, from wherever they were left."""
    Runner(pool, FactStore(pool), MODELS).catch_up(tenant)


def compare(
    pool: Pool, tenant: str, report: Report, kept: Sequence[ReadModel] = tuple(MODELS)
) -> None:
    """Read models, brought up to date as they are kept, against some made from nothing."""
    store = FactStore(pool)
    Runner(pool, store, kept).catch_up(tenant)
    head = store.head(tenant)[0]
    for model in kept:
        found = rebuild(pool, store, model, tenant)
        if found.rows or found.position != head:
            report.wrong(f"{tenant}: {model.name} is not the fold of the log: {found}")
        report.count("read models compared")
