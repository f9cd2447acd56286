"""Payslips confirmed or disputed by who is paid, and the answers to disputes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import ContractId, RunId
from api.writes import Reasoned, Write, command_of, writing
from domain import dispute as commands
from workflows import disputes
from workflows.desk import Ask, Outcome

PATH = "/pay-runs/{run}/payslips/{contract}"
DisputeId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$", examples=["D-2025-03-1"])
]
router = APIRouter(prefix="/v1", tags=["Disputes"], route_class=StrictRoute)


class ConfirmationRequest(Reasoned):
    """Nothing has to be said."""

    model_config = EXAMPLES["act"]


class DisputeRequest(commands.DisputeLine, Reasoned):
    """Which line, and why not."""

    model_config = EXAMPLES["dispute"]


class ResolutionRequest(commands.ResolveDispute, Reasoned):
    """What comes of it; `accepted` names the position of the fact that mends it."""

    model_config = EXAMPLES["resolution"]


def _on(
    write: Write,
    run: str,
    contract: str,
    body: Reasoned,
    do: Callable[[Ask], Outcome[commands.Answers]],
) -> Response:
    def show(position: int) -> dict[str, Any]:
        said = disputes.read_answers(write.desk, write.tenant, run, contract, position)
        return {"answers": views.money(said)}

    return write.once(lambda ask: do(ask).receipts, show, reason=body.reason)


@router.post(PATH + "/confirmation", status_code=201, **writes("What was said of the payslip"))
def confirm_payslip(
    run: RunId,
    contract: ContractId,
    body: ConfirmationRequest,
    write: Annotated[Write, writing("payslip.answer")],
) -> Response:
    """Record that the person agrees with a posted payslip."""
    return _on(
        write,
        run,
        contract,
        body,
        lambda ask: disputes.confirm(write.desk, write.tenant, run, contract, ask),
    )


@router.post(PATH + "/disputes", status_code=201, **writes("What was said of the payslip"))
def dispute_line(
    run: RunId,
    contract: ContractId,
    body: DisputeRequest,
    write: Annotated[Write, writing("payslip.answer")],
) -> Response:
    """Record that the person does not agree with a line, and why."""
    command = command_of(commands.DisputeLine, body)
    return _on(
        write,
        run,
        contract,
        body,
        lambda ask: disputes.raise_dispute(write.desk, write.tenant, run, contract, command, ask),
    )


@router.post(
    PATH + "/disputes/{dispute}/resolution",
    status_code=201,
    **writes("What was said of the payslip"),
)
def resolve_dispute(
    run: RunId,
    contract: ContractId,
    dispute: DisputeId,
    body: ResolutionRequest,
    write: Annotated[Write, writing("payslip.resolve")],
) -> Response:
    """Answer a dispute; the payslip stays, the correction comes with the next run."""
    command = command_of(commands.ResolveDispute, body)
    return _on(
        write,
        run,
        contract,
        body,
        lambda ask: disputes.resolve(
            write.desk, write.tenant, run, contract, dispute, command, ask
        ),
    )
