"""Who reads personal data in clear, and who reads pay, is written down before it is answered."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.errors import RestrictViolation

from domain.bank_batch import ApproveBatch, ProposeBatch
from ledger.keys import KeyRing
from ledger.sealer import Sealer
from ledger.store import open_pool
from tests.api.http_api import NOW, Api, person
from tests.api.test_http_roles import every_route, routes
from tests.workflows.company import Company, by
from workflows import bank_batches, bank_files, payouts
from workflows.disclosure import read_log

pytestmark = pytest.mark.postgres
PERSONAL = {
    "name": "欧阳晓月",
    "identity_number": "310101198801011234",
    "phone": "13912345678",
    "bank_account": "6222021001112223334",
    "bank_name": "102290000010",
}
BASE = {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"}
NO_PAY = {
    "/v1/bank-statements": "names of statements",
    "/v1/journal-accounts": "names of accounts",
    "/v1/log-keys": "public keys",
    "/v1/pay-runs/{run}/journal": "sums by account, of nobody",
    "/v1/log/{tenant}/checkpoint": "a signed root",
    "/v1/log/{tenant}/checkpoint/{size}": "a signed root",
    "/v1/log/{tenant}/keys": "public keys",
    "/v1/log/{tenant}/tile/{level}/{path:path}": "hashes",
    "/v1/log/{tenant}/inclusion/{position}": "hashes",
    "/v1/log/{tenant}/consistency": "hashes",
}
"""Reads under an act of pay or audit that show nobody's pay, each with what they show."""
PAY_ACTS = {"payslip.read", "payout.read", "journal.read", "audit.read"}


