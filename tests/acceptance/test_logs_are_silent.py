"""No log holds personal data or secrets: planted in bodies, queries, headers, refusals, errors."""

from __future__ import annotations

import json

import httpx
import psycopg
import pytest

from api.postgres_server import EmbeddedPostgres
from tests.acceptance.planted import found_in
from tests.acceptance.test_nothing_left import PERSONAL, Company
from tests.api.test_serve import Service, service

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
__all__ = ["service"]
SECRETS = ["geheimes-Passwort-7Zq", "tsk_acme_0123456789abcdef_" + "Q7" * 21 + "x"]
PLANTED = [*PERSONAL.values(), *SECRETS]
BROKEN = ("ledger.read_log", "ledger.person_key", "ledger.fact", "access.login_failure")
"""Each table is taken away for a while: every request ends in an error of ours."""


def send_everything(company: Company) -> list[int]:
    """Every planted value in every place of a request; the statuses."""
    found = []
    person = {"person": "P-1", "personal": PERSONAL}
    found.append(company.call("POST", "/v1/persons", json=person).status_code)
    found.append(company.call("GET", "/v1/persons/P-1?personal=true").status_code)
    for value in PLANTED:
        text = json.dumps({"person": "P-2", "personal": {"name": value}, "reason": value})
        for body in (text, text[:-1], text.replace("name", "nickname"), f'"{value}"'):
            sent = {"content": body.encode(), "headers": {"Content-Type": "application/json"}}
            found.append(company.call("POST", "/v1/persons", **sent).status_code)
        rows = f"person,metric,day,value\n{value},{value},{value},{value}\n".encode()
        sent = {"content": rows, "headers": {"Content-Type": "text/csv"}}
        found.append(company.call("POST", "/v1/metric-batches?source=shop", **sent).status_code)
        for query in ({"q": value}, {"cursor": value}, {"known": value}):
            found.append(company.call("GET", "/v1/persons", params=query).status_code)
        found.append(company.call("GET", f"/v1/persons/{value}").status_code)
        found += _from_outside(company.http, value)
    return found


def _from_outside(http: httpx.Client, value: str) -> list[int]:
    """As a header, as a key, as a cookie, as a password."""
    shown = value if value.isascii() else value.encode().hex()
    headers = {"Authorization": f"Bearer {shown}", "X-Forwarded-For": shown, "User-Agent": shown}
    form = {"tenant": "acme", "account": value, "password": value}
    same = {"Sec-Fetch-Site": "same-origin", "Cookie": f"tallystick_session={shown}"}
    return [
        http.get("/v1/status", headers=headers).status_code,
        http.get("/contracts", params={"q": value}, headers=same).status_code,
        http.post("/login", data=form, headers=same).status_code,
    ]


def test_logs_of_a_real_service_hold_nothing_that_was_planted(service: Service) -> None:
    service.environment["TALLYSTICK_LOG_LEVEL"] = "debug"
    company = Company(service)
    assert {201, 200, 404, 422, 401} <= set(send_everything(company))
    with EmbeddedPostgres(service.home) as url, psycopg.connect(url, autocommit=True) as database:
        for table in BROKEN:
            away = table.split(".")[1] + "_away"
            database.execute(f"ALTER TABLE {table} RENAME TO {away}")  # type: ignore[arg-type]
            statuses = send_everything(company)
            schema = table.split(".")[0]
            back = f"ALTER TABLE {schema}.{away} RENAME TO {table.split('.')[1]}"
            database.execute(back)  # type: ignore[arg-type]
            assert max(statuses) >= 500, f"nothing failed without {table}"
    company.http.close()
    logs = [service.home / "out", (service.home / "postgres").resolve() / "log"]
    for log in logs:
        data = log.read_bytes()
        assert data, f"{log.name} says nothing at all"
        assert found_in(data, PLANTED) == [], log.name
        assert not [key for key in company.keys.values() if key.encode() in data]
    said = (service.home / "out").read_text("utf-8")
    assert "request_failed" in said, "errors are logged, by place and kind"
