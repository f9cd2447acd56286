"""The renewal desk: contracts that end, the last three months' figures, and the decision."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, get_args

from fastapi import Request, Response

from api.own_teams import refuse_other_team
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, day_of, form_of, seen
from api.params import ContractId
from api.reads import Text, View
from domain import contract_commands as commands
from domain.figures import Aggregation, Figures
from domain.periods import Month, add_months
from domain.refusals import Refusal
from workflows import contracts
from workflows.definitions import aggregations_of, metrics_at

pages = router()
MONTHS = 3
PAGE = 50
LEADS = (1, 3, 6, 12)
DECISIONS = get_args(commands.DecideExpiry.model_fields["decision"].annotation)
METRICS = ("sales", "gift_income", "fans_gained", "live_minutes")
"""Figures that the desk shows first; others follow where a tenant has none of these."""
MOST_METRICS = 4


@pages.get("/contracts/expiring")
def expiring(
    request: Request,
    visit: Annotated[Visit, seen("expiry.read")],
    months: Text = None,
    team: Text = None,
    undecided: Text = None,
    start: Text = None,
) -> Response:
    """Contracts that end within some months, or ended without a decision."""
    return _desk(request, visit, months, team, undecided, start)


def _desk(
    request: Request,
    visit: Visit,
    months: str | None = None,
    team: str | None = None,
    undecided: str | None = None,
    start: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.current("expiry_watch", "pay_register")
    text = start or ""
    first = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    lead = next((one for one in LEADS if str(one) == months), MONTHS)
    found = view.readers.expiries.expiring(
        view.tenant,
        view.effective,
        lead_months=lead,
        team=team or None,
        teams=visit.caller.teams,
        undecided=undecided == "yes",
        lapsed=True,
    )
    named = _metrics(visit, view)
    shown = found[first : first + PAGE]
    pairs = [(one.contract_id, one.person_id) for one in shown]
    figures = last_figures(visit, view, pairs, named)
    values: dict[str, Any] = {
        "view": view,
        "found": shown,
        "total": len(found),
        "next": first + PAGE if first + PAGE < len(found) else None,
        "figures": figures,
        "metrics": _measured(named, figures),
        "lead": lead,
        "leads": LEADS,
        "team": team or "",
        "undecided": undecided == "yes",
        "decisions": DECISIONS,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "expiring.html", refusal.status if refusal else 200, **values)


def _metrics(visit: Visit, view: View) -> dict[str, str]:
    """Code → name of the metrics that are shown, the ones people ask for first."""
    listed = view.readers.directory.entries(view.tenant, "metric", limit=200).items
    english = visit.language == "en"
    names = {
        one.id: str(one.data.get("title_en") or one.title) if english else one.title
        for one in listed
    }
    wanted = [code for code in METRICS if code in names]
    wanted += [code for code in names if code not in METRICS]
    return {code: names[code] for code in wanted}


def _measured(metrics: dict[str, str], figures: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Of the metrics those that anything was measured of, as many as a table takes."""
    seen_ = {
        code
        for rows in figures.values()
        for row in rows
        for code, total in row["totals"].items()
        if total is not None
    }
    kept = [code for code in metrics if code in seen_] or list(metrics)
    return {code: metrics[code] for code in kept[:MOST_METRICS]}


def _last_month(view: View, persons: list[str], kinds: dict[str, Aggregation]) -> Month:
    """The last month that is over and of which there are figures, or that was paid."""
    over = Month.of(view.effective).plus(-1)
    found = view.desk.figures.read(view.tenant, persons, over.period, view.position, kinds)
    if any(figures.rows for figures in found.values()):
        return over
    posted = [Month.parse(run.month) for run in view.desk.register.posted_runs(view.tenant)]
    return min(over, max(posted, default=over))


