"""How a request for a page is taken: guarded, its form read, every no answered as a page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api import problems
from api.pages import guarding, login_page, render
from api.pages.visit import LoginNeeded, language_of, theme_of
from api.validation import errors_of
from domain.refusals import Invalid, NotFound, Refusal

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
YEAR = 365 * 24 * 3600


class PageRoute(APIRoute):
    """A route that answers with pages, also when it refuses."""

    def get_route_handler(self) -> Handler:
        """The framework's handler behind ours."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            response = await _answer(handle, request)
            _remember(request, response)
            response.headers.update(guarding.HEADERS)
            if request.method == "POST":
                # A page that answers a form is kept for going back to it; logging out clears it.
                response.headers["Cache-Control"] = "private, no-cache"
            return response

        return guarded


async def _answer(handle: Handler, request: Request) -> Response:
    try:
        if request.method == "POST":
            guarding.refuse_cross_site(request)
            request.state.form = await guarding.read_form(request)
        return await handle(request)
    except LoginNeeded:
        return await run_in_threadpool(login_page.asked, request)
    except RequestValidationError as error:
        return await run_in_threadpool(render.refused, request, _invalid(error))
    except Refusal as refusal:
        return await run_in_threadpool(render.refused, request, refusal)
    except Exception as error:  # noqa: BLE001 - logged by place and kind, shown as a page
        problems.failed(request, error)
        return await run_in_threadpool(_broken, request)


def _invalid(error: RequestValidationError) -> Invalid:
    errors, _ = errors_of(error.errors())
    field = errors[0]["field"]
    return Invalid(
        f"{field}：{errors[0]['message_zh']}",
        f"{field}: {errors[0]['message']}",
        do="Correct it and try again.",
        field=field,
    )


def _broken(request: Request) -> Response:
    return render.page(request, "broken.html", 500, instance=problems.correlation(request))


def _remember(request: Request, response: Response) -> None:
    """Keep the language and the theme that were chosen."""
    chosen = {"lang": language_of(request), "theme": theme_of(request)}
    for name, value in chosen.items():
        if request.query_params.get(name) == value:
            response.set_cookie(
                name, value, max_age=YEAR, samesite="lax", httponly=name == "lang",
                secure=request.url.scheme == "https",
            )  # fmt: skip


def router(**more: Any) -> APIRouter:
    """A router of pages; they stand in no description of the HTTP interface."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, **more)


def install(app: FastAPI, *routers: APIRouter) -> None:
    """Add the pages to an app, and answer addresses that lead nowhere with a page."""
    for one in routers:
        app.include_router(one)
    plain = app.exception_handlers[HTTPException]

    async def missing(request: Request, error: Exception) -> Response:
        if not _for_people(request, error):
            return cast(Response, plain(request, error))
        refusal = NotFound("没有这个页面", "There is no such page", do="Go to the first page.")
        response = await run_in_threadpool(render.refused, request, refusal)
        response.headers.update(guarding.HEADERS)
        return response

    app.add_exception_handler(HTTPException, missing)


def _for_people(request: Request, error: Exception) -> bool:
    path = request.url.path
    asked = "text/html" in request.headers.get("accept", "")
    ours = not path.startswith(("/v1", "/static", "/health", "/openapi"))
    return asked and ours and getattr(error, "status_code", 0) == 404
