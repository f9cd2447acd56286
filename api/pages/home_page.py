"""The first page: what waits for the visitor, how the company stands, small charts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Request, Response

from api.pages import home_charts, shown
from api.pages.render import page, to
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.reads import View
from domain.periods import Month
from projections.contract_queries import ContractFilter
from projections.pay_queries import RunRow
from workflows.disputes import open_disputes
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
Waiting = dict[str, Any]


@pages.get("/")
def home(request: Request, visit: Annotated[Visit, seen()]) -> Response:
    """What waits, figures, and net pay by month; a streamer's first page is the own pay."""
    if visit.may("mine.read"):
        return to("/mine")
    view = visit.current()
    runs = _runs(visit, view)
    posted = [run for run in runs if run.posted_position is not None]
    counts = _contract_counts(visit, view)
    waiting = [
        *_pay(visit, view, runs),
        *_contracts(visit, view, counts),
        *_disputes(visit, view),
        *_models(visit, view),
    ]
    values: dict[str, Any] = {
        "view": view,
        "waiting": waiting,
        "figures": _figures(visit, view, posted),
        "months": posted[:13][::-1],
        "chart": home_charts.net_by_month(visit, posted[:13][::-1]),
        "engagements": home_charts.by_engagement(visit, view),
        "endings": home_charts.endings(visit, view),
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


def _contract_counts(visit: Visit, view: View) -> dict[str, int]:
    if not visit.may("contract.read"):
        return {}
    where = ContractFilter(teams=visit.caller.teams)
    return view.readers.contracts.counts(view.tenant, view.effective, view.position, where)


def _contracts(visit: Visit, view: View, counts: dict[str, int]) -> Iterator[Waiting]:
    if visit.may("contract.decide_expiry"):
        ending = view.readers.expiries.expiring(
            view.tenant,
            view.effective,
            teams=visit.caller.teams,
            undecided=True,
            lapsed=True,
        )
        if ending:
            yield _waits(
                "expiring", "/contracts/expiring?undecided=yes&months=1", count=len(ending)
            )
    steps = (("drafted", "contract.send"), ("sent", "contract.sign"))
    for status, act in (*steps, ("signed", "contract.activate")):
        if visit.may(act) and (found := counts.get(status, 0)):
            yield _waits(status, f"/contracts?status={status}", count=found)


def _disputes(visit: Visit, view: View) -> Iterator[Waiting]:
    if not (visit.may("payslip.resolve") or visit.may("payslip.answer")):
        return
    found = open_disputes(view.desk, view.tenant)
    for run, contract, _ in found[:RECENT]:
        yield _waits("dispute", f"/pay/{run}/{contract}", f"{contract} {run}")


def _models(visit: Visit, view: View) -> Iterator[Waiting]:
    halted = [one for one in view.desk.runner.status(view.tenant) if one.halted or one.outdated]
    if halted and visit.may("status.read"):
        yield _waits("halted", "/status", count=len(halted))


def _waits(what: str, address: str, name: str = "", count: int | None = None) -> Waiting:
    return {"what": what, "address": address, "name": name, "count": count}


def _figures(visit: Visit, view: View, posted: list[RunRow]) -> list[dict[str, str]]:
    """Label, value, note and address of each figure the visitor may see."""
    found: list[dict[str, str]] = []
    t = visit.words

    def add(name: str, value: str, note: str = "", address: str = "") -> None:
        label = t(f"home.figure.{name}")
        found.append({"label": label, "value": value, "note": note, "address": address})

    if visit.may("status.read"):
        address = "/audit" if visit.may("audit.read") else ""
        add("facts", shown.count(view.head), t("home.figure.facts_note"), address)
    if visit.may("contract.read"):
        where = ContractFilter(in_force=True, teams=visit.caller.teams)
        active = view.readers.contracts.counts(view.tenant, view.effective, view.position, where)
        teams = visit.caller.teams
        note = "" if teams is None else t("home.figure.own_teams", teams="、".join(teams) or "—")
        add("contracts", shown.count(sum(active.values())), note, "/contracts?in_force=yes")
    if visit.may("person.read") and visit.caller.teams is None:
        counts = view.readers.directory.counts(view.tenant)
        add("persons", shown.count(counts.get("person", 0)))
    if posted:
        last = posted[0]
        note = shown.month(last.month, visit.language)
        address = f"/pay/{last.run_id}"
        add("payslips", shown.count(last.payslips), note, address)
        add("net", shown.money(last.net), note, address)
    return found
