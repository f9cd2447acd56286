"""KPI schemes: weights over time, and a form that changes them from a month on."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Request, Response

from api.own_teams import refuse_team
from api.pages import shown
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import SchemeId
from api.reads import CursorQuery, Text, View
from domain import kpi
from domain.periods import Month
from domain.refusals import NotFound, Refusal
from domain.texts import per_cent
from workflows import setup
from workflows.desk import load

pages = router()
SPARE_ROWS = 2
COLUMNS = ("metric", "weight", "target", "cap")


@pages.get("/kpi")
def schemes(
    request: Request,
    visit: Annotated[Visit, seen("kpi.read")],
    q: Text = None,
    cursor: CursorQuery = None,
) -> Response:
    """KPI schemes by id."""
    view = visit.current("directory")
    found = view.readers.directory.entries(
        view.tenant,
        "kpi",
        search=q or None,
        teams=visit.caller.teams,
        cursor=cursor or None,
        limit=50,
    )
    return page(request, "kpi_list.html", found=found, q=q or "")


@pages.get("/kpi/new")
def new(request: Request, visit: Annotated[Visit, seen("kpi.define")]) -> Response:
    """The form of a scheme that is not there yet."""
    return _new(request, visit, Form({}))


def _new(request: Request, visit: Visit, form: Form, refusal: Refusal | None = None) -> Response:
    view = visit.current("directory")
    metrics = view.readers.directory.entries(view.tenant, "metric", limit=200).items
    columns = [form.all(name) for name in COLUMNS]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=False)]
    return page(
        request,
        "kpi_new.html",
        refusal.status if refusal else 200,
        f=form,
        rows=rows or [dict.fromkeys(COLUMNS, "")] * 5,
        codes=[one.id for one in metrics],
        titles={one.id: one.title for one in metrics} if visit.language == "zh" else {},
        teams=visit.caller.teams,
        problem=None if refusal is None else problem_of(refusal),
    )


@pages.post("/kpi/new")
def define(request: Request, visit: Annotated[Visit, seen("kpi.define")]) -> Response:
    """Define a scheme."""
    form = form_of(request)
    sent = {name: form.get(name) for name in ("scheme", "title", "effective")}
    try:
        command = checked(
            lambda: kpi.DefineKpiScheme.model_validate(
                {**sent, "team": form.get("team") or None, "metrics": sent_rows(form)}
            )
        )
        refuse_team(visit.caller, command.team)
        ask = visit.write(form).ask(form.get("reason"))
        setup.define_kpi_scheme(visit.caller.desk, visit.tenant, command, ask)
    except Refusal as refusal:
        return _new(request, visit, form, refusal)
    return to(f"/kpi/{command.scheme}?done=1")


@pages.get("/kpi/{scheme}")
def scheme(
    request: Request,
    visit: Annotated[Visit, seen("kpi.read")],
    scheme: SchemeId,
    known: Text = None,
) -> Response:
    """A scheme: its weights over time, as known at a position."""
    return _page(request, visit, scheme, known)


def read(view: View, scheme: str) -> kpi.KpiScheme:
    """A scheme as known at the view's position. Raises NotFound."""
    state = load(view.desk, view.tenant, f"kpi/{scheme}", kpi.KpiScheme(), kpi.evolve, view.known)
    if not state.version:
        raise NotFound(
            f"没有考核方案 {scheme}", f"There is no KPI scheme {scheme}", do="List the schemes."
        )
    return state


def _page(
    request: Request,
    visit: Visit,
    scheme: str,
    known: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.view(None, known)
    state = read(view, scheme)
    visit.current("audit_history", "directory")
    history = view.readers.audit.entries(
        view.tenant, stream=f"kpi/{scheme}", known=view.position, limit=100
    )
    metrics = view.readers.directory.entries(view.tenant, "metric", limit=200).items
    titles = {one.id: one.title for one in metrics} if visit.language == "zh" else {}
    return page(
        request,
        "kpi.html",
        refusal.status if refusal else 200,
        s=state,
        view=view,
        dated=sorted(state.weights, key=lambda one: one.effective),
        history=history.items,
        titles=titles,
        codes=[one.id for one in metrics],
        rows=_rows(state, typed),
        months=months(view),
        may_change=may_change(visit, state),
        typed=typed or Form({}),
        chart=_chart(visit, state, titles),
        problem=None if refusal is None else problem_of(refusal),
    )


def months(view: View) -> tuple[str, str]:
    """The months a what-if looks at where nothing else is said: the last three posted."""
    posted = [Month.parse(run.month) for run in view.desk.register.posted_runs(view.tenant)]
    last = max(posted) if posted else Month.of(view.effective).plus(-1)
    return str(last.plus(-2)), str(last)


def may_change(visit: Visit, state: kpi.KpiScheme) -> bool:
    """Whether the visitor may give the scheme other weights: a lead only own teams' schemes."""
    teams = visit.caller.teams
    return visit.may("kpi.change_weights") and (teams is None or state.team in teams)


def _rows(state: kpi.KpiScheme, typed: Form | None) -> list[dict[str, str]]:
    """The rows of the change form: as typed, else the last weights, and spare ones."""
    if typed is not None:
        columns = [typed.all(name) for name in COLUMNS]
        return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=False)]
    last = max(state.weights, key=lambda one: one.effective).metrics
    rows = [
        {
            "metric": one.metric,
            "weight": per_cent(one.weight),
            "target": shown.count(one.target).replace(",", ""),
            "cap": shown.count(one.cap),
        }
        for one in last
    ]
    return [*rows, *(dict.fromkeys(COLUMNS, "") for _ in range(SPARE_ROWS))]


def _chart(visit: Visit, state: kpi.KpiScheme, titles: dict[str, str]) -> str:
    dated = sorted(state.weights, key=lambda one: one.effective)
    codes = list(dict.fromkeys(metric.metric for one in dated for metric in one.metrics))
    series: list[dict[str, Any]] = []
    for code in codes:
        weights = [next((m.weight for m in one.metrics if m.metric == code), None) for one in dated]
        series.append(
            {
                "name": titles.get(code) or visit.words.word("metric", code),
                "data": [str((weight or 0) * 100) for weight in weights],
                "labels": [shown.share(weight or 0) for weight in weights],
            }
        )
    x = [shown.day(one.effective, visit.language) for one in dated]
    drawn = {"kind": "bar", "stack": True, "max": 100, "unit": "%", "x": x, "series": series}
    return json.dumps(drawn, ensure_ascii=False)


@pages.post("/kpi/{scheme}")
def change(
    request: Request, visit: Annotated[Visit, seen("kpi.change_weights")], scheme: SchemeId
) -> Response:
    """Other weights from the first day of a month on."""
    form = form_of(request)
    sent = {"effective": form.get("effective"), "metrics": sent_rows(form)}
    try:
        command = checked(lambda: kpi.ChangeKpiWeights.model_validate(sent))
        ask = visit.write(form, form.version()).ask(form.get("reason"))
        setup.change_kpi_weights(visit.caller.desk, visit.tenant, scheme, command, ask)
    except Refusal as refusal:
        return _page(request, visit, scheme, None, refusal, form)
    return to(f"/kpi/{scheme}?done=1")


def sent_rows(form: Form) -> list[dict[str, str]]:
    """The rows that were filled in; a bare number in the weight column is a percentage."""
    found = []
    for row in zip(*(form.all(name) for name in COLUMNS), strict=False):
        metric, weight, target, cap = row
        if metric:
            weight = weight if weight.endswith("%") or not weight else f"{weight}%"
            found.append({"metric": metric, "weight": weight, "target": target, "cap": cap})
    return found
