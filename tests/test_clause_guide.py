"""docs/clauses.md shows every kind with an example, and its sentences are the program's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from domain.clauses import KINDS, clause_of
from domain.plan_check import refuse_bad_plan
from domain.sentences import sentence

GUIDE = (Path(__file__).parent.parent / "docs" / "clauses.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.+?)\n```\n> (.+)\n> (.+)\n", GUIDE)

SECTIONS = GUIDE.split("\n### ")[1:]


def test_every_kind_has_an_example():
    assert sorted(json.loads(example)["kind"] for example, _, _ in EXAMPLES) == sorted(KINDS)


@pytest.mark.parametrize(("example", "zh", "en"), EXAMPLES)
def test_an_example_gives_the_sentences_that_stand_under_it(example: str, zh: str, en: str):
    clause = clause_of(json.loads(example))
    assert sentence(clause) == (zh, en)
    if clause.kind != "team_incentive":  # it needs performance pay beside it
        refuse_bad_plan({"example": clause})


def test_every_parameter_is_named():
    for example, _, _ in EXAMPLES:
        clause = clause_of(json.loads(example))
        (section,) = (part for part in SECTIONS if f"`{clause.kind}`" in part.splitlines()[0])
        for name in type(clause).model_fields:
            assert name == "kind" or f"`{name}`" in section or f'"{name}"' in section, name
