"""What differs between two looks at a contract, each at its own pair of times, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from domain.contract_state import Contract
from domain.terms import Term, terms_on
from workflows.contracts import read
from workflows.desk import Desk


@dataclass(frozen=True, slots=True)
class Look:
    """A contract effective on a day, as known at a position (now by default)."""

    effective: date
    known: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, from what to what, and the facts on both sides."""

    what: str
    change: Literal["added", "ended", "changed"]
    before: Any
    after: Any
    zh: str
    en: str
    position_before: int | None = None
    position_after: int | None = None


def diff(desk: Desk, tenant: str, contract: str, a: Look, b: Look) -> list[Difference]:
    """Clause by clause and field by field, from the first look to the second.

    Raises NotFound where the contract was not known at one of the positions.
    """
    before = read(desk, tenant, contract, a.known)
    after = read(desk, tenant, contract, b.known)
    return [*_fields(before, a, after, b), *_clauses(before, a, after, b)]


def _fields(before: Contract, a: Look, after: Contract, b: Look) -> list[Difference]:
    names = ("status", "start", "end", "team", "track", "engagement", "fixed_terms")
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    characters = (before.character_on(a.effective), after.character_on(b.effective))
    pairs.append(("character", *characters))
    return [
        Difference(
            name,
            "changed",
            old,
            new,
            f"{name} 由 {_said(old)} 变为 {_said(new)}",
            f"{name} from {_said(old)} to {_said(new)}",
        )
        for name, old, new in pairs
        if old != new
    ]


def _said(value: Any) -> str:
    return "—" if value is None else str(value)


def _clauses(before: Contract, a: Look, after: Contract, b: Look) -> list[Difference]:
    old = {term.key: term for term in terms_on(before.terms, a.effective)}
    new = {term.key: term for term in terms_on(after.terms, b.effective)}
    found = (_clause(key, old.get(key), new.get(key)) for key in sorted({*old, *new}))
    return [difference for difference in found if difference is not None]


def _clause(key: str, old: Term | None, new: Term | None) -> Difference | None:
    if old is not None and new is not None:
        return None if old.data == new.data else _changed(key, old, new)
    if new is not None:
        return Difference(
            f"clause {key}",
            "added",
            None,
            new.data,
            f"新增条款 {key}: {new.text_zh}",
            f"Clause {key} added: {new.text_en}",
            position_after=new.position,
        )
    assert old is not None
    return Difference(
        f"clause {key}",
        "ended",
        old.data,
        None,
        f"终止条款 {key}: {old.text_zh}",
        f"Clause {key} ended: {old.text_en}",
        position_before=old.position,
    )


def _changed(key: str, old: Term, new: Term) -> Difference:
    fields = sorted(
        name for name in {*old.data, *new.data} if old.data.get(name) != new.data.get(name)
    )
    values = "; ".join(
        f"{name}: {_said(old.data.get(name))} → {_said(new.data.get(name))}" for name in fields
    )
    return Difference(
        f"clause {key}",
        "changed",
        old.data,
        new.data,
        f"条款 {key} 变更 ({values}): 「{old.text_zh}」→「{new.text_zh}」",
        f"Clause {key} changed ({values}): “{old.text_en}” → “{new.text_en}”",
        old.position,
        new.position,
    )
