"""Every endpoint with every role: who is let in is what the one table says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from api.auth import Allowed
from domain.roles import ROLES, TABLE, may
from tests.api.http_api import Api

OPEN = {"/health", "/health/live", "/health/ready", "/docs", "/metrics"}
"""Addresses that need no key of a tenant."""
NAMES = {"key": "0123456789abcdef", "metric": "sales"}


def acts(dependant: Any) -> Iterator[str]:
    """The acts that an endpoint's dependencies ask for."""
    if isinstance(dependant.call, Allowed):
        yield dependant.call.act
    for inner in dependant.dependencies:
        yield from acts(inner)


def routes() -> list[tuple[str, str, str]]:
    """Method, path and act of every endpoint."""
    found = []
    for route in every_route(create_app()):
        if route.path in OPEN:
            continue
        [act] = set(acts(route.dependant))
        found.extend((method, route.path, act) for method in route.methods)
    return sorted(found)


def every_route(app: Any) -> Iterator[APIRoute]:
    from api.app import ROUTERS

    for router in ROUTERS:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def address(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: NAMES.get(name[1], "X-1"), path)


def test_every_act_has_an_endpoint_and_every_endpoint_an_act() -> None:
    asked = {act for _, _, act in routes()}
    assert asked | {"person.read_personal", "person.read_granted"} == set(TABLE)


@pytest.mark.parametrize(("method", "path", "act"), routes())
def test_an_endpoint_lets_in_whom_the_table_says(
    shared_api: Api, method: str, path: str, act: str
) -> None:
    for role in ROLES:
        answer = shared_api.call(method, address(path), role=role)
        assert answer.status_code < 500, answer.text
        assert (answer.status_code == 403) == (not may([role], act)), (role, answer.text)
        if answer.status_code == 403:
            assert answer.json()["code"] == "forbidden"


@pytest.mark.parametrize(("method", "path", "act"), routes())
def test_an_endpoint_lets_in_nobody_without_a_key(
    shared_api: Api, method: str, path: str, act: str
) -> None:
    answer = shared_api.client.request(method, address(path))
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer tsk_hangzhou-media_0123456789abcdef_" + "A" * 43,
        "Bearer tsk_no-such-tenant_0123456789abcdef_" + "A" * 43,
        "Bearer tsk_x_y_z",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_bad_key_opens_nothing(shared_api: Api, header: str) -> None:
    answer = shared_api.client.get("/v1/status", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
