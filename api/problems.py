"""Problem documents (RFC 9457): what every answer that is not a yes looks like."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from api.validation import errors_of
from domain.refusals import Refusal

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:tallystick:problem:"
RETRY_AFTER = "2"
_LONGEST = 2000
_MOST_ITEMS = 50
_log = structlog.get_logger(__name__)
_HTTP = {
    404: ("not_found", "没有这个地址", "There is nothing at this address", "See /docs."),
    405: ("method_not_allowed", "此地址不支持该方法", "This address does not take the method", ""),
    415: ("unsupported_media_type", "不支持的内容类型", "The media type is not taken", ""),
}


def problem(
    request: Request,
    *,
    code: str,
    status: int,
    en: str,
    zh: str,
    do: str = "",
    headers: dict[str, str] | None = None,
    **details: Any,
) -> Response:
    """A problem document as an answer."""
    request.state.refusal = code
    body = {
        "type": PREFIX + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": en[:_LONGEST],
        "detail_zh": zh[:_LONGEST],
        "code": code,
        "do": do[:_LONGEST],
        "instance": f"urn:uuid:{correlation(request)}",
        **{name: _bounded(value) for name, value in details.items()},
    }
    content = msgspec.json.encode(body, enc_hook=str)
    return Response(content, status, headers, media_type=MEDIA_TYPE)


def correlation(request: Request) -> str:
    """The id of this request, as logs, facts and problem documents name it."""
    found = getattr(request.state, "correlation", None)
    if found is None:
        found = request.state.correlation = str(uuid.uuid4())
    return str(found)


def refused(request: Request, refusal: Refusal) -> Response:
    """A refusal as an answer."""
    headers = {}
    if refusal.status == 503:
        headers["Retry-After"] = RETRY_AFTER
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tallystick"'
    own = ("code", "status", "zh", "en", "do", "type", "title", "detail", "detail_zh", "instance")
    details = {name: value for name, value in refusal.details.items() if name not in own}
    return problem(
        request,
        code=refusal.code,
        status=refusal.status,
        en=refusal.en,
        zh=refusal.zh,
        do=refusal.do,
        headers=headers,
        **details,
    )


def install(app: FastAPI) -> None:
    """Let every way a request can fail end in a problem document."""
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    for gone in (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout):
        app.add_exception_handler(gone, _on_database)


def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(request, error)


def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors, more = errors_of(error.errors())
    first = errors[0]
    return problem(
        request,
        code=first["code"],
        status=422,
        en=f"{first['field']}: {first['message']}",
        zh=f"{first['field']}：{first['message_zh']}",
        do="Correct the fields named in errors.",
        field=first["field"],
        errors=errors,
        more_errors=more,
    )


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    plain = ("bad_request", "请求不正确", "The request cannot be read", "")
    code, zh, en, do = _HTTP.get(status, plain)
    headers = dict(error.headers or {})
    if status == 405 and "allow" in {name.lower() for name in headers}:
        do = f"It takes {headers.get('Allow') or headers.get('allow')}."
    return problem(request, code=code, status=status, en=en, zh=zh, do=do, headers=headers)


def _on_database(request: Request, error: Exception) -> Response:
    """The database does not answer, or not in time: this may pass."""
    _log.warning("database_unavailable", correlation=correlation(request), error=_kind(error))
    return problem(
        request,
        code="database_unavailable",
        status=503,
        en="The database does not answer at the moment",
        zh="数据库暂时不可用",
        do="Send it again in a moment with the same Idempotency-Key.",
        headers={"Retry-After": RETRY_AFTER},
    )


def _kind(error: Exception) -> str:
    return f"{type(error).__name__} {getattr(error, 'sqlstate', None) or ''}".strip()


def failed(request: Request, error: Exception) -> Response:
    """An error of ours: it is logged by place and kind, never by what it says."""
    _log.error(
        "request_failed",
        correlation=correlation(request),
        method=request.method,
        route=getattr(request.scope.get("route"), "path", ""),
        error=type(error).__name__,
        at=_place(error),
    )
    return problem(
        request,
        code="internal_error",
        status=500,
        en="Something went wrong here; nothing of the request was half done",
        zh="系统内部错误",
        do="Send it again with the same Idempotency-Key; if it fails again, report the instance.",
    )


def _place(error: BaseException) -> list[str]:
    """Where an error came from, innermost last: file names and lines, no values."""
    places: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-8:]


def _bounded(value: Any) -> Any:
    """Details without huge text or endless lists."""
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value[:_MOST_ITEMS]]
    if isinstance(value, dict):
        return {str(name): _bounded(item) for name, item in list(value.items())[:_MOST_ITEMS]}
    return value
