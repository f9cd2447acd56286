"""The keys of the log: who signs checkpoints, and the administrator's act of rotating the key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from api.auth import Caller, allowed
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.sealing import KEYS
from api.settings import Settings
from api.writes import Reasoned, Write, json_answer, writing
from domain.refusals import WrongState
from ledger.log_store import LogStore
from ledger.records import Receipt
from workflows.desk import Ask
from workflows.log_keys import rotate

router = APIRouter(prefix="/v1/log-keys", tags=["Log"], route_class=StrictRoute)


class RotationRequest(Reasoned):
    """The reason stands in the fact."""

    model_config = EXAMPLES["log_rotation"]


@router.get("")
def list_log_keys(caller: Annotated[Caller, allowed("audit.read")]) -> Response:
    """The public keys of the tenant's log, each with the statement that introduced it."""
    return json_answer(_keys(caller))


@router.post("/rotation", status_code=201, **writes("The keys of the log, the new one last"))
def rotate_log_key(
    body: RotationRequest, request: Request, write: Annotated[Write, writing("log.rotate")]
) -> Response:
    """Hand the log to the next signing key; the fact holds a statement signed by both keys."""
    settings = request.app.state.settings
    if not isinstance(settings, Settings):
        raise WrongState(
            "此服务没有签名密钥",
            "This service has no signing keys",
            do="Use `tallystick checkpoint --rotate-key` where the keys are.",
        )

    def do(ask: Ask) -> Sequence[Receipt]:
        return [rotate(write.desk, write.tenant, settings.home / KEYS, ask)]

    return write.once(do, lambda position: _keys(write.caller), reason=body.reason)


def _keys(caller: Caller) -> dict[str, Any]:
    with caller.readers.pool.connection() as connection:
        log = LogStore(connection, caller.tenant)
        return {"origin": log.state.origin, "keys": log.log_keys()}
