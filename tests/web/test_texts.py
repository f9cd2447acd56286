"""The catalogue of texts: every key that a page asks for is there, in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

from api.pages.clause_form import form_for, models
from api.pages.words import FILE, Words, catalogue
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


def test_what_to_do_next_is_said_as_the_program_says_it() -> None:
    """A sentence that was reworded in the program would be shown in English alone."""
    rooms = ("domain", "ledger", "projections", "workflows", "api")
    root = FILE.parent.parent.parent
    said = "".join(
        re.sub(r'"\s*"', "", path.read_text("utf-8"))
        for room in rooms
        for path in (root / room).rglob("*.py")
    )
    gone = [en for key, (_, en) in catalogue().items() if key.startswith("do.") and en not in said]
    assert gone == []


def test_next_steps_with_blanks_are_said_in_chinese() -> None:
    words = Words("zh")
    assert words.todo("Ask somebody with one of these roles: hr, admin.") == (
        "请由以下角色操作：人事、管理员。"
    )
    assert "2025-10-01" in words.todo(
        "Give until: 2025-10-01 to keep that change, or supersede_later: true to replace it."
    )
    assert words.todo("Let streamer sign first.") == "请先由主播签署。"
    assert words.todo("Nobody wrote this sentence.") == "Nobody wrote this sentence."
