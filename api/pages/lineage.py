"""What a payslip's line was made of, as rows to show: clauses, batches, schemes, laws, steps."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.lines import Line

KNOWN = ("clauses", "batches", "laws", "steps", "slices", "engine", "kpi")


class Made(msgspec.Struct, frozen=True):
    """A line's lineage, sorted by what it is."""

    clauses: list[dict[str, Any]]
    batches: list[str]
    laws: list[dict[str, Any]]
    steps: list[tuple[str, str, str]]
    slices: list[tuple[str, str]]
    facts: list[tuple[str, int]]
    """What else names a position: a KPI scheme's weights, a metric's definition."""
    others: list[tuple[str, str]]
    engine: str


def of_line(line: Line) -> Made:
    """The lineage of a line; nothing of it is left out."""
    data = line.lineage
    facts: list[tuple[str, int]] = []
    others: list[tuple[str, str]] = []
    for name, value in data.items():
        if name in KNOWN and name != "kpi":
            continue
        _spread(name, value, facts, others)
    return Made(
        clauses=[entry for entry in data.get("clauses", ()) if isinstance(entry, dict)],
        batches=[str(batch) for batch in data.get("batches", ())],
        laws=[entry for entry in data.get("laws", ()) if isinstance(entry, dict)],
        steps=[(str(a), str(b), str(c)) for a, b, c in data.get("steps", ())],
        slices=[(str(base), str(rate)) for base, rate in data.get("slices", ())],
        facts=facts,
        others=others,
        engine=str(data.get("engine", "")),
    )


def _spread(
    name: str, value: Any, facts: list[tuple[str, int]], others: list[tuple[str, str]]
) -> None:
    """Nested values under dotted names; whole numbers called `position` are facts."""
    if isinstance(value, dict):
        for child, inner in value.items():
            _spread(f"{name}.{child}", inner, facts, others)
    elif isinstance(value, list | tuple):
        if all(not isinstance(one, dict | list | tuple) for one in value):
            others.append((name, ", ".join(str(one) for one in value)))
            return
        for number, inner in enumerate(value, start=1):
            _spread(f"{name}.{number}", inner, facts, others)
    elif name.rsplit(".", 1)[-1] == "position" and isinstance(value, int) and value:
        facts.append((name.removesuffix(".position"), value))
    else:
        others.append((name, str(value)))
