"""The texts of the pages: one catalogue, Chinese and English side by side."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FILE = Path(__file__).resolve().parent.parent / "templates" / "texts.yaml"


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """Key → Chinese and English; keys are dotted paths of the file."""
    found: dict[str, tuple[str, str]] = {}

    def walk(node: Any, path: str) -> None:
        if isinstance(node, list):
            zh, en = node
            found[path] = (str(zh), str(en))
        else:
            for name, child in node.items():
                walk(child, f"{path}.{name}" if path else str(name))

    walk(yaml.safe_load(FILE.read_text("utf-8")), "")
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
        found = _next_steps().get(do)
        return found or do


@cache
def _next_steps() -> dict[str, str]:
    return {en: zh for key, (zh, en) in catalogue().items() if key.startswith("do.")}
