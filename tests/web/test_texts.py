"""The catalogue of texts: every key that a page asks for is there, in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

from api.pages.clause_form import form_for, models
from api.pages.words import FILE, catalogue
from domain.contract_facts import SIGNING_ORDER
from domain.roles import ROLES

PAGES = FILE.parent.parent / "pages"
_KEY = re.compile(r"""\b(?:t|words)\(\s*f?["']([a-z_0-9.]+)["']\s*[,)]""")


def sources() -> list[Path]:
    return [*FILE.parent.glob("*.html"), *PAGES.glob("*.py")]


def test_every_text_that_is_asked_for_is_there() -> None:
    asked = {
        (path.name, key) for path in sources() for key in _KEY.findall(path.read_text("utf-8"))
    }
    assert len(asked) > 200
    missing = {(name, key) for name, key in asked if key not in catalogue()}
    assert missing == set()


def test_no_text_is_empty_and_both_languages_have_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, (zh, en) in catalogue().items():
        assert zh.strip(), key
        assert en.strip(), key
        assert blanks(zh) == blanks(en), key


def test_codes_of_the_business_have_words() -> None:
    names = [f"kind.{kind}" for kind in models()]
    names += [f"role.{role}" for role in ROLES]
    names += [f"party.{party}" for party in SIGNING_ORDER]
    for kind in models():
        form = form_for(kind, {})
        for one in form.fields:
            names.append(f"field.{one.label}")
            names += [f"option.{one.label}.{value}" for value in one.options]
        for table in form.tables:
            names += [f"field.{table.label}", *(f"field.{c.label}" for c in table.columns)]
    assert [name for name in names if name not in catalogue()] == []
