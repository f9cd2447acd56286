"""Every read model of the program, in the order in which they are caught up."""

from __future__ import annotations

from projections import (
    audit_history,
    contract_terms,
    directory,
    expiry_watch,
    pay_register,
    payout_ledger,
)
from projections.model import ReadModel


def _all(*models: ReadModel) -> tuple[ReadModel, ...]:
    return models


MODELS = _all(
    contract_terms,
    pay_register,
    payout_ledger,
    expiry_watch,
    directory,
    audit_history,
)
