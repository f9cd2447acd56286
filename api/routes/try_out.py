"""Trying a payslip before anything is signed: nothing is written."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.bodies import StrictRoute
from api.examples import TRY_EXAMPLE, problem_responses
from api.reads import View, present, seen
from workflows.law import law_book
from workflows.try_payslip import try_payslip

router = APIRouter(prefix="/v1/try", tags=["Try"], route_class=StrictRoute)
Document = Annotated[
    dict[str, Any], Body(examples=[TRY_EXAMPLE], description="The format of docs/try.md.")
]


@router.post("/payslip", responses=problem_responses(400, 413, 415, 422))
def try_a_payslip(body: Document, view: Annotated[View, present("payslip.try")]) -> Response:
    """Clauses, figures, a month and tax facts in; the payslip with every line explained out.

    It is computed with the law tables of the tenant as they are known now.
    """
    return seen(view, try_payslip(body, law_book(view.desk, view.tenant)))
