"""How request bodies are read: bounded, typed by their media type, parsed exactly, once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from anyio import from_thread
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api.refusals import CutOff, TooLarge, UnsupportedMedia
from api.strict_json import read_json

LIMIT = 1024 * 1024
"""Bytes of an ordinary body."""
SMALL = 16 * 1024
"""Bytes that are read where they arrive: to hand them to another thread takes longer."""
_EMPTY = b"{}"


class StrictRequest(Request):
    """A request whose JSON body has been read by this module before the framework asks for it."""

    def __init__(self, request: Request, data: bytes, parsed: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._body = data
        self._parsed = parsed
        self.state.json = parsed
        self.state.size = len(data)

    async def json(self) -> Any:
        """The parsed body."""
        return self._parsed


class StrictRoute(APIRoute):
    """A route that reads its JSON body strictly; one without a declared body is left alone."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler behind ours."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strict(request: Request) -> Response:
            data = await _read(request)
            if data:
                _need_json(request)
            else:
                data = _EMPTY
                _say_json(request)
            if len(data) <= SMALL:
                parsed = read_json(data)
            else:
                parsed = await run_in_threadpool(read_json, data)
            return await handle(StrictRequest(request, data, parsed))

        return strict


async def _read(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > LIMIT:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LIMIT:
                raise _too_large()
            parts.append(part)
    except ClientDisconnect:
        raise cut_off() from None
    return b"".join(parts)


def _need_json(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise unsupported(media, "application/json")


def _say_json(request: Request) -> None:
    """An act without a body is an empty object: the framework looks at the media type."""
    headers = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
    request.scope["headers"] = [*headers, (b"content-type", b"application/json")]


def upload(request: Request) -> Iterator[bytes]:
    """The body as it arrives, for an endpoint in a worker thread. Raises CutOff."""
    stream = request.stream()

    async def following() -> bytes | None:
        return await anext(stream, None)

    while True:
        try:
            part = from_thread.run(following)
        except ClientDisconnect:
            raise cut_off() from None
        if part is None:
            return
        yield part


def media_type(request: Request) -> str:
    """The media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unsupported(found: str, *wanted: str) -> UnsupportedMedia:
    """The answer to a body of another media type."""
    return UnsupportedMedia(
        f"不支持的内容类型 {found[:80] or '(无)'}",
        f"This endpoint does not take {found[:80] or 'a body without a media type'}",
        do=f"Send Content-Type: {' or '.join(wanted)}.",
        accepts=list(wanted),
    )


def cut_off() -> CutOff:
    """The answer (if anybody still listens) to a body that ended too early."""
    return CutOff(
        "上传中断, 没有保留任何内容",
        "The upload was cut off; nothing of it was kept",
        do="Send the whole body again.",
    )


def _too_large() -> TooLarge:
    return TooLarge(
        f"请求超过 {LIMIT} 字节",
        f"The body is larger than {LIMIT} bytes",
        do="Send less at once; figures go to POST /v1/metric-batches, which has no such limit.",
        limit=LIMIT,
    )
