"""Payslips: every line with what it was made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from api import views
from api.bodies import StrictRoute
from api.params import ContractId, RunId
from api.reads import CursorQuery, LimitQuery, View, caught_up, present, reading, seen
from workflows import contracts
from workflows.payslips import read_payslip

router = APIRouter(prefix="/v1", tags=["Payslips"], route_class=StrictRoute)


@router.get("/pay-runs/{run}/payslips/{contract}")
def get_payslip(
    run: RunId, contract: ContractId, view: Annotated[View, reading("payslip.read")]
) -> Response:
    """One payslip with every line and its lineage, as known at a position."""
    found = read_payslip(view.desk, view.tenant, run, contract, known=view.known)
    view.read_pay(f"payslip/{run}/{contract}", [found.person])
    return seen(view, {"run": run, "payslip": views.money(found), "known": view.position})


@router.get("/contracts/{contract}/payslips")
def list_payslips(
    contract: ContractId,
    view: Annotated[View, present("payslip.read")],
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
) -> Response:
    """The payslips of a contract, the latest first, those of rejected runs included."""
    contracts.read(view.desk, view.tenant, contract)
    caught_up(view, "pay_register")
    found = view.desk.register.payslips_of(view.tenant, contract, cursor=cursor, limit=limit)
    view.read_pay(f"contract/{contract}", {one.person_id for one in found.items})
    return seen(view, views.page(found))
