"""One-off payments beside the clauses: agreed, chosen for, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import OneOffId
from api.reads import KnownQuery, View, position_of, present, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import one_off as commands
from workflows import one_offs
from workflows.desk import Ask, Outcome

router = APIRouter(prefix="/v1/one-offs", tags=["One-off payments"], route_class=StrictRoute)


class OneOffRequest(commands.AgreeOneOff, Reasoned):
    """What is paid once, to whom, from which month's run on."""

    model_config = EXAMPLES["one_off"]


class ChoiceRequest(commands.ChooseBonusTax, Reasoned):
    """What the worker chose."""

    model_config = EXAMPLES["bonus_choice"]


class WithdrawalRequest(Reasoned):
    """Nothing has to be said."""

    model_config = EXAMPLES["act"]


@router.get("")
def list_one_offs(
    view: Annotated[View, present("one_off.read")], known: KnownQuery = None
) -> Response:
    """Every one-off payment, and whether a posted run has paid it."""
    found = one_offs.listed(view.desk, view.tenant, position_of(view.caller, known))
    return seen(view, {"items": [{**views.money(one), "paid": paid} for one, paid in found]})


@router.post("", status_code=201, **writes("The payment"))
def agree_one_off(
    body: OneOffRequest, write: Annotated[Write, writing("one_off.agree")]
) -> Response:
    """Agree on an award, an annual bonus, economic compensation or non-compete pay."""
    command = command_of(commands.AgreeOneOff, body)
    return _on(
        write,
        body.one_off,
        body,
        lambda ask: one_offs.agree(write.desk, write.tenant, command, ask),
    )


@router.post("/{one_off}/tax-choice", status_code=201, **writes("The payment"))
def choose_bonus_tax(
    one_off: OneOffId, body: ChoiceRequest, write: Annotated[Write, writing("one_off.agree")]
) -> Response:
    """Record whether the worker has an annual bonus taxed by itself or with the wages."""
    command = command_of(commands.ChooseBonusTax, body)
    return _on(
        write,
        one_off,
        body,
        lambda ask: one_offs.choose(write.desk, write.tenant, one_off, command, ask),
    )


@router.post("/{one_off}/withdrawal", status_code=201, **writes("The payment"))
def withdraw_one_off(
    one_off: OneOffId, body: WithdrawalRequest, write: Annotated[Write, writing("one_off.agree")]
) -> Response:
    """Withdraw a payment that no posted run has paid."""
    return _on(
        write, one_off, body, lambda ask: one_offs.withdraw(write.desk, write.tenant, one_off, ask)
    )


def _on(
    write: Write, name: str, body: Reasoned, do: Callable[[Ask], Outcome[commands.OneOff]]
) -> Response:
    return write.acted(
        do,
        lambda state: {"one_off": views.money(state)},
        lambda known: one_offs.read(write.desk, write.tenant, name, known),
        reason=body.reason,
    )
