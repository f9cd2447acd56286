"""Acts on one contract: sent, signed, activated, amended, renewed, ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import ContractId
from api.writes import Reasoned, Write, command_of, writing
from domain import contract_commands as commands
from workflows import contracts

router = APIRouter(prefix="/v1/contracts/{contract}", tags=["Contracts"], route_class=StrictRoute)
SHOWN = "The contract as it is now"


class SignRequest(commands.SignContract, Reasoned):
    """One party accepts the document of this hash."""

    model_config = EXAMPLES["sign"]


class AmendRequest(commands.AmendContract, Reasoned):
    """Change clauses with effect on one date; `reason` is needed."""

    model_config = EXAMPLES["amend"]


class RenewRequest(commands.RenewContract, Reasoned):
    """A new term; `reason` is needed."""

    model_config = EXAMPLES["renew"]


class EndRequest(commands.EndContract, Reasoned):
    """End the contract from a day on."""

    model_config = EXAMPLES["end"]


class TaxCharacterRequest(commands.SetTaxCharacter, Reasoned):
    """How payments are taxed from a day on."""

    model_config = EXAMPLES["tax_character"]


class ExpiryDecisionRequest(commands.DecideExpiry, Reasoned):
    """What happens at the end of the term."""

    model_config = EXAMPLES["expiry_decision"]


class ActRequest(Reasoned):
    """Nothing has to be said; `reason` may be."""

    model_config = EXAMPLES["act"]


def _act(
    write: Write, contract: str, command: commands.ContractCommand, body: Reasoned
) -> Response:
    return write.acted(
        lambda ask: contracts.act_on(write.desk, write.tenant, contract, command, ask),
        lambda state: {"contract": views.whole_contract(state)},
        lambda position: contracts.read(write.desk, write.tenant, contract, position),
        reason=body.reason,
    )


@router.post("/send", status_code=201, **writes(SHOWN))
def send_contract(
    contract: ContractId, body: ActRequest, write: Annotated[Write, writing("contract.send")]
) -> Response:
    """Send the drafted text out to be signed; its hash is fixed here."""
    return _act(write, contract, commands.SendContract(), body)


@router.post("/signatures", status_code=201, **writes(SHOWN))
def sign_contract(
    contract: ContractId, body: SignRequest, write: Annotated[Write, writing("contract.sign")]
) -> Response:
    """Record that a party accepted the document: business department, company seal, streamer."""
    return _act(write, contract, command_of(commands.SignContract, body), body)


@router.post("/activation", status_code=201, **writes(SHOWN))
def activate_contract(
    contract: ContractId, body: ActRequest, write: Annotated[Write, writing("contract.activate")]
) -> Response:
    """Put a signed contract in force."""
    return _act(write, contract, commands.ActivateContract(), body)


@router.post("/cancellation", status_code=201, **writes(SHOWN))
def cancel_contract(
    contract: ContractId, body: ActRequest, write: Annotated[Write, writing("contract.cancel")]
) -> Response:
    """Drop a contract that is not yet signed by all."""
    return _act(write, contract, commands.CancelContract(), body)


@router.post("/amendments", status_code=201, **writes(SHOWN))
def amend_contract(
    contract: ContractId, body: AmendRequest, write: Annotated[Write, writing("contract.amend")]
) -> Response:
    """Change clauses with effect on one date, past or future."""
    return _act(write, contract, command_of(commands.AmendContract, body), body)


@router.post("/renewal", status_code=201, **writes(SHOWN))
def renew_contract(
    contract: ContractId, body: RenewRequest, write: Annotated[Write, writing("contract.renew")]
) -> Response:
    """Give the contract a new term from the day the old one ends, with changed clauses."""
    return _act(write, contract, command_of(commands.RenewContract, body), body)


@router.post("/ending", status_code=201, **writes(SHOWN))
def end_contract(
    contract: ContractId, body: EndRequest, write: Annotated[Write, writing("contract.end")]
) -> Response:
    """End the contract; the day given is the first on which it is not in force."""
    return _act(write, contract, command_of(commands.EndContract, body), body)


@router.post("/tax-character", status_code=201, **writes(SHOWN))
def set_tax_character(
    contract: ContractId,
    body: TaxCharacterRequest,
    write: Annotated[Write, writing("contract.set_tax_character")],
) -> Response:
    """Say how payments under the contract are taxed, from a day on."""
    return _act(write, contract, command_of(commands.SetTaxCharacter, body), body)


@router.post("/expiry-decision", status_code=201, **writes(SHOWN))
def decide_expiry(
    contract: ContractId,
    body: ExpiryDecisionRequest,
    write: Annotated[Write, writing("contract.decide_expiry")],
) -> Response:
    """Decide before the end of the term: renew, renegotiate or let it end."""
    return _act(write, contract, command_of(commands.DecideExpiry, body), body)
