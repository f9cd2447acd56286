"""The description of the interface: OpenAPI, and a page to read it that needs no other server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)
STATIC = Path(__file__).resolve().parent.parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Swagger UI sets styles on elements; everything else comes from here and nowhere else."""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Tallystick 契 API</title>
<link rel="stylesheet" href="/static/vendor/swagger-ui/swagger-ui.css">
<link rel="icon" type="image/png" href="/static/vendor/swagger-ui/favicon-32x32.png">
</head>
<body>
<div id="docs"></div>
<noscript><p>The description is at <a href="/openapi.json">/openapi.json</a>.</p></noscript>
<script src="/static/vendor/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/static/docs.js"></script>
</body>
</html>
"""


class Static(StaticFiles):
    """Files that come with the program; a browser may keep them for an hour."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """The file, cacheable."""
        response = super().file_response(*args, **more)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response


@router.get("/docs")
def docs(request: Request) -> Response:
    """The interface, to read and to try."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": POLICY})
