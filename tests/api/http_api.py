"""A client of the HTTP interface for tests: keys by role, a clock that can be set, short forms."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from api.app import create_app
from domain.facts import Act
from domain.roles import ROLES
from domain.tenant import OpenTenant
from ledger.access import AccessStore
from ledger.figures import FigureStore
from ledger.store import FactStore, Pool
from ledger.teams import ALL_TEAMS, TeamStore
from ledger.vault import KeyVault
from projections.models import MODELS
from projections.pay_register import PayRegister
from projections.runner import Runner
from workflows import setup
from workflows.desk import Desk

TENANT = "hangzhou-media"
NOW = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)


def desk_over(pool: Pool, master: bytes | None = None) -> Desk:
    """A desk with every read model and, unless one is given, a key of its own."""
    store = FactStore(pool)
    return Desk(
        store=store,
        figures=FigureStore(pool, store),
        vault=KeyVault(pool, master or secrets.token_bytes(32)),
        runner=Runner(pool, store, MODELS),
        register=PayRegister(pool),
    )


class Api:
    """The interface as one role sees it; `as_role` gives it as another does."""

    def __init__(self, pool: Pool, tenant: str = TENANT) -> None:
        self.pool = pool
        self.desk = desk_over(pool)
        self.now = NOW
        self.tenant = tenant
        setup.open_tenant(
            self.desk,
            OpenTenant(tenant=tenant, name="杭州传媒"),
            Act(actor="operator", at=NOW),
        )
        access = AccessStore.beside(self.desk.store)
        self.secrets = {
            role: access.issue(tenant, f"{role}.one", [role], by="operator", at=NOW)[1]
            for role in ROLES
        }
        TeamStore.beside(self.desk.store).put(
            tenant, "lead.one", [ALL_TEAMS], by="operator", at=NOW
        )
        self.app = create_app(self.desk, clock=lambda: self.now)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def call(
        self, method: str, path: str, *, role: str = "hr", key: str | None = None, **more: Any
    ) -> Response:
        """One request as a role; `key` is its idempotency key."""
        headers = {"Authorization": f"Bearer {self.secrets[role]}", **more.pop("headers", {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        """A read."""
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Response:
        """A write with a JSON body."""
        return self.call("POST", path, json=body if body is not None else {}, **more)

    def put(self, path: str, body: Any, **more: Any) -> Response:
        """A write with a JSON body."""
        return self.call("PUT", path, json=body, **more)

    def made(self, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """A write that has to be accepted; its answer."""
        answer = self.post(path, body, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def base_pay(amount: str = "8000.00") -> dict[str, Any]:
    """A base pay clause."""
    return {"kind": "base_pay", "amount": amount, "proration": "paid_days_21_75"}


def person(number: int = 1, **more: Any) -> dict[str, Any]:
    """The body that registers a person."""
    return {"person": f"P-{number:04d}", "personal": {"name": f"林小满{number}"}, **more}


def draft(number: int = 1, **more: Any) -> dict[str, Any]:
    """The body that drafts a contract with base pay."""
    return {
        "contract": f"C-{number:04d}",
        "person": f"P-{number:04d}",
        "number": f"HT-{number:04d}",
        "engagement": "full_time",
        "character": "wages",
        "start": "2025-01-01",
        "end": "2026-01-01",
        "team": "beauty-1",
        "track": "beauty",
        "clauses": [{"key": "base_pay", "clause": base_pay()}],
        **more,
    }


def raise_pay(amendment: str = "A-1", amount: str = "9000.00", **more: Any) -> dict[str, Any]:
    """The body of an amendment of base pay."""
    change = {"op": "change", "key": "base_pay", "clause": base_pay(amount)}
    return {
        "amendment": amendment,
        "effective": "2025-09-01",
        "changes": [change],
        "reason": "yearly review",
        **more,
    }


def activate(api: Api, number: int = 1, **more: Any) -> str:
    """A person with an active contract; the contract's id."""
    api.made("/v1/persons", person(number))
    api.made("/v1/contracts", draft(number, **more))
    contract = f"C-{number:04d}"
    sent = api.made(f"/v1/contracts/{contract}/send")
    sha = sent["contract"]["document_sha256"]
    for party in ("business_department", "company_seal", "streamer"):
        body = {"party": party, "signatory": f"{party}.one", "document_sha256": sha}
        api.made(f"/v1/contracts/{contract}/signatures", body)
    api.made(f"/v1/contracts/{contract}/activation")
    return contract