def last_figures(
    visit: Visit, view: View, contracts_: list[tuple[str, str]], metrics: dict[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Contract → figures and net pay of each of the last months, read for all at once.

    `contracts_` are pairs of contract and person.
    """
    persons = sorted({person for _, person in contracts_})
    kinds = aggregations_of(metrics_at(view.desk, view.tenant, view.position))
    read = view.desk.figures.read
    if not persons:
        return {}
    last = _last_month(view, persons, kinds)
    if visit.may("payslip.read"):
        view.read_pay("renewals", persons)
    figures = {
        month: read(view.tenant, persons, month.period, view.position, kinds)
        for month in (last.plus(-back) for back in range(MONTHS - 1, -1, -1))
    }
    made: dict[str, list[dict[str, Any]]] = {}
    for contract, person in contracts_:
        pay = _net(visit, view, contract)
        made[contract] = [
            {
                "month": str(month),
                "totals": _totals(by_person.get(person), month, metrics),
                "net": pay.get(str(month)),
            }
            for month, by_person in figures.items()
        ]
    return made


def _totals(
    figures: Figures | None, month: Month, metrics: dict[str, str]
) -> dict[str, Decimal | None]:
    """The month's value of each metric; None where nothing was measured."""
    if figures is None:
        return dict.fromkeys(metrics)
    return {
        code: figures.total(code, month.period) if figures.has(code, month.period) else None
        for code in metrics
    }


def _net(visit: Visit, view: View, contract: str) -> dict[str, Decimal]:
    """Month → net pay, for those who may read pay."""
    if not visit.may("payslip.read"):
        return {}
    slips = view.desk.register.payslips_of(view.tenant, contract, limit=13).items
    return {one.month: one.net for one in reversed(slips)}


@pages.post("/contracts/expiring")
def decide(request: Request, visit: Annotated[Visit, seen("contract.decide_expiry")]) -> Response:
    """Renew, renegotiate or let end: the decision is a fact."""
    form = form_of(request)
    contract = form.get("contract")
    try:
        refuse_other_team(visit.caller, {"contract": contract})
        sent = {"decision": form.get("decision")}
        command = checked(lambda: commands.DecideExpiry.model_validate(sent))
        ask = visit.write(form, form.version()).ask(form.get("reason"))
        contracts.act_on(visit.caller.desk, visit.tenant, contract, command, ask)
    except Refusal as refusal:
        return _desk(request, visit, refusal=refusal, typed=form)
    if command.decision == "renew" and visit.may("contract.renew"):
        return to(f"/contracts/{contract}/renew?decided=1")
    return to("/contracts/expiring?done=decide")


@pages.get("/contracts/{contract}/renew")
def renewal(
    request: Request, visit: Annotated[Visit, seen("contract.renew")], contract: ContractId
) -> Response:
    """The form of a new term: as long as the last one, to be corrected."""
    state = contracts.read(visit.caller.desk, visit.tenant, contract)
    fields = {"amendment": f"R-{visit.caller.today}-{secrets.token_hex(3)}"}
    if state.end is not None:
        months = max(
            1, (state.end.year - state.start.year) * 12 + state.end.month - state.start.month
        )
        fields["last_day"] = (add_months(state.end, months) - timedelta(days=1)).isoformat()
    fields["version"] = str(state.version)
    return _renewal(request, visit, contract, Form({name: [v] for name, v in fields.items()}))


def _renewal(
    request: Request, visit: Visit, contract: str, form: Form, refusal: Refusal | None = None
) -> Response:
    view = visit.current("expiry_watch", "pay_register")
    state = contracts.read(view.desk, view.tenant, contract)
    problem = None if refusal is None else problem_of(refusal)
    if problem and problem["field"] == "end":
        problem["field"] = "last_day"
    metrics = _metrics(visit, view)
    figures = last_figures(visit, view, [(contract, state.person)], metrics)
    values: dict[str, Any] = {
        "c": state,
        "f": form,
        "rows": figures[contract],
        "metrics": _measured(metrics, figures),
        "problem": problem,
    }
    return page(request, "renew.html", refusal.status if refusal else 200, **values)


@pages.post("/contracts/{contract}/renew")
def renew(
    request: Request, visit: Annotated[Visit, seen("contract.renew")], contract: ContractId
) -> Response:
    """A new term from the day the old one ends, under the same clauses; amend them next."""
    form = form_of(request)
    try:
        last = day_of(form.get("last_day"), "last_day")
        sent = {
            "amendment": form.get("amendment"),
            "end": None if last is None else (last + timedelta(days=1)).isoformat(),
            "document": form.get("document") or None,
        }
        command = checked(lambda: commands.RenewContract.model_validate(sent))
        ask = visit.write(form, form.version()).ask(form.get("reason"))
        contracts.act_on(visit.caller.desk, visit.tenant, contract, command, ask)
    except Refusal as refusal:
        return _renewal(request, visit, contract, form, refusal)
    return to(f"/contracts/{contract}?done=renew")
