"""The keys of the log over HTTP: an administrator rotates the key, with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.sealing import KEYS
from api.settings import Settings
from ledger.keys import KeyRing
from ledger.sealer import Sealer
from ledger.store import open_pool
from ledger.verify import verify_ledger
from tests.api.http_api import TENANT, Api

pytestmark = pytest.mark.postgres
PATH = "/v1/log-keys/rotation"


@pytest.fixture
def api(database: str, tmp_path: Path) -> Iterator[Api]:
    with open_pool(database, max_size=8) as pool:
        made = Api(pool)
        settings = Settings.from_env({"TALLYSTICK_HOME": str(tmp_path)})
        made.app = create_app(made.desk, settings, clock=lambda: made.now)
        made.client = TestClient(made.app, raise_server_exceptions=False)
        Sealer(pool, KeyRing(tmp_path / KEYS)).seal(TENANT)
        yield made


def test_the_administrator_hands_the_log_to_the_next_key(api: Api) -> None:
    assert api.post(PATH, {"reason": "yearly"}, role="hr").status_code == 403
    assert api.post(PATH, {}, role="admin").json()["field"] == "reason"
    made = api.post(PATH, {"reason": "yearly"}, role="admin", key="r-1")
    assert made.status_code == 201, made.text
    assert [key["number"] for key in made.json()["keys"]] == [1, 2]
    again = api.post(PATH, {"reason": "yearly"}, role="admin", key="r-1")
    assert (again.json(), again.headers["idempotent-replayed"]) == (made.json(), "true")
    shown = api.get("/v1/log-keys", role="auditor").json()
    assert shown["keys"] == made.json()["keys"]
    [entry] = api.get("/v1/audit?kind=log", role="auditor").json()["items"]
    assert (entry["actor"], entry["reason"]) == ("admin.one", "yearly")
    assert verify_ledger(api.pool, TENANT).ok


def test_a_service_without_keys_says_where_they_are(database: str) -> None:
    with open_pool(database, max_size=8) as pool:
        refused = Api(pool).post(PATH, {"reason": "yearly"}, role="admin")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_a_receipt_is_checked_by_whoever_was_given_it(api: Api, tmp_path: Path) -> None:
    made = api.made("/v1/persons", {"person": "P-0009", "personal": {"name": "林小满"}})
    [receipt] = made["receipts"]
    asked = {"position": receipt["position"], "leaf_hash": receipt["leaf_hash"]}
    assert api.get("/v1/receipts/check", params=asked).status_code == 404
    Sealer(api.pool, KeyRing(tmp_path / KEYS)).seal(TENANT)
    kept = api.get(f"/v1/log/{TENANT}/checkpoint", role="auditor").text
    found = api.get("/v1/receipts/check", params={**asked, "checkpoint": kept}, role="lead").json()
    assert (found["leaf_hash"], found["covered"]) == (receipt["leaf_hash"], True)
    wrong = {**asked, "leaf_hash": "0" * 64}
    refused = api.get("/v1/receipts/check", params=wrong)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_genuine")
    assert api.get("/v1/receipts/check", params=asked, role="streamer").status_code == 403
