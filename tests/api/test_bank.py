"""Paying through a bank over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.api.http_api import Api
from tests.workflows.bank import ACCOUNT, TODAY, statement_csv

DEBTOR = {"name": "星光传媒", "account": ACCOUNT, "bank": "102290000010"}
RUN = "2025-03-1"


@pytest.fixture
def paid(api: Api) -> Api:
    """A company whose March is posted and instructed, one payee with an account."""
    from tests.api.http_api import draft

    personal = {"name": "林小满", "bank_account": "6222020000000000000", "bank_name": "工商银行"}
    api.made("/v1/persons", {"person": "P-0001", "personal": personal})
    api.made("/v1/contracts", draft(1, character="labour_remuneration"))
    sha = api.made("/v1/contracts/C-0001/send")["contract"]["document_sha256"]
    for party in ("business_department", "company_seal", "streamer"):
        body = {"party": party, "signatory": party, "document_sha256": sha}
        api.made("/v1/contracts/C-0001/signatures", body)
    api.made("/v1/contracts/C-0001/activation")
    return api


def post_march(api: Api) -> None:
    run = api.made("/v1/pay-runs", {"month": "2025-03"}, role="finance")["run"]
    path = f"/v1/pay-runs/{RUN}"
    codes = sorted({one["code"] for one in run["exceptions"]})
    api.made(f"{path}/review", {"acknowledge": codes}, role="finance")
    api.made(f"{path}/approval", {"digest": run["digest"]}, role="approver")
    api.made(f"{path}/posting", role="finance")
    api.made(f"{path}/payouts", role="finance")


def test_the_chain_from_a_posted_run_to_a_reconciliation_that_adds_up(paid: Api) -> None:
    post_march(paid)
    body = {"run": RUN, "debtor": DEBTOR, "reason": "March"}
    batch = paid.made("/v1/payout-batches", body, role="finance", key="b1")["batch"]
    again = paid.post("/v1/payout-batches", body, role="finance", key="b1")
    assert (again.json()["batch"], again.headers["Idempotent-Replayed"]) == (batch, "true")
    path = f"/v1/payout-batches/{batch['batch']}"
    assert paid.post(f"{path}/approval", role="finance").status_code == 403
    paid.made(f"{path}/approval", {"digest": batch["digest"]}, role="approver")
    file = paid.post(f"{path}/file", {"format": "pain.001"}, role="finance")
    assert (file.status_code, file.headers["content-type"]) == (200, "application/xml")
    assert paid.post(f"{path}/file", role="finance").content == file.content
    assert paid.post(f"{path}/file", role="approver").status_code == 403
    paid.made(f"{path}/sending", role="finance")
    shown = paid.get(path, role="auditor").json()["batch"]
    assert shown["status"] == "sent"
    assert shown["file"]["sha256"] == file.headers["Tallystick-SHA256"]

    (name,) = shown["end_to_end_ids"]
    lines = statement_csv([("B1", f"-{shown['total']}", name, ""), ("B2", "-3.00", "", "")])
    sent = {"content": lines, "headers": {"Content-Type": "text/csv"}, "role": "finance"}
    first = paid.call("POST", f"/v1/bank-statements?account={ACCOUNT}", **sent).json()
    assert [one["fresh"] for one in first["statements"]] == [True]
    repeat = paid.call("POST", f"/v1/bank-statements?account={ACCOUNT}", **sent).json()
    assert [one["fresh"] for one in repeat["statements"]] == [False]
    assert paid.made("/v1/bank-matches", role="finance")["settled"] == 1
    verdicts = paid.get("/v1/bank-lines", role="auditor").json()["items"]
    assert sorted(one["verdict"] for one in verdicts) == ["settled", "unknown"]
    assert paid.made("/v1/bank-lines/proposals", role="finance")["items"] == []
    found = paid.get(f"/v1/reconciliation?run={RUN}", role="auditor").json()["reconciliation"]
    assert found["adds_up"] is True
    assert paid.get("/v1/reconciliation?layout=csv", role="finance").text.startswith("part,")
    text = paid.get(f"/v1/reconciliation?run={RUN}&layout=text", role="finance").text
    assert "Everything adds up." in text
    matches = paid.get(f"/v1/pay-runs/{RUN}/order-matches", role="finance").json()
    assert matches["items"] == []
    statement = first["statements"][0]["statement"]
    kept = paid.get(f"/v1/bank-statements/{statement}/lines", role="finance").json()["items"]
    assert [one["fate"] for one in kept] == ["taken", "taken"]


def test_a_payout_that_failed_is_instructed_again(paid: Api) -> None:
    post_march(paid)
    payout = f"/v1/payouts/{RUN}.C-0001.net"
    failed = {"reason_code": "AC04", "on": TODAY.isoformat()}
    assert paid.made(f"{payout}/failure", failed, role="finance")["payout"]["status"] == "failed"
    again = paid.made(f"{payout}/instruction", role="finance")["payout"]
    assert (again["status"], again["attempt"]) == ("instructed", 2)


def test_the_commands_of_the_bank_say_what_they_do() -> None:
    from api.cli import main

    shown = CliRunner().invoke(main, ["bank", "--help"]).output
    for name in ("propose", "approve", "file", "send", "statement", "match", "confirm"):
        assert name in shown


def test_the_file_of_a_batch_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    from api.cli_bank import keep

    out = tmp_path / "march.xml"
    keep(out, b"<Document/>")
    assert out.read_bytes() == b"<Document/>"
    assert out.stat().st_mode & 0o777 == 0o600
