"""A payslip: every line opens to what it was made of, down to the facts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response

from api.pages import lineage
from api.pages.render import page
from api.pages.routing import router
from api.pages.visit import Visit, seen
from api.params import ContractId, RunId
from api.reads import Text, caught_up
from domain.lines import Line
from workflows import payrun
from workflows.payslips import read_payslip

pages = router()
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("income", ("earnings", "arrears")),
    ("balances", ("carry",)),
    ("taken", ("contribution", "tax")),
    ("information", ("information",)),
)


@pages.get("/pay/{run}/{contract}")
def payslip(
    request: Request,
    visit: Annotated[Visit, seen("payslip.read")],
    run: RunId,
    contract: ContractId,
    known: Text = None,
) -> Response:
    """One payslip with every line and its lineage, as known at a position."""
    view = visit.view(None, known)
    state = payrun.read_run(view.desk, view.tenant, run, known=view.known)
    slip = read_payslip(view.desk, view.tenant, run, contract, known=view.known)
    view.read_pay(f"payslip/{run}/{contract}", [slip.person])
    caught_up(view, "pay_register")
    stored = view.desk.store.stream(view.tenant, f"payslip/{run}/{contract}", limit=1)
    values: dict[str, Any] = {
        "run": state,
        "slip": slip,
        "view": view,
        "groups": [(name, _lines(slip.lines, kinds)) for name, kinds in GROUPS],
        "made": lineage.of_line,
        "position": stored[0].position if stored else None,
        "earlier": view.desk.register.payslips_of(view.tenant, contract, limit=60).items,
    }
    return page(request, "payslip.html", **values)


def _lines(lines: tuple[Line, ...], kinds: tuple[str, ...]) -> list[Line]:
    return [line for line in lines if line.component in kinds]
