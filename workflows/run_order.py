"""Runs follow one another: months in order, pay dates that do not go back, one open at a time."""

from __future__ import annotations

from datetime import date

from domain.payrun import PayRun
from domain.periods import Month
from domain.refusals import WrongState
from workflows.desk import Desk
from workflows.posted_runs import open_runs, posted_runs


def refuse_out_of_order(
    desk: Desk, tenant: str, month: Month, run_id: str, pay_date: date, *, own: bool
) -> None:
    """Raise WrongState where a run of the month may not begin now.

    A later month is posted, an earlier one has no run of its own yet, another run is open, or the
    money would go out in a month of payment before one that was posted (its tax is withheld).
    """
    known, _ = desk.store.head(tenant)
    runs = posted_runs(desk, tenant, known)
    later = [run.month for run in runs.runs if run.month > str(month)]
    if later:
        raise WrongState(
            f"{later[0]} 已过账, 不能再算更早的月份",
            f"{later[0]} is posted already: months are run in order",
            do="What is owed for earlier months goes into the next run as arrears.",
        )
    own_months = runs.own_months()
    missing = sorted({run.month for run in runs.runs if run.month < str(month)} - own_months)
    if missing:
        raise WrongState(
            f"{missing[0]} 还没有当月批次",
            f"{missing[0]} has no run of its own yet: months are run in order",
            do=f"Compute {missing[0]} first.",
        )
    _refuse_second(desk, tenant, run_id)
    dates = [run.pay_date for run in runs.runs]
    last = max((Month.of(day) for day in dates), default=None)
    if last is not None and Month.of(pay_date) < last:
        raise WrongState(
            f"付款月不能早于已过账的 {last}",
            f"The pay date {pay_date} lies before {last}, in which posted pay is paid and taxed",
            do=f"Choose a day in {last} or later.",
            field="pay_date",
        )
    if not own and own_months and str(month) > str(Month.parse(max(own_months)).plus(1)):
        raise WrongState(
            f"{max(own_months)} 之后的月份尚未算薪",
            f"The month after {max(own_months)} has no run of its own yet",
            do="Months are run in order.",
        )


def _refuse_second(desk: Desk, tenant: str, run_id: str) -> None:
    """Two open runs would both find what is late, and both pay it."""
    others = [run for run in open_runs(desk, tenant) if run != run_id]
    if others:
        raise WrongState(
            f"批次 {others[0]} 尚未过账",
            f"Run {others[0]} is neither posted nor rejected",
            do="Post it or reject it first: two open runs would pay the same twice.",
            run=others[0],
        )


def refuse_overtaken(desk: Desk, tenant: str, run: PayRun) -> None:
    """Raise WrongState where another run was posted after this one was pinned."""
    known, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, known, ("pay_register",), timeout=60)
    after = [one for one in desk.register.posted_runs(tenant) if one.posted > run.pinned]
    others = [one.run for one in after if one.run != run.run]
    if others and run.status == "approved":
        raise WrongState(
            f"计算之后已过账批次 {others[0]}",
            f"Run {others[0]} was posted after this one was computed",
            do="Reject this run and compute it again.",
            run=others[0],
        )
