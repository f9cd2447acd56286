"""docs/architecture.md names only what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOMS = "domain|ledger|projections|workflows|api|migrations|scripts|tests|docs"
NAMED = sorted(set(re.findall(rf"`((?:{ROOMS})/[\w./-]*)(?::(\w+))?`", TEXT)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_the_architecture_page_names_is_there(path: str, name: str):
    file = ROOT / path
    assert file.exists(), path
    if name:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        defined = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
        }
        assert name in defined, f"{path} has no {name}"


def test_both_walks_are_described():
    assert len([name for _, name in NAMED if name]) > 20
    assert "## The walk of a command" in TEXT
    assert "## The walk of a query" in TEXT


def test_every_link_in_the_docs_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} → {target}"
