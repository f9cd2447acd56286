"""Trying a payslip before anything is signed: nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Response

from api.bodies import StrictRoute
from api.examples import EXAMPLES, TRY_EXAMPLE, problem_responses
from api.own_teams import refuse_other_team, within_own_teams
from api.reads import KnownQuery, View, position_of, present, seen
from domain.what_if_command import AmendedPay, WhatIf
from workflows.law import law_book
from workflows.try_payslip import try_payslip
from workflows.what_if import WhatIfAnswer, amended_pay, what_if

router = APIRouter(prefix="/v1/try", tags=["Try"], route_class=StrictRoute)
Document = Annotated[
    dict[str, Any], Body(examples=[TRY_EXAMPLE], description="The format of docs/try.md.")
]


class WhatIfRequest(WhatIf):
    """Past months to rate again."""

    model_config = EXAMPLES["what_if"]


class AmendedPayRequest(AmendedPay):
    """A contract's last months to rate again."""

    model_config = EXAMPLES["amended_pay"]


@router.post("/payslip", responses=problem_responses(400, 413, 415, 422))
def try_a_payslip(body: Document, view: Annotated[View, present("payslip.try")]) -> Response:
    """Clauses, figures, a month and tax facts in; the payslip with every line explained out.

    It is computed with the law tables of the tenant as they are known now.
    """
    return seen(view, try_payslip(body, law_book(view.desk, view.tenant)))


@router.post("/what-if", responses=problem_responses(400, 404, 413, 415, 422))
def try_what_if(
    body: WhatIfRequest, view: Annotated[View, present("pay.what_if")], known: KnownQuery = None
) -> Response:
    """Rate real past months again with other weights, clauses or teams; nothing is written.

    By person and in total, who gains, who loses, tiers crossed. Behaviour is held fixed.
    """
    at = position_of(view.caller, known)
    asked = within_own_teams(view.caller, body)
    return _answered(view, what_if(view.desk, view.tenant, asked, today=view.effective, known=at))


@router.post("/amendment", responses=problem_responses(400, 404, 413, 415, 422))
def try_an_amendment(
    body: AmendedPayRequest, view: Annotated[View, present("pay.what_if")], known: KnownQuery = None
) -> Response:
    """What the last months of a contract would have brought under an amendment, line by line."""
    at = position_of(view.caller, known)
    refuse_other_team(view.caller, {"contract": body.contract})
    found = amended_pay(view.desk, view.tenant, body, today=view.effective, known=at)
    return _answered(view, found)


def _answered(view: View, answer: WhatIfAnswer) -> Response:
    view.read_pay("what-if", [one.person for one in answer.people])
    return seen(replace(view, known=answer.known), msgspec.to_builtins(answer))
