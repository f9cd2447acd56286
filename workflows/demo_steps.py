"""The steps of the demo's pay runs that look at exceptions and end a run."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from domain.facts import Act
from domain.law import LawTable, load_law_book
from domain.payrun import PayRun
from domain.run_findings import to_acknowledge
from domain.run_step_facts import ReconcilePayRun, ReviewPayRun
from workflows import law, payrun, run_steps
from workflows.desk import Ask, Desk


def review(desk: Desk, tenant: str, run: PayRun, ask: Ask, today: date) -> PayRun:
    """Finance looks at every exception and takes note of each kind."""
    command = ReviewPayRun(digest=run.digest)
    listed = run_steps.findings(desk, tenant, run.run, command, today)
    noted = command.model_copy(update={"acknowledge": tuple(sorted(to_acknowledge(listed)))})
    return run_steps.review(desk, tenant, run.run, noted, ask, today=today).state


BASES = "cn.shanghai.insurance"
CARRIED_ON = {"floor": "7384", "ceiling": "36921"}
"""The bases of July 2024 to June 2025, used until the new year's notice is there."""


def carry_bases_on(desk: Desk, tenant: str, act: Act) -> None:
    """July: the contribution year begins before the city has published its bases."""
    official = load_law_book().on(BASES, date(2025, 7, 1))
    data, source = {**official.data, **CARRIED_ON}, "上年度基数暂按沿用，待上海市人社 2025-09 通知"
    _publish_once(desk, tenant, replace(official, version=10, data=data, source=source), act)


def notice_of_bases(desk: Desk, tenant: str, act: Act) -> None:
    """September: the city's bases arrive, with effect from July."""
    official = load_law_book().on(BASES, date(2025, 7, 1))
    _publish_once(desk, tenant, replace(official, version=11), act)


def _publish_once(desk: Desk, tenant: str, table: LawTable, act: Act) -> None:
    known = {(one.table, one.version) for one in law.law_book(desk, tenant).tables}
    if (table.table, table.version) not in known:
        law.publish(desk, tenant, table, act)


def settle_up(desk: Desk, tenant: str, run_id: str, reconciled: Ask, closed: Ask) -> None:
    """What the bank returned and nobody has paid again has its verdict; the run is closed."""
    run = payrun.read_run(desk, tenant, run_id)
    back = {
        name: "returned"
        for name, payout in run_steps.payouts_of(desk, tenant, run).items()
        if payout.status == "returned"
    }
    command = ReconcilePayRun.model_validate({"verdicts": back})
    run_steps.reconcile(desk, tenant, run_id, command, reconciled)
    run_steps.close(desk, tenant, run_id, closed)
