"""After erasing nothing of a person is readable: in tables, log files, the write-ahead log, answers.

A company of its own, in a real `serve` over a durable database: a person with values that stand
nowhere else is registered, paid, searched for, misspelt and refused; then erased by two people.
"""

from __future__ import annotations

import base64
import csv
import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.postgres_server import EmbeddedPostgres
from tests.acceptance.planted import SCANNED, encodings, found_in
from tests.api.test_serve import Service, service

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
__all__ = ["service"]
PERSONAL = {
    "name": "欧阳紫璃琪",
    "identity_number": "310101198807196624",
    "phone": "13987650421",
    "bank_account": "6222021987064503211",
    "bank_name": "中国农业银行云栖支行",
}
LATER = {**PERSONAL, "name": "欧阳紫璃珂", "phone": "13987650422"}
NOTE = "面试时提到家住栖霞路七十二弄"
PLANTED = sorted({*PERSONAL.values(), *LATER.values(), NOTE, "栖霞路七十二弄"})
MONTH, ENDED, RUN = "2022-01", "2022-02-01", "2022-01-1"
BASE = {"kind": "base_pay", "amount": "8000.00", "proration": "calendar_days"}
CONTRACT = {
    "contract": "C-1", "person": "P-1", "number": "HT-1", "engagement": "full_time",
    "character": "labour_remuneration", "start": "2022-01-01", "end": ENDED, "team": "beauty-1",
    "clauses": [{"key": "base_pay", "clause": BASE}],
}  # fmt: skip
DEBTOR = {"name": "星光传媒有限公司", "account": "310066001234567", "bank": "102290000010"}
ROLES = {"hr.lin": "hr", "hr.guo": "hr", "finance": "finance", "approver": "approver",
         "auditor": "auditor", "admin": "admin"}  # fmt: skip


class Company:
    """A served company and a key for each of its people."""

    def __init__(self, service: Service) -> None:
        self.service = service
        service.call("tenant", "open", "acme", "--name", "星光传媒", "--actor", "boss")
        self.keys = {
            actor: re.findall(r"tsk_\S+", service.call("key", "create", actor, "--role", role))[0]
            for actor, role in ROLES.items()
        }
        service.start("serve")
        service.get("/health")
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=120)

    def call(self, method: str, path: str, actor: str = "hr.lin", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[actor]}", **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **more)

    def made(self, path: str, body: Any = None, actor: str = "hr.lin", **more: Any) -> Any:
        answer = self.call("POST", path, actor, json=body or {}, **more)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json() if "json" in answer.headers["content-type"] else answer


@pytest.fixture
def company(service: Service) -> Iterator[Company]:
    made = Company(service)
    yield made
    made.http.close()


def engaged_and_paid(company: Company) -> bytes:
    """The person registered, corrected, engaged, paid for a month and settled; the bank's file."""
    key = {"headers": {"Idempotency-Key": "register-P-1"}}
    for _ in range(2):  # the second is answered from what was kept with the key
        company.made("/v1/persons", {"person": "P-1", "personal": PERSONAL}, **key)
    change = {"personal": LATER, "reason": "misspelt"}
    assert company.call("PUT", "/v1/persons/P-1/personal-data", json=change).status_code == 200
    step = {"step": {"kind": "candidate", "team": "beauty-1", "track": "beauty"}}
    company.made("/v1/persons/P-1/career", step)
    interview = {"kind": "interview", "interview": "first", "outcome": "passed", "note": NOTE}
    company.made("/v1/persons/P-1/career", {"step": interview})
    company.made("/v1/contracts", CONTRACT)
    sha = company.made("/v1/contracts/C-1/send")["contract"]["document_sha256"]
    for party in ("business_department", "company_seal", "streamer"):
        signed = {"party": party, "signatory": party, "document_sha256": sha}
        company.made("/v1/contracts/C-1/signatures", signed)
    company.made("/v1/contracts/C-1/activation")
    run = company.made("/v1/pay-runs", {"month": MONTH}, "finance")["run"]
    codes = sorted({one["code"] for one in run["exceptions"]})
    path = f"/v1/pay-runs/{RUN}"
    listed = company.call("GET", f"{path}/exceptions", "finance").json()["acknowledge"]
    company.made(f"{path}/review", {"acknowledge": sorted({*codes, *listed})}, "finance")
    company.made(f"{path}/approval", {"digest": run["digest"]}, "approver")
    company.made(f"{path}/posting", actor="finance")
    company.made(f"{path}/payouts", actor="finance")
    batch = company.made("/v1/payout-batches", {"run": RUN, "debtor": DEBTOR}, "finance")["batch"]
    at = f"/v1/payout-batches/{batch['batch']}"
    company.made(f"{at}/approval", {"digest": batch["digest"]}, "approver")
    file = company.made(f"{at}/file", {"format": "csv"}, "finance")
    company.made(f"{at}/sending", actor="finance")
    _statement(company, batch["end_to_end_ids"][0], batch["total"])
    company.made("/v1/contracts/C-1/ending", {"effective": ENDED, "ending": "expired"})
    return bytes(file.content)


