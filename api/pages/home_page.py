"""The first page: what waits for the visitor, how the company stands, net pay by month."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Request, Response

from api.pages import shown
from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.reads import View
from domain.periods import Month
from projections.contract_queries import ContractFilter
from projections.pay_queries import RunRow
from workflows.payrun import read_run

pages = router()
RECENT = 13
"""So many of the last runs are looked at for what is to be done next."""
NEXT = (
    ("computed", "run.review"),
    ("reviewed", "run.approve"),
    ("approved", "run.post"),
    ("posted", "payout.instruct"),
    ("paid", "run.reconcile"),
    ("reconciled", "run.close"),
)
"""The state of a run, and the act that comes next."""
COUNTED = 1000
"""Lists are counted up to here; more is shown as 1,000+."""
Waiting = dict[str, Any]


@pages.get("/")
def home(request: Request, visit: Annotated[Visit, seen()]) -> Response:
    """What waits, figures, and net pay by month."""
    view = visit.current()
    runs = _runs(visit, view)
    posted = [run for run in runs if run.posted_position is not None]
    values: dict[str, Any] = {
        "view": view,
        "waiting": [*_pay(visit, view, runs), *_contracts(visit, view), *_models(visit, view)],
        "figures": _figures(visit, view, posted),
        "months": posted[:13][::-1],
        "chart": _chart(visit, posted[:13][::-1]),
    }
    return page(request, "home.html", **values)


def _runs(visit: Visit, view: View) -> list[RunRow]:
    if not visit.may("run.read"):
        return []
    return list(view.desk.register.runs(view.tenant, limit=40).items)


def _pay(visit: Visit, view: View, runs: list[RunRow]) -> Iterator[Waiting]:
    for run in runs[:RECENT]:
        # The register may not know of every step: the run itself does.
        state = read_run(view.desk, view.tenant, run.run_id)
        for status, act in NEXT:
            if state.status == status and visit.may(act):
                yield _waits(f"run_{status}", f"/pay/{run.run_id}", run.run_id)
    if visit.may("run.compute") and (month := _month_to_run(visit, runs)):
        yield _waits("compute", "/pay", shown.month(month, visit.language))
    if visit.may("payout.read"):
        yield from _payouts(view)


def _month_to_run(visit: Visit, runs: list[RunRow]) -> Month | None:
    """The month after the last one that has a run, where it is over."""
    standing = [Month.parse(run.month) for run in runs if run.status != "rejected"]
    following = max(standing).plus(1) if standing else None
    over = following is not None and following.period.stop <= visit.caller.today
    return following if over else None


def _payouts(view: View) -> Iterator[Waiting]:
    totals = view.readers.payouts.totals(view.tenant)
    for status in ("returned", "failed"):
        if count := totals.get(status, (0, 0))[0]:
            yield _waits(status, f"/payouts?status={status}", count=count)


def _contracts(visit: Visit, view: View) -> Iterator[Waiting]:
    if visit.may("contract.decide_expiry"):
        ending = view.readers.expiries.expiring(
            view.tenant, view.effective, undecided=True, lapsed=True
        )
        if ending:
            yield _waits("expiring", "/contracts/expiring", count=len(ending))
    steps = (("drafted", "contract.send"), ("sent", "contract.sign"))
    for status, act in (*steps, ("signed", "contract.activate")):
        if visit.may(act) and (found := _count(view, ContractFilter(status=status))):
            yield _waits(status, f"/contracts?status={status}", count=found)


def _count(view: View, where: ContractFilter) -> int:
    found = view.readers.contracts.contracts(
        view.tenant, view.effective, view.position, where, terms=False, limit=COUNTED
    )
    return len(found.items)


def _models(visit: Visit, view: View) -> Iterator[Waiting]:
    halted = [one for one in view.desk.runner.status(view.tenant) if one.halted or one.outdated]
    if halted and visit.may("status.read"):
        yield _waits("halted", "/status", count=len(halted))


def _waits(what: str, address: str, name: str = "", count: int | None = None) -> Waiting:
    return {"what": what, "address": address, "name": name, "count": count}


def _figures(visit: Visit, view: View, posted: list[RunRow]) -> list[dict[str, str]]:
    """Label, value and note of each figure the visitor may see."""
    found: list[dict[str, str]] = []
    t = visit.words

    def add(name: str, value: str, note: str = "") -> None:
        found.append({"label": t(f"home.figure.{name}"), "value": value, "note": note})

    if visit.may("status.read"):
        add("facts", shown.count(view.head), t("home.figure.facts_note"))
    if visit.may("contract.read"):
        active = _count(view, ContractFilter(in_force=True))
        add("contracts", f"{shown.count(active)}{'+' if active == COUNTED else ''}")
    if visit.may("person.read"):
        counts = view.readers.directory.counts(view.tenant)
        add("persons", shown.count(counts.get("person", 0)))
    if posted:
        last = posted[0]
        note = shown.month(last.month, visit.language)
        add("payslips", shown.count(last.payslips), note)
        add("net", shown.money(last.net), note)
    return found


def _chart(visit: Visit, months: list[RunRow]) -> str:
    """Net pay by month for the browser to draw; the labels are exact, the bars are pixels."""
    return json.dumps(
        {
            "kind": "bar",
            "x": [shown.month(run.month, visit.language) for run in months],
            "series": [
                {
                    "name": visit.words("pay.net"),
                    "data": [str(run.net) for run in months],
                    "labels": [shown.money(run.net) for run in months],
                }
            ],
        },
        ensure_ascii=False,
    )


@pages.get("/contracts/expiring")
def expiring(request: Request, visit: Annotated[Visit, seen("expiry.read")]) -> Response:
    """Contracts that end within three months, or ended without a decision."""
    view = visit.current("expiry_watch")
    found = view.readers.expiries.expiring(view.tenant, view.effective, lead_months=3, lapsed=True)
    return page(request, "expiring.html", found=found, view=view)
