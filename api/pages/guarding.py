"""What guards the pages: headers of every answer, and no form that another site sent."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from api.refusals import CutOff, TooLarge, UnsupportedMedia
from domain.refusals import Forbidden

LIMIT = 1024 * 1024
"""Bytes of a form."""
MOST_FIELDS = 5000
FORM = "application/x-www-form-urlencoded"
WITH_FILE = "multipart/form-data"
LARGEST_FILE = 32 * 1024 * 1024
"""Bytes of a form with a file; larger ones go over the HTTP interface."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Tabler's icons are pictures in its style sheet (data:); everything else comes from here."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Vary": "Cookie, Accept-Language",
}
"""Beside those that every answer has. With no-referrer a browser would hide the Origin of forms."""


class CrossSite(Forbidden):
    """A form that was not sent from a page of ours."""

    code = "cross_site"


def refuse_cross_site(request: Request) -> None:
    """Raise CrossSite unless the browser says that the form stands on a page of ours."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        good = site == "same-origin"
    else:
        origin = urlsplit(request.headers.get("origin", ""))
        good = bool(origin.netloc) and origin.netloc == request.headers.get("host")
    if not good:
        raise CrossSite(
            "请求来自其他网站, 已拒绝",
            "The form was sent from another site and was refused",
            do="Open the page here and send the form again.",
        )


async def read_form(request: Request) -> dict[str, list[str]]:
    """The fields of a form, bounded; NUL characters are dropped. Raises TooLarge, CutOff."""
    media = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if media == WITH_FILE:
        return await _with_file(request)
    if media != FORM:
        raise UnsupportedMedia("不支持的内容类型", "Forms are sent url-encoded", accepts=[FORM])
    data = await _read(request)
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise _too_large() from None
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\0", "").replace("\r\n", "\n"))
    return fields


async def _with_file(request: Request) -> dict[str, list[str]]:
    """The fields of a form with a file, which is kept as `request.state.upload`."""
    declared = request.headers.get("content-length", "")
    if not (declared.isascii() and declared.isdigit() and int(declared[:20]) <= LARGEST_FILE):
        raise _too_large(LARGEST_FILE)
    fields: dict[str, list[str]] = {}
    try:
        form = await request.form(max_files=1, max_fields=MOST_FIELDS)
    except ClientDisconnect:
        raise _cut_off() from None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            request.state.upload = (value.filename or "", await value.read())
        else:
            fields.setdefault(name, []).append(value.replace("\0", "").replace("\r\n", "\n"))
    await form.close()
    return fields


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LIMIT:
                raise _too_large()
            parts.append(part)
    except ClientDisconnect:
        raise _cut_off() from None
    return b"".join(parts)


def _cut_off() -> CutOff:
    return CutOff("上传中断, 没有保留任何内容", "The form was cut off; nothing was kept")


def _too_large(most: int = LIMIT) -> TooLarge:
    return TooLarge(f"表单超过 {most} 字节", f"The form is larger than {most} bytes", do="")
