"""Which teams a business lead answers for: set by administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from api.auth import Caller, allowed
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.writes import Reasoned, Write, json_answer, writing
from domain.commands import Name

router = APIRouter(prefix="/v1/team-scopes", tags=["API keys"], route_class=StrictRoute)
ActorPath = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,79}$", examples=["lead.wu"])
]


class TeamsRequest(Reasoned):
    """The teams of a business lead; `*` stands for all of them, none takes all away."""

    teams: Annotated[tuple[Name, ...], Field(max_length=200)]
    model_config = EXAMPLES["team_scope"]


@router.get("")
def list_team_scopes(caller: Annotated[Caller, allowed("key.manage")]) -> Response:
    """Everybody who has teams, by actor."""
    return json_answer({"items": caller.readers.teams.scopes(caller.tenant), "next": None})


@router.put("/{actor}", **writes("The actor's teams", 200))
def set_team_scope(
    actor: ActorPath, body: TeamsRequest, write: Annotated[Write, writing("key.manage")]
) -> Response:
    """Give a business lead these teams and no others, for account and keys alike."""
    caller = write.caller

    def do() -> dict[str, Any]:
        caller.readers.teams.put(caller.tenant, actor, body.teams, by=caller.actor, at=caller.now)
        teams = caller.readers.teams.of(caller.tenant, actor)
        return {"receipts": [], "actor": actor, "teams": teams}

    return write.whole(do, reason=body.reason, status=200)
