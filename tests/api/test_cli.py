"""The command line: help for newcomers, JSON for machines, refusals with exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest

from api.cli import main
from tests.api.cli_support import CONTRACT, Line, line

__all__ = ["line"]
pytestmark = pytest.mark.postgres


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    else:
        yield path


@pytest.mark.parametrize("words", sorted(leaves(main)), ids=" ".join)
def test_every_command_explains_itself_and_speaks_json(words: tuple[str, ...], line: Line) -> None:
    said = line.run(*words, "--help").stdout
    assert "Usage: " in said
    assert "--json" in said
    assert "--reason" in said or "--actor" not in said


def test_the_first_help_lists_everything_and_says_where_to_start(line: Line) -> None:
    said = line.run("--help").stdout
    for name in main.commands:
        assert f"\n  {name} " in said
    for words in ("tallystick demo", "--known", "Exit codes", "contract → amendment"):
        assert words in said
    assert "..." not in said.partition("Commands:")[2], "a sentence was cut"


def test_the_launcher_works_from_any_folder(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()  # must not be taken for ours
    done = subprocess.run(
        [checkout / "tallystick", "contract", "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "amend-cohort" in done.stdout


def test_no_company_one_company_several_companies(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = line.run("person", "list", code=1)
    assert "no company yet" in none.stderr
    assert "tenant open" in none.stderr
    line.run("tenant", "open", "acme", "--name", "ACME")
    assert line.json("person", "list") == {"items": [], "next": None}
    line.run("tenant", "open", "beta", "--name", "BETA")
    several = line.run("person", "list", code=1)
    assert "acme, beta" in several.stderr
    assert line.json("person", "list", "--tenant", "beta")["items"] == []
    monkeypatch.setenv("TALLYSTICK_TENANT", "acme")
    assert line.json("person", "list")["items"] == []
    assert [row["tenant"] for row in line.json("tenant", "list")["items"]] == ["acme", "beta"]
    unknown = line.json("status", "--tenant", "nobody", code=1)
    assert unknown["code"] == "not_found"


def test_a_refusal_is_two_sentences_and_what_to_do(line: Line) -> None:
    line.active_contract()
    no = line.run("contract", "show", "C-9", code=1)
    assert no.stdout == ""
    assert "There is no contract C-9" in no.stderr
    assert "没有合同 C-9" in no.stderr
    assert "→ " in no.stderr
    problem = line.json("contract", "show", "C-9", code=1)
    assert problem["type"] == "urn:tallystick:problem:not_found"
    assert problem["status"] == 404
    assert problem["detail_zh"] == "没有合同 C-9"
    assert problem["do"]


def test_what_is_not_understood_ends_with_2(line: Line) -> None:
    assert "CONTRACT" in line.run("contract", "show", code=2).stderr
    assert "No such command" in line.run("contracts", code=2).stderr
    line.run("contract", "plan-check", code=2)
    line.run("rebuild", code=2)


def test_a_contract_from_draft_to_diff(line: Line) -> None:
    line.active_contract()
    first = line.json("contract", "show", "C-1", "--effective", "2025-03-01")
    assert first["status"] == "active"
    assert first["clauses"][0]["clause"]["amount"] == "8000"
    amend = (
        "contract",
        "amend",
        "C-1",
        "--effective",
        "2025-03-01",
        "--set",
        "base.amount=9000.50",
    )
    assert line.json(*amend, code=1)["field"] == "reason"
    done = line.json(*amend, "--reason", "raise")
    assert done["receipts"][0]["leaf_hash"]
    known = str(done["position"] - 1)
    shown = line.json("contract", "show", "C-1", "--effective", "2025-03-01")
    assert shown["clauses"][0]["clause"]["amount"] == "9000.50"
    before = line.json("contract", "show", "C-1", "--effective", "2025-03-01", "--known", known)
    assert before["clauses"][0]["clause"]["amount"] == "8000"
    at = done["receipts"][0]["recorded_at"]
    assert line.json("contract", "show", "C-1", "--effective", "2025-03-01", "--known", at) == shown
    looks = ("--from", f"2025-03-01@{known}", "--to", "2025-03-01")
    found = line.json("contract", "diff", "C-1", *looks)["differences"]
    assert [one["what"] for one in found] == ["clause base"]
    assert "8,000" in line.run("contract", "diff", "C-1", *looks).stdout


def test_a_whole_year_of_acts_on_a_contract(line: Line) -> None:
    line.active_contract()
    cohort = ("--team", "beauty", "--effective", "2025-09-01", "--until", "2025-10-01")
    change = ("--set", "base.amount=8500", "--reason", "campaign")
    preview = line.json("contract", "amend-cohort", *cohort, *change, "--preview")
    assert preview["results"][0]["accepted"]
    assert preview["results"][0]["receipts"] == []
    assert line.json("contract", "amend-cohort", *cohort, *change)["results"][0]["receipts"]
    refused = line.json("contract", "amend-cohort", *cohort, "--set", "base.amount=8600", code=1)
    assert refused["results"][0]["refusal"]["field"] == "reason"
    line.run("contract", "renew", "C-1", "--end", "2027-01-01", "--reason", "renewed")
    listed = line.json("contract", "list", "--team", "beauty", "--on", "2026-06-01")["items"]
    assert [row["end"] for row in listed] == ["2027-01-01"]
    assert line.json("contract", "list", "--status", "ended")["items"] == []
    line.run("contract", "end", "C-1", "--effective", "2026-03-01", "--ending", "terminated")
    again = line.json(
        "contract", "end", "C-1", "--effective", "2026-03-01", "--ending", "terminated", code=1
    )
    assert again["code"] == "wrong_state"
    words = line.run("history", "contract/C-1").stdout
    assert "campaign" in words
    assert "续签" in words or "Renewed" in words
    facts = line.json("history", "contract/C-1", "--facts")["items"]
    assert facts[0]["name"] == "contract.drafted.v1"
    assert facts[-1]["name"] == "contract.ended.v1"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("amount: 1e999", "1e999"),
        ("amount: .nan", ".nan"),
        ("amount: 10.005", "amount"),
        ("amount: 8000, amount: 9000", "amount"),
        ("amount: 8000, colour: red", "colour"),
    ],
)
def test_a_body_is_read_exactly(line: Line, text: str, field: str) -> None:
    line.active_contract()
    clause = "{kind: base_pay, proration: calendar_days, " + text + "}"
    body = f"effective: 2025-03-01\nreason: raise\nchanges:\n- {{op: change, key: base, clause: {clause}}}\n"
    said = line.json("contract", "amend", "C-1", "--file", "-", input=body, code=1)
    assert field in said["detail"] + said.get("field", "")


def test_a_date_of_another_calendar_and_a_time_without_zone(line: Line) -> None:
    line.active_contract()
    for words in (
        ("contract", "show", "C-1", "--effective", "0114-09-01"),
        ("contract", "show", "C-1", "--effective", "1 September 2025"),
        ("contract", "show", "C-1", "--known", "2025-09-01T12:00:00"),
        ("contract", "show", "C-1", "--known", "2999-09-01T12:00:00+08:00"),
        ("contract", "show", "C-1", "--known", "99999"),
    ):
        assert line.json(*words, code=1)["code"] == "invalid"


def test_the_same_key_does_nothing_twice_and_takes_no_other_command(line: Line) -> None:
    line.active_contract()
    amend = ("contract", "amend", "C-1", "--effective", "2025-03-01", "--amendment", "A-1")
    first = line.json(*amend, "--set", "base.amount=9000", "--reason", "x", "--key", "k1")
    again = line.json(*amend, "--set", "base.amount=9000", "--reason", "x", "--key", "k1")
    assert again["receipts"] == first["receipts"]
    other = line.json(*amend, "--set", "base.amount=9001", "--reason", "x", "--key", "k1", code=1)
    assert other["code"] == "idempotency_key_reused"
    stale = ("--set", "base.amount=9002", "--reason", "x", "--at-version", "2")
    assert line.json(*amend, *stale, code=1)["current_version"] == first["version"]


def test_personal_data_is_shown_only_where_it_is_asked_for(line: Line) -> None:
    line.active_contract()
    for words in (
        ("person", "show", "P-1"),
        ("person", "list"),
        ("history", "person/P-1"),
        ("history", "person/P-1", "--facts"),
    ):
        assert "张三" not in line.run(*words).output
        assert "张三" not in json.dumps(line.json(*words), ensure_ascii=False)
    assert line.json("person", "show", "P-1", "--personal")["personal"] == {"name": "张三"}


def test_metrics_figures_and_kpi(line: Line) -> None:
    line.active_contract()
    for code in ("sales", "fans_gained"):
        titles = ("--title-zh", code, "--title-en", code, "--unit", "CNY", "--counts", "all")
        line.run("metric", "define", "--id", code, *titles, "--effective", "2025-01-01")
    scheme = {
        "scheme": "k1",
        "title": "考核",
        "effective": "2025-01-01",
        "metrics": [
            {"metric": "sales", "weight": "90%", "target": "3000", "cap": "1.2"},
            {"metric": "fans_gained", "weight": "10%", "target": "100", "cap": "1.2"},
        ],
    }
    line.run("kpi", "define", "--file", "-", input=scheme)
    weights = ("kpi", "weights", "k1", "--effective", "2025-06-01", "--reason", "fans")
    short = line.json(*weights, "--weight", "sales=59.99%", "--weight", "fans_gained=40%", code=1)
    assert "99.99" in short["detail"]
    line.run(*weights, "--weight", "sales=60%", "--weight", "fans_gained=40%")
    dated = line.json("kpi", "show", "k1")["weights"]
    assert [entry["effective"] for entry in dated] == ["2025-01-01", "2025-06-01"]
    rows = (
        "row_id,person,metric,day,value\n1,P-1,sales,2025-01-05,100.10\n2,P-9,sales,2025-01-05,1\n"
    )
    file = line.folder / "rows.csv"
    file.write_text(rows)
    sent = line.json("figures", "send", str(file), "--source", "shop")
    assert (sent["rows"], sent["rejected"]) == (1, 1)
    assert not line.json("figures", "send", str(file), "--source", "shop")["fresh"]
    cut = line.json("figures", "send", str(file), "--source", "shop", "--rows", "3", code=1)
    assert cut["arrived"] == 2
    assert len(line.json("figures", "batches")["items"]) == 1
    assert line.json("figures", "rejected", sent["batch"])["items"][0]["row_no"] == 2
    stands = line.json("status")
    assert stands["rows_in"] == stands["rows_recorded"] + stands["rows_rejected"] == 2


def test_a_month_of_pay(line: Line) -> None:
    line.active_contract()
    early = line.json("pay", "compute", "2999-01", code=1)
    assert early["field"] == "month"
    run = line.json("pay", "compute", "2025-01", "--actor", "fin")
    assert run["status"] == "computed"
    assert run["net"] == "8000"
    assert line.json("pay", "review", "2025-01-1", "--acknowledge", "pay_up", code=1)
    assert line.json("pay", "exceptions", "2025-01-1")["counts"] == {"first_payslip": 1}
    line.run("pay", "review", "2025-01-1", "--actor", "fin")
    for actor, why in (("fin", "computed"), ("hr", "")):
        if why:
            no = line.json("pay", "approve", "2025-01-1", "--actor", actor, code=1)
            assert no["code"] == "separation_of_duties"
    assert line.json("pay", "post", "2025-01-1", code=1)["code"] == "wrong_state"
    line.run("pay", "approve", "2025-01-1", "--actor", "boss", "--digest", run["digest"])
    line.run("pay", "post", "2025-01-1", "--actor", "fin")
    assert [row["status"] for row in line.json("pay", "runs")["items"]] == ["posted"]
    assert line.json("pay", "register", "2025-01-1")["items"][0]["contract_id"] == "C-1"
    slip = line.run("pay", "payslip", "2025-01-1", "C-1", "--lineage").stdout
    assert "8,000.00" in slip
    amend = ("contract", "amend", "C-1", "--effective", "2025-01-01")
    line.run(*amend, "--set", "base.amount=8500", "--reason", "agreed late", "--actor", "hr")
    restated = line.json("pay", "restatement", "2025-01-1")
    assert restated["items"][0]["causes"][0]["reason"] == "agreed late"
    shown = line.run("pay", "restatement", "2025-01-1").stdout
    assert "500.00  Base pay" in shown and "because agreed late" in shown
    assert line.json("pay", "instruct", "2025-01-1")["instructed"] == 1
    assert line.json("pay", "instruct", "2025-01-1")["already"] == 1
    payout = "2025-01-1.C-1.net"
    line.run("pay", "return", payout, "--reason-code", "AC04", "--on", "2025-02-11")
    assert line.json("pay", "payouts", "--status", "returned")["items"][0]["payout_id"] == payout
    line.run("pay", "instruct", "--payout", payout)
    settle = ("pay", "settle", payout, "--bank-reference", "B1", "--on", "2025-02-12")
    assert line.json(*settle, "--amount", "7999.99", code=1)
    line.run(*settle)
    for step in ("paid", "reconcile", "close"):
        line.run("pay", step, "2025-01-1")
    assert line.json("pay", "show", "2025-01-1")["status"] == "closed"
    assert line.json("status")["payouts"] == {"settled": 1}


def test_keys_are_shown_once_and_revoked(line: Line) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    made = line.json("key", "create", "hr.chen", "--role", "hr", "--role", "lead")
    assert made["secret"].startswith("tsk_acme_")
    assert line.json("key", "create", "x", "--role", "king", code=1)["field"] == "role"
    listed = line.run("key", "list", "--json").stdout
    assert made["secret"] not in listed
    assert made["secret"].rsplit("_", 1)[1] not in listed
    line.run("key", "revoke", made["key"]["key_id"])
    assert line.json("key", "list")["items"][0]["revoked_at"]


def test_migrate_and_rebuild(line: Line) -> None:
    line.active_contract()
    assert line.json("migrate", "--check") == {"applied": [], "pending": []}
    assert line.json("migrate")["applied"] == []
    rebuilt = line.json("rebuild", "--all")["rebuilt"]
    assert {one["model"] for one in rebuilt} == {
        model["name"] for model in line.json("status")["read_models"]
    }
    assert all(one["taken_over"] for one in rebuilt)
    checked = line.json("rebuild", "contract_terms", "--check")["rebuilt"]
    assert [one["taken_over"] for one in checked] == [False]
    assert line.json("rebuild", "nothing", code=1)["field"] == "model"


def test_try_explains_and_records_nothing(line: Line, checkout: Path) -> None:
    files = sorted(map(str, (checkout / "docs" / "try").glob("*.yaml")))
    assert len(line.json("try", *files)) == len(files)
    assert line.json("try", files[0])["payslips"]
    assert "net" in line.run("try", files[0]).stdout
    assert line.json("try", "missing.yaml", code=1)["field"] == "file"


def test_an_import_by_a_mapping(line: Line, checkout: Path) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    data = checkout / "demo_data"
    for code in ("sales", "fans_gained"):
        titles = ("--title-zh", code, "--title-en", code, "--unit", "CNY", "--counts", "all")
        line.run("metric", "define", "--id", code, *titles, "--effective", "2024-01-01")
    words = ("import", str(data / "sample" / "orders.csv"), "--mapping", str(data / "mapping.yaml"))
    report = line.json(*words, "--month", "2025-01")
    assert report["rows_in"] == report["rows_recorded"] + sum(report["rejected"].values()) > 0
    assert line.json(*words, "--month", "January", code=1)["field"] == "month"


def test_a_setting_that_cannot_be_used(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYSTICK_PORT", "99999")
    assert "TALLYSTICK_PORT" in line.run("status", code=2).stderr


@pytest.mark.parametrize("url", ["postgresql://ann:secret@127.0.0.1:1/x", "host=/nowhere dbname=x"])
def test_a_database_that_cannot_be_reached(
    line: Line, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    said = line.run("status", code=1).stderr
    assert "DATABASE_URL" in said
    assert "secret" not in said
    assert line.json("status", code=1)["code"] == "cannot_start"


def test_a_database_that_is_newer_than_the_program(line: Line) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute(
            "INSERT INTO public.tallystick_migration (number, name, sha256)"
            " VALUES (9999, '9999_future.sql', 'x')"
        )
    assert "newer than this program" in line.run("tenant", "list", code=1).stderr


def test_a_database_in_another_encoding(
    line: Line, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"tallystick_latin_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        )
        try:
            url = psycopg.conninfo.make_conninfo(server, dbname=name)
            monkeypatch.setenv("DATABASE_URL", url)
            assert "LATIN1" in line.run("tenant", "list", code=1).stderr
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_server_that_is_too_old(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    from api import compose

    monkeypatch.setattr(compose, "OLDEST_SERVER", 990000)
    assert "is too old" in line.run("tenant", "list", code=1).stderr


def test_another_master_key_is_named_as_the_cause(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.active_contract()
    monkeypatch.setenv("TALLYSTICK_MASTER_KEY", "A" * 43 + "=")
    said = line.run("person", "show", "P-1", "--personal", code=1).stderr
    assert "TALLYSTICK_MASTER_KEY" in said


def test_plan_check_of_a_draft_that_is_not_recorded(line: Line) -> None:
    line.run("tenant", "open", "acme", "--name", "ACME")
    clause: dict[str, Any] = {
        "kind": "commission", "metric": "sales", "rate": "5%", "base": "settled",
        "tiers": [{"start": "100000", "rate": "1%"}],
    }  # fmt: skip
    draft = {**CONTRACT, "clauses": [{"key": "commission", "clause": clause}]}
    found = line.json("contract", "plan-check", "--file", "-", input=draft, code=1)
    assert found
    assert line.json("contract", "list")["items"] == []