@pytest.fixture(scope="module")
def paid(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A company that paid two persons for a month, with a file for the bank."""
    with open_pool(shared_database, max_size=12) as pool:
        api = Api(pool)
        company = Company(api.desk, api.tenant)
        for number in (1, 2):
            api.made("/v1/persons", person(number, personal=PERSONAL))
            company.sign(f"P-000{number}", {"base": BASE}, contract=f"C-000{number}")
        company.pay("2025-02")
        company.pay("2025-03")
        desk, tenant = api.desk, api.tenant
        payouts.instruct_run(desk, tenant, "2025-03-1", by("finance.zhao"))
        debtor = {"name": "杭州传媒", "account": "310066001234567", "bank": "102290000010"}
        propose = ProposeBatch.model_validate({"debtor": debtor})
        bank_batches.propose(desk, tenant, "2025-03-1", propose, by("finance.zhao"))
        bank_batches.approve(desk, tenant, "2025-03-1.b1", ApproveBatch(), by("approver.qian"))
        bank_files.write_file(desk, tenant, "2025-03-1.b1", "csv", None, by("finance.zhao"))
        Sealer(pool, KeyRing(tmp_path_factory.mktemp("keys"))).seal(tenant)
        yield api


def reads(api: Api, **filters: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/reads", role="auditor", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def address(api: Api, path: str) -> str:
    values = {
        "run": "2025-03-1", "contract": "C-0001", "payout": "2025-03-1.C-0001.net",
        "batch": "2025-03-1.b1", "tenant": api.tenant, "path:path": "000.p/8", "statement": "S" + "0" * 24,
    }  # fmt: skip
    made = re.sub(r"\{([\w:]+)\}", lambda name: values[name[1]], path)
    queries = {"payout-batches": "run=2025-03-1", "comparison": "before=2025-02-1"}
    if made.endswith("/bundle"):
        made += "?contract=C-0001"
    return made + next((f"?{q}" for end, q in queries.items() if made.endswith(end)), "")


def test_every_read_of_pay_is_written_down_before_it_is_answered(paid: Api) -> None:
    """A new endpoint under an act of pay writes its reads down, or is listed with its reason."""
    looked = 0
    for method, path, act in routes():
        if method != "GET" or act not in PAY_ACTS or path in NO_PAY:
            continue
        role = "auditor" if act == "audit.read" else "finance"
        before = len(reads(paid, limit=500))
        answer = paid.get(address(paid, path), role=role)
        assert answer.status_code == 200, (path, answer.text)
        found = reads(paid, limit=500)
        assert len(found) == before + 1, f"{path} wrote nothing down"
        assert (found[0]["kind"], found[0]["actor"]) == ("pay", f"{role}.one")
        assert (found[0]["via"], found[0]["act"]) == ("api", f"GET {path}")
        looked += 1
    assert looked > 12
    assert set(NO_PAY) <= {route.path for route in every_route(paid.app)}


def test_a_payslip_that_was_read_is_found_by_person_actor_kind_and_time(paid: Api) -> None:
    paid.get("/v1/pay-runs/2025-03-1/payslips/C-0002", role="approver")
    [found] = reads(paid, person="P-0002", actor="approver.one", kind="pay")
    assert found["about"] == "payslip/2025-03-1/C-0002"
    assert found["persons"] == ["P-0002"]
    assert reads(paid, actor="approver.one", until="2025-01-01T00:00:00+08:00") == []
    assert reads(paid, actor="approver.one", kind="personal") == []
    paged = paid.get("/v1/reads", role="auditor", params={"limit": 1}).json()
    following = paid.get("/v1/reads", role="auditor", params={"limit": 1, "cursor": paged["next"]})
    assert paged["items"][0]["read_at"] >= following.json()["items"][0]["read_at"]
    assert paged["items"] != following.json()["items"]


def test_personal_data_that_was_read_says_which_fields_of_whom_for_what(paid: Api) -> None:
    answer = paid.get("/v1/persons/P-0001?personal=true&purpose=visa%20letter")
    assert answer.json()["personal"] == PERSONAL
    found = reads(paid, person="P-0001", kind="personal")[0]
    assert (found["fields"], found["purpose"]) == (list(PERSONAL), "visa letter")
    listed = paid.get("/v1/persons?personal=true", role="finance").json()["items"]
    assert [item["personal"]["name"] for item in listed] == ["欧阳晓月", "欧阳晓月"]
    assert reads(paid, actor="finance.one", kind="personal")[0]["persons"] == ["P-0001", "P-0002"]


def test_the_log_of_reads_holds_no_value_that_was_read(paid: Api, shared_database: str) -> None:
    paid.get("/v1/persons?personal=true")
    paid.post("/v1/payout-batches/2025-03-1.b1/file", role="finance")
    assert reads(paid, about="payoutbatch/2025-03-1.b1", kind="personal")[0]["persons"]
    with psycopg.connect(shared_database) as connection:
        rows = connection.execute("SELECT r::text FROM ledger.read_log AS r").fetchall()
    assert rows and not [row for row in rows for value in PERSONAL.values() if value in row[0]]


def test_reading_without_personal_data_or_pay_is_not_written_down(paid: Api) -> None:
    before = len(reads(paid, limit=500))
    for path in ("/v1/persons", "/v1/persons/P-0001", "/v1/contracts/C-0001", "/v1/status"):
        assert paid.get(path).status_code == 200
    assert paid.get("/v1/persons/P-0001?personal=true", role="lead").status_code == 403
    assert len(reads(paid, limit=500)) == before


@pytest.mark.parametrize("statement", ["DELETE FROM", "TRUNCATE", "UPDATE"])
def test_what_was_written_down_cannot_be_changed(
    paid: Api, shared_database: str, statement: str
) -> None:
    more = " SET actor = 'nobody'" if statement == "UPDATE" else ""
    with psycopg.connect(shared_database) as connection, pytest.raises(RestrictViolation):
        connection.execute(f"{statement} ledger.read_log{more}")  # type: ignore[arg-type]


def test_what_cannot_be_written_down_is_not_shown(paid: Api, shared_database: str) -> None:
    with psycopg.connect(shared_database, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.read_log RENAME TO away")
        try:
            for path in ("persons/P-0001?personal=true", "pay-runs/2025-03-1/payslips/C-0001"):
                answer = paid.get(f"/v1/{path}")
                assert answer.status_code >= 500
                assert "欧阳" not in answer.text and "8000" not in answer.text
        finally:
            connection.execute("ALTER TABLE ledger.away RENAME TO read_log")


# Grants


def grant(**more: Any) -> dict[str, Any]:
    until = (NOW + timedelta(days=7)).isoformat()
    body = {"grant": "G-1", "grantee": "auditor.one", "persons": ["P-0001"], "fields": ["name"]}
    return {**body, "until": until, "reason": "audit of payouts", **more}


def test_an_auditor_sees_personal_data_by_a_grant_alone(paid: Api) -> None:
    asked = "/v1/persons/P-0001?personal=true"
    refused = paid.get(asked, role="auditor")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    made = paid.made("/v1/grants", grant())
    assert made["grant"]["given_by"] == "hr.one"
    assert paid.get(asked, role="auditor").json()["personal"] == {"name": "欧阳晓月"}
    assert reads(paid, actor="auditor.one", kind="personal")[0]["purpose"] == "grant:G-1"
    assert paid.get("/v1/persons/P-0002?personal=true", role="auditor").status_code == 403
    listed = paid.get("/v1/persons?personal=true", role="auditor").json()["items"]
    assert [item["personal"] for item in listed] == [{"name": "欧阳晓月"}, None]
    paid.now = NOW + timedelta(days=8)
    try:
        assert paid.get(asked, role="auditor").status_code == 403
    finally:
        paid.now = NOW
    assert paid.get(asked, role="auditor").status_code == 200
    paid.made("/v1/grants/auditor.one/G-1/withdrawal", {"reason": "done"})
    assert paid.get(asked, role="auditor").status_code == 403
    [known] = paid.get("/v1/grants", role="auditor").json()["items"]
    assert known["withdrawn_by"] == "hr.one"


def test_a_grant_does_not_open_anything_to_other_roles(paid: Api) -> None:
    paid.made("/v1/grants", grant(grant="G-2", grantee="lead.one"))
    assert paid.get("/v1/persons/P-0001?personal=true", role="lead").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"grantee": "hr.one"}, "separation_of_duties"),
        ({"reason": ""}, "invalid"),
        ({"persons": []}, "invalid"),
        ({"everybody": True}, "invalid"),
        ({"until": (NOW + timedelta(days=93)).isoformat()}, "invalid"),
        ({"until": NOW.isoformat()}, "invalid"),
        ({"until": "2025-09-20T12:00:00"}, "naive_time"),
        ({"fields": ["salary"]}, "invalid"),
        ({"fields": []}, "invalid"),
    ],
)
def test_a_grant_that_says_too_little_or_too_much_is_refused(
    paid: Api, wrong: dict[str, Any], code: str
) -> None:
    answer = paid.post("/v1/grants", grant(grant="G-9", **wrong))
    assert answer.status_code in (403, 422), answer.text
    assert answer.json()["code"] == code


def test_reads_of_one_tenant_are_none_of_another(paid: Api) -> None:
    assert read_log(paid.desk).entries("somebody-else") == []


# Bundles


def bundle(api: Api, role: str, **more: str) -> Any:
    asked = {"contract": "C-0001", **more}
    return api.get(f"/v1/log/{api.tenant}/bundle", role=role, params=asked)


def test_a_bundle_holds_personal_data_only_where_asked_and_permitted(paid: Api) -> None:
    def files(content: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    plain = files(bundle(paid, "hr").content)
    assert "personal.json" not in plain
    assert not any("欧阳晓月".encode() in data for data in plain.values())
    assert bundle(paid, "auditor", personal="true").status_code == 403
    assert bundle(paid, "approver", personal="true").status_code == 403
    whole = files(bundle(paid, "hr", personal="true", purpose="court").content)
    assert json.loads(whole["personal.json"]) == {"P-0001": PERSONAL}
    last = reads(paid, actor="hr.one", kind="personal")[0]
    assert (last["about"], last["purpose"]) == ("bundle/audit-C-0001.zip", "court")
