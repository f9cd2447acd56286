"""Several clauses in one form: each with its key and its inputs, added and taken away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from api.pages import clause_form
from api.pages.visit import Form
from domain.clauses import KINDS, clause_data
from domain.refusals import Invalid
from domain.template import variables_of

MOST = 60
_NAME = re.compile(r"c\.(\d{1,3})\.kind")


@dataclass(frozen=True)
class Entry:
    """One clause of the form: its place, its key and its inputs."""

    number: int
    key: str
    shown: clause_form.ClauseForm

    @property
    def prefix(self) -> str:
        """What the names of its inputs begin with."""
        return f"c.{self.number}"


def entries_of(form: Form) -> list[Entry]:
    """The clauses that stand in a form, in order."""
    fields = form.fields_by_name()
    found = sorted(int(match[1]) for name in fields if (match := _NAME.fullmatch(name)))
    return [
        Entry(
            number,
            form.get(f"c.{number}.key"),
            clause_form.form_for(form.get(f"c.{number}.kind"), fields, f"c.{number}.clause"),
        )
        for number in found[:MOST]
    ]


def fields_of(clauses: list[dict[str, Any]]) -> dict[str, str]:
    """Stored clauses as fields of a form."""
    found: dict[str, str] = {}
    for number, entry in enumerate(clauses):
        data = entry["clause"]
        found |= {f"c.{number}.key": entry["key"], f"c.{number}.kind": str(data["kind"])}
        found |= clause_form.values_of(data, f"c.{number}.clause")
    return found


def edited(form: Form) -> Form | None:
    """The form with a clause more or less, where that was asked for; else None."""
    step = form.get("step")
    if step == "add":
        return _with_one_more(form)
    if step.startswith("drop."):
        gone = f"c.{step.removeprefix('drop.')}."
        return Form({name: one for name, one in form.fields.items() if not name.startswith(gone)})
    return None


def _with_one_more(form: Form) -> Form:
    kind = form.get("add_kind")
    if kind not in KINDS:
        raise Invalid(
            "请选择条款种类", "Choose a kind of clause", do="Choose a kind.", field="add_kind"
        )
    entries = entries_of(form)
    number = entries[-1].number + 1 if entries else 0
    keys = {entry.key for entry in entries}
    key = kind if kind not in keys else f"{kind}_{number + 1}"
    more = {f"c.{number}.key": [key], f"c.{number}.kind": [kind]}
    return Form({**form.fields, **more})


def clauses_from(form: Form, *, variables: bool = False) -> list[dict[str, Any]]:
    """Key and checked parameters of each clause; with `variables`, `{{name}}` may stand in one.

    Raises Invalid that names the input.
    """
    return [_clause_from(form, entry, variables=variables) for entry in entries_of(form)]


def _clause_from(form: Form, entry: Entry, *, variables: bool) -> dict[str, Any]:
    prefix, kind = f"{entry.prefix}.clause", entry.shown.kind
    if not entry.key:
        raise Invalid(
            "必须填写", "It is needed", do="Fill in the key.", field=f"{entry.prefix}.key"
        )
    typed = form.under(prefix + ".")
    if variables:
        raw = clause_form.parameters_from(kind, typed)
        if variables_of(raw):
            return {"key": entry.key, "clause": raw}
    return {"key": entry.key, "clause": clause_data(clause_form.clause_from(kind, typed, prefix))}
