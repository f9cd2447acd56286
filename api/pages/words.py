"""The texts of the pages: one catalogue, Chinese and English side by side."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

PATTERNS = (
    (re.compile(r"Ask somebody with one of these roles: (.*)\."), "next.roles", "role"),
    (re.compile(r"Give until: (\S+) to keep .*"), "next.until", ""),
    (re.compile(r"Run it on (\S+) or later.*"), "next.later", ""),
    (re.compile(r"Use op: .*"), "next.other", ""),
    (re.compile(r"Let (\w+) sign first\."), "next.first", "party"),
)
"""Sentences of the domain with a blank in them: pattern, text, and what the blank names."""
Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FILE = Path(__file__).resolve().parent.parent / "templates" / "texts.yaml"
"""The texts that all pages share; those of a group of pages stand beside it, `texts_….yaml`."""


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """Key → Chinese and English; keys are dotted paths of the file."""
    found: dict[str, tuple[str, str]] = {}

    def walk(node: Any, path: str) -> None:
        if isinstance(node, list):
            zh, en = node
            assert path not in found, f"two files have a text for {path}"
            found[path] = (str(zh), str(en))
        else:
            for name, child in node.items():
                walk(child, f"{path}.{name}" if path else str(name))

    for file in sorted(FILE.parent.glob("texts*.yaml")):
        walk(yaml.load(file.read_text("utf-8"), yaml.CSafeLoader), "")
    return found


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key, its blanks filled in; the key itself where there is no text."""
        found = catalogue().get(key)
        if found is None:
            return key
        text = found[self._index]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is a text for the key."""
        return key in catalogue()

    def word(self, kind: str, value: Any) -> str:
        """What a code of the business is called: `word("status", "active")`."""
        if value is None or value == "":
            return "—"
        key = f"{kind}.{value}"
        return self(key) if self.has(key) else str(value)

    def say(self, said: Any, zh: str = "zh", en: str = "en") -> str:
        """The sentence of something that says it in both languages."""
        name = zh if self.language == "zh" else en
        text = said.get(name, "") if isinstance(said, dict) else getattr(said, name, "")
        return str(text or "")

    def todo(self, do: str) -> str:
        """What to do next after a refusal: in Chinese where the catalogue has it."""
        if self.language == "en" or not do:
            return do
        return _next_steps().get(do) or self._patterned(do) or do

    def _patterned(self, do: str) -> str | None:
        """What to do next where the sentence names a day, roles or a party."""
        for pattern, key, kind in PATTERNS:
            match = pattern.fullmatch(do)
            if match:
                parts = [part.strip() for part in (match[1] if match.re.groups else "").split(",")]
                named = "、".join(self.word(kind, part) for part in parts)
                return catalogue()[key][0].format(named)
        return None


@cache
def _next_steps() -> dict[str, str]:
    return {en: zh for key, (zh, en) in catalogue().items() if key.startswith("do.")}
