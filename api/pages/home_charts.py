"""The charts of the first page: the figures for the browser to draw, and the same as a table.

Labels are exact; bars are pixels.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from api.pages import shown
from api.pages.visit import Visit
from api.reads import View
from domain.periods import Month
from projections.contract_queries import ContractFilter
from projections.pay_queries import RunRow

AHEAD = 12
"""So many months ahead endings are shown."""


@dataclass(frozen=True)
class Chart:
    """What is drawn, and its rows: label, value as text, address of the list behind it."""

    drawn: str
    rows: list[tuple[str, str, str]]


def _bars(names: list[str], values: list[str], labels: list[str], title: str) -> str:
    series = [{"name": title, "data": values, "labels": labels}]
    return json.dumps({"kind": "bar", "x": names, "series": series}, ensure_ascii=False)


def net_by_month(visit: Visit, months: list[RunRow]) -> str:
    """Net pay by month."""
    return _bars(
        [shown.month(run.month, visit.language) for run in months],
        [str(run.net) for run in months],
        [shown.money(run.net) for run in months],
        visit.words("pay.net"),
    )


def by_engagement(visit: Visit, view: View) -> Chart | None:
    """Contracts in their term by engagement."""
    if not visit.may("contract.read"):
        return None
    where = ContractFilter(in_force=True, teams=visit.caller.teams)
    found = view.readers.contracts.counts(
        view.tenant, view.effective, view.position, where, by="engagement"
    )
    rows = [
        (
            visit.words.word("engagement", kind),
            shown.count(count),
            f"/contracts?in_force=yes&engagement={kind}",
        )
        for kind, count in found.items()
    ]
    return _chart(visit, rows, [str(count) for count in found.values()])


def endings(visit: Visit, view: View) -> Chart | None:
    """Contracts that end in each of the next months."""
    if not visit.may("expiry.read"):
        return None
    found = view.readers.expiries.expiring(
        view.tenant, view.effective, lead_months=AHEAD, teams=visit.caller.teams
    )
    counts = {Month.of(view.effective).plus(ahead): 0 for ahead in range(AHEAD)}
    for one in found:
        if one.ends is not None and Month.of(one.ends) in counts:
            counts[Month.of(one.ends)] += 1
    if not any(counts.values()):
        return None
    rows = [
        (
            shown.month(str(month), visit.language),
            shown.count(count),
            "/contracts/expiring?months=12",
        )
        for month, count in counts.items()
    ]
    return _chart(visit, rows, [str(count) for count in counts.values()])


def _chart(visit: Visit, rows: list[tuple[str, str, str]], values: list[str]) -> Chart | None:
    if not rows:
        return None
    names = [name for name, _, _ in rows]
    drawn = _bars(names, values, [text for _, text, _ in rows], visit.words("nav.contracts"))
    return Chart(drawn, rows)
