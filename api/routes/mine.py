"""What a streamer sees and does over the interface: whatever belongs to the key's own actor.

A key of the role streamer is a person's own: its actor is the person's id. What belongs to
another is answered as if it were not there.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.own import payslips_of, seen_contracts
from api.params import ContractId, RunId
from api.reads import View, present, seen
from api.routes.disputes import ConfirmationRequest, DisputeRequest
from api.routes.statements import FormQuery, printed
from api.writes import Reasoned, Write, command_of, writing
from domain.commands import Sha256
from domain.dispute import Answers, DisputeLine
from domain.documents import document_text
from domain.periods import Month
from domain.refusals import Invalid
from workflows import contracts, disputes, mine
from workflows.desk import Ask, Outcome

router = APIRouter(prefix="/v1/mine", tags=["Streamers"], route_class=StrictRoute)
MonthQuery = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$", examples=["2025-03"])]
SAID = "What was said of the payslip"
SUMS = ("run", "contract", "month", "pay_date", "gross", "contributions", "tax", "net")


class OwnSignatureRequest(Reasoned):
    """The hash of the document that is accepted."""

    document_sha256: Sha256
    evidence: Annotated[str, Field(max_length=1000)] = ""
    model_config = EXAMPLES["own_signature"]


@router.get("")
def get_mine(view: Annotated[View, present("mine.read")]) -> Response:
    """The own contracts and the payslips that were posted."""
    found = seen_contracts(view)
    view.read_pay("mine", [view.caller.actor])
    slips = [views.row(slip) for one in found for slip in payslips_of(view, one)]
    body = {
        "person": view.caller.actor,
        "contracts": [views.contract(one) for one in found],
        "payslips": [{name: slip[name] for name in SUMS} for slip in slips],
    }
    return seen(view, body)


@router.get("/contracts/{contract}")
def get_own_contract(contract: ContractId, view: Annotated[View, present("mine.read")]) -> Response:
    """An own contract with every version of its clauses, and the text that is signed."""
    state = mine.own_contract(view.desk, view.tenant, view.caller.actor, contract)
    body = {"contract": views.whole_contract(state), "text": document_text(state)}
    return seen(view, body, state.version)


@router.get("/contracts/{contract}/month")
def get_own_month(
    contract: ContractId,
    view: Annotated[View, present("mine.read")],
    month: MonthQuery = None,
) -> Response:
    """A month of an own contract so far: figures, distance to the next tier, what returns cost."""
    state = mine.own_contract(view.desk, view.tenant, view.caller.actor, contract)
    try:
        wanted = Month.parse(month) if month else Month.of(view.effective)
    except ValueError as error:
        raise Invalid(f"{month} 不是月份", str(error), do="Write 2025-03.", field="month") from None
    view.read_pay(f"contract/{contract}", [state.person])
    found = mine.so_far(view.desk, view.tenant, state, wanted, view.head)
    return seen(view, {"month": views.money(found)})


@router.post(
    "/contracts/{contract}/signature", status_code=201, **writes("The contract as it is now")
)
def sign_own_contract(
    contract: ContractId,
    body: OwnSignatureRequest,
    write: Annotated[Write, writing("mine.sign")],
) -> Response:
    """Accept the document of this hash, after the business department and the seal."""
    person = write.caller.actor
    return write.acted(
        lambda ask: mine.sign(
            write.desk, write.tenant, person, contract, body.document_sha256, body.evidence, ask
        ),
        lambda state: {"contract": views.whole_contract(state)},
        lambda position: contracts.read(write.desk, write.tenant, contract, position),
        reason=body.reason,
    )


@router.get("/payslips/{run}/{contract}")
def get_own_payslip(
    run: RunId,
    contract: ContractId,
    view: Annotated[View, present("mine.read")],
    form: FormQuery = "json",
) -> Response:
    """An own payslip explained; as JSON, HTML or PDF."""
    person = view.caller.actor
    made = mine.own_statement(view.desk, view.tenant, person, run, contract)
    view.read_pay(f"payslip/{run}/{contract}", [person])
    if form != "json":
        return printed(made, form)
    said = mine.own_answers(view.desk, view.tenant, person, run, contract)
    return seen(view, {"statement": views.money(made), "answers": views.money(said)})


@router.post("/payslips/{run}/{contract}/confirmation", status_code=201, **writes(SAID))
def confirm_own_payslip(
    run: RunId,
    contract: ContractId,
    body: ConfirmationRequest,
    write: Annotated[Write, writing("mine.answer")],
) -> Response:
    """Agree with an own payslip."""

    def do(ask: Ask) -> Outcome[Answers]:
        return mine.confirm(write.desk, write.tenant, write.caller.actor, run, contract, ask)

    return _answered(write, run, contract, body, do)


@router.post("/payslips/{run}/{contract}/disputes", status_code=201, **writes(SAID))
def dispute_own_line(
    run: RunId,
    contract: ContractId,
    body: DisputeRequest,
    write: Annotated[Write, writing("mine.answer")],
) -> Response:
    """Disagree with a line of an own payslip, and say why."""
    command = command_of(DisputeLine, body)

    def do(ask: Ask) -> Outcome[Answers]:
        person = write.caller.actor
        return mine.dispute(write.desk, write.tenant, person, run, contract, command, ask)

    return _answered(write, run, contract, body, do)


def _answered(write: Write, run: str, contract: str, body: Reasoned, do: Any) -> Response:
    return write.acted(
        do,
        lambda state: {"answers": views.money(state)},
        lambda position: disputes.read_answers(write.desk, write.tenant, run, contract, position),
        reason=body.reason,
    )
