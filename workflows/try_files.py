"""Files of `tallystick try`: YAML or JSON whose numbers are exactly the ones that were written.

No number passes through a binary float, no tag makes an object, no name stands twice, and an
anchor cannot multiply a small file into a large one.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import yaml

from domain.refusals import Invalid

LARGEST_FILE = 1_000_000
"""Bytes."""
LONGEST_NUMBER = 40
DEEPEST = 32


def load_try_file(path: str | Path) -> dict[str, Any]:
    """Read a try document from a `.yaml`, `.yml` or `.json` file.

    Raises Invalid, with the place, for a file that is missing, too large, no UTF-8, or no
    document.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise _too_large()
        data = file.read_bytes()
    except OSError as error:
        raise _bad(
            "file",
            f"无法读取文件 {file.name}",
            f"Cannot read {file.name}: {error.strerror}",
            "Name a file that can be read.",
        ) from None
    return parse_try_document(data, "json" if file.suffix.lower() == ".json" else "yaml")


def parse_try_document(data: bytes, kind: str = "yaml") -> dict[str, Any]:
    """Read a try document from bytes of YAML or JSON. Raises Invalid with the place."""
    if len(data) > LARGEST_FILE:
        raise _too_large()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(
            "file",
            "文件不是 UTF-8",
            f"The file is not UTF-8 at byte {error.start}",
            "Save it as UTF-8.",
        ) from None
    try:
        document = _json(text) if kind == "json" else _yaml(text)
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(document, dict):
        raise _bad(
            "document",
            "文件须是一个映射",
            "The file must hold one mapping of fields",
            "See docs/try.md for the format.",
        )
    _check_depth(document)
    return document


def _json(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        raise _bad(
            f"line {error.lineno}",
            f"第 {error.lineno} 行不是 JSON",
            f"Not JSON at line {error.lineno}, column {error.colno}: {error.msg}",
            "Correct the file.",
        ) from None


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=ExactLoader)  # noqa: S506 - a SafeLoader, only stricter
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _bad(
            f"line {line}",
            f"第 {line} 行不是可用的 YAML",
            f"Not usable YAML at line {line}: {error.problem}",
            "Use plain mappings, lists, texts and numbers.",
        ) from None
    except yaml.YAMLError:
        raise _bad(
            "file",
            "文件不是可用的 YAML",
            "The file holds characters YAML does not allow",
            "Save it as plain UTF-8 text.",
        ) from None


class ExactLoader(yaml.SafeLoader):
    """Plain YAML: text, true, false, null, whole and decimal numbers; a date stays its text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse anchors that are used again: copies of copies can fill any memory."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)


_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.?(nan|inf|infinity)", re.IGNORECASE)
_RESOLVED = (
    ("tag:yaml.org,2002:null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", re.compile(r"true|false|True|False|TRUE|FALSE"), list("tTfF")),
    ("!number", _NUMBER, list("-+0123456789")),
    ("!no-number", _NOT_A_NUMBER, list("-+.nNiI")),
    ("tag:yaml.org,2002:merge", re.compile("<<"), ["<"]),
)
ExactLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _RESOLVED:
    ExactLoader.add_implicit_resolver(
        _tag, re.compile(f"^(?:{_pattern.pattern})$", _pattern.flags), _first
    )


def _yaml_number(loader: ExactLoader, node: yaml.ScalarNode) -> int | Decimal:
    return _number(str(loader.construct_scalar(node)))


def _yaml_no_number(loader: ExactLoader, node: yaml.ScalarNode) -> NoReturn:
    _refuse_constant(str(loader.construct_scalar(node)))


def _yaml_mapping(loader: ExactLoader, node: yaml.MappingNode) -> dict[str, Any]:
    pairs = []
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key_node.tag == "tag:yaml.org,2002:merge":
            mark = key_node.start_mark
            raise yaml.constructor.ConstructorError(None, None, "merges are not allowed", mark)
        pairs.append(
            (
                str(key_node.value if isinstance(key, int | Decimal) else key),
                loader.construct_object(value_node, deep=True),
            )
        )
    return _unique(pairs)


ExactLoader.add_constructor("!number", _yaml_number)
ExactLoader.add_constructor("!no-number", _yaml_no_number)
ExactLoader.add_constructor("tag:yaml.org,2002:map", _yaml_mapping)
ExactLoader.add_constructor("tag:yaml.org,2002:float", _yaml_number)
ExactLoader.add_constructor("tag:yaml.org,2002:int", _yaml_number)


def _number(text: str) -> int | Decimal:
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        _refuse_constant(text)
    return Decimal(text) if "." in text else int(text)


def _refuse_constant(text: str) -> NoReturn:
    shown = text[:LONGEST_NUMBER]
    raise _bad(
        shown,
        f"{shown} 不是可用的数字",
        f"{shown} is no number that can be paid or counted",
        'Write a finite decimal number without exponent, such as 8000.00 or "5%".',
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise _bad(
                name[:80],
                f"字段 {name[:80]} 出现两次",
                f"The name {name[:80]} stands twice in one mapping",
                "Say each thing once.",
            )
        made[name] = value
    return made


def _check_depth(document: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep()
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        waiting.extend((value, depth + 1) for value in inner)


def _too_large() -> Invalid:
    return _bad(
        "file", "文件超过 1 MB", "The file is larger than 1 MB", "Try fewer months at once."
    )


def _too_deep() -> Invalid:
    return _bad(
        "document",
        f"嵌套超过 {DEEPEST} 层",
        f"The document is nested deeper than {DEEPEST} levels",
        "See docs/try.md for the format.",
    )


def _bad(field: str, zh: str, en: str, do: str) -> Invalid:
    return Invalid(zh, en, do=do, field=field)
