"""A streamer's link: a page with one button. Looking at it uses nothing; the button does."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response

from api import entry
from api.auth import service_of
from api.pages.render import page, problem_of, to
from api.pages.visit import form_of, with_session
from domain.refusals import Refusal

LinkText = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}\.[0-9a-f]{16}\.[A-Za-z0-9_-]{43}$")]


def show(request: Request, link: LinkText) -> Response:
    """The page of a link, the same for a good and a bad one."""
    return page(request, "enter.html", link=link)


def enter(request: Request, link: LinkText) -> Response:
    """Begin a session with the link."""
    service, form = service_of(request), form_of(request)
    try:
        cookie = entry.enter(
            service.desk,
            link,
            form.get("once")[:64],
            address=request.client.host if request.client else "",
            device=request.headers.get("user-agent", ""),
            at=service.clock(),
        )
    except Refusal as refusal:
        return page(request, "enter.html", refusal.status, link=link, problem=problem_of(refusal))
    return with_session(request, to("/mine"), cookie)
