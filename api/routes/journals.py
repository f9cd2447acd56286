"""The journal of posted runs, and the accounts that pay is booked to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import RunId
from api.reads import View, present, reading, seen
from api.writes import Reasoned, Write, command_of, writing
from domain import accounts as commands
from workflows import journal

router = APIRouter(prefix="/v1", tags=["Journal"], route_class=StrictRoute)
LayoutQuery = Annotated[Literal["yonyou", "kingdee", "beancount"] | None, Query()]


class AccountsRequest(commands.MapAccounts, Reasoned):
    """Book pay to other accounts from a day on."""

    model_config = EXAMPLES["accounts"]


@router.get("/pay-runs/{run}/journal")
def get_journal(
    run: RunId, view: Annotated[View, present("journal.read")], layout: LayoutQuery = None
) -> Response:
    """The double-entry voucher of a posted run: JSON, or a file in a layout."""
    made = journal.read_voucher(view.desk, view.tenant, run)
    if layout is None:
        totals = {"debit": made.debit, "credit": made.credit}
        return seen(view, {"voucher": views.money(made), "totals": views.money(totals)})
    text = journal.LAYOUTS[layout](made)
    ending, kind = ("beancount", "text/plain") if layout == "beancount" else ("csv", "text/csv")
    name = f"{run}-{layout}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(), 200, headers, f"{kind}; charset=utf-8")


@router.get("/journal-accounts")
def get_accounts(view: Annotated[View, reading("journal.read")]) -> Response:
    """The accounts that pay is booked to on a day, as known at a position."""
    found = journal.read_accounts(view.desk, view.tenant, view.known)
    return seen(view, {"effective": view.effective, "accounts": found.on(view.effective)})


@router.post("/journal-accounts", status_code=201, **writes("The accounts of that day"))
def map_accounts(
    body: AccountsRequest, write: Annotated[Write, writing("journal.map")]
) -> Response:
    """Book pay to other accounts from a day on; runs that are posted keep theirs."""
    command = command_of(commands.MapAccounts, body)

    def show(position: int) -> dict[str, Any]:
        found = journal.read_accounts(write.desk, write.tenant, position)
        return {"effective": body.effective, "accounts": found.on(body.effective)}

    return write.once(
        lambda ask: journal.map_accounts(write.desk, write.tenant, command, ask).receipts,
        show,
        reason=body.reason,
    )
