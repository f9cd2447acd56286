"""Receipts: what a write answered, held against the log later."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.auth import Caller, allowed
from api.bodies import StrictRoute
from api.writes import json_answer
from workflows.receipts import check_receipt

router = APIRouter(prefix="/v1/receipts", tags=["Log"], route_class=StrictRoute)
Position = Annotated[int, Query(ge=1, le=2**62, examples=[29])]
Leaf = Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="`leaf_hash` of the receipt.")]
Kept = Annotated[
    str | None,
    Query(max_length=8000, description="The text of a checkpoint that you kept, if you have one."),
]


@router.get("/check")
def check(
    caller: Annotated[Caller, allowed("receipt.check")],
    position: Position,
    leaf_hash: Leaf,
    checkpoint: Kept = None,
) -> Response:
    """That the fact of a receipt stands in the log, with the proof; 409 where it does not."""
    found = check_receipt(caller.desk, caller.tenant, position, leaf_hash, checkpoint)
    return json_answer(found)
