"""What stands where: counts of facts and rows, head, read models, runs and payouts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from domain import payout, payrun
from domain.payout import Payout
from domain.payrun import PayRun, PayslipComputed
from ledger.census import census
from ledger.queries import Pool
from projections import pay_register, payout_ledger
from projections.model import names_of
from projections.standing import standing
from workflows.desk import Desk, fold_all

RUN_NAMES = sorted(pay_register.names - names_of(PayslipComputed))
PAYOUT_NAMES = sorted(payout_ledger.names)


def status(desk: Desk, pool: Pool, tenant: str) -> dict[str, Any]:
    """A tenant's state as plain data: what `tallystick status` and the API show."""
    position, recorded_at = desk.store.head(tenant)
    counted = census(pool, tenant)
    runs = fold_all(desk, tenant, RUN_NAMES, PayRun(), payrun.evolve)
    payouts = fold_all(desk, tenant, PAYOUT_NAMES, Payout(), payout.evolve)
    return {
        "tenant": tenant,
        "position": position,
        "recorded_at": recorded_at.isoformat(),
        "facts": sum(counted.facts.values()),
        "facts_by_name": counted.facts,
        "batches": counted.batches,
        "rows_in": counted.rows_in,
        "rows_recorded": counted.rows,
        "rows_rejected": counted.rejected,
        "rows_rejected_by_reason": counted.rejected_by_code,
        "read_models": _read_models(desk, pool, tenant),
        "pay_runs": dict(sorted(Counter(run.status for run in runs.values()).items())),
        "payouts": dict(sorted(Counter(one.status for one in payouts.values()).items())),
    }


def _read_models(desk: Desk, pool: Pool, tenant: str) -> list[dict[str, Any]]:
    with pool.connection() as connection:
        found = standing(connection, tenant, desk.runner.models.values())
    return [
        {
            "name": model.name,
            "position": model.position,
            "lag": model.lag,
            "lag_seconds": int(model.lag_seconds),
            "halted": model.halted,
            "error": model.error,
        }
        for model in found
    ]
