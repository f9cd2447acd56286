"""Signals: rules that a person can read and switch, and proposals that a person answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from api.bodies import StrictRoute
from api.examples import writes
from api.examples_people import EXAMPLES
from api.own_teams import own_alone, refuse_team
from api.params import SignalId
from api.reads import View, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain.signals import DecideSignal, RuleCode, SetSignalRule
from ledger.records import Receipt
from workflows import signals
from workflows.desk import Ask

router = APIRouter(prefix="/v1/people", tags=["People"], route_class=StrictRoute)
Rule = Annotated[RuleCode, Path(examples=["team_traffic"])]


class DecisionRequest(DecideSignal, Reasoned):
    """Accepted or dismissed, and why."""

    model_config = EXAMPLES["signal_decision"]


class RuleRequest(SetSignalRule, Reasoned):
    """On or off from a day on, with its numbers."""

    model_config = EXAMPLES["signal_rule"]


@router.get("/signals")
def list_signals(view: Annotated[View, reading("people.read")]) -> Response:
    """What the rules that are on say of the last whole month before a day, each with who answered it."""
    found = signals.read_signals(view.desk, view.tenant, view.effective, view.known)
    return seen(view, {"items": own_alone(view.caller, found)})


@router.post("/signals/{signal}/decision", status_code=201, **writes("What was said of the signal"))
def decide_signal(
    signal: SignalId, body: DecisionRequest, write: Annotated[Write, writing("signal.decide")]
) -> Response:
    """Accept or dismiss what a signal proposes; say why in the reason."""
    command, day = command_of(DecideSignal, body), write.caller.today
    desk, tenant = write.desk, write.tenant

    def do(ask: Ask) -> list[Receipt]:
        standing = signals.read_signal(desk, tenant, signal, day)
        refuse_team(write.caller, standing.team)
        return signals.decide(desk, tenant, standing, command, day, ask).receipts

    def show(position: int) -> dict[str, Any]:
        return {"signal": signal, "decision": body.decision}

    return write.once(do, show, reason=body.reason)


@router.get("/signal-rules")
def list_rules(view: Annotated[View, reading("people.read")]) -> Response:
    """Every rule in words, on or off, with its numbers on a day."""
    found = signals.rules(view.desk, view.tenant, view.effective, view.known)
    return seen(view, {"items": found})


@router.put("/signal-rules/{rule}", **writes("The rule on its first day", 200))
def set_rule(
    rule: Rule, body: RuleRequest, write: Annotated[Write, writing("signal.set_rule")]
) -> Response:
    """Switch a rule on or off, or change its numbers, from a day on."""
    command = command_of(SetSignalRule, body)

    def show(position: int) -> dict[str, Any]:
        every = signals.rules(write.desk, write.tenant, body.effective, position)
        return {"rule": next(one for one in every if one.rule == rule)}

    return write.once(
        lambda ask: signals.set_rule(write.desk, write.tenant, rule, command, ask).receipts,
        show,
        reason=body.reason,
        status=200,
    )
