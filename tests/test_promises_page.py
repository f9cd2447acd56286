"""docs/promises.md names only tests that are there, and every test of the loads is on it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w./]+)(?::(\w+))?`", TEXT)))
FAULTS = sorted(set(re.findall(r"\| `(test_\w+)` \|", TEXT)))


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_the_page_names_is_there(path: str, name: str) -> None:
    assert (ROOT / path).exists(), path
    assert not name or name in functions(ROOT / path), f"{path} has no {name}"


@pytest.mark.parametrize("file", ["test_promises.py", "test_faults.py", "test_restore.py"])
def test_every_test_of_a_promise_is_on_the_page(file: str) -> None:
    path = ROOT / "tests" / "ledger" / file
    tests = {name for name in functions(path) if name.startswith("test_")}
    assert tests <= {name for _, name in NAMED} | set(FAULTS)
    assert len(tests) > 2


def test_every_fault_of_the_table_has_its_test() -> None:
    assert set(FAULTS) <= functions(ROOT / "tests" / "ledger" / "test_faults.py")
    assert len(FAULTS) > 5
