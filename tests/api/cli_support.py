"""Running the command line in a test, in this process, on the test's own database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli import main

CONTRACT = {
    "contract": "C-1",
    "person": "P-1",
    "number": "HT-1",
    "engagement": "full_time",
    "character": "wages",
    "start": "2025-01-01",
    "end": "2026-01-01",
    "team": "beauty",
    "clauses": [
        {
            "key": "base",
            "clause": {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"},
        }
    ],
}


class Line:
    """The command line as one test sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, input: Any = None, code: int = 0) -> Result:
        """Run a command; fail the test unless it ends with the code."""
        text = json.dumps(input) if isinstance(input, dict | list) else input
        result = CliRunner().invoke(main, list(words), input=text)
        assert result.exit_code == code, (words, result.exit_code, result.output, result.exception)
        return result

    def json(self, *words: str, input: Any = None, code: int = 0) -> Any:
        """Run a command with --json; what it printed on stdout, which must be JSON alone."""
        return json.loads(self.run(*words, "--json", input=input, code=code).stdout)

    def active_contract(self) -> None:
        """A company with a person and a contract in force."""
        self.run("tenant", "open", "acme", "--name", "ACME", "--actor", "boss")
        self.run("person", "register", "--id", "P-1", "--name", "张三", "--actor", "hr")
        self.run("contract", "draft", "--file", "-", "--actor", "hr", input=CONTRACT)
        sent = self.json("contract", "send", "C-1", "--actor", "hr")
        for party in ("business_department", "company_seal", "streamer"):
            signing = ("--signatory", "x", "--sha256", sent["sha256"], "--actor", "hr")
            self.run("contract", "sign", "C-1", "--party", party, *signing)
        self.run("contract", "activate", "C-1", "--actor", "hr")


@pytest.fixture
def line(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    """A command line on a fresh database."""
    for name in ("TALLYSTICK_TENANT", "TALLYSTICK_MASTER_KEY", "TALLYSTICK_MASTER_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TALLYSTICK_HOME", str(tmp_path))
    return Line(tmp_path)
