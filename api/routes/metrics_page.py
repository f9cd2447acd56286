"""`/metrics`: what Prometheus reads, for this machine or for whoever has the token."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.settings import Settings
from domain.refusals import Forbidden

router = APIRouter(include_in_schema=False)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Positions, lags, groups, refusals, durations and connections, as text."""
    _refuse_strangers(request)
    return Response(
        generate_latest(request.app.state.measures.registry), media_type=CONTENT_TYPE_LATEST
    )


def _refuse_strangers(request: Request) -> None:
    """It names every tenant, so no tenant's key opens it. Raises Forbidden."""
    settings = request.app.state.settings
    token = settings.metrics_token if isinstance(settings, Settings) else None
    if token is not None:
        given = request.headers.get("authorization", "").encode()
        allowed = hmac.compare_digest(given, b"Bearer " + token.encode())
    else:
        allowed = _is_of_this_machine(request)
    if not allowed:
        raise Forbidden(
            "指标只对本机或持有令牌者开放",
            "Metrics are for this machine, or for whoever has the token",
            do="Set TALLYSTICK_METRICS_TOKEN and send it as Authorization: Bearer …",
        )


def _is_of_this_machine(request: Request) -> bool:
    """Whether it came from here, under a name of here, and through no proxy that says so."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return (
        request.client is not None
        and _is_loopback(request.client.host)
        and (host == "localhost" or _is_loopback(host))
        and not any(name in request.headers for name in _FORWARDED)
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
