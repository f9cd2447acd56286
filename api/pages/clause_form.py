"""A clause as form fields, made from its typed parameters, and back again."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from api.pages.typed import in_chinese, in_english
from domain.clauses import KINDS, Clause
from domain.refusals import Invalid
from domain.texts import per_cent

FRACTIONS = {"rate", "share", "added_rate", "percentage", "compensation_share"}
LONG = {"text_zh", "text_en", "scope"}
SPARE_ROWS = 2
_ADAPTER: TypeAdapter[Clause] = TypeAdapter(Clause)


@dataclass(frozen=True)
class Field:
    """One input: its name in the form, what it is called, and what may be chosen."""

    name: str
    label: str
    widget: Literal["text", "textarea", "select"]
    required: bool = False
    options: tuple[str, ...] = ()
    fraction: bool = False


@dataclass(frozen=True)
class Rows:
    """A table of inputs: tiers, coefficients, gates."""

    name: str
    label: str
    columns: tuple[Field, ...]
    numbers: tuple[int, ...] = ()


@dataclass
class ClauseForm:
    """The inputs of one kind of clause, with the values they show."""

    kind: str
    fields: list[Field] = field(default_factory=list)
    tables: list[Rows] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def models() -> dict[str, type[BaseModel]]:
    """Kind → the class of its parameters."""
    members = get_args(get_args(Clause)[0])
    return {member.model_fields["kind"].default: member for member in members}


def form_for(kind: str, values: dict[str, str], prefix: str = "clause") -> ClauseForm:
    """The form of a kind of clause, its inputs named after the prefix. Raises Invalid."""
    if kind not in KINDS:
        raise Invalid(
            f"没有条款种类 {kind[:40]}", f"There is no clause kind {kind[:40]}", do="Choose a kind."
        )
    made = ClauseForm(kind, values=values)
    for name, info in models()[kind].model_fields.items():
        if name != "kind":
            _add(made, name, info, f"{prefix}.{name}", kind)
    return made


def _add(made: ClauseForm, name: str, info: FieldInfo, path: str, kind: str) -> None:
    inner = _inner(info.annotation)
    if get_origin(inner) is tuple:
        row = _inner(get_args(inner)[0])
        columns = tuple(
            _field(child, child_info, child, kind) for child, child_info in row.model_fields.items()
        )
        used = {
            int(part)
            for key in made.values
            if key.startswith(path + ".")
            and (part := key.removeprefix(path + ".").split(".")[0]).isdigit()
        }
        count = min(max(used, default=-1) + 1 + SPARE_ROWS, 50)
        made.tables.append(Rows(path, name, columns, tuple(range(count))))
    elif isinstance(inner, type) and issubclass(inner, BaseModel):
        for child, child_info in inner.model_fields.items():
            made.fields.append(_field(child, child_info, f"{path}.{child}", kind))
    else:
        made.fields.append(_field(name, info, path, kind))


def _field(name: str, info: FieldInfo, path: str, kind: str) -> Field:
    inner = _inner(info.annotation)
    options = tuple(str(one) for one in get_args(inner)) if get_origin(inner) is Literal else ()
    widget: Literal["text", "textarea", "select"] = "text"
    if options:
        widget = "select"
    elif name in LONG:
        widget = "textarea"
    return Field(path, name, widget, info.is_required(), options, is_fraction(name, kind))


def is_fraction(name: str, kind: str) -> bool:
    """Whether a parameter is a share and is shown as a percentage."""
    return name in FRACTIONS or (kind == "team_incentive" and name == "threshold")


def _inner(annotation: Any) -> Any:
    """The type inside `X | None` and Annotated."""
    while True:
        origin = get_origin(annotation)
        if origin is typing.Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            annotation = next(one for one in get_args(annotation) if one is not type(None))
        else:
            return annotation


def values_of(data: dict[str, Any], prefix: str = "clause") -> dict[str, str]:
    """A stored clause as the texts of its inputs, by their names."""
    found: dict[str, str] = {}

    def walk(value: Any, path: str, name: str) -> None:
        if isinstance(value, dict):
            for child, inner in value.items():
                walk(inner, f"{path}.{child}", child)
        elif isinstance(value, list | tuple):
            for number, inner in enumerate(value):
                walk(inner, f"{path}.{number}", name)
        elif value is not None:
            found[path] = _text(value, name, str(data.get("kind", "")))

    walk({name: value for name, value in data.items() if name != "kind"}, prefix, "")
    return found


def _text(value: Any, name: str, kind: str) -> str:
    if not is_fraction(name, kind):
        return str(value)
    try:
        return per_cent(Decimal(str(value)))
    except InvalidOperation:
        return str(value)


def parameters_from(kind: str, typed: dict[str, str]) -> dict[str, Any]:
    """The parameters as they were typed, not yet checked: a template's may hold variables."""
    tree: dict[str, Any] = {"kind": kind}
    for path, value in typed.items():
        if value:
            _put(tree, path.split("."), value)
    found: dict[str, Any] = _listed(tree)
    return found


def clause_from(kind: str, typed: dict[str, str], prefix: str = "clause") -> Clause:
    """The clause that was typed; `typed` holds the inputs without their prefix. Raises Invalid."""
    try:
        return _ADAPTER.validate_python(parameters_from(kind, typed))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in found["loc"][1:])
        raise Invalid(
            in_chinese(found), in_english(found), do="Correct the field.", field=f"{prefix}.{path}"
        ) from None


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        following = tree.setdefault(part, {})
        if not isinstance(following, dict):
            return
        tree = following
    tree[path[-1]] = value


def _listed(node: Any) -> Any:
    """Numbered entries become lists; rows that were left empty are not there."""
    if not isinstance(node, dict):
        return node
    if node and all(name.isdigit() for name in node):
        return [_listed(node[name]) for name in sorted(node, key=int)]
    return {name: _listed(value) for name, value in node.items()}
