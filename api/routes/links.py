"""Links that let a streamer in: made and revoked by HR; a link is shown once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from api import entry
from api.auth import Caller, allowed
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.params import PersonId
from api.writes import Reasoned, Write, json_answer, writing
from ledger.entry_links import EntryLinks

router = APIRouter(prefix="/v1", tags=["Streamers"], route_class=StrictRoute)
LinkId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["0f1e2d3c4b5a6978"])]


class LinkRequest(Reasoned):
    """How long a link is good, and how often it lets in."""

    days: Annotated[int, Field(ge=1, le=entry.MOST_DAYS)] = entry.DAYS
    uses: Annotated[int, Field(ge=1, le=entry.MOST_USES)] = entry.USES
    model_config = EXAMPLES["link"]


@router.post(
    "/persons/{person}/links",
    status_code=201,
    **writes("The link; its address is in this answer alone"),
)
def make_link(
    person: PersonId,
    body: LinkRequest,
    request: Request,
    write: Annotated[Write, writing("link.manage")],
) -> Response:
    """Make a link for a person. Its address is shown here, once: a replay does not repeat it."""
    caller = write.caller
    text: list[str] = []

    def do() -> dict[str, Any]:
        made, said = entry.issue_link(
            write.desk, write.tenant, person, days=body.days, uses=body.uses, by=caller.actor,
            at=caller.now,
        )  # fmt: skip
        text.append(said)
        return {"receipts": [], "link": made}

    def address() -> dict[str, Any]:
        return {"address": f"{str(request.base_url).rstrip('/')}/enter/{text[0]}"}

    return write.whole(do, reason=body.reason, shown_once=address)


@router.get("/persons/{person}/links")
def list_links(person: PersonId, caller: Annotated[Caller, allowed("link.manage")]) -> Response:
    """The links of a person, the latest first, without their addresses."""
    found = EntryLinks.beside(caller.desk.store).links(caller.tenant, person)
    return json_answer({"items": found, "next": None})


@router.delete("/links/{link}", **writes("The revoked link", 200))
def revoke_link(link: LinkId, write: Annotated[Write, writing("link.manage")]) -> Response:
    """Revoke a link; it lets nobody in, and the sessions begun with it are over."""
    caller = write.caller

    def do() -> dict[str, Any]:
        links = EntryLinks.beside(write.desk.store)
        return {
            "receipts": [],
            "link": links.revoke(write.tenant, link, by=caller.actor, at=caller.now),
        }

    return write.whole(do, status=200)
