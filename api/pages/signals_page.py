"""Signals: what the rules propose, forms to answer, and the rules with their switches."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response

from api.own_teams import own_alone, refuse_team
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.reads import Text
from domain.refusals import Invalid, Refusal
from domain.signals import CODES, DecideSignal, RuleCode, SetSignalRule
from workflows import signals

pages = router()


@pages.get("/people/signals")
def listed(
    request: Request,
    visit: Annotated[Visit, seen("people.read")],
    effective: Text = None,
    known: Text = None,
) -> Response:
    """What the rules say of the last whole month before a day, and the rules."""
    return _page(request, visit, effective, known)


def _page(
    request: Request,
    visit: Visit,
    effective: str | None = None,
    known: str | None = None,
    refusal: Refusal | None = None,
) -> Response:
    view = visit.view(effective, known)
    return page(
        request,
        "signals.html",
        refusal.status if refusal else 200,
        view=view,
        signals=own_alone(
            visit.caller,
            signals.read_signals(view.desk, view.tenant, view.effective, view.known),
        ),
        rules=signals.rules(view.desk, view.tenant, view.effective, view.known),
        problem=None if refusal is None else problem_of(refusal),
    )


@pages.post("/people/signals")
def answer(request: Request, visit: Annotated[Visit, seen("signal.decide")]) -> Response:
    """Accept or dismiss a signal."""
    form = form_of(request)
    said = {"decision": form.get("decision")}
    try:
        command = checked(lambda: DecideSignal.model_validate(said))
        ask = visit.write(form).ask(form.get("reason"))
        today, name = visit.caller.today, form.get("signal")[:60]
        desk, tenant = visit.caller.desk, visit.tenant
        standing = signals.read_signal(desk, tenant, name, today)
        refuse_team(visit.caller, standing.team)
        signals.decide(desk, tenant, standing, command, today, ask)
    except Refusal as refusal:
        return _page(request, visit, None, None, refusal)
    return to("/people/signals?done=1")


@pages.post("/people/signal-rules")
def switch(request: Request, visit: Annotated[Visit, seen("signal.set_rule")]) -> Response:
    """Switch a rule on or off from today on."""
    form = form_of(request)
    said = {"effective": visit.caller.today, "enabled": form.get("enabled") == "1"}
    try:
        command = checked(lambda: SetSignalRule.model_validate(said))
        ask = visit.write(form).ask(form.get("reason"))
        signals.set_rule(visit.caller.desk, visit.tenant, _rule(form), command, ask)
    except Refusal as refusal:
        return _page(request, visit, None, None, refusal)
    return to("/people/signals?done=1")


def _rule(form: Form) -> RuleCode:
    for code in CODES:
        if form.get("rule") == code:
            return code
    raise Invalid("没有这条规则", "There is no such rule", do="List the rules.", field="rule")
