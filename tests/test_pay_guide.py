"""The guide for finance says what the program does: steps, exceptions, accounts, commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from domain import run_checks
from domain.accounts import DEFAULTS
from domain.payrun import Status
from domain.run_step_facts import Open

GUIDE = (Path(__file__).parents[1] / "docs" / "pay.md").read_text(encoding="utf-8")


def test_every_step_and_verdict_is_in_the_guide() -> None:
    steps = set(get_args(Status)) - {"none", "computing", "rejected"}
    assert steps == set(re.findall(r"^\| (\w+) \| `pay ", GUIDE, re.MULTILINE))
    assert {f"`{verdict}`" for verdict in get_args(Open)} <= set(re.findall(r"`\w+`", GUIDE))


def test_every_exception_is_in_the_guide() -> None:
    source = Path(run_checks.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'(?:"look"|"note"),\s+"(\w+)"', source)) | {"pay_up", "pay_down"}
    assert len(codes) >= len(run_checks.CHECKS)
    assert {code for code in codes if f"`{code}`" not in GUIDE} == set()


def test_every_default_account_is_in_the_guide() -> None:
    for role, account in DEFAULTS.items():
        assert f"| `{role}` | {account.code} {account.name} |" in GUIDE


def test_every_command_of_the_guide_exists() -> None:
    from api.cli import main
    from tests.test_docs import command_paths

    known = set(command_paths(main, "tallystick"))
    named = {f"tallystick {name}" for name in re.findall(r"`(pay [\w-]+)", GUIDE)}
    assert named - known == set()
