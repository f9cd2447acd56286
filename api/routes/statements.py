"""Statements of payslips: data, a page that stands alone, a PDF with its evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api import views
from api.bodies import StrictRoute
from api.params import ContractId, RunId
from api.reads import View, present, seen
from domain.statement import Statement
from workflows import disputes, statements

router = APIRouter(prefix="/v1", tags=["Statements"], route_class=StrictRoute)
FormQuery = Annotated[Literal["json", "html", "pdf"], Query(alias="format")]


def printed(made: Statement, form: str) -> Response:
    """A statement as a page that stands alone (`html`) or as a file (`pdf`)."""
    if form == "html":
        return Response(statements.as_html(made), 200, media_type="text/html; charset=utf-8")
    name = f"{made.run}-{made.payslip.contract}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(statements.as_pdf(made), 200, headers, "application/pdf")


@router.get("/pay-runs/{run}/payslips/{contract}/statement")
def get_statement(
    run: RunId,
    contract: ContractId,
    view: Annotated[View, present("payslip.read")],
    form: FormQuery = "json",
) -> Response:
    """A payslip explained: next tiers, what returns cost, disputes; as JSON, HTML or PDF."""
    made = statements.read_statement(view.desk, view.tenant, run, contract)
    view.read_pay(f"payslip/{run}/{contract}", [made.payslip.person])
    if form != "json":
        return printed(made, form)
    said = disputes.read_answers(view.desk, view.tenant, run, contract)
    return seen(view, {"statement": views.money(made), "answers": views.money(said)})
