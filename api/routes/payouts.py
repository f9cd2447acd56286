"""Payouts: one instruction for each payable, and the bank's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import PayoutId
from api.reads import CursorQuery, LimitQuery, Text, View, caught_up, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import payout as commands
from domain.payout import Payout
from ledger.records import Receipt
from workflows import payouts
from workflows.desk import Ask, Outcome

router = APIRouter(prefix="/v1/payouts", tags=["Payouts"], route_class=StrictRoute)


class SettlementRequest(commands.SettlePayout, Reasoned):
    """What the bank says: paid."""

    model_config = EXAMPLES["settlement"]


class ReturnRequest(commands.ReturnPayout, Reasoned):
    """What the bank says: returned."""

    model_config = EXAMPLES["return"]


class FailureRequest(commands.FailPayout, Reasoned):
    """What the bank says: not carried out."""

    model_config = EXAMPLES["return"]


class InstructRequest(Reasoned):
    """Nothing has to be said; `reason` may be."""

    model_config = EXAMPLES["act"]


@router.get("")
def list_payouts(
    view: Annotated[View, present("payout.read")],
    run: Text = None,
    contract: Text = None,
    person: Text = None,
    status: Literal["instructed", "settled", "returned"] | None = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Payouts by id, with the sums of each status (of a run where one is given)."""
    caught_up(view, "payout_ledger")
    ledger = view.readers.payouts
    found = ledger.payouts(
        view.tenant,
        run=run,
        status=status,
        contract=contract,
        person=person,
        cursor=cursor,
        limit=limit,
    )
    view.read_pay("payouts", {one.person_id for one in found.items})
    totals = {
        name: {"payouts": count, "amount": amount}
        for name, (count, amount) in ledger.totals(view.tenant, run).items()
    }
    return seen(view, {**views.page(found), "totals": views.money(totals)})


@router.get("/{payout}")
def get_payout(payout: PayoutId, view: Annotated[View, reading("payout.read")]) -> Response:
    """A payout as known at a position, and every attempt to pay it."""
    state = payouts.read_payout(view.desk, view.tenant, payout, view.known)
    caught_up(view, "payout_ledger")
    attempts = [
        views.row(attempt)
        for attempt in view.readers.payouts.attempts(view.tenant, payout)
        if attempt.attempt <= state.attempt
    ]
    view.read_pay(f"payout/{payout}", [state.person])
    shown = {"payout": views.money(state), "attempts": attempts, "known": view.position}
    return seen(view, shown, state.version)


def _on_payout(
    write: Write, payout: str, body: Reasoned, do: Callable[[Ask], Outcome[Payout]]
) -> Response:
    def receipts(ask: Ask) -> list[Receipt]:
        return do(ask).receipts

    def show(position: int) -> dict[str, Any]:
        state = payouts.read_payout(write.desk, write.tenant, payout, position)
        return {"payout": views.money(state)}

    return write.once(receipts, show, reason=body.reason)


@router.post("/{payout}/settlement", status_code=201, **writes("The settled payout"))
def settle_payout(
    payout: PayoutId, body: SettlementRequest, write: Annotated[Write, writing("payout.answer")]
) -> Response:
    """Record that the bank paid."""
    command = command_of(commands.SettlePayout, body)
    return _on_payout(
        write,
        payout,
        body,
        lambda ask: payouts.settle(write.desk, write.tenant, payout, command, ask),
    )


@router.post("/{payout}/return", status_code=201, **writes("The returned payout"))
def return_payout(
    payout: PayoutId, body: ReturnRequest, write: Annotated[Write, writing("payout.answer")]
) -> Response:
    """Record that the bank sent the money back: the payable is open again."""
    command = command_of(commands.ReturnPayout, body)
    return _on_payout(
        write,
        payout,
        body,
        lambda ask: payouts.give_back(write.desk, write.tenant, payout, command, ask),
    )


@router.post("/{payout}/failure", status_code=201, **writes("The failed payout"))
def fail_payout(
    payout: PayoutId, body: FailureRequest, write: Annotated[Write, writing("payout.answer")]
) -> Response:
    """Record that the bank did not carry the instruction out: the payable is open again."""
    command = command_of(commands.FailPayout, body)
    return _on_payout(
        write,
        payout,
        body,
        lambda ask: payouts.fail(write.desk, write.tenant, payout, command, ask),
    )


@router.post("/{payout}/instruction", status_code=201, **writes("The payout, instructed again"))
def instruct_payout_again(
    payout: PayoutId, body: InstructRequest, write: Annotated[Write, writing("payout.instruct")]
) -> Response:
    """Instruct a payable again after the bank returned it or did not carry it out."""
    return _on_payout(
        write,
        payout,
        body,
        lambda ask: payouts.instruct_again(write.desk, write.tenant, payout, ask),
    )
