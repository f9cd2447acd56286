"""Every stored fact: its name and its bytes never change once they are used."""

from __future__ import annotations

import json
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.facts import Fact
from ledger.codec import canonical
from ledger.names import Names
from ledger.stored_names import STORED_NAMES

GOLDEN = Path(__file__).parent / "golden" / "stored_facts.json"
NAMES = Names()


def sample(kind: Any, name: str) -> Any:
    """A value of a type that shows its form in the stored bytes, the same every time."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return arguments[0]
    if origin in (typing.Union, types.UnionType):
        return sample(arguments[0], name)
    if origin is tuple:
        return (sample(arguments[0], name),)
    if origin is dict:
        return {"key": "0.05" if arguments[1] in (Any, Decimal) else sample(arguments[1], name)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{field: sample(hints[field], field) for field in kind.__struct_fields__})
    plain = {
        str: f"{name} 契",
        int: 7,
        bool: True,
        Decimal: Decimal("1234.50"),
        date: date(2025, 9, 1),
        datetime: datetime(2025, 9, 1, 4, 30, tzinfo=UTC),
        Any: "any",
    }
    return plain[kind]


def written(name: str) -> str:
    return canonical(sample(STORED_NAMES[name], name)).decode()


def test_the_stored_names_are_the_golden_ones():
    assert sorted(STORED_NAMES) == sorted(json.loads(GOLDEN.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", sorted(STORED_NAMES))
def test_a_stored_fact_has_its_golden_bytes(name: str):
    assert written(name) == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


@pytest.mark.parametrize("name", sorted(STORED_NAMES))
def test_golden_bytes_are_read_back_to_the_same_fact_and_the_same_bytes(name: str):
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[name].encode()
    fact = NAMES.decode(name, golden)
    assert type(fact) is STORED_NAMES[name]
    assert canonical(fact) == golden


def test_every_fact_of_the_domain_has_a_stored_name():
    defined = {kind for kind in Fact.__subclasses__() if kind.__module__.startswith("domain.")}
    assert defined == set(STORED_NAMES.values())


if __name__ == "__main__":  # add the bytes of new names; those that stand are not rewritten
    known = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    new = {name: known.get(name) or written(name) for name in sorted(STORED_NAMES)}
    GOLDEN.write_text(json.dumps(new, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
