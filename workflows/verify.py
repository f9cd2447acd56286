"""The whole verification of a tenant: the ledger's bytes, the read models, and all pay."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from ledger.verify import Asked, strays, verify_ledger
from ledger.verify_report import Check, Progress, Report, silent
from workflows.desk import Desk
from workflows.verify_models import check_models
from workflows.verify_pay import PayVerification
from workflows.verify_persons import check_persons

PARTS = ("ledger", "models", "pay", "persons")


def verify(
    desk: Desk,
    tenant: str,
    asked: Asked | None = None,
    *,
    parts: Collection[str] = PARTS,
    progress: Progress = silent,
) -> Report:
    """Verify everything of a tenant, or parts of it. Raises NotFound.

    `ledger` is the bytes: facts, tree, signatures, figures. `models` folds every read model anew.
    `pay` computes every posted payslip again, `persons` opens what is sealed. A finding is never repaired and never raised.
    """
    report = verify_ledger(desk.store._pool, tenant, asked, progress)
    report.checks.append(strays(desk.store._pool))
    if "models" in parts:
        report.checks += _timed(lambda: [check_models(desk, tenant, report.head, progress)])
    if "pay" in parts:
        report.checks += _timed(PayVerification(desk, tenant, progress).run)
    if "persons" in parts:
        report.checks += _timed(lambda: [check_persons(desk, tenant, progress)])
    return report


def _timed(work: Callable[[], list[Check]]) -> list[Check]:
    started = time.monotonic()
    checks = work()
    checks[0].seconds = f"{time.monotonic() - started:.1f}"
    return checks