def _statement(company: Company, end_to_end: str, total: str) -> None:
    """The bank's lines name the payee and the account."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["银行流水号", "交易日期", "借方发生额", "贷方发生额", "客户流水号",
                   "对方账号", "对方户名", "退汇原因"])  # fmt: skip
    who = [LATER["bank_account"], LATER["name"], ""]
    rows.writerow(["B1", "2022-02-10", total, "", end_to_end, *who])
    rows.writerow(["", "2022-02-10", total, "", "", *who])  # no reference and no id: only the payee
    sent = {"content": text.getvalue().encode(), "headers": {"Content-Type": "text/csv"}}
    path = f"/v1/bank-statements?account={DEBTOR['account']}"
    answer = company.call("POST", path, "finance", **sent)
    assert answer.status_code < 300, answer.text
    assert company.made("/v1/bank-matches", actor="finance")["settled"] == 1
    company.made("/v1/bank-lines/proposals", actor="finance")


def looked_at_and_misspelt(company: Company) -> None:
    """Read, searched for, sent in the wrong places, refused."""
    shown = company.call("GET", "/v1/persons/P-1?personal=true&purpose=visa").json()
    assert shown["personal"] == LATER
    assert NOTE in company.call("GET", "/v1/persons/P-1/career?personal=true").text
    assert company.call("GET", f"/v1/pay-runs/{RUN}/payslips/C-1/statement?format=pdf", "finance")
    for value in PLANTED:
        for path in ("/v1/audit", "/v1/contracts", "/v1/persons"):
            company.call("GET", path, "admin", params={"q": value})
        company.call("GET", f"/v1/persons/{value}")
        company.call("GET", "/v1/contracts/C-1", params={"known": value, "effective": value})
        company.call("POST", "/v1/persons", json={"person": value, "personal": {"nam": value}})
        company.call("POST", "/v1/persons", json={"person": "P-1", "personal": {"name": value}})
        company.call("POST", "/v1/contracts", content=f'{{"person": "{value}'.encode())
        ascii_value = base64.b64encode(value.encode()).decode()
        company.call("GET", "/v1/status", headers={"X-Who": ascii_value, "If-Match": ascii_value})
        form = {"tenant": "acme", "account": value, "password": value}
        same = {"Sec-Fetch-Site": "same-origin"}
        company.http.post("/login", data=form, headers=same)


def wrapped_keys(database: str) -> list[bytes]:
    """The person's key, as it stands in the database."""
    query = "SELECT wrapped_key FROM ledger.person_key WHERE person_id = 'P-1'"
    with psycopg.connect(database) as connection:
        return [bytes(key) for (key,) in connection.execute(query) if key is not None]


