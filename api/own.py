"""What belongs to the one who looks: contracts by the read model, payslips that were posted."""

from __future__ import annotations

from typing import Any

from api.reads import View, caught_up
from domain.contract_state import Contract
from domain.payrun import POSTED
from projections.contract_queries import ContractFilter
from workflows import contracts, mine

MOST_CONTRACTS = 50
MOST_PAYSLIPS = 60


def seen_contracts(view: View) -> list[Contract]:
    """The contracts of the caller that were sent or went further, the latest first."""
    caught_up(view, "contract_terms", "pay_register")
    found = view.readers.contracts.contracts(
        view.tenant,
        view.effective,
        where=ContractFilter(person=view.caller.actor),
        terms=False,
        limit=MOST_CONTRACTS,
    )
    states = [contracts.read(view.desk, view.tenant, one.state.contract) for one in found.items]
    shown = [one for one in states if one.status not in mine.HIDDEN]
    return sorted(shown, key=lambda one: (one.start, one.contract), reverse=True)


def payslips_of(view: View, state: Contract) -> list[Any]:
    """The posted payslips of a contract, the latest first."""
    rows = view.desk.register.payslips_of(view.tenant, state.contract, limit=MOST_PAYSLIPS).items
    posted = {
        run.run_id
        for run in view.desk.register.runs(view.tenant, limit=200).items
        if run.status in POSTED
    }
    return [row for row in rows if row.run_id in posted]