def files_of(home: Path) -> list[Path]:
    """Everything on the disk that belongs to the company: home and database."""
    roots = [home, (home / "postgres").resolve()]
    return sorted({file for root in roots for file in root.rglob("*") if file.is_file()})


def answers(company: Company) -> Iterator[tuple[str, bytes]]:
    """What every endpoint that is described answers, and the pages."""
    values = {"person": "P-1", "contract": "C-1", "run": RUN, "payout": f"{RUN}.C-1.net",
              "batch": f"{RUN}.b1", "tenant": "acme"}  # fmt: skip
    described = company.http.get("/openapi.json").json()["paths"]
    for path, operations in described.items():
        if "get" not in operations or not path.startswith("/v1"):
            continue
        asked = re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], "X-1"), path)
        for actor in ("admin", "finance", "auditor"):
            for query in ("", "?personal=true", "?run=2022-01-1", "?known=20&personal=true"):
                yield asked + query, company.call("GET", asked + query, actor).content
    for query in (
        "?contract=C-1", "?contract=C-1&personal=true", f"?contract=C-1&run={RUN}",
        f"?month={MONTH}",
    ):  # fmt: skip
        found = company.call("GET", f"/v1/log/acme/bundle{query}", "admin")
        with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
            yield query, b"".join(archive.read(name) for name in archive.namelist())
    pdf = f"/v1/pay-runs/{RUN}/payslips/C-1/statement?format="
    for form in ("pdf", "html"):
        yield form, company.call("GET", pdf + form, "finance").content


def test_after_erasing_nothing_of_a_person_is_left_and_everything_verifies(
    company: Company, service: Service
) -> None:
    file = engaged_and_paid(company)
    looked_at_and_misspelt(company)
    assert found_in(file, [LATER["name"]]), "the scan finds what is there"
    with EmbeddedPostgres(service.home) as database:
        [wrapped] = wrapped_keys(database)
        with psycopg.connect(database) as connection:
            connection.execute("CHECKPOINT")
        assert any(wrapped in one.read_bytes() for one in files_of(service.home))
    reason = {"reason": "asked by letter"}
    company.made("/v1/persons/P-1/restriction", {"ground": "person_asked", **reason})
    assert company.call("POST", "/v1/persons/P-1/erasure", json=reason).status_code == 403
    erased = company.made("/v1/persons/P-1/erasure", reason, "hr.guo")
    assert erased["data"]["status"] == "erased"
    assert erased["scrubbed"]["left"] == {}
    shown = company.call("GET", "/v1/persons/P-1?personal=true").json()
    assert (shown["personal"], shown["data"]["status"]) == (None, "erased")
    told = list(answers(company))
    assert len(told) > 100
    assert [path for path, data in told if found_in(data, PLANTED)] == []
    assert [path for path, data in told if b'"internal_error"' in data] == []
    verified = service.call("verify")
    assert "nothing was altered" in verified
    _stop(service)
    _nothing_on_the_disk(service, wrapped)


def _stop(service: Service) -> None:
    for process in service.running:
        process.terminate()
        process.wait(timeout=30)
    time.sleep(0.2)


def _nothing_on_the_disk(service: Service, wrapped: bytes) -> None:
    """Tables, indexes, write-ahead log, server's log, program's log, temporary files."""
    files = files_of(service.home)
    assert {"out", "master.key"} <= {file.name for file in files}
    assert any("pg_wal" in str(file) for file in files)
    hits = []
    for file in files:
        data = file.read_bytes()
        hits += [f"{file.name}: {what}" for what in found_in(data, PLANTED)]
        if wrapped in data:
            hits.append(f"{file}: the wrapped key")
    assert hits == []
    assert SCANNED


def test_the_scan_knows_a_value_in_every_way_it_may_be_written() -> None:
    value = PERSONAL["name"]
    for written in encodings(value):
        assert found_in(b"before " + written + b" after", [value]) == [value]
    assert found_in("欧阳".encode(), [value]) == []
